"""The count is what the benchmark's promise is judged by: it must name and number the calls rightly."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from waitress.server import create_server

from .counting import CALLS_PATH, CountingApplication, forward_to
from .report import Measured, Results, verdict
from .stack import Stack
from .tools import Run


def refusing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """An emulator that knows nothing, and says so."""
    environ["wsgi.input"].read()
    start_response("400 Bad Request", [("Content-Length", "0")])
    return [b""]


def served(application: WSGIApplication) -> str:
    listening = socket.create_server(("127.0.0.1", 0))
    server = create_server(application, sockets=[listening])
    threading.Thread(target=server.run, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def endpoint() -> str:
    """A counting server in front of a forwarding one, as before ministack."""
    upstream = served(refusing)
    return served(CountingApplication(forward_to(upstream)))


def calls(endpoint: str, method: str = "GET") -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(urllib3.request(method, endpoint + CALLS_PATH).data)
    return answer


@pytest.mark.parametrize(
    ("service", "method", "arguments", "operation"),
    [
        ("ecs", "describe_services", {"services": ["a"]}, "ecs:DescribeServices"),
        ("elbv2", "describe_rules", {}, "elasticloadbalancing:DescribeRules"),
        ("ec2", "describe_vpcs", {}, "ec2:DescribeVpcs"),
        ("cloudwatch", "describe_alarms", {}, "monitoring:DescribeAlarms"),
        (
            "route53",
            "list_resource_record_sets",
            {"HostedZoneId": "Z0A"},
            "route53:GET /hostedzone/{id}/rrset",
        ),
    ],
)
def test_a_call_is_named_whatever_protocol_carries_it(
    endpoint: str, service: Any, method: str, arguments: dict[str, Any], operation: str
) -> None:
    client = boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="ap-northeast-2",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    for _ in range(2):
        with pytest.raises((ClientError, ResponseParserError)):
            getattr(client, method)(**arguments)
    assert calls(endpoint) == {"total": 2, "operations": {operation: 2}}
    assert calls(endpoint, "DELETE")["total"] == 0


def test_connections_are_kept(endpoint: str) -> None:
    pool = urllib3.connection_from_url(endpoint)
    for _ in range(3):
        pool.request("GET", "/")
    assert pool.num_connections == 1


def test_only_loopback_is_forwarded_to() -> None:
    with pytest.raises(SystemExit, match="loopback"):
        forward_to("https://ecs.ap-northeast-2.amazonaws.com")


def measured(tool: str, wall: float, calls: int, *changes: str) -> Measured:
    return Measured(tool, Stack(1), (Run(wall, wall, {"ecs:DescribeServices": calls}, changes),))


@pytest.mark.parametrize(
    ("own", "met"),
    [
        (measured("slipway", 1.0, 20), True),
        (measured("slipway", 1.1, 20), False),
        (measured("slipway", 1.0, 21), False),
        (measured("slipway", 1.0, 20, "Service"), False),
    ],
)
def test_the_promise_is_8_times_faster_with_a_third_of_the_calls_and_no_change(own: Measured, met: bool) -> None:
    judged = verdict(Results("moto", [own, measured("amazon.aws", 8.0, 60)]))
    assert judged
    assert judged.met is met
