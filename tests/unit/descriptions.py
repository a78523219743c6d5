"""The shortest description that is complete, and what changes of it come to."""

from __future__ import annotations

from typing import Any

from slipway.service.description import check
from slipway.service.findings import Finding
from slipway.service.spec import service_options

MINIMAL: dict[str, Any] = {
    "deployment_environment": "prod",
    "service_region": "ap-northeast-2",
    "service_repository": "shop",
    "service_cluster": "shop-prod",
    "service_cpu": 512,
    "service_memory": 1024,
    "service_container_port": 8000,
    "service_health_check": {"path": "/health"},
}


def findings(**changes: Any) -> dict[str, Finding]:
    """What is wrong with the minimal description after these changes, by variable."""
    checked = check(MINIMAL | changes, service_options(), "shop")
    assert bool(checked.findings) != bool(checked.service)
    return {finding.variable: finding for finding in checked.findings}


def complete(**changes: Any) -> dict[str, Any]:
    checked = check(MINIMAL | changes, service_options(), "shop")
    assert checked.findings == ()
    return checked.service
