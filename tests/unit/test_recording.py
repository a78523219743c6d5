"""Who asked for a release, and the record that it leaves."""

from __future__ import annotations

import pytest

from slipway.aws.errors import SlipwayError
from slipway.release import recording
from slipway.release.record import Record
from tests.unit.fake_aws import FakeAws

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "minji",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "voj/api",
    "GITHUB_RUN_ID": "42",
}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (GITHUB, "minji https://github.com/voj/api/actions/runs/42"),
        ({**GITHUB, "GITHUB_RUN_ID": ""}, "minji"),
        ({"GITHUB_ACTOR": "left over"}, "test (local)"),
        ({"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "joon", "CI_JOB_URL": "https://g/1"}, "joon https://g/1"),
        ({}, "test (local)"),
    ],
)
def test_who_asks(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    monkeypatch.setattr(recording, "_local_user", lambda: "local")
    assert recording.who(FakeAws(), environment) == expected


@pytest.mark.parametrize(("user", "expected"), [("test", "test"), ("", "test")])
def test_a_name_is_said_once(monkeypatch: pytest.MonkeyPatch, user: str, expected: str) -> None:
    monkeypatch.setattr(recording, "_local_user", lambda: user)
    assert recording.who(FakeAws(), {}) == expected


def test_moments_sort_as_their_texts() -> None:
    assert recording.stamp(0) == "1970-01-01T00:00:00.000Z"
    assert recording.stamp(1.5) < recording.stamp(2.25) < recording.stamp(10)


@pytest.mark.parametrize("check", [True, False])
def test_a_record_is_kept_but_not_in_check_mode(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    aws = FakeAws({"PutItem": {}})
    monkeypatch.setattr(recording, "Aws", lambda _: aws)
    monkeypatch.setattr("slipway.release.recording.time.time", lambda: 100.0)
    given = {"region": "r", "table": "t", "service": "c/s", "kind": "release", "verdict": "succeeded", "who": "me"}
    result = recording.record({**given, "started_at": recording.stamp(87.5)}, check=check, report=list[str]().append)
    expected = Record("c/s", "1970-01-01T00:01:27.500Z", verdict="succeeded", who="me", seconds=12.5)
    assert (result["changed"], result["record"]) == (False, expected.result())
    assert aws.calls["dynamodb:PutItem"] == (0 if check else 1)


def test_what_is_no_moment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "Aws", lambda _: FakeAws())
    given = {"region": "r", "table": "t", "service": "c/s", "verdict": "failed", "who": "me", "started_at": "now"}
    with pytest.raises(SlipwayError, match="'now' is no moment"):
        recording.record(given, check=False, report=list[str]().append)
