"""The answer through the load balancer, asked of a real server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.embedded_aws import free_port
from slipway.aws.errors import SlipwayError
from slipway.release.http_check import _REMEDIES, check_answer
from tests.e2e.http import answering
from tests.e2e.tls import Certificate, self_signed, serving

Trust = Callable[[Certificate], None]


@pytest.fixture
def healthy() -> Iterator[str]:
    with answering(200, '{"status":"ok"}', "application/json") as address:
        yield address


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Trust:
    return lambda certificate: monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))


def ask(**options: Any) -> tuple[dict[str, Any], list[str]]:
    lines: list[str] = []
    return check_answer({"status": [200], "timeout": 0, **options}, check=False, report=lines.append), lines


def test_an_answer(healthy: str) -> None:
    result, lines = ask(url=f"{healthy}/health", body='"status":"ok"')
    assert (result["status"], result["body"], result["changed"], lines) == (200, '{"status":"ok"}', False, [])


def test_at_another_address_the_host_header_is_the_domains(healthy: str) -> None:
    result, _ = ask(url="https://api.example.com/health", connect_to=f"{healthy}/_alb/api")
    assert result["status"] == 200
    assert result["url"] == "https://api.example.com/health"


@pytest.mark.parametrize(
    ("options", "told"), [({"body": "no such text"}, "without 'no such text'"), ({"status": [204]}, "answers 200")]
)
def test_another_answer_than_expected(options: dict[str, Any], told: str, healthy: str) -> None:
    result, _ = ask(url=f"{healthy}/health", **options)
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 200)
    assert told in result["problem"]
    assert result["body"] == '{"status":"ok"}'
    [cause] = result["causes"]
    assert cause["code"] == "http_check"
    assert cause["evidence"] == [f"GET {healthy}/health: status 200", '| {"status":"ok"}']
    assert cause["title"] in result["msg"]


def test_nobody_answers() -> None:
    result, _ = ask(url=f"http://127.0.0.1:{free_port()}/health")
    assert result["problem"] == "does not answer: 127.0.0.1 refuses connections"
    assert (result["status"], result["body"]) == (0, "")


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    result, _ = ask(url="http://nowhere.localhost/health")
    assert "the name nowhere.localhost is not known" in result["msg"]
    assert "a new one takes a few minutes" in result["msg"]


@pytest.mark.parametrize("status", [301, 404, 502, 503, 504])
def test_what_a_load_balancer_says_is_explained(status: int) -> None:
    with answering(status, "", "text/plain") as address:
        result, _ = ask(url=f"{address}/health")
    assert f"answers {status}" in result["problem"]
    assert result["causes"][0]["remedy"] == _REMEDIES[status]
    assert _REMEDIES[status] in result["msg"]


def test_what_looks_like_a_secret_in_an_answer_is_hidden() -> None:
    with answering(500, "postgres://api:hunter2@db refused", "text/plain") as address:
        result, _ = ask(url=f"{address}/health")
    assert "hunter2" not in str(result)
    with answering(200, '{"status": "ok", "password": "hunter2"}', "application/json") as address:
        result, _ = ask(url=f"{address}/health")
    assert (result["status"], result["body"]) == (200, '{"status": "ok", "password": ********}')


def test_a_body_that_is_no_regular_expression() -> None:
    with pytest.raises(SlipwayError, match="no regular expression"):
        ask(url="http://127.0.0.1:9/", body="(")


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return self_signed(tmp_path, "api.example.com")


def test_the_load_balancer_is_asked_in_the_domains_name(certificate: Certificate, trust: Trust) -> None:
    trust(certificate)
    asked: list[str] = []
    with serving(certificate, asked) as address:
        result, _ = ask(url="https://api.example.com/health", connect_to=address)
    assert result["status"] == 200
    assert asked == ["SNI api.example.com", "Host api.example.com"]


def test_the_certificate_of_another_domain(certificate: Certificate, trust: Trust) -> None:
    trust(certificate)
    with serving(certificate, []) as address:
        result, _ = ask(url="https://www.example.com/health", connect_to=address)
    assert "no certificate that can be trusted" in result["problem"]
    assert "www.example.com" in result["problem"]
    assert "is for this domain" in result["msg"]


def test_a_certificate_that_nobody_vouches_for(certificate: Certificate) -> None:
    with serving(certificate, []) as address:
        result, _ = ask(url="https://api.example.com/health", connect_to=address)
    assert "self-signed certificate" in result["problem"]


def test_no_test_leaves_this_machine() -> None:
    with pytest.raises(SlipwayError, match="was refused"):
        ask(url="https://example.com/")


def test_check_mode_asks_nobody() -> None:
    result = check_answer({"url": "https://example.com/", "timeout": 0}, check=True, report=print)
    assert result["changed"] is False
