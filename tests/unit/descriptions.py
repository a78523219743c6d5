"""The shortest description that is complete."""

from __future__ import annotations

from typing import Any

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
