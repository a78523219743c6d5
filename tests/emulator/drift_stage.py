"""A service with all that is around it, on an emulator, to look at with the drift check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway.aws.clients import Connection
from slipway.drift import check as checking
from slipway.drift.applied import Applied
from slipway.drift.check import Checked, Described, check
from slipway.drift.finding import Finding
from slipway.engine.options import argument_spec, documentation_of, validated
from slipway.resources import KINDS, LOOKUPS
from tests.emulator.drift_cases.elb import balancer_arn, network
from tests.emulator.drift_cases.model import LIBRARY, Resource, World
from tests.emulator.lifecycle import REGION, apply
from tests.emulator.test_ecs_service import task_definition
from tests.emulators.emulator import Emulator

REMEDY = "ansible-playbook deploy.yml -i prod --limit shop"
TRUST = {"principals": {"service": ["ecs-tasks.amazonaws.com"]}, "actions": ["sts:AssumeRole"]}
READ = {"sid": "read", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::shop/*"]}
RESPOND = [{"fixed_response": {"status_code": "404", "content_type": "text/plain", "message_body": "nothing"}}]
HTTPS = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "0.0.0.0/0"}
FORWARD = [{"forward": {"target_groups": [{"target_group": "drift"}]}}]
HOST = [{"host_header": {"values": ["shop.example.com"]}}]


def everything(world: World) -> list[Resource]:
    """A service with all that is around it."""
    ids = network(world)
    inside = {"awsvpc_configuration": {"subnets": ids["subnets"][:2], "security_groups": ["shop"]}}
    return [
        (
            "iam_role",
            {
                "name": "shop-task",
                "assume_role_policy": [TRUST],
                "inline_policies": [{"name": "shop", "statements": [READ]}],
                "purge_inline_policies": False,
            },
        ),
        ("security_group", {"name": "shop", "vpc_id": ids["vpc"], "ingress": [HTTPS]}),
        (
            "elb_load_balancer",
            {
                "name": "drift",
                "subnets": ids["subnets"][:2],
                "security_groups": ["shop"],
                "idle_timeout_seconds": 60,
                "http2": True,
            },
        ),
        ("elb_target_group", {"name": "drift", "protocol": "HTTP", "port": 8000, "vpc_id": ids["vpc"]}),
        ("elb_listener", {"load_balancer": "drift", "port": 80, "protocol": "HTTP", "default_actions": RESPOND}),
        (
            "elb_listener_rule",
            {"load_balancer": "drift", "port": 80, "priority": 10, "conditions": HOST, "actions": FORWARD},
        ),
        ("ecs_cluster", {"name": "life"}),
        task_definition(),
        (
            "ecs_service",
            {
                "name": "api",
                "cluster": "life",
                "task_definition": "life",
                "desired_count": 0,
                "launch_type": "FARGATE",
                "network_configuration": inside,
                "tags": {"Service": "shop"},
            },
        ),
    ]


@dataclass
class Stage:
    """All of it on one emulator, and what is described of it."""

    world: World
    resources: list[Resource]
    roles: Sequence[str] = ("shop-task",)
    checked: Checked = field(default_factory=Checked)

    def described(self) -> list[Resource]:
        """The resources as a role would give them, validated."""
        return [(kind, _validated(kind, given)) for kind, given in self.resources]

    def change(self, kind: str, **options: Any) -> None:
        """Describe the resource of a kind in another way; None leaves an option out."""
        self.resources[:] = with_options(self.resources, kind, **options)

    def listener(self) -> str:
        """The ARN of the listener of port 80."""
        found = self.world.elbv2.describe_listeners(LoadBalancerArn=balancer_arn(self.world))["Listeners"]
        return next(str(one["ListenerArn"]) for one in found if one["Port"] == 80)

    def look(self, **more: Any) -> list[Finding]:
        """The findings of a check."""
        options = self.described()
        connection = Connection(REGION, endpoint_url=self.world.emulator.endpoint)
        known = {"applied": Applied(options), "roles": self.roles, "remedy": REMEDY, **more}
        self.checked = check([Described("shop", connection, options, **known)], KINDS, LOOKUPS)
        assert not self.checked.errors
        return self.checked.findings

    def deploy(self) -> None:
        """What the remedy of a deploy does."""
        apply(self.world.emulator.endpoint, self.resources)


def with_options(resources: Sequence[Resource], kind: str, **options: Any) -> list[Resource]:
    """The same resources, those of one kind with other options."""
    return [(name, {**given, **options} if name == kind else given) for name, given in resources]


def _validated(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    spec = argument_spec(documentation_of(LIBRARY / f"{kind}.py"), KINDS[kind].secret_options)
    return validated(kind, spec, options)[0]


def staged(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """All of it made, and nothing differs."""
    # No emulator has CloudTrail.
    monkeypatch.setattr(checking, "told", lambda _aws, _known, findings: (findings, ""))
    world = World(emulator)
    made = Stage(world, everything(world))
    made.deploy()
    assert made.look() == []
    return made
