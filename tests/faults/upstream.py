"""The emulator behind the layer, as the layer itself asks it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
import docker
import urllib3

from tests.faults.ecs_api import ApiError
from tests.faults.targets import NO_CONNECTION, TIMEOUT, Answer

_TARGET = "AmazonEC2ContainerServiceV20141113"
_MOST = 100


class Upstream:
    """Calls of the layer's own, past all faults."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=60)
        self._probes = urllib3.PoolManager(maxsize=8, retries=False)

    def ecs(self, region: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Call ECS and give the answer as it is on the wire.

        Raises:
            ApiError: the emulator refused.
        """
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{_TARGET}.{operation}",
            # The emulator reads the region out of the signature's scope, and checks nothing else of it.
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/ecs/aws4_request, Signature=0",
        }
        answer = self._pool.request("POST", self.endpoint, body=json.dumps(parameters).encode(), headers=headers)
        data: dict[str, Any] = json.loads(answer.data or b"{}")
        if answer.status >= 400:
            raise ApiError(str(data.get("__type")), str(data.get("message") or data.get("Message")))
        return data

    def tasks(self, region: str, cluster: str, arns: list[str]) -> dict[str, dict[str, Any]]:
        """Describe tasks, by ARN."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(arns), _MOST):
            answer = self.ecs(region, "DescribeTasks", {"cluster": cluster, "tasks": arns[start : start + _MOST]})
            found |= {task["taskArn"]: task for task in answer["tasks"]}
        return found

    @cache  # noqa: B019 - one upstream a process
    def client(self, service: str, region: str) -> Any:
        """A boto client."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def alarms(self, region: str) -> frozenset[str]:
        """The names of the alarms in ALARM."""
        answer = self.client("cloudwatch", region).describe_alarms(StateValue="ALARM")
        return frozenset(one["AlarmName"] for one in answer["MetricAlarms"])

    def invoke(self, region: str, function: str, payload: Mapping[str, Any]) -> str:
        """Call a lifecycle hook; its hookStatus."""
        answer = self.client("lambda", region).invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        data = json.loads(answer["Payload"].read() or b"{}")
        status = data.get("hookStatus") if isinstance(data, dict) else None
        return str(status) if status in ("SUCCEEDED", "IN_PROGRESS") and not answer.get("FunctionError") else "FAILED"

    def probe(self, url: str, seconds: float) -> Answer:
        """Make one health check of a target."""
        headers = {"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
        try:
            return self._probes.request("GET", url, timeout=seconds, headers=headers, redirect=False).status
        except urllib3.exceptions.ReadTimeoutError:
            return TIMEOUT
        except urllib3.exceptions.HTTPError:
            return NO_CONNECTION

    @cache  # noqa: B019
    def docker(self) -> docker.DockerClient:
        """The Docker engine that runs the containers."""
        return docker.from_env(environment=os.environ)

    def check(self, container: str, command: list[str]) -> bool:
        """Run a container health check's command in its container."""
        kind, *rest = command
        argv = ["/bin/sh", "-c", rest[0]] if kind == "CMD-SHELL" else rest if kind == "CMD" else command
        try:
            return bool(self.docker().containers.get(container).exec_run(argv).exit_code == 0)
        except docker.errors.DockerException:
            return False


def address_of(task: Mapping[str, Any]) -> str:
    """The private address of a task."""
    for attachment in task.get("attachments") or ():
        for detail in attachment.get("details") or ():
            if detail.get("name") == "privateIPv4Address":
                return str(detail["value"])
    return ""
