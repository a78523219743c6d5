"""A first release that fails: there is nothing to go back to, nothing crashes for ever, and the next one ends green."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.playbook import Result
from tests.faults.layer import Faults
from tests.faults.releasing import CLUSTER, SERVICE, Service, failed, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]


@pytest.fixture
def service(faults: Faults, python_image: str) -> Service:
    """The service `web`, which was never released, in an empty account."""
    return Service(faults)


def never_serves(service: Service, *told: str, cause: str, **variables: Any) -> Result:
    """Release for the first time what cannot succeed: no task is left, and the plain command then ends green."""
    result = service.deploy(**variables)
    failed(result, *told, "what serves now: there is nothing to go back to: no release has succeeded before")
    found = service.described()
    assert (found["desiredCount"], found["runningCount"], found["pendingCount"]) == (0, 0, 0)
    assert service.tasks() == []
    assert not service.locked()
    record = service.records()[0]
    assert (record.verdict, record.cause_code, record.serving) == ("failed", cause, ""), record
    succeeded(service.deploy())
    with service.asked() as answers:
        answers.await_one()
    assert answers.last == "version 1"
    service.await_settled()
    assert service.described()["runningCount"] == 2
    again = service.deploy()
    succeeded(again)
    assert again.changed == {"web": 0}, again.output
    return result


def broken(**environment: str) -> dict[str, Any]:
    """The variables of a version that fails as its environment says."""
    return {"service_environment": {"VERSION": "broken", **environment}}


FIRST: list[tuple[str, str, tuple[str, ...], dict[str, Any]]] = [
    ("a crash", "exit_code", ("the container web exited with code 3",), broken(EXIT_AT_START="3")),
    ("its health check fails", "target_health_check", ("the health check path /health is answered with 503",),
     broken(HEALTH="503")),
    ("a health check path that it does not have", "target_health_check",
     ("the health check path /nowhere is answered with 404", "correct the path (service_health_check.path)"),
     {"service_health_check": {"path": "/nowhere", "interval": 5, "timeout": 2}}),
    ("our own check fails", "http_check", ("/ready answers 500",),
     {"service_http_check_path": "/ready", "service_http_check_timeout": 5, **broken(READY="500")}),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "told", "variables"), [one[1:] for one in FIRST], ids=[one[0] for one in FIRST])
def test_a_first_release_that_fails(
    service: Service, cause: str, told: tuple[str, ...], variables: dict[str, Any]
) -> None:
    never_serves(service, *told, cause=cause, **variables)


def test_a_first_release_that_fails_with_autoscaling(service: Service) -> None:
    """The bounds are there by then: no task crashes for ever all the same, and the next release has its tasks."""
    scaling = {"service_autoscaling": {"min_capacity": 2, "max_capacity": 4, "target_cpu_percent": 60}}
    failed(
        service.deploy(**scaling, **broken(EXIT_AT_START="3")),
        "the container web exited with code 3",
        "what serves now: there is nothing to go back to: no release has succeeded before",
    )
    assert (service.described()["desiredCount"], service.tasks()) == (0, [])
    assert not service.locked()
    succeeded(service.deploy(**scaling))
    service.await_settled()
    assert (service.version(), service.described()["runningCount"]) == ("version 1", 2)
    again = service.deploy(**scaling)
    succeeded(again)
    assert again.changed == {"web": 0}, again.output


def test_a_first_release_whose_migration_fails(service: Service) -> None:
    """Nothing is switched, because there is nothing yet."""
    migration = {"command": ["python", "-c", "import sys; print('no such table'); sys.exit(7)"]}
    result = service.deploy(service_migration=migration)
    failed(result, "ended with exit code 7", "| no such table", "what serves now: there is no service")
    assert service.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"] == []
    assert service.tasks() == []
    assert not service.locked()
    assert service.records()[0].cause_code == "exit_code"
    succeeded(service.deploy())
    service.await_settled()
    assert service.version() == "version 1"
