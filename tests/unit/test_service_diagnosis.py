"""What is wrong with a service at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from slipway.release import service_diagnosis
from tests.unit.deployments import GROUP, MINE, OLD, deployment, ecs, record, refused, service, target, task


def now() -> datetime:
    """As late as it is by then: a run of all tests takes longer than what counts as lately."""
    return datetime.now(tz=UTC)


BALANCED = {"loadBalancers": [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8000}]}
STANDS: dict[str, Any] = {"rolloutState": "COMPLETED", "runningCount": 2}


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(seen: dict[str, Any] | None, tasks: list[Any] | None = None, **answers: Any) -> dict[str, Any]:
        aws = ecs(tasks, DescribeServices={"services": [seen] if seen else []}, **answers)
        monkeypatch.setattr(service_diagnosis, "Aws", lambda _: aws)
        lines: list[str] = []
        options = {"cluster": "c", "service": "s", "region": "ap-northeast-2"}
        result = service_diagnosis.diagnose_service(options, check=True, report=lines.append)
        assert "\n".join(lines) == result["msg"]
        assert result["changed"] is False
        return result

    return run


def codes(result: dict[str, Any]) -> list[str]:
    return [cause["code"] for cause in result["causes"]]


def test_a_healthy_service_says_so_in_one_line(look: Any) -> None:
    health = {"TargetHealthDescriptions": [target(1), target(2)]}
    result = look(service(deployment(**STANDS), **BALANCED), [task(1), task(2)], DescribeTargetHealth=health)
    assert result["msg"] == "c/s is healthy: voj:2, 2 of 2 tasks running, targets: 2 healthy"
    assert (result["healthy"], result["causes"], result["serving"]) == (True, [], "voj:2")
    assert result["deployment_id"] == MINE


def test_what_stopped_lately_counts_and_what_stopped_long_ago_does_not(look: Any) -> None:
    killed = "OutOfMemoryError: Container killed due to memory usage"
    lately, long_ago = now() - timedelta(minutes=20), now() - timedelta(days=2)
    stands = service(deployment(**STANDS))
    result = look(stands, [task(1, killed, stoppedAt=lately)])
    assert (result["healthy"], codes(result), result["serving"]) == (False, ["out_of_memory"], "voj:2")
    assert result["msg"].startswith("c/s stands, and is not well: voj:2, 2 of 2 tasks running\ncause: ")
    assert look(stands, [task(1, killed, stoppedAt=long_ago)])["healthy"] is True


def test_old_events_are_no_part_of_how_it_is_now(look: Any) -> None:
    unable = "(service s) was unable to place a task. Reason: Capacity is unavailable at this time."

    def at(moment: datetime) -> dict[str, Any]:
        event = {"id": "1", "createdAt": moment, "message": unable}
        return service(deployment(**STANDS), events=[event])

    assert look(at(now() - timedelta(hours=5)))["healthy"] is True
    assert codes(look(at(now()))) == ["capacity"]


def test_after_a_rollback_it_says_why_the_last_deployment_failed(look: Any) -> None:
    no_image = "CannotPullContainerError: pull image manifest has been retried 1 time(s): manifest unknown"
    failed = record("ROLLBACK_SUCCESSFUL", MINE, createdAt=now(), statusReason="circuit breaker")
    records = [record("SUCCESSFUL", OLD, createdAt=now() - timedelta(days=1)), failed]
    result = look(
        service(deployment(OLD, **STANDS)),
        [task(1, no_image), task(2, by=OLD)],
        ListServiceDeployments={"serviceDeployments": records},
        DescribeServiceDeployments={"serviceDeployments": []},
    )
    assert (result["healthy"], result["serving"], result["last_failed_deployment_id"]) == (True, "voj:1", MINE)
    assert codes(result) == ["image_not_found"]
    assert f"its last deployment ({MINE}) failed: the deployment failed and was rolled back" in result["msg"]


@pytest.mark.parametrize(
    ("seen", "told", "serving"),
    [
        (None, "c/s is not there", ""),
        (service(deployment()), "c/s has a deployment under way: in progress: 0 of 2 tasks running", ""),
        (
            service(deployment(rolloutState="FAILED"), deployment(OLD, status="ACTIVE", **STANDS)),
            "c/s is not healthy: the deployment failed",
            "voj:1",
        ),
        (
            service(deployment(rolloutState="COMPLETED", desiredCount=0)),
            "c/s serves nothing: it is scaled to 0 tasks (voj:2, 0 of 0 tasks running)",
            "",
        ),
    ],
)
def test_a_service_that_is_not_well(seen: Any, told: str, serving: str, look: Any) -> None:
    result = look(seen)
    assert (result["healthy"], result["serving"]) == (False, serving)
    assert result["msg"].splitlines()[0] == told
    assert result["msg"].splitlines()[-1].startswith("what serves now: ")


def test_what_may_not_be_read_is_said(look: Any) -> None:
    result = look(service(deployment(**STANDS), **BALANCED), DescribeTargetHealth=refused("AccessDeniedException"))
    assert "could not be read: target health: " in result["msg"]
