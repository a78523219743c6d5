"""A deployment that ECS has found good, and whose tasks end by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from slipway.release.endurance import Endurance, lifetime
from slipway.release.evidence import Evidence
from slipway.release.verdict import Verdict
from tests.unit.deployments import MINE, NOW, deployment, service, task

EXITED = "Essential container in task exited"
GOOD = Verdict("succeeded", recorded=True)


def crashed(number: int, seconds: float = 20, **more: Any) -> dict[str, Any]:
    times = {"startedAt": NOW, "stoppedAt": NOW + timedelta(seconds=seconds)}
    return task(number, EXITED, **{"stopCode": "EssentialContainerExited", **times, **more})


def seen(*tasks: dict[str, Any], running: int = 2) -> Evidence:
    own = deployment(rolloutState="COMPLETED", runningCount=running)
    return Evidence(deployment_id=MINE, service=service(own), tasks=tasks)


LIVES = [
    (crashed(1), 20.0),
    (crashed(1, executionStoppedAt=NOW + timedelta(seconds=19)), 19.0),
    (crashed(1, startedAt=None), None),
    (crashed(1, stopCode="ServiceSchedulerInitiated"), None),
    (crashed(1, lastStatus="RUNNING"), None),
    (task(1), None),
]


@pytest.mark.parametrize(("one", "seconds"), LIVES)
def test_how_long_a_task_lived_that_ended_by_itself(one: dict[str, Any], seconds: float | None) -> None:
    assert lifetime(one) == seconds


def states(*looks: tuple[float, Evidence], found: Verdict = GOOD) -> list[str]:
    endurance = Endurance()
    return [endurance.judge(evidence, found, now).state for now, evidence in looks]


def test_nothing_has_ended() -> None:
    assert Endurance().judge(seen(task(1), task(2)), GOOD, 0) == GOOD


def test_what_ecs_has_not_found_good_is_left_to_ecs() -> None:
    going_on = Verdict("going_on", "IN_PROGRESS")
    assert Endurance().judge(seen(crashed(1), crashed(2), crashed(3)), going_on, 0) == going_on


def test_the_others_have_to_last_longer() -> None:
    one = seen(crashed(1), task(2), task(3))
    assert states((0, one), (20, one), (25, one), (26, one)) == ["going_on", "going_on", "going_on", "succeeded"]


def test_they_are_to_stand_all_along() -> None:
    stands, lacks = seen(crashed(1)), seen(crashed(1), running=1)
    assert states((0, stands), (20, lacks), (26, stands), (46, stands)) == ["going_on"] * 3 + ["succeeded"]


def test_another_one_ends_in_that_time() -> None:
    one, two = seen(crashed(1)), seen(crashed(1), crashed(2))
    assert states((0, one), (20, two), (26, two), (46, two)) == ["going_on"] * 3 + ["succeeded"]


def test_they_keep_ending() -> None:
    endurance = Endurance()
    endurance.judge(seen(crashed(1), crashed(2)), GOOD, 0)
    found = endurance.judge(seen(*(crashed(number) for number in range(4))), GOOD, 20)
    assert found.state == "failed"
    assert (
        found.reason
        == "to ECS the deployment is complete, but its tasks do not last: 4 of its tasks ended by themselves"
    )


def test_failures_before_the_success_are_no_failure_of_it() -> None:
    many = seen(*(crashed(number, 1) for number in range(5)))
    assert states((0, many), (7, many)) == ["going_on", "succeeded"]


def test_a_task_that_ran_for_hours_keeps_nobody_waiting_for_hours() -> None:
    one = seen(crashed(1, 36000))
    assert states((0, one), (120, one), (126, one)) == ["going_on", "going_on", "succeeded"]
