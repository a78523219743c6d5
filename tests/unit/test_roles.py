"""The execution role: exactly this repository, this log group and these secrets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.resources import policy
from slipway.service.roles import (
    Place,
    ecs_tasks_assume_role,
    execution_role_statements,
    task_role_policies,
    world_rules,
)

SEOUL = Place("ap-northeast-2", "123456789012")
HERE = "ap-northeast-2:123456789012"


def statements(**more: Any) -> dict[str, dict[str, Any]]:
    given = {"repository": "voj-backend", "log_group": "/ecs/voj", "secrets": {}, **more}
    return {one["sid"]: one for one in execution_role_statements(SEOUL, **given)}


def test_without_secrets_it_pulls_and_writes_and_nothing_more() -> None:
    found = statements()
    assert list(found) == ["Login", "PullImage", "WriteLogs"]
    assert found["Login"]["actions"] == ["ecr:GetAuthorizationToken"]
    assert found["Login"]["resources"] == ["*"]
    assert found["PullImage"]["resources"] == [f"arn:aws:ecr:{HERE}:repository/voj-backend"]
    assert found["WriteLogs"]["resources"] == [f"arn:aws:logs:{HERE}:log-group:/ecs/voj:*"]
    assert found["WriteLogs"]["actions"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


def test_it_reads_exactly_the_described_secrets() -> None:
    found = statements(
        secrets={
            "BUCKET": "ssm:/voj/prod/BUCKET",
            "PLAIN": "ssm:plain",
            "DATABASE_URL": "secretsmanager:homu/db-url#url",
            "JWT_SECRET": "secretsmanager:homu/db-url#jwt",
        }
    )
    assert found["ReadParameters"]["actions"] == ["ssm:GetParameters"]
    assert found["ReadParameters"]["resources"] == [
        f"arn:aws:ssm:{HERE}:parameter/plain",
        f"arn:aws:ssm:{HERE}:parameter/voj/prod/BUCKET",
    ]
    assert found["ReadSecrets"]["actions"] == ["secretsmanager:GetSecretValue"]
    assert found["ReadSecrets"]["resources"] == [f"arn:aws:secretsmanager:{HERE}:secret:homu/db-url-??????"]
    assert "DecryptSecrets" not in found


def test_only_login_is_for_everything() -> None:
    secrets = {"A": "ssm:/a/b", "B": "secretsmanager:b"}
    for sid, one in statements(secrets=secrets, kms_keys=["k"]).items():
        assert one["actions"]
        assert not any(action.endswith("*") for action in one["actions"])
        assert sid == "Login" or all(resource.startswith("arn:aws:") for resource in one["resources"])


def test_customer_keys_decrypt_only_for_the_stores_in_use() -> None:
    found = statements(secrets={"A": "ssm:/a/b"}, kms_keys=["1234", "arn:aws:kms:x:1:key/2"])["DecryptSecrets"]
    assert found["actions"] == ["kms:Decrypt"]
    assert found["resources"] == [f"arn:aws:kms:{HERE}:key/1234", "arn:aws:kms:x:1:key/2"]
    (condition,) = found["conditions"]
    assert (condition["key"], condition["values"]) == ("kms:ViaService", ["ssm.ap-northeast-2.amazonaws.com"])
    assert "DecryptSecrets" not in statements(kms_keys=["1234"])


@pytest.mark.parametrize("key", ["alias/own", f"arn:aws:kms:{HERE}:alias/own"])
def test_an_alias_is_refused(key: str) -> None:
    with pytest.raises(SlipwayError, match="is an alias"):
        statements(secrets={"A": "ssm:/a/b"}, kms_keys=[key])


def test_a_text_that_is_no_reference_is_refused_without_showing_it() -> None:
    with pytest.raises(SlipwayError, match="PASSWORD is not a reference") as failure:
        statements(secrets={"PASSWORD": "hunter2"})
    assert "hunter2" not in str(failure.value)
    assert failure.value.where == "service_secrets"
    assert failure.value.remedy


def test_only_tasks_of_this_account_have_the_role() -> None:
    (found,) = policy.from_document(policy.to_document(ecs_tasks_assume_role(SEOUL)))
    assert found["principals"] == {"service": ["ecs-tasks.amazonaws.com"]}
    assert found["conditions"] == [{"operator": "StringEquals", "key": "aws:SourceAccount", "values": ["123456789012"]}]


def test_every_sid_is_one_that_iam_takes() -> None:
    found = statements(secrets={"A": "ssm:/a/b", "B": "secretsmanager:b"}, kms_keys=["k"])
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in found)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("ap-northeast-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")],
)
def test_the_region_says_the_partition(region: str, partition: str) -> None:
    assert Place(region, "1").arn("ssm", "x") == f"arn:{partition}:ssm:{region}:1:x"


def test_the_world_is_ipv4_and_ipv6() -> None:
    port = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}
    assert world_rules(["0.0.0.0/0", "::/0"], 443) == [
        {**port, "cidr_ipv4": "0.0.0.0/0"},
        {**port, "cidr_ipv6": "::/0"},
    ]


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ({"task_policy": None, "enable_execute_command": False}, None),
        ({"task_policy": [], "enable_execute_command": False}, ["voj-task"]),
        ({"task_policy": None, "enable_execute_command": True}, ["voj-execute-command"]),
        ({"task_policy": [], "enable_execute_command": True}, ["voj-task", "voj-execute-command"]),
    ],
)
def test_what_the_task_role_may_do(service: dict[str, Any], names: list[str] | None) -> None:
    policies = task_role_policies({"name": "voj", **service})
    assert (None if policies is None else [one["name"] for one in policies]) == names
