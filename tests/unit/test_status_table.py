"""One table for all services: aligned in a terminal, within its width, and true about what serves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.release.record import Record
from slipway.release.status.rows import Seen, age, rendered, rendered_releases, row, serving
from slipway.release.status.table import cut, table, width_of, wrapped

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DIGEST = "sha256:" + "0123456789abcdef" * 4
ARN = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/voj-backend-prod"


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("voj", 3), ("김서연", 6), ("e\u0301", 1), ("릴리스-2", 8), ("ｗ", 2), ("✅", 2), ("…", 1)],
)
def test_the_width_of_a_text(text: str, width: int) -> None:
    assert width_of(text) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("voj", 3, "voj"),
        ("voj-backend", 5, "voj-…"),
        ("김서연", 6, "김서연"),
        ("김서연", 5, "김서…"),
        ("김서연", 4, "김…"),
    ],
)
def test_a_text_is_cut(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown
    assert width_of(shown) <= width


def test_columns_are_aligned_with_wide_characters() -> None:
    lines = table(("WHO", "AGE"), [("김서연", "2 h"), ("kim", "3 d"), ("a", "")], set())
    assert lines == ["WHO     AGE", "김서연  2 h", "kim     3 d", "a"]


def test_the_longest_columns_are_cut_and_no_others() -> None:
    lines = table(("A", "B", "C"), [("x" * 30, "y" * 30, "z" * 10)], {"A", "C"}, 60)
    assert lines[1] == f"{'x' * 15}…  {'y' * 30}  {'z' * 10}"
    assert max(map(width_of, lines)) == 60
    # What may not be cut is shown, even where there is no room.
    assert table(("A",), [("x" * 30,)], set(), 10) == ["A", "x" * 30]


def test_a_note_is_wrapped_between_words() -> None:
    assert wrapped("voj", "one two three", 5, 14) == ["voj    one two", "       three"]
    assert wrapped("김서연", "하나 둘", 6, 40) == ["김서연  하나 둘"]
    assert wrapped("voj", "x" * 50, 5, 14) == [f"voj    {'x' * 50}"]


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-21T08:59:20.000Z", "40 s"),
        ("2026-11-21T08:59:00+00:00", "1 min"),
        ("2026-11-21T08:00:30Z", "59 min"),
        ("2026-11-21T07:00:00.500Z", "1 h"),
        ("2026-11-21T16:00:00+09:00", "2 h"),
        ("2026-11-19T09:00:01Z", "47 h"),
        ("2026-11-19T09:00:00Z", "2 d"),
        ("2025-11-21T09:00:00Z", "365 d"),
        # Another machine's clock.
        ("2026-11-21T09:00:05Z", "0 s"),
        ("2026-11-21T09:00:05", "-"),
        ("", "-"),
        ("yesterday", "-"),
    ],
)
def test_the_age(at: str, shown: str) -> None:
    assert age(at, NOW) == shown


# --- What serves ------------------------------------------------------------------------------------------


def deployment(status: str, revision: int, running: int, state: str | None = "COMPLETED") -> dict[str, Any]:
    one = {
        "status": status,
        "taskDefinition": f"{ARN}:{revision}",
        "runningCount": running,
        "desiredCount": 2,
        "createdAt": datetime(2026, 11, 21, 8, 57, tzinfo=UTC),
    }
    return one if state is None else {**one, "rolloutState": state}


OLD = deployment("ACTIVE", 11, 2)


@pytest.mark.parametrize(
    ("deployments", "revision"),
    [
        ([deployment("PRIMARY", 12, 2)], 12),
        ([deployment("PRIMARY", 12, 2, None)], 12),
        # The new one is not there yet.
        ([deployment("PRIMARY", 12, 1, "IN_PROGRESS"), deployment("ACTIVE", 11, 2)], 11),
        ([deployment("PRIMARY", 12, 1, "IN_PROGRESS"), deployment("ACTIVE", 11, 0)], 12),
        # The first one of all.
        ([deployment("PRIMARY", 1, 0, "IN_PROGRESS")], 1),
        # It failed, and the one before still runs.
        ([deployment("PRIMARY", 12, 0, "FAILED"), deployment("ACTIVE", 11, 2)], 11),
        # A failed one that still has tasks is not what serves.
        ([deployment("PRIMARY", 13, 0, "IN_PROGRESS"), deployment("ACTIVE", 12, 1, "FAILED"), OLD], 11),
        # What is left of the old one drains.
        ([deployment("PRIMARY", 12, 2), deployment("ACTIVE", 11, 1)], 12),
    ],
)  # fmt: skip
def test_which_deployment_serves(deployments: list[dict[str, Any]], revision: int) -> None:
    assert serving({"deployments": deployments})["taskDefinition"] == f"{ARN}:{revision}"


def test_nothing_serves_without_a_service() -> None:
    assert serving(None) == {}
    assert serving({"deployments": []}) == {}


DESCRIPTION: dict[str, Any] = {
    "name": "voj-backend",
    "cluster": "voj-prod",
    "ecs_service": "voj-backend-api",
    "container_name": "api",
    "alarms": ["voj-5xx", "voj-latency"],
}
RECORD = Record(
    "voj-prod/voj-backend-api",
    "2026-11-21T07:00:00.000Z",
    verdict="succeeded",
    who="김서연 https://github.com/voj/api/actions/runs/7",
    tag="sha-1a2b3c4",
    revision="voj-backend-prod:12",
    seconds=71.6,
)


def target(state: str) -> dict[str, Any]:
    return {"TargetHealth": {"State": state}}


def seen(**changes: Any) -> Seen:
    """A service that is well."""
    given: dict[str, Any] = {
        "service": {
            "status": "ACTIVE",
            "runningCount": 2,
            "desiredCount": 2,
            "deployments": [deployment("PRIMARY", 12, 2)],
        },
        "task_definition": {
            "containerDefinitions": [
                {"name": "sidecar", "image": "sidecar:1"},
                {
                    "name": "api",
                    "image": f"123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/voj@{DIGEST}",
                    "dockerLabels": {"org.opencontainers.image.version": "sha-1a2b3c4"},
                },
            ]
        },
        "targets": [target("healthy"), target("unhealthy"), target("draining")],
        "records": [RECORD],
        "alarms": [{"AlarmName": "voj-5xx", "StateValue": "ALARM"}, {"AlarmName": "voj-latency", "StateValue": "OK"}],
    }
    return Seen(DESCRIPTION, **(given | changes))


def test_a_row() -> None:
    assert row(seen(), NOW).result() == {
        "name": "voj-backend",
        "cluster": "voj-prod",
        "ecs_service": "voj-backend-api",
        "deployed": True,
        "version": "sha-1a2b3c4",
        "digest": DIGEST,
        "revision": "voj-backend-prod:12",
        "running_count": 2,
        "desired_count": 2,
        "healthy_targets": 1,
        "targets": 2,
        "verdict": "succeeded",
        "kind": "release",
        "released_at": "2026-11-21T07:00:00.000Z",
        "who": "김서연 https://github.com/voj/api/actions/runs/7",
        "alarms": 2,
        "alarms_in_alarm": 1,
        "notes": ["in ALARM: voj-5xx"],
        "releases": [RECORD.result()],
    }


@pytest.mark.parametrize(
    ("image", "version", "digest"),
    [
        (f"127.0.0.1:4566/voj@{DIGEST}", "", DIGEST),
        (f"127.0.0.1:4566/voj:v2@{DIGEST}", "v2", DIGEST),
        ("127.0.0.1:4566/voj:v2", "v2", ""),
        ("127.0.0.1:4566/voj", "", ""),
        ("", "", ""),
    ],
)
def test_version_and_digest_of_an_image_without_a_label(image: str, version: str, digest: str) -> None:
    one = row(seen(task_definition={"containerDefinitions": [{"name": "other", "image": image}]}), NOW)
    assert (one.version, one.digest) == (version, digest)


@pytest.mark.parametrize(
    ("changes", "deployed", "notes"),
    [
        ({"service": None}, False, ["not deployed yet"]),
        ({"service": {"status": "INACTIVE"}}, False, ["not deployed yet"]),
        ({"alarms": [{"AlarmName": "voj-5xx"}]}, True, ["no such alarm: voj-latency"]),
        ({"alarms": [], "problems": ["no answer"]}, True, ["no answer"]),
        ({"service": {"status": "DRAINING"}}, True, ["the ECS service is being deleted (DRAINING)"]),
        # What could not be read is not said to be absent.
        ({"service": None, "problems": ["no answer"]}, None, ["no answer"]),
        (
            {"lock": {"who": "lee", "tag": "sha-2", "started_at": "2026-11-21T08:56:00Z"}},
            True,
            ["the release of sha-2 is under way: lee, for 4 min"],
        ),
        (
            {"lock": {"who": "lee", "kind": "rollback", "revision": "voj:11", "host": "laptop"}},
            True,
            ["the rollback to voj:11 is under way: lee on laptop"],
        ),
        ({"lock": {"item": "lock"}}, True, ["the release of an unknown version is under way: nobody known"]),
        (
            {"service": {"status": "ACTIVE", "deployments": [deployment("PRIMARY", 13, 1, "IN_PROGRESS")]}},
            True,
            ["the deployment of voj-backend-prod:13 is under way for 3 min: 1 of 2 tasks running"],
        ),
        (
            {
                "service": {
                    "status": "ACTIVE",
                    "deployments": [
                        {**deployment("PRIMARY", 13, 0, "FAILED"), "rolloutStateReason": "tasks failed to start."}
                    ],
                }
            },
            True,
            ["the deployment of voj-backend-prod:13 failed: tasks failed to start."],
        ),
    ],
)
def test_the_notes(changes: dict[str, Any], deployed: bool | None, notes: list[str]) -> None:
    one = row(seen(**{"alarms": [{"AlarmName": name} for name in DESCRIPTION["alarms"]], **changes}), NOW)
    assert (one.deployed, list(one.notes)) == (deployed, notes)


def test_a_service_that_others_deployed_has_an_age_and_no_verdict() -> None:
    one = row(seen(records=[]), NOW)
    assert (one.verdict, one.who, age(one.released_at, NOW)) == ("", "", "3 min")


def test_the_table() -> None:
    new = {**DESCRIPTION, "name": "홈유-백엔드", "alarms": []}
    lost = {**DESCRIPTION, "name": "lms-backend", "alarms": []}
    fine = [{"AlarmName": name, "StateValue": "OK"} for name in DESCRIPTION["alarms"]]
    rolled_back = [Record("a/b", "2026-11-18T07:00:00Z", verdict="rolled_back", who="ci")]
    rows = [
        row(seen(), NOW),
        row(Seen(new), NOW),
        row(Seen(lost, problems=["AccessDenied: allow the action ecs:DescribeServices"]), NOW),
        row(seen(records=rolled_back, alarms=fine, targets=None), NOW),
    ]
    assert rendered(rows, NOW).splitlines() == [
        "SERVICE      VERSION      DIGEST        REVISION  TASKS  TARGETS  VERDICT      AGE  WHO     ALARMS",
        "voj-backend  sha-1a2b3c4  0123456789ab  12        2/2    1/2      succeeded    2 h  김서연  1/2",
        "홈유-백엔드  -            -             -         -      -        -            -    -       -",
        "lms-backend  -            -             -         -      -        -            -    -       -",
        "voj-backend  sha-1a2b3c4  0123456789ab  12        2/2    -        rolled back  3 d  ci      0/2",
        "",
        "voj-backend  in ALARM: voj-5xx",
        "홈유-백엔드  not deployed yet",
        "lms-backend  AccessDenied: allow the action ecs:DescribeServices",
    ]


def test_the_table_fits_a_terminal() -> None:
    long = {**DESCRIPTION, "name": "서비스" * 17}
    record = Record("a/b", "2026-11-18T07:00:00Z", kind="rollback", verdict="succeeded", who="w" * 99, tag="v" * 128)
    label = {"org.opencontainers.image.version": "v" * 128}
    definition = {"containerDefinitions": [{"name": "api", "image": f"x@{DIGEST}", "dockerLabels": label}]}
    one = row(seen(records=[record], task_definition=definition, problems=["word " * 99]), NOW)
    other = row(Seen(long, problems=["말 " * 99]), NOW)
    lines = rendered([one, other], NOW).splitlines()
    assert max(map(width_of, lines)) <= 120
    assert max(map(width_of, rendered_releases(one).splitlines())) <= 120


def test_the_last_releases() -> None:
    failed = Record(
        "a/b",
        "2026-11-20T23:00:01.000Z",
        verdict="rolled_back",
        who="ci",
        tag="sha-0",
        revision="voj-backend-prod:11",
        seconds=200,
        cause="the container api ended\nwith exit code 1",
    )
    assert rendered_releases(row(seen(records=[RECORD, failed]), NOW)).splitlines() == [
        "voj-backend:",
        "STARTED (UTC)        KIND     VERDICT      VERSION      REVISION  TOOK   WHO     CAUSE",
        "2026-11-21 07:00:00  release  succeeded    sha-1a2b3c4  12        72 s   김서연  -",
        "2026-11-20 23:00:01  release  rolled back  sha-0        11        200 s  ci      "
        "the container api ended with exit code…",
    ]
    assert rendered_releases(row(Seen(DESCRIPTION), NOW)) == "voj-backend: no release is recorded"
