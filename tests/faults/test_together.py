"""Two releases of one service at once, a network that is lost for a while, and people who are to be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.recording import Answer, recording
from tests.faults.releasing import Service, breaks, failed, recovers, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]
CRASH = {"VERSION": "broken", "EXIT_AT_START": "3"}
# All calls to AWS are lost; clients of the service are not.
LOST = {"name": "lost", "rules": [{"match": "*", "seconds": {"to": 20}, "fault": "reset"}]}


@contextmanager
def slow_starts(service: Service) -> Iterator[None]:
    """Let processes take their time until they listen."""
    service.faults.time(start_up=40)
    try:
        yield
    finally:
        service.faults.time(start_up=6)


def slow(version: str, seconds: float = 5) -> dict[str, Any]:
    """A version that starts slowly."""
    return {"version": version, "service_environment": {"VERSION": version, "START_SECONDS": str(seconds)}}


def test_the_second_waits_and_then_goes_on(service: Service) -> None:
    first, second = service.next_version(), service.next_version()
    with service.asked():
        run = service.start(version=first)
        run.until("deployment in progress")
        with run.stopped():
            waiting = service.start(version=second, service_lock_timeout=60)
            waiting.until("waiting for the release of v1 by root, since ")
        succeeded(run.end())
        succeeded(waiting.end())
    assert service.version() == f"version {second}"
    assert [one.verdict for one in service.records()[:2]] == ["succeeded", "succeeded"]
    service.await_settled()


def test_the_second_is_refused_with_who_holds_it(service: Service) -> None:
    first, second = service.next_version(), service.next_version()
    before = len(service.records())
    with service.asked():
        run = service.start(version=first)
        run.until("deployment in progress")
        with run.stopped():
            result = service.deploy(version=second, service_lock_timeout=1)
        succeeded(run.end())
    failed(
        result,
        "another release holds it, and did not end within 1 s: the release of v1 by root, since ",
        f"(process {run.process.pid} on ",
        "-> wait for its end and run the same command again",
    )
    assert service.version() == f"version {first}"
    assert len(service.records()) == before + 1
    service.await_settled()
    recovers(service, second)


def test_the_second_succeeds_after_the_first_has_failed(service: Service) -> None:
    second = service.next_version()
    with service.asked():
        run = service.start(version=service.next_version(), service_environment=CRASH)
        run.until("deployment in progress")
        result = service.deploy(version=second, service_lock_timeout=60)
        failed(run.end(), "the container web exited with code 3")
        succeeded(result)
    assert service.version() == f"version {second}"
    assert [one.verdict for one in service.records()[:2]] == ["succeeded", "rolled_back"]
    service.await_settled()


def test_the_second_goes_back_to_the_first(service: Service) -> None:
    first = service.next_version()
    with service.asked(), slow_starts(service):
        run = service.start(**slow(first))
        run.until("deployment in progress")
        second = service.start(service_environment=CRASH, service_lock_timeout=60)
        succeeded(run.end())
        failed(second.end(), "the container web exited with code 3", "what serves now: ")
    assert service.version() == f"version {first}"
    assert [one.verdict for one in service.records()[:2]] == ["rolled_back", "succeeded"]
    service.await_settled()


@pytest.mark.parametrize("bad", [False, True])
def test_the_network_is_lost_for_the_whole_wait(service: Service, bad: bool) -> None:
    serving, version = service.version(), service.next_version()
    variables = {"service_environment": CRASH} if bad else {}
    with service.asked() as answers:
        run = service.start(version=version, **variables)
        run.until("updated: ecs_service")
        service.faults.play(LOST)
        result = run.end()
        service.faults.stop()
        answers.await_one()
    if bad:
        failed(result, "AWS can't be asked just now, and is asked again", "the container web exited with code 3")
        assert answers.last == serving
        last = service.records()[0]
        assert (last.verdict, last.cause_code) == ("rolled_back", "exit_code")
    else:
        succeeded(result)
        assert answers.last == f"version {version}"
    service.await_settled()
    recovers(service, service.next_version())


def slack(service: Service, url: str) -> dict[str, str]:
    """The variables with which Slack is told, through a secret."""
    service.client("ssm").put_parameter(Name="/faults/slack", Value=url, Type="SecureString", Overwrite=True)
    return {"service_notify_slack_webhook": "ssm:/faults/slack"}


def test_slack_is_told_why_and_what_serves(service: Service) -> None:
    revision = service.revision()
    with recording(lambda _: Answer()) as told:
        breaks(
            service,
            "the container web exited with code 3",
            cause="exit_code",
            service_environment=CRASH,
            **slack(service, f"{told.url}/services/T0/B0/secret"),
        )
    assert len(told.requests) == 1
    text = str(told.requests[0].body)
    for part in ("web", "rolled back", "the container web exited with code 3", "fatal: leaving with 3", revision):
        assert part in text, (part, text)


@pytest.mark.parametrize("channel", ["slack is down", "slack answers 500", "no such topic", "github is down"])
def test_who_cannot_be_told_changes_no_verdict(service: Service, channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GITHUB_TOKEN", "never-to-be-shown")
    with recording(lambda _: Answer(500, "down")) as down:
        variables: dict[str, Any] = {
            "slack is down": slack(service, "http://127.0.0.1:1/services/never-to-be-shown"),
            "slack answers 500": slack(service, f"{down.url}/services/never-to-be-shown"),
            "no such topic": {"service_notify_sns_topic": "arn:aws:sns:ap-northeast-2:000000000000:nowhere"},
            "github is down": {"service_notify_github_issue": "voj/web"},
        }
        if channel == "slack is down":
            slack(service, "http://127.0.0.1:1/services/never-to-be-shown")
        result = breaks(service, "WARNING", cause="exit_code", service_environment=CRASH, **variables[channel])
    assert "never-to-be-shown" not in result.output
    assert service.records()[1].verdict == "rolled_back"


def test_the_cause_is_on_the_screen_within_two_polls(service: Service) -> None:
    service.faults.forget_calls()
    run = service.start(version=service.next_version(), service_environment=CRASH)
    run.until("likely cause: the container web exited with code 3")
    log = service.faults.log()
    failed(run.end())
    seen = next(index for index, one in enumerate(log) if one["call"] == "ecs:DescribeTasks" and one.get("stopped"))
    polls = [one for one in log[seen:] if one["call"] == "ecs:DescribeServices"]
    assert len(polls) <= 2, [one["call"] for one in log[seen:]]
    service.await_settled()
