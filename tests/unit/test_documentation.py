"""The options are complete against today's API, and every module's documentation renders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slipway.aws.shapes import input_shape, xform_name
from slipway.engine.options import argument_spec, documentation_of
from slipway.resources import KINDS

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "library"

# Members of the API that are no options, and why.
NOT_OPTIONS: dict[str, dict[str, str]] = {
    "ssm_parameter": {
        "overwrite": "is what an update does",
        "policies": "expiry is a matter of the secret's owner",
    },
    "ecs_task_definition": {},
    "ecs_cluster": {"cluster_name": "is name", "settings": "is container_insights"},
    "acm_certificate": {"idempotency_token": "is made for each request"},
    "cloudwatch_alarm": {"alarm_name": "is name"},
    "ecr_repository": {
        "repository_name": "is name",
        "registry_id": "is the caller's own account",
        "image_scanning_configuration": "is scan_on_push",
    },
    "ecs_service": {"service_name": "is name", "client_token": "one call is made, and a rerun converges"},
    "elb_listener": {"load_balancer_arn": "is load_balancer"},
    "elb_listener_rule": {"listener_arn": "is load_balancer and port"},
    "elb_load_balancer": {},
    "elb_target_group": {
        **{
            f"health_check_{name}": f"is health_check.{name}"
            for name in ("protocol", "port", "enabled", "path", "interval_seconds", "timeout_seconds")
        },
        **{
            name: f"is health_check.{name}"
            for name in ("healthy_threshold_count", "unhealthy_threshold_count", "matcher")
        },
    },
    "iam_role": {"role_name": "is name", "assume_role_policy_document": "is assume_role_policy"},
    "security_group": {"group_name": "is name", "tag_specifications": "is tags", "dry_run": "is check mode"},
}
OPERATIONS = {
    "ssm_parameter": ("ssm", "PutParameter"),
    "ecs_task_definition": ("ecs", "RegisterTaskDefinition"),
    "ecs_cluster": ("ecs", "CreateCluster"),
    "acm_certificate": ("acm", "RequestCertificate"),
    "cloudwatch_alarm": ("cloudwatch", "PutMetricAlarm"),
    "ecr_repository": ("ecr", "CreateRepository"),
    "ecs_service": ("ecs", "CreateService"),
    "elb_listener": ("elbv2", "CreateListener"),
    "elb_listener_rule": ("elbv2", "CreateRule"),
    "elb_load_balancer": ("elbv2", "CreateLoadBalancer"),
    "elb_target_group": ("elbv2", "CreateTargetGroup"),
    "iam_role": ("iam", "CreateRole"),
    "security_group": ("ec2", "CreateSecurityGroup"),
}


def spec(kind: str) -> dict[str, Any]:
    return argument_spec(documentation_of(LIBRARY / f"{kind}.py"), KINDS[kind].secret_options)


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_parameter_of_the_api_is_an_option(kind: str) -> None:
    members = {xform_name(name) for name in input_shape(*OPERATIONS[kind]).members}
    assert members - set(spec(kind)) == set(NOT_OPTIONS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_no_option_is_an_untyped_map(kind: str) -> None:
    maps = {
        "tags",
        "environment",
        "secret_options",
        "secrets",
        "docker_labels",
        "options",
        "driver_opts",
        "labels",
        "hook_details",
        "identity",
    }
    maps |= {"authentication_request_extra_params"}

    def walk(options: dict[str, Any], path: str) -> None:
        for name, option in options.items():
            if option.get("type") == "dict" or option.get("elements") == "dict":
                assert "options" in option or name in maps, f"{path}{name} takes anything"
            walk(option.get("options", {}), f"{path}{name}.")

    walk(spec(kind), f"{kind}.")


def test_every_module_renders() -> None:
    modules = sorted(path.stem for path in LIBRARY.glob("*.py"))
    command = [str(Path(sys.executable).with_name("ansible-doc")), "-t", "module", "--json", *modules]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rendered = json.loads(answer.stdout)
    assert sorted(rendered) == modules
    for name, doc in rendered.items():
        assert doc["examples"], name
        assert doc["return"], name
        assert doc["doc"]["short_description"], name


def test_every_kind_has_its_module_and_its_action() -> None:
    for kind in KINDS.values():
        assert (LIBRARY / f"{kind.name}.py").is_file()
        assert (ROOT / "plugins" / "action" / f"{kind.name}.py").exists()
