"""What a rollback does next, as a table of what was observed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from slipway.release.rollback_decision import Asked, decide, failed_deployment, soon_rolled_back, standing
from slipway.release.rollback_target import Sighting
from tests.unit.test_rollback_target import BAD, GOOD, START, Deployed, identity, record, sighted, td

GOING = "IN_PROGRESS"


def before(number: int = 0, task: int = 0, state: str = "COMPLETED") -> dict[str, str]:
    """The PRIMARY deployment before the release; of no service without a number."""
    if not number:
        return {"deployment_id": "", "task_definition": "", "rollout_state": ""}
    return {"deployment_id": identity(number), "task_definition": td(task), "rollout_state": state}


def observed(*history: Deployed, primary: int, state: str = GOING, **more: Any) -> Sighting:
    """A service whose PRIMARY deployment is in this state."""
    found = sighted(*history, primary=primary, **more)
    (mine, *others) = found.service["deployments"]
    counts = {"runningCount": 1, "desiredCount": 1, "createdAt": START + timedelta(minutes=primary)}
    return replace(
        found, service={**found.service, "deployments": [{**mine, "rolloutState": state, **counts}, *others]}
    )


# The second release failed; the first one served before it.
SECOND = Asked(identity(2), before(1, 1))

FAILURES: list[tuple[str, Sighting, Asked, str, str]] = [
    # name, what was observed, what was asked, the act, its target
    ("nothing was made", observed((1, 1, GOOD), primary=1), Asked(before=before(1, 1)), "none", ""),
    ("no service was made", Sighting({}), Asked(before=before()), "none", ""),
    ("a service that goes", Sighting({"status": "DRAINING"}), Asked(before=before(1, 1)), "none", ""),
    (
        "a run without changes of a service that does not answer",
        observed((1, 1, GOOD), (2, 2, GOOD), primary=2, state="COMPLETED"),
        Asked(identity(2), before(2, 2)),
        "none",
        "",
    ),
    (
        "a run after one that was killed before its check",
        observed((1, 1, GOOD), (2, 2, GOOD), primary=2, state="COMPLETED", records=[record(2, "interrupted", None)]),
        Asked(identity(2), before(2, 2)),
        "update",
        "voj:1",
    ),
    (
        "a run after one that was killed while it waited",
        observed((1, 1, GOOD), (2, 2, GOING), primary=2),
        Asked(identity(2), before(2, 2, GOING)),
        "stop",
        "voj:1",
    ),
    (
        "the service was switched, and a later resource failed",
        observed((1, 1, GOOD), (2, 2, GOING), primary=2),
        Asked(before=before(1, 1)),
        "stop",
        "voj:1",
    ),
    ("it is under way", observed((1, 1, GOOD), (2, 2, GOING), primary=2), SECOND, "stop", "voj:1"),
    ("it has not begun", observed((1, 1, GOOD), (2, 2, "PENDING"), primary=2), SECOND, "stop", "voj:1"),
    ("it stands but does not answer", observed((1, 1, GOOD), (2, 2, GOOD), primary=2), SECOND, "update", "voj:1"),
    ("it was stopped for good", observed((1, 1, GOOD), (2, 2, "STOPPED"), primary=2), SECOND, "update", "voj:1"),
    ("ECS goes back", observed((1, 1, GOOD), (2, 2, "ROLLBACK_IN_PROGRESS"), primary=1), SECOND, "follow", ""),
    ("ECS is about to", observed((1, 1, GOOD), (2, 2, "ROLLBACK_REQUESTED"), primary=2), SECOND, "follow", ""),
    ("ECS is about to stop it", observed((1, 1, GOOD), (2, 2, "STOP_REQUESTED"), primary=2), SECOND, "follow", ""),
    ("ECS went back", observed((1, 1, GOOD), (2, 2, BAD, 1), primary=1, state="COMPLETED"), SECOND, "follow", ""),
    (
        "ECS could not go back",
        observed((1, 1, GOOD), (2, 2, "ROLLBACK_FAILED"), primary=1, state="FAILED"),
        SECOND,
        "update",
        "voj:1",
    ),
    ("ECS went back, and nothing tells", observed(primary=1, state="COMPLETED"), SECOND, "follow", ""),
    (
        "nobody went back, and only records tell",
        observed(primary=2, state="FAILED", records=[record(1, "succeeded", 1)]),
        SECOND,
        "update",
        "voj:1",
    ),
    ("a first release under way", observed((1, 1, GOING), primary=1), Asked(identity(1), before()), "empty", ""),
    (
        "a first release that ECS can't take back",
        observed((1, 1, "ROLLBACK_FAILED"), primary=1, state="FAILED"),
        Asked(identity(1), before()),
        "empty",
        "",
    ),
    (
        "a first release without an answer",
        observed((1, 1, GOOD), primary=1, state="COMPLETED"),
        Asked(identity(1), before()),
        "empty",
        "",
    ),
    (
        "a first release after one that failed",
        observed((1, 1, "ROLLBACK_FAILED"), (2, 2, GOING), primary=2),
        Asked(identity(2), before(1, 1, "FAILED")),
        "empty",
        "",
    ),
    (
        "what served before is INACTIVE",
        observed((1, 1, GOOD), (2, 2, GOOD), primary=2, defined={"x:1": {}}),
        SECOND,
        "none",
        "",
    ),
    ("what served before is all that tells", observed(primary=2), SECOND, "update", "voj:1"),
    ("the same again, under way", observed((1, 1, GOOD), (2, 1, GOING), primary=2), SECOND, "stop", "voj:1"),
    ("the same again, that stands", observed((1, 1, GOOD), (2, 1, GOOD), primary=2), SECOND, "none", "voj:1"),
    (
        "the same in another network",
        observed((1, 1, GOOD), (2, 1, GOOD), primary=2, revisions={1: {"networkConfiguration": {"a": 1}}}),
        SECOND,
        "update",
        "voj:1",
    ),
]

KILLED = record(3, "interrupted", None, kind="rollback")
BY_HAND: list[tuple[str, Sighting, str, str, str]] = [
    # name, what was observed, `to`, the act, its target
    ("from what is good", observed((1, 1, GOOD), (2, 2, GOOD), primary=2, state="COMPLETED"), "", "update", "voj:1"),
    ("from what is under way", observed((1, 1, GOOD), (2, 2, GOING), primary=2), "", "stop", "voj:1"),
    ("from what failed", observed((1, 1, GOOD), (2, 2, "STOPPED"), primary=2, state="FAILED"), "", "update", "voj:1"),
    ("ECS goes back already", observed((1, 1, GOOD), (2, 2, "ROLLBACK_IN_PROGRESS"), primary=1), "", "follow", ""),
    (
        "after ECS went back",
        observed((1, 1, GOOD), (2, 2, GOOD), (3, 3, BAD, 2), primary=2, state="COMPLETED"),
        "",
        "update",
        "voj:1",
    ),
    ("a rollback is under way", observed((1, 1, GOOD), (2, 2, GOOD), (3, 1, GOING), primary=3), "", "follow", ""),
    (
        "what is good is deployed again",
        observed((1, 1, GOOD), (2, 2, GOOD), (3, 2, GOING), primary=3),
        "",
        "stop",
        "voj:2",
    ),
    (
        "a rollback was killed after it had switched",
        observed((1, 1, GOOD), (2, 2, GOOD), (3, 1, GOOD), primary=3, state="COMPLETED", records=[KILLED]),
        "",
        "follow",
        "",
    ),
    (
        "a rollback was killed before it had switched",
        observed((1, 1, GOOD), (2, 2, GOOD), primary=2, state="COMPLETED", records=[KILLED]),
        "",
        "update",
        "voj:1",
    ),
    ("nothing is there", observed((1, 1, GOOD), primary=1, state="COMPLETED"), "", "refuse", ""),
    ("a first release is under way", observed((1, 1, GOING), primary=1), "", "refuse", ""),
    ("no service", Sighting({}), "", "refuse", ""),
    (
        "a name",
        observed((1, 1, GOOD), (2, 2, GOOD), (3, 3, GOOD), primary=3, state="COMPLETED"),
        "voj:1",
        "update",
        "voj:1",
    ),
    (
        "a name, in the middle of a release",
        observed((1, 1, GOOD), (2, 2, GOING), primary=2),
        "voj:1",
        "update",
        "voj:1",
    ),
    ("what is deployed already", observed((2, 2, GOOD), primary=2, state="COMPLETED"), "sha-2", "none", "voj:2"),
    ("what is being deployed", observed((1, 1, GOOD), (2, 2, GOING), primary=2), "2", "follow", "voj:2"),
    (
        "what failed to be deployed",
        observed((1, 1, GOOD), (2, 2, "STOPPED"), primary=2, state="FAILED"),
        "2",
        "update",
        "voj:2",
    ),
    ("a name that nothing has", observed((2, 2, GOOD), primary=2, state="COMPLETED"), "v9", "refuse", ""),
]


@pytest.mark.parametrize(
    ("sighting", "asked", "act", "target"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES]
)
def test_after_a_failure(sighting: Sighting, asked: Asked, act: str, target: str) -> None:
    found = decide(sighting, asked)
    assert (found.act, found.target.name if found.target else "") == (act, target), found


@pytest.mark.parametrize(
    ("sighting", "to", "act", "target"), [case[1:] for case in BY_HAND], ids=[case[0] for case in BY_HAND]
)
def test_by_hand(sighting: Sighting, to: str, act: str, target: str) -> None:
    found = decide(sighting, Asked(to=to))
    assert (found.act, found.target.name if found.target else "") == (act, target), found


def test_what_is_stopped_is_the_deployment_that_failed() -> None:
    found = decide(observed((1, 1, GOOD), (2, 2, GOING), primary=2), SECOND)
    assert found.arn.endswith("service-deployment/c/s/2")
    assert found.failed_id == identity(2)


def service(state: str | None, running: int = 1, desired: int = 1) -> dict[str, Any]:
    mine = {"status": "PRIMARY", "runningCount": running, "desiredCount": desired}
    return {"deployments": [mine if state is None else {**mine, "rolloutState": state}]}


@pytest.mark.parametrize(
    ("state", "running", "desired", "status", "expected"),
    [
        ("COMPLETED", 1, 1, None, "stands"),
        ("COMPLETED", 0, 0, None, "stands"),
        (None, 1, 1, None, "stands"),
        ("COMPLETED", 0, 1, None, "going_on"),
        (GOING, 1, 1, None, "going_on"),
        ("FAILED", 1, 1, None, "failed"),
        (GOING, 1, 1, "ROLLBACK_SUCCESSFUL", "stands"),
        (GOING, 0, 1, "ROLLBACK_SUCCESSFUL", "going_on"),
        ("COMPLETED", 1, 1, "ROLLBACK_IN_PROGRESS", "going_on"),
        ("COMPLETED", 1, 1, "ROLLBACK_REQUESTED", "going_on"),
        ("COMPLETED", 1, 1, "STOP_REQUESTED", "going_on"),
        ("COMPLETED", 1, 1, "ROLLBACK_FAILED", "failed"),
        ("COMPLETED", 1, 1, "STOPPED", "stands"),
    ],
)
def test_whether_it_stands(state: str | None, running: int, desired: int, status: str | None, expected: str) -> None:
    failed = {"status": status} if status else None
    assert standing(service(state, running, desired), failed) == expected


def test_whose_rollback_is_followed() -> None:
    sighting = observed((1, 1, GOOD), (2, 2, "ROLLBACK_IN_PROGRESS"), primary=1)
    newest = sighting.service_deployments[0]
    assert failed_deployment(sighting, identity(2)) is newest
    assert failed_deployment(sighting, "") is newest
    assert failed_deployment(observed((1, 1, GOOD), primary=1), "") is None


@pytest.mark.parametrize(
    ("state", "rollback", "others", "history", "expected"),
    [
        ("FAILED", True, {1: 1}, (), True),
        ("FAILED", True, {}, (), False),
        ("FAILED", False, {1: 1}, (), False),
        (GOING, True, {1: 1}, (), False),
        ("FAILED", True, {1: 1}, ((1, 1, GOOD), (2, 2, "STOPPED")), False),
    ],
)
def test_ecs_is_given_a_moment_to_go_back(
    state: str, rollback: bool, others: dict[int, int], history: tuple[Deployed, ...], expected: bool
) -> None:
    found = observed(*history, primary=2, state=state, standing=others)
    breaker = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": rollback}}}
    assert soon_rolled_back(replace(found, service={**found.service, **breaker}), identity(2)) == expected
