"""What is gone back to: tables of what was deployed, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from slipway.release.record import Record
from slipway.release.rollback_target import Sighting, Target, choose

ARN = "arn:aws:ecs:ap-northeast-2:123456789012"
START = datetime(2026, 11, 21, tzinfo=UTC)


def td(number: int) -> str:
    return f"{ARN}:task-definition/voj:{number}"


def definition(number: int, *, status: str = "ACTIVE", tag: str = "", digest: str = "") -> dict[str, Any]:
    image = f"repo@{digest or f'sha256:{number:064x}'}"
    labels = {"org.opencontainers.image.version": tag or f"sha-{number}"}
    containers = [{"name": "api", "image": image, "dockerLabels": labels}]
    return {"taskDefinitionArn": td(number), "status": status, "revision": number, "containerDefinitions": containers}


def definitions(*numbers: int, **others: dict[str, Any]) -> dict[str, Any]:
    return {f"voj:{number}": definition(number) for number in numbers} | {
        key.replace("_", ":"): one for key, one in others.items()
    }


# A service deployment: its number, its task definition, its status, and the number of what it was rolled back to.
Deployed = tuple[int, int, str] | tuple[int, int, str, int]


def revision_of(number: int) -> str:
    return f"{ARN}:service-revision/c/s/{number:019}"


def identity(number: int) -> str:
    return f"ecs-svc/{number:019}"


def sighted(
    *history: Deployed,
    primary: int,
    records: list[Record] | None = None,
    standing: dict[int, int] | None = None,
    defined: dict[str, Any] | None = None,
    revisions: dict[int, dict[str, Any]] | None = None,
) -> Sighting:
    """From the oldest to the newest; `primary` is the number of the PRIMARY deployment."""
    tasks = {one[0]: one[1] for one in history}
    deployments: list[dict[str, Any]] = []
    known: dict[str, dict[str, Any]] = {}
    for number, task, status, *back in history:
        arn = revision_of(number)
        known[arn] = {"serviceRevisionArn": arn, "taskDefinition": td(task), **(revisions or {}).get(number, {})}
        rollback = {"rollback": {"serviceRevisionArn": revision_of(back[0])}} if back else {}
        made = START + timedelta(minutes=number)
        one = {"targetServiceRevision": {"arn": arn}, "status": status, "createdAt": made, **rollback}
        deployments.insert(0, {**one, "serviceDeploymentArn": f"{ARN}:service-deployment/c/s/{number}"})
    rolling: list[dict[str, Any]] = [
        {"id": identity(primary), "status": "PRIMARY", "taskDefinition": td(tasks.get(primary, primary))}
    ]
    for number, task in (standing or {}).items():
        rolling.append(
            {"id": identity(number), "status": "ACTIVE", "taskDefinition": td(task), "runningCount": 1},
        )
    service = {"status": "ACTIVE", "deployments": rolling}
    return Sighting(
        service, deployments, known, records or [], definitions(*range(1, 10)) if defined is None else defined
    )


def record(minute: int, verdict: str, task: int | None, **more: Any) -> Record:
    revision = {"revision": f"voj:{task}"} if task else {}
    started = f"2026-11-21T00:{minute:02}:00.000Z"
    return Record.of({"service": "c/s", "started_at": started, "verdict": verdict, **revision, **more})


def newest_first(*records: Record) -> list[Record]:
    return list(reversed(records))


GOOD, BAD = "SUCCESSFUL", "ROLLBACK_SUCCESSFUL"


# After a failure: what was deployed, which deployment failed, the records, and the revision that is gone back to.
FAILURES: list[tuple[str, tuple[Deployed, ...], int, list[Record], int | None]] = [
    ("the one before", ((1, 1, GOOD), (2, 2, "IN_PROGRESS")), 2, [], 1),
    ("after success, when the service did not answer", ((1, 1, GOOD), (2, 2, GOOD)), 2, [], 1),
    ("not the revision before, which failed, too", ((1, 1, GOOD), (2, 2, BAD), (3, 3, "IN_PROGRESS")), 3, [], 1),
    ("not what was stopped", ((1, 1, GOOD), (2, 2, "STOPPED"), (3, 3, GOOD)), 3, [], 1),
    (
        "not what failed and could not be rolled back",
        ((1, 1, GOOD), (2, 2, "ROLLBACK_FAILED"), (3, 3, "PENDING")),
        3,
        [],
        1,
    ),
    ("what was rolled back to", ((1, 1, GOOD), (2, 2, BAD, 1), (3, 3, GOOD)), 3, [], 1),
    (
        "what was rolled back to, long after its own deployment is forgotten",
        ((2, 2, GOOD), (3, 3, BAD, 2), (4, 4, GOOD)),
        4,
        [],
        2,
    ),
    ("what a rollback by hand deployed", ((1, 1, GOOD), (2, 2, GOOD), (3, 1, GOOD), (4, 3, "IN_PROGRESS")), 4, [], 1),
    ("not what is still going on", ((1, 1, GOOD), (2, 2, "IN_PROGRESS"), (3, 3, "IN_PROGRESS")), 3, [], 1),
    ("not a state that nobody knows", ((1, 1, GOOD), (2, 2, "SOMETHING_NEW"), (3, 3, "IN_PROGRESS")), 3, [], 1),
    (
        "not what ECS found good and our own check did not",
        ((1, 1, GOOD), (2, 2, GOOD), (3, 3, "IN_PROGRESS")),
        3,
        [record(1, "succeeded", 1), record(2, "rolled_back", 2, serving="voj:1")],
        1,
    ),
    (
        "but what our own check found good later",
        ((1, 1, GOOD), (2, 2, GOOD), (3, 3, "IN_PROGRESS")),
        3,
        [record(1, "failed", 2), record(2, "succeeded", 2)],
        2,
    ),
    (
        "what served on while it was rolled out again in vain",
        ((1, 1, GOOD), (2, 2, GOOD), (3, 2, BAD, 2), (4, 4, "IN_PROGRESS")),
        4,
        [record(2, "succeeded", 2), record(3, "rolled_back", 2, serving="voj:2")],
        2,
    ),
    (
        "what was killed before its check, but ECS found good",
        ((1, 1, GOOD), (2, 2, GOOD), (3, 3, GOOD)),
        3,
        [record(2, "interrupted", 2)],
        2,
    ),
    ("a first release", ((1, 1, "IN_PROGRESS"),), 1, [], None),
    ("a first release after another", ((1, 1, "ROLLBACK_FAILED"), (2, 2, "IN_PROGRESS")), 2, [], None),
    ("a first release that stood but did not answer", ((1, 1, GOOD),), 1, [], None),
    ("the records, where AWS tells nothing", (), 3, [record(1, "succeeded", 1), record(2, "succeeded", 2)], 2),
    ("the records, and not what failed", (), 3, [record(1, "succeeded", 1), record(2, "failed", 2)], 1),
    ("the records, and not what was killed", (), 3, [record(1, "succeeded", 1), record(2, "interrupted", 2)], 1),
    ("what served after a failure, by its record", (), 3, [record(2, "rolled_back", 2, serving="voj:1")], 1),
    ("the records where AWS has forgotten", ((3, 3, "IN_PROGRESS"),), 3, [record(1, "succeeded", 2)], 2),
    (
        "the record of a rollback by hand",
        (),
        4,
        [
            record(1, "succeeded", 1),
            record(2, "succeeded", 2),
            record(3, "succeeded", 1, kind="rollback", serving="voj:1"),
        ],
        1,
    ),
    ("no record succeeded", (), 3, [record(1, "failed", 1), record(2, "interrupted", None)], None),
]


@pytest.mark.parametrize(
    ("history", "failed", "records", "expected"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES]
)
def test_after_a_failure(
    history: tuple[Deployed, ...], failed: int, records: list[Record], expected: int | None
) -> None:
    found = choose(sighted(*history, primary=failed, records=newest_first(*records)), identity(failed))
    if expected is None:
        assert found == "no other release has succeeded"
    else:
        assert isinstance(found, Target), found
        assert found.name == f"voj:{expected}"


# By hand: what was deployed, which deployment is PRIMARY, the records, and the revision that is gone back to.
BY_HAND: list[tuple[str, tuple[Deployed, ...], int, list[Record], int | None]] = [
    ("the one before", ((1, 1, GOOD), (2, 2, GOOD)), 2, [], 1),
    ("not the one before, which failed", ((1, 1, GOOD), (2, 2, BAD, 1), (3, 3, GOOD)), 3, [], 1),
    ("further back the second time", ((1, 1, GOOD), (2, 2, GOOD), (3, 3, GOOD), (4, 2, GOOD)), 4, [], 1),
    ("never forth", ((1, 1, GOOD), (2, 2, GOOD), (3, 1, GOOD)), 3, [], None),
    ("past what was only deployed again", ((1, 1, GOOD), (2, 2, GOOD), (3, 2, GOOD)), 3, [], 1),
    ("what served, though another was tried", ((1, 1, GOOD), (2, 2, GOOD), (3, 1, GOOD), (4, 3, GOOD)), 4, [], 1),
    ("nothing is there", ((1, 1, GOOD),), 1, [], None),
    ("the records", (), 3, [record(1, "succeeded", 1), record(2, "failed", 2), record(3, "succeeded", 3)], 1),
    (
        "the records, further back",
        (),
        2,
        [
            record(1, "succeeded", 1),
            record(2, "succeeded", 2),
            record(3, "succeeded", 3),
            record(4, "succeeded", 2, kind="rollback", serving="voj:2"),
        ],
        1,
    ),
    ("no record", (), 3, [], None),
]


@pytest.mark.parametrize(
    ("history", "primary", "records", "expected"), [case[1:] for case in BY_HAND], ids=[case[0] for case in BY_HAND]
)
def test_by_hand(history: tuple[Deployed, ...], primary: int, records: list[Record], expected: int | None) -> None:
    found = choose(sighted(*history, primary=primary, records=newest_first(*records)))
    assert (found.name if isinstance(found, Target) else None) == (f"voj:{expected}" if expected else None), found


def test_a_target_says_what_it_is() -> None:
    images = [{"containerName": "sidecar", "image": "s:1", "imageDigest": "sha256:5"}]
    history: tuple[Deployed, ...] = ((1, 1, GOOD), (2, 2, GOOD))
    found = choose(sighted(*history, primary=2, revisions={1: {"containerImages": images}}), identity(2))
    digests = {"api": f"sha256:{1:064x}", "sidecar": "sha256:5"}
    assert found == Target(td(1), digests, "sha-1", "it is the last that succeeded")
    assert str(found) == "voj:1 (sha-1)"


def test_the_tasks_that_still_run_are_a_proof() -> None:
    found = choose(sighted((2, 2, "IN_PROGRESS"), primary=2, standing={1: 1}), identity(2))
    assert isinstance(found, Target)
    assert (found.name, found.why) == ("voj:1", "its tasks still run")


@pytest.mark.parametrize(
    ("state", "expected"),
    [("COMPLETED", "voj:1"), ("", "voj:1"), (None, "voj:1"), ("FAILED", None), ("IN_PROGRESS", None)],
)
def test_what_served_before_the_release_is_the_last_resort(state: str | None, expected: str | None) -> None:
    before = {"deployment_id": identity(1), "task_definition": td(1), "rollout_state": state}
    found = choose(sighted((2, 2, "IN_PROGRESS"), primary=2), identity(2), before)
    assert (found.name if isinstance(found, Target) else None) == expected


def test_what_is_inactive_or_gone_is_passed_over_and_told() -> None:
    history: tuple[Deployed, ...] = ((1, 1, GOOD), (2, 2, GOOD), (3, 3, GOOD), (4, 4, GOOD))
    defined = definitions(1, 4, voj_3=definition(3, status="INACTIVE"))
    found = choose(sighted(*history, primary=4, defined=defined), identity(4))
    assert isinstance(found, Target)
    assert found.name == "voj:1"
    del defined["voj:1"]
    assert choose(sighted(*history, primary=4, defined=defined), identity(4)) == (
        "no other release has succeeded; voj:3 is INACTIVE, and ECS deploys only what is ACTIVE; "
        "voj:2 is not there any more; voj:1 is not there any more"
    )


def test_a_change_of_the_network_is_undone_with_the_rest() -> None:
    balancers = {"loadBalancers": [{"targetGroupArn": "a"}]}
    revisions = {
        1: {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}, **balancers},
        2: {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["b"]}}, **balancers},
    }
    found = choose(sighted((1, 1, GOOD), (2, 1, "IN_PROGRESS"), primary=2, revisions=revisions), identity(2))
    assert isinstance(found, Target)
    assert found.fields == {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}}
    assert (found.name, found.same) == ("voj:1", True)


NAMED: list[tuple[str, str, list[Record], dict[str, Any], str]] = [
    ("a tag, by its record", "v1", [record(1, "succeeded", 1, tag="v1")], {}, "voj:1"),
    ("a tag, by the label", "sha-3", [], {}, "voj:3"),
    (
        "a tag, the newest that has it",
        "v1",
        [record(1, "succeeded", 1, tag="v1"), record(2, "succeeded", 2, tag="v1")],
        {},
        "voj:2",
    ),
    (
        "a tag whose newest is inactive",
        "same",
        [],
        definitions(4, voj_2=definition(2, tag="same"), voj_3=definition(3, tag="same", status="INACTIVE")),
        "voj:2",
    ),
    ("a revision", "2", [], {}, "voj:2"),
    ("a family and revision", "voj:2", [], {}, "voj:2"),
    ("an ARN", td(2), [], {}, "voj:2"),
    ("a digest", f"sha256:{2:064x}", [], {}, "voj:2"),
    (
        "the beginning of a digest",
        "sha256:" + "ab" * 8,
        [],
        definitions(4, voj_2=definition(2, digest="sha256:" + "ab" * 32)),
        "voj:2",
    ),
    ("an image", f"123.dkr.ecr.amazonaws.com/voj@sha256:{2:064x}", [], {}, "voj:2"),
    (
        "a digest, by its record",
        f"sha256:{'c' * 64}",
        [record(1, "succeeded", 1, digest=f"sha256:{'c' * 64}")],
        {},
        "voj:1",
    ),
    ("a numeric tag", "142", [record(1, "succeeded", 1, tag="142")], {}, "voj:1"),
    (
        "a number that is both",
        "2",
        [record(1, "succeeded", 1, tag="2")],
        {},
        "2 is a revision and a tag: write voj:2 or voj:1",
    ),
    ("a number that is both, of one", "2", [record(1, "succeeded", 2, tag="2")], {}, "voj:2"),
    ("what failed, when it is asked for", "v2", [record(1, "failed", 2, tag="v2")], {}, "voj:2"),
    ("nothing", "v9", [], {}, "nothing is known by 'v9': no release, and no task definition that is ACTIVE"),
    ("a revision that is not there", "77", [], {}, "voj:77 is not there any more"),
    (
        "an inactive one",
        "voj:3",
        [],
        definitions(4, voj_3=definition(3, status="INACTIVE")),
        "voj:3 is INACTIVE, and ECS deploys only what is ACTIVE",
    ),
    ("another family", "other:3", [], {}, "other:3 is of another family than voj:4"),
]


@pytest.mark.parametrize(
    ("to", "records", "defined", "expected"), [case[1:] for case in NAMED], ids=[case[0] for case in NAMED]
)
def test_what_a_person_names(to: str, records: list[Record], defined: dict[str, Any], expected: str) -> None:
    found = choose(sighted(primary=4, records=newest_first(*records), defined=defined or None), to=to)
    assert (found.name if isinstance(found, Target) else found) == expected
