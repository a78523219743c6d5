"""What the tests know of an emulator."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

import localstack_client.session

from demo.embedded_aws import REGION, client_environment

Name = Literal["ministack", "moto", "localstack"]

BASIC = frozenset("acm cloudformation cloudwatch ec2 events iam logs route53 s3 secretsmanager sns ssm sts".split())
# LocalStack Core answers 501 to the rest; LocalStack Pro has it.
CONTAINERS = frozenset({"ecr", "ecs", "elbv2"})
# What RegisterTaskDefinition needs for the smallest task of Fargate.
FARGATE: dict[str, Any] = {
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
}
_ACCOUNTS = {"ministack": "000000000000", "moto": "123456789012", "localstack": "000000000000"}
_RESETS = {"ministack": "/_ministack/reset", "moto": "/moto-api/reset"}
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Emulator(NamedTuple):
    """A running emulator: its name and its address."""

    name: Name
    endpoint: str

    @property
    def account(self) -> str:
        """The account that its resources belong to."""
        return _ACCOUNTS[self.name]

    def environment(self) -> dict[str, str]:
        """Give the variables with which a child process talks to this emulator and to nothing else."""
        return client_environment(self.endpoint)

    def client(self, service: str) -> Any:
        """Make a boto client through localstack-client."""
        # It looks for the address in the environment only: an argument endpoint_url is ignored.
        with patch.dict(os.environ, {"AWS_ENDPOINT_URL": self.endpoint}):
            session = localstack_client.session.Session("test", "test", None, REGION)
        return session.client(service)

    def reset(self) -> None:
        """Forget every resource. LocalStack Core cannot: its tests remove what they made."""
        if path := _RESETS.get(self.name):
            with _direct.open(f"{self.endpoint}{path}", data=b"", timeout=60) as answer:
                json.load(answer)
