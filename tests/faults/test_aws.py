"""Faults of AWS and of the way to it: what can be waited for is waited for, and everything else is told as it is."""

from __future__ import annotations

import pytest

from tests.e2e.playbook import Result
from tests.faults.releasing import CLUSTER, SERVICE, Service, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]


def deployments(service: Service) -> int:
    """How many service deployments there were."""
    found = service.client("ecs").list_service_deployments(cluster=CLUSTER, service=SERVICE, maxResults=100)
    return len(found["serviceDeployments"])


def survives(service: Service, scenario: str) -> Result:
    """Release a version though the way to AWS is bad: one deployment, the right verdict, and nobody sees any of it."""
    before, revision = deployments(service), int(service.revision().rpartition(":")[2])
    version = service.next_version()
    with service.asked() as answers:
        service.faults.play(scenario)
        result = service.deploy(version=version)
        service.faults.stop()
        succeeded(result)
        answers.await_one()
    assert answers.last == f"version {version}"
    service.await_settled()
    assert deployments(service) == before + 1, result.output
    assert service.revision() == f"web:{revision + 1}", result.output
    last = service.records()[0]
    assert (last.verdict, last.serving) == ("succeeded", service.revision())
    return result


@pytest.mark.parametrize(
    "scenario",
    [
        "throttled",
        "throttled-reads",
        "server-errors",
        "update-fails-once",
        "service-unavailable",
        "resets",
        "slow-answers",
        "stale-services",
        "stale-deployments",
        "stale-tasks",
        "short-pages",
        "reset-after-update",
        "reset-after-register",
        "spot-interruption",
        "task-retired",
        "no-capacity-for-a-while",
    ],
)
def test_the_release_succeeds_though(service: Service, scenario: str) -> None:
    survives(service, scenario)
