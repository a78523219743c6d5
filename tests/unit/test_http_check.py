"""The answer through the load balancer, asked of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.embedded_aws import free_port
from slipway.aws.errors import SlipwayError
from slipway.release.http_check import check_answer
from tests.e2e.http import answering


@pytest.fixture
def healthy() -> Iterator[str]:
    with answering(200, '{"status":"ok"}', "application/json") as address:
        yield address


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
    with pytest.raises(SlipwayError, match=told):
        ask(url=f"{healthy}/health", **options)


def test_nobody_answers() -> None:
    with pytest.raises(SlipwayError, match="does not answer"):
        ask(url=f"http://127.0.0.1:{free_port()}/health")


def test_no_test_leaves_this_machine() -> None:
    with pytest.raises(SlipwayError, match="was refused"):
        ask(url="https://example.com/")


def test_check_mode_asks_nobody() -> None:
    result = check_answer({"url": "https://example.com/", "timeout": 0}, check=True, report=print)
    assert result["changed"] is False
