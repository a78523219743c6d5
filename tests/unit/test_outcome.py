"""How a release that failed is told."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.release.outcome import cause_of, closing, verdict_of

CAUSE = {"code": "exit_code", "title": "the container api exited with code 3", "remedy": "read the log lines"}
FAILED = {
    "failed": True,
    "reason": "the deployment failed",
    "msg": "voj: the deployment failed\ncause: ...",
    "causes": [CAUSE],
}
BACK = {"action": "rolled_back", "msg": "voj-backend-prod:11 serves again (2 tasks)"}


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ("already", "rolled_back"),
        ("rolled_back", "rolled_back"),
        ("stopped", "failed"),
        ("none", "failed"),
        (None, "failed"),
    ],
)
def test_a_release_that_failed_was_rolled_back_only_where_something_serves_again(
    action: str | None, verdict: str
) -> None:
    assert verdict_of({} if action is None else {"action": action}) == verdict


def test_the_cause_in_one_line() -> None:
    assert cause_of(FAILED) == {"code": "exit_code", "title": "the container api exited with code 3"}
    assert cause_of({"msg": "AWS: ecs:UpdateService was refused\n  -> allow it"}) == {
        "code": "",
        "title": "AWS: ecs:UpdateService was refused",
    }
    assert cause_of({"msg": "refused", "cause_code": "access_denied"}) == {"code": "access_denied", "title": "refused"}
    assert cause_of({}) == {"code": "", "title": "no reason was given"}


def test_both_facts_are_told() -> None:
    assert closing("voj-backend", "sha-1a2b3c4", FAILED, BACK).splitlines() == [
        "the release of sha-1a2b3c4 of voj-backend failed",
        "what broke: the deployment failed",
        "  cause: the container api exited with code 3",
        "  -> read the log lines",
        "what serves now: voj-backend-prod:11 serves again (2 tasks)",
    ]


@pytest.mark.parametrize(
    ("rollback", "told"),
    [
        ({"skipped": True}, "nothing was gone back to (service_rollback is false)"),
        ({}, "nothing was gone back to"),
        ({"msg": "AWS does not answer"}, "unknown: the rollback failed, too: AWS does not answer"),
    ],
)
def test_without_a_rollback_nobody_is_told_that_something_serves(rollback: dict[str, Any], told: str) -> None:
    last = closing("voj-backend", "", {"msg": "AWS: refused"}, rollback).splitlines()[-1]
    assert last.startswith("what serves now: ")
    assert told in last
