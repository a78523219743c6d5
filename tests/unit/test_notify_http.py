"""A webhook's address is a secret: it is sent to, and never told."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from demo.embedded_aws import free_port
from slipway.aws.errors import SlipwayError
from slipway.release.notify import http
from slipway.release.notify.http import Http
from tests.e2e.recording import Answer, Request, recording

SECRET = "/services/T000/B000/hunter2Hunter2"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_RETRY", http._RETRY.new(backoff_factor=0))


def failure(url: str) -> str:
    with pytest.raises(SlipwayError) as caught:
        Http("Slack").send("POST", url, body={}, remedies={404: "make a new one"})
    assert caught.value.__cause__ is None
    assert "hunter2" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    return str(caught.value)


def test_a_good_answer() -> None:
    with recording(lambda _: Answer(200, "ok")) as server:
        assert Http("Slack", {"X-Own": "1"}).send("POST", server.url + SECRET, body={"text": "hello"}) == "ok"
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", SECRET, {"text": "hello"})
    assert request.headers["content-type"] == "application/json"
    assert (request.headers["user-agent"], request.headers["x-own"]) == ("slipway", "1")


@pytest.mark.parametrize(
    ("status", "body", "told", "times"),
    [
        (400, "invalid_payload", "answered 400: invalid_payload", 1),
        (404, "no_service", "answered 404: no_service\n  -> make a new one", 1),
        (403, f"no such {SECRET}", "answered 403", 1),
        (403, "hunter2Hunter2", "answered 403", 1),
        (302, "", "answered 302", 1),
        (429, "rate_limited", "answered 429: rate_limited", 4),
        (500, "rollup_error", "answered 500: rollup_error", 4),
        (503, "<html>busy</html>", "answered 503", 4),
    ],
)
def test_a_bad_answer(status: int, body: str, told: str, times: int) -> None:
    headers = (("Location", "https://elsewhere.example/"), ("Retry-After", "0"))
    with recording(lambda _: Answer(status, body, headers)) as server:
        assert told in failure(server.url + SECRET)
    assert len(server.requests) == times


def test_a_moment_of_trouble_is_waited_for() -> None:
    answers = [Answer(503, headers=(("Retry-After", "0"),)), Answer(429, headers=(("Retry-After", "0"),)), Answer()]
    with recording(lambda _: answers.pop(0)) as server:
        assert Http("Slack").send("POST", server.url + SECRET, body={}) == "ok"
    assert len(server.requests) == 3


def test_nobody_answers() -> None:
    started = time.monotonic()
    assert "no connection to 127.0.0.1" in failure(f"http://127.0.0.1:{free_port(0)}{SECRET}")
    assert time.monotonic() - started < 10


def test_a_request_that_may_have_arrived_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_TIMEOUT", (1, 0.3))

    def slow(_: Request) -> Answer:
        time.sleep(0.6)
        return Answer()

    with recording(slow) as server:
        assert "did not answer within 0.3 s" in failure(server.url + SECRET)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        f"http://hooks.example{SECRET}",
        "hunter2",
        f"ftp://127.0.0.1{SECRET}",
        f"https://{SECRET}",
        f"https://[hunter2{SECRET}",
    ],
)
def test_what_is_no_address_is_not_sent_to(url: str) -> None:
    assert "is no https:// URL" in failure(url)


def test_no_other_machine_is_reached_where_that_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_LOOPBACK_ONLY", "1")
    assert "a call to hooks.slack.com was refused" in failure(f"https://hooks.slack.com{SECRET}")


def test_the_log_does_not_have_the_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), recording(lambda _: Answer(500, headers=(("Retry-After", "0"),))) as server:
        failure(server.url + SECRET)
        failure(f"http://127.0.0.1:{free_port(0)}{SECRET}")
    assert "hunter2" not in caplog.text
    assert not logging.getLogger("urllib3.connectionpool").disabled


def test_the_password_of_a_netrc_is_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login kim password pass\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with recording(lambda _: Answer()) as server:
        Http("GitHub", {"Authorization": "Bearer token"}).send("GET", server.url)
        Http("Slack").send("POST", server.url, body={})
    first, second = server.requests
    assert first.headers["authorization"] == "Bearer token"
    assert "authorization" not in second.headers
