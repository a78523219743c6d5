"""A service of one container behind a load balancer, deployed with boto3 alone."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

from tests.emulators.emulator import FARGATE
from tests.faults.layer import Faults

# Says which version answers, on every path that starts with /ok; slowly on /ok/slow.
_SERVER = """
import http.server, sys, time
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(30 if self.path == '/ok/slow' else 0)
        code = 200 if self.path.startswith('/ok') else 404
        self.send_response(code)
        self.send_header('Content-Length', str(len(sys.argv[1])))
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())
    def log_message(self, *_): pass
class S(http.server.ThreadingHTTPServer):
    request_queue_size = 128
S(('0.0.0.0', 8000), H).serve_forever()
"""
CRASH = ["python3", "-c", "import sys; print('no such table'); sys.exit(3)"]
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def serving(version: str) -> list[str]:
    """The command of a container that answers with its version."""
    return ["python3", "-u", "-c", _SERVER, version]


class Deployed:
    """The service `api` of the cluster `c`, behind the load balancer `front`."""

    def __init__(self, faults: Faults, image: str, *, health_path: str = "/ok", balanced: bool = True) -> None:
        self.faults, self.image = faults, image
        self.ecs, self.elb = faults.emulator.client("ecs"), faults.emulator.client("elbv2")
        self.ecs.create_cluster(clusterName="c")
        self.group = self.other = self.rule = ""
        if balanced:
            self._balance(health_path)

    def _balance(self, health_path: str) -> None:
        def group(name: str) -> str:
            made = self.elb.create_target_group(
                Name=name,
                Protocol="HTTP",
                Port=8000,
                VpcId="vpc-1",
                TargetType="ip",
                HealthCheckPath=health_path,
                HealthCheckIntervalSeconds=15,
                UnhealthyThresholdCount=2,
                HealthyThresholdCount=2,
            )
            arn = str(made["TargetGroups"][0]["TargetGroupArn"])
            delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}]
            self.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)
            return arn

        self.group, self.other = group("blue"), group("green")
        balancer = self.elb.create_load_balancer(Name="front", Subnets=["subnet-1"])["LoadBalancers"][0]
        listener = self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )["Listeners"][0]
        self.rule = self.elb.create_rule(
            ListenerArn=listener["ListenerArn"],
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )["Rules"][0]["RuleArn"]

    def register(self, command: list[str], **container: Any) -> str:
        """Register a revision that runs a command."""
        definition = {"name": "api", "image": self.image, "command": command, "portMappings": [{"containerPort": 8000}]}
        return str(
            self.ecs.register_task_definition(
                family="api",
                **FARGATE,
                containerDefinitions=[definition | container],
            )["taskDefinition"]["taskDefinitionArn"]
        )

    def create(
        self, command: list[str], *, desired: int = 1, container: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        """Create the service."""
        balancers = (
            [{"targetGroupArn": self.group, "containerName": "api", "containerPort": 8000}] if self.group else []
        )
        request = {
            "cluster": "c",
            "serviceName": "api",
            "taskDefinition": self.register(command, **(container or {})),
            "desiredCount": desired,
            "launchType": "FARGATE",
            "loadBalancers": balancers,
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            "deploymentConfiguration": BREAKER,
        }
        return self.ecs.create_service(**(request | more))["service"]

    def update(self, command: list[str], **more: Any) -> Any:
        """Deploy another command."""
        return self.ecs.update_service(cluster="c", service="api", taskDefinition=self.register(command), **more)[
            "service"
        ]

    def described(self) -> Any:
        """The service."""
        return self.ecs.describe_services(cluster="c", services=["api"])["services"][0]

    def newest(self) -> Any:
        """The newest service deployment, described."""
        arn = self.ecs.list_service_deployments(cluster="c", service="api")["serviceDeployments"][0][
            "serviceDeploymentArn"
        ]
        return self.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def ended(self, seconds: float = 60) -> Any:
        """Wait for the newest service deployment's end."""
        return until(self.newest, lambda one: "finishedAt" in one, seconds)

    def messages(self) -> list[str]:
        """The service events, the newest first."""
        return [one["message"] for one in self.described()["events"]]

    def ask(self, path: str = "/ok") -> tuple[int, str]:
        """A client's request through the load balancer."""
        request = urllib.request.Request(f"{self.faults.endpoint}/_alb/front{path}", headers={"Host": "example.com:80"})
        try:
            with _direct.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stopped(self) -> Sequence[Any]:
        """The tasks that stopped."""
        arns = self.ecs.list_tasks(cluster="c", serviceName="api", desiredStatus="STOPPED")["taskArns"]
        return self.ecs.describe_tasks(cluster="c", tasks=arns)["tasks"] if arns else []


def until(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 60) -> Any:
    """Look until what is seen is good."""
    deadline = time.monotonic() + seconds
    while not good(found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s; seen last: {found}"
        time.sleep(0.2)
    return found
