"""ecs_task_definition through its life."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from tests.emulator.lifecycle import Case, Change, apply, walk, writes
from tests.emulators.emulator import Emulator

IMAGE = "000000000000.dkr.ecr.ap-northeast-2.amazonaws.com/life@sha256:" + "0" * 64
API: dict[str, Any] = {
    "name": "api",
    "image": IMAGE,
    "port_mappings": [{"container_port": 8000}],
    "command": ["gunicorn", "app.main:app", "--workers", "2"],
    "environment": {"ENVIRONMENT": "production", "WORKERS": 2},
    "secrets": {"BUCKET": "ssm:/life/BUCKET"},
    "health_check": {"command": ["CMD-SHELL", "true"]},
    "log_configuration": {"log_driver": "awslogs", "options": {"awslogs-group": "/ecs/life"}},
    "ulimits": [{"name": "nofile", "soft_limit": 1024, "hard_limit": 4096}],
    "stop_timeout": 30,
}
SIDECAR = {"name": "sidecar", "image": IMAGE, "essential": False, "depends_on": []}
CASES = [
    Case(
        "ecs_task_definition",
        {
            "family": "life-task",
            "requires_compatibilities": ["FARGATE"],
            "network_mode": "awsvpc",
            "cpu": "0.25 vCPU",
            "memory": "1 GB",
            "execution_role_arn": "life-execution",
            "runtime_platform": {"cpu_architecture": "X86_64", "operating_system_family": "LINUX"},
            "container_definitions": [API, SIDECAR],
            "volumes": [{"name": "scratch"}],
            "tags": {"Service": "life"},
        },
        changes=[
            Change(
                {"container_definitions": [SIDECAR, {**API, "environment": {"ENVIRONMENT": "staging", "WORKERS": 2}}]},
                frozenset({"container_definitions[api].environment[ENVIRONMENT].value"}),
            ),
            Change({"cpu": "512"}, frozenset({"cpu"})),
            Change(
                {
                    "container_definitions": [
                        {**API, "command": ["gunicorn", "app.main:app", "--workers", "4"]},
                        SIDECAR,
                    ]
                },
                frozenset(
                    {
                        "container_definitions[api].command[3]",
                        "container_definitions[api].environment[ENVIRONMENT].value",
                    }
                ),
            ),
            Change(
                {"container_definitions": [API]},
                frozenset({"container_definitions[sidecar]", "container_definitions[api].command[3]"}),
            ),
            Change({"ephemeral_storage": {"size_in_gib": 40}}, frozenset({"ephemeral_storage.size_in_gib"})),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
        ],
        no_op_calls=1,
    )
]


@pytest.mark.aws("ecs")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)


@pytest.mark.aws("ecs", "secretsmanager")
def test_a_json_key_of_a_secret_is_named_by_its_arn(emulator: Emulator) -> None:
    arn = emulator.client("secretsmanager").create_secret(Name="life/db", SecretString='{"url": "x"}')["ARN"]
    secrets = {"URL": "secretsmanager:life/db#url", "ALL": "secretsmanager:life/db"}
    apply(emulator.endpoint, [("ecs_task_definition", minimal(secrets))])
    answer = emulator.client("ecs").describe_task_definition(taskDefinition="life-minimal")
    found = {one["name"]: one["valueFrom"] for one in answer["taskDefinition"]["containerDefinitions"][0]["secrets"]}
    assert found == {"URL": f"{arn}:url::", "ALL": arn}


@pytest.mark.aws("ecs", "secretsmanager")
def test_a_secret_that_is_not_there_is_refused(emulator: Emulator) -> None:
    with pytest.raises(SlipwayError, match="no secret named 'life/nowhere'"):
        apply(emulator.endpoint, [("ecs_task_definition", minimal({"KEY": "secretsmanager:life/nowhere"}))])


@pytest.mark.aws("ecs")
def test_tags_alone_make_no_revision(emulator: Emulator) -> None:
    apply(emulator.endpoint, [("ecs_task_definition", {**minimal({}), "tags": {"a": "1"}})])
    ([outcome], calls) = apply(emulator.endpoint, [("ecs_task_definition", {**minimal({}), "tags": {"a": "2"}})])
    assert writes(calls) == {"ecs:TagResource": 1}
    assert outcome.outputs["revision"] == 1


def minimal(secrets: dict[str, str]) -> dict[str, Any]:
    """The least that can be registered."""
    container = {"name": "api", "image": IMAGE, "secrets": secrets}
    return {
        "family": "life-minimal",
        "requires_compatibilities": ["FARGATE"],
        "network_mode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "container_definitions": [container],
    }
