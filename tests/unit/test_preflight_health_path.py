"""Preflight: a health check that is changed under tasks that serve."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from slipway.release.preflight import Seen
from slipway.release.preflight.health_path import Answered, accepts, observe
from tests.unit.fake_aws import FakeAws
from tests.unit.preflight_account import GROUP, checks, described, healthy, told

SERVING = {**healthy()["service"], "loadBalancers": [{"targetGroupArn": GROUP, "containerPort": 8000}]}
HEALTHY, UNHEALTHY = ({"TargetHealth": {"State": state}} for state in ("healthy", "unhealthy"))


def group(**fields: Any) -> dict[str, Any]:
    return {**healthy()["target_group"], "HealthCheckPath": "/old", "Matcher": {"HttpCode": "200"}, **fields}


def seen(**more: Any) -> dict[str, Any]:
    return {"target_group": group(), "service": SERVING, "targets": [HEALTHY], **more}


@pytest.mark.parametrize(
    ("matcher", "status", "accepted"),
    [
        ("200", 200, True),
        ("200", 204, False),
        ("200,302", 302, True),
        ("200-299", 204, True),
        ("200-299,401", 401, True),
        ("200-299", 300, False),
    ],
)
def test_the_codes_of_a_matcher(matcher: str, status: int, accepted: bool) -> None:
    assert accepts(matcher, status) is accepted


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("what serves answers it already", seen(answered=Answered(200)), []),
    ("what serves does not know it", seen(answered=Answered(404)), [
        "FAIL", "what serves now answers /health with 404, and 200 is expected", "with the old path /old here"]),
    ("what serves asks for a login", seen(answered=Answered(302)), ["FAIL", "with 302, and 200 is expected"]),
    ("only the codes change", seen(target_group=group(HealthCheckPath="/health", Matcher={"HttpCode": "204"}),
     answered=Answered(204)), ["FAIL", "with 204, and 200 is expected", "with the old codes here"]),
    ("it does not answer from here", seen(answered=Answered(problem="no answer from http://x")), [
        "WARN", "cannot see whether what serves now answers /health: no answer from http://x", "ask it by hand"]),
    ("nothing passes the one that is there", seen(targets=[UNHEALTHY], answered=Answered(404)), []),
    ("nothing runs", seen(service={**SERVING, "runningCount": 0}), []),
    ("the service uses another target group", seen(service={**SERVING, "loadBalancers": []}), []),
    ("nothing changes", seen(target_group=group(HealthCheckPath="/health")), []),
    ("an emulator that tells no codes", seen(target_group=group(HealthCheckPath="/health", Matcher=None)), []),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_health_check_that_changes(changes: dict[str, Any], words: list[str]) -> None:
    found = told(checks(changes))
    assert [(status, group) for status, group, _ in found] == ([(words[0], "load balancer")] if words else [])
    for word in words[1:]:
        assert word in found[0][2]


@contextmanager
def answering(status: int, asked: list[tuple[str, str]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def looked(changes: dict[str, Any] | None = None, **variables: Any) -> tuple[Seen, FakeAws]:
    aws = FakeAws({"DescribeTargetHealth": {"TargetHealthDescriptions": [HEALTHY]}})
    found = Seen(aws)
    for name, value in {**healthy(), **seen(**(changes or {}))}.items():
        found.put(name, value)
    observe(aws, described(**variables), found)
    return found, aws


def test_it_is_asked_through_the_load_balancer() -> None:
    asked: list[tuple[str, str]] = []
    with answering(404, asked) as url:
        found, _ = looked(service_http_check_base_url=f"{url}/_alb/web")
    assert found["answered"] == Answered(404)
    assert asked == [("/_alb/web/health", "api.example.com:443")]


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"service_http_check": False}, "service_http_check is false"),
        ({"service_path_patterns": ["/api/*"]}, "service_path_patterns does not lead there"),
        ({"service_http_check_base_url": "http://127.0.0.1:9"}, "no answer from https://api.example.com/health"),
        ({"service_http_check_base_url": "http://192.0.2.1"}, "a call to 192.0.2.1 was refused"),
    ],
)
def test_it_cannot_be_asked_from_here(variables: dict[str, Any], problem: str) -> None:
    assert problem in looked(**variables)[0]["answered"].problem


def test_nothing_is_asked_where_nothing_changes() -> None:
    found, aws = looked({"target_group": group(HealthCheckPath="/health")})
    assert found.get("answered") is None
    assert sum(aws.calls.values()) == 0


def test_where_requests_are_shifted_both_target_groups_count() -> None:
    other = GROUP.replace("/web/", "/web-alternate/")
    balancer = {"targetGroupArn": GROUP, "advancedConfiguration": {"alternateTargetGroupArn": other}}
    service = {**healthy()["service"], "loadBalancers": [balancer]}
    found, aws = looked({"service": service}, service_http_check=False)
    assert aws.calls["elbv2:DescribeTargetHealth"] == 2
    assert found["targets"] == [HEALTHY, HEALTHY]
