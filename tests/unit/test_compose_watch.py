"""The verdict over what was seen of a candidate, look by look."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.compose.watch import Timing, Verdict, Watched, lines, matches, seen, verdict

TIMING = Timing(good_looks=2, bad_seconds=10, grace=5, timeout=60)
WEB = ["web-1", "web-2"]
UP: dict[str, Any] = {"state": "running", "health": None, "restarts": 0, "exit_code": None, "error": None}


def look(*containers: dict[str, Any] | None, status: int | None = 200, **more: Any) -> dict[str, Any]:
    named = zip(WEB, containers, strict=False)
    given = [{"service": name, **UP, **one} for name, one in named if one is not None]
    answers = [{"service": one["service"], "status": status, "error": None if status else "refused"} for one in given]
    return {"containers": given, "answers": answers, "logs": {}, "ports": {}, **more}


def after(*looks: tuple[float, dict[str, Any]], web: list[str] = WEB) -> Watched:
    watched = Watched()
    for at, one in looks:
        watched = seen(watched, one, at, web=web, matcher="200-299")
    return watched


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([], ("going_on", "")),
        ([(1, look({}, {}))], ("going_on", "")),
        ([(1, look({}, {})), (2, look({}, {}))], ("succeeded", "")),
        # Good looks count in a row.
        ([(1, look({}, {})), (2, look({}, {}, status=503)), (3, look({}, {}))], ("going_on", "")),
        # All of them have to be there, and to answer.
        ([(1, look({}, None)), (2, look({}, None)), (3, look({}, None))], ("going_on", "")),
        ([(1, look({}, {"state": "created"})), (2, look({}, {"state": "created"}))], ("going_on", "")),
        # A health check of the image's own decides, too.
        ([(1, look({"health": "starting"}, {})), (2, look({"health": "starting"}, {}))], ("going_on", "")),
        ([(1, look({"health": "healthy"}, {})), (2, look({"health": "healthy"}, {}))], ("succeeded", "")),
        (
            [(1, look({}, {"health": "unhealthy"}))],
            ("failed", "the health check inside the container web-2 failed"),
        ),
        # What ends has failed, at once; also when the engine would start it again.
        (
            [(1, look({"state": "exited", "exit_code": 3}, {}))],
            ("failed", "the container web-1 ended with exit code 3"),
        ),
        ([(1, look({"restarts": 1}, {})), (2, look({}, {}))], ("failed", "the container web-1 is running")),
        (
            [(1, look({}, {"state": "exited", "exit_code": 137, "oom_killed": True}))],
            ("failed", "the container web-2 was killed: it used more memory than it has"),
        ),
        (
            [(1, look({"state": "created", "error": "no such file"}, {}))],
            ("failed", "the container web-1 did not start: no such file"),
        ),
        # Bad answers count once the grace period is over, when they have lasted.
        ([(9, look({}, {}, status=500))], ("going_on", "")),
        (
            [(1, look({}, {}, status=500)), (10, look({}, {}, status=500))],
            ("failed", "the health check is not answered as it should be, 10 s long"),
        ),
        ([(4, look({}, {})), (10, look({}, {}, status=500))], ("going_on", "")),
        ([(10, look({"health": "starting"}, {}, status=None))], ("going_on", "")),
        (
            [(60, look({"health": "starting"}, {}, status=None))],
            ("failed", "the release was not healthy within 60 s"),
        ),
    ],
)
def test_verdict(looks: list[tuple[float, dict[str, Any]]], expected: tuple[str, str]) -> None:
    found = verdict(after(*looks), TIMING)
    assert (found.state, found.reason) == expected


def test_only_time_is_said_to_be_the_cause_of_a_time_out() -> None:
    late = after((60, look({"health": "starting"}, {}, status=None)))
    assert verdict(late, TIMING) == Verdict("failed", "the release was not healthy within 60 s", timed_out=True)
    assert not verdict(after((10, look({}, {}, status=500))), TIMING).timed_out


@pytest.mark.parametrize(
    ("matcher", "status", "expected"),
    [("200", 200, True), ("200", 201, False), ("200-299", 204, True), ("200,302", 302, True), ("200,302", 301, False)],
)
def test_matcher(matcher: str, status: int, expected: bool) -> None:
    assert matches(matcher, status) is expected


def test_the_last_lines_are_kept_when_a_container_has_none_any_more() -> None:
    watched = after((1, look({}, {}, logs={"web-1": ["boom"]})), (2, look({}, {}, logs={"web-1": []})))
    assert watched.logs == {"web-1": ["boom"]}


def test_each_container_is_told_in_a_line() -> None:
    watched = after((1, look({"state": "exited", "exit_code": 1}, {})))
    assert dict(lines(watched, WEB, "/health")) == {
        "web-1": "ended with exit code 1",
        "web-2": "running, GET /health -> 200",
    }
    assert dict(lines(Watched(), WEB, "/health")) == dict.fromkeys(WEB, "not there yet")
    assert dict(lines(after((1, look({"health": "starting"}, None))), WEB, "/"))["web-1"].endswith("check is starting")


def test_the_times_are_those_of_the_description() -> None:
    check = {"healthy_threshold": 2, "unhealthy_threshold": 3, "interval": 15}
    service = {"health_check": check, "health_check_grace_period": 60, "wait_timeout": 600}
    assert Timing.of(service) == Timing(good_looks=2, bad_seconds=45, grace=60, timeout=600)
