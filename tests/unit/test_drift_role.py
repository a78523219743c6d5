"""The role of drift checks: who may have it, what it may do, and the workflow that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from jinja2 import Environment, StrictUndefined

from slipway.aws.errors import SlipwayError
from slipway.drift.role import notice_statements, trust

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "schedule"
PACKAGE = ROOT / "module_utils" / "slipway"
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
ISSUER = "token.actions.githubusercontent.com"
# IAM's names of services, where the API has another.
APIS = {"elasticloadbalancing": "elbv2"}
# Calls that are in the same files, and no part of a check.
NOT_OF_A_CHECK = {
    "DescribeCapacityReservation": "no description has one",
    "DescribeListenerAttributes": "no description has any",
    "DescribeListenerCertificates": "no description has more than one",
    "GetRepositoryPolicy": "no description has one",
    "ListInstanceProfilesForRole": "before a role is deleted",
    "ListTaskDefinitions": "before a task definition is deleted",
    "DescribeServiceRevisions": "no description has their monitoring",
    "GetChange": "after a record was changed",
}


def permissions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROLE / "vars/main/permissions.yml").read_text())[
        "schedule_permissions"
    ]
    return found


def actions() -> list[str]:
    return [action for statement in permissions() for action in statement["actions"]]


def described_kinds() -> set[str]:
    """The kinds that the roles' lists of described resources have."""
    files = ["fargate/vars/main/resources.yml", "machine_aws/vars/main/resources.yml"]
    lists = [one for file in files for one in yaml.safe_load((ROOT / "roles" / file).read_text()).values()]
    lists += [["ecr_repository", "route53_record"]]
    return {next(iter(item)) if isinstance(item, dict) else item for items in lists for item in items}


def sources() -> Iterator[Path]:
    """The files that ask AWS in a check."""
    helpers = {"elb", "vpc", "hosted_zone", "secret", "machine_image", "ecs_deployments", "acm_validation", "dns"}
    yield from (PACKAGE / "resources" / f"{name}.py" for name in described_kinds() | helpers)
    yield from (PACKAGE / "drift").glob("*.py")
    yield PACKAGE / "machine/address.py"


def asked() -> set[str]:
    text = "\n".join(file.read_text() for file in sources())
    return set(re.findall(r'"((?:Describe|List|Get|BatchGet|Lookup)[A-Z][A-Za-z0-9]+)"', text)) - {"GetCallerIdentity"}


def test_every_call_of_a_check_is_allowed_and_nothing_more() -> None:
    allowed = [action.partition(":")[2] for action in actions()]
    assert set(allowed) == asked() - NOT_OF_A_CHECK.keys()
    assert len(actions()) == len(set(actions()))


def test_it_only_looks_and_reads_no_secret() -> None:
    session = botocore.session.Session()
    for action in actions():
        service, _, operation = action.partition(":")
        assert re.match("Describe|List|Get|BatchGet|Lookup", operation)
        assert operation in session.get_service_model(APIS.get(service, service)).operation_names
    assert not {"secretsmanager:GetSecretValue", "ssm:GetParameters", "dynamodb:Scan", "s3:GetObject"} & set(actions())
    # Values are read of public parameters and of the tables of releases alone.
    narrow = {one["sid"]: one["resources"] for one in permissions() if one["resources"] != ["*"]}
    assert narrow.keys() == {"PublicParameters", "Releases"}
    assert narrow["PublicParameters"] == ["arn:{{ _schedule_partition }}:ssm:*:*:parameter/aws/service/*"]


def test_who_may_have_the_role() -> None:
    control = "arn:aws:iam::123456789012:role/control"
    host, ec2, github = trust([control, "ec2.amazonaws.com"], PROVIDER, "voj/infra")
    assert host == {"effect": "Allow", "principals": {"aws": [control]}, "actions": ["sts:AssumeRole"]}
    assert ec2["principals"] == {"service": ["ec2.amazonaws.com"]}
    assert github == {
        "effect": "Allow",
        "principals": {"federated": [PROVIDER]},
        "actions": ["sts:AssumeRoleWithWebIdentity"],
        "conditions": [
            {"operator": "StringEquals", "key": f"{ISSUER}:aud", "values": ["sts.amazonaws.com"]},
            {"operator": "StringEquals", "key": f"{ISSUER}:sub", "values": ["repo:voj/infra:ref:refs/heads/main"]},
        ],
    }
    assert trust([]) == []


@pytest.mark.parametrize(
    ("repository", "branch", "environment", "subject"),
    [
        ("voj/infra", "release/1", None, "repo:voj/infra:ref:refs/heads/release/1"),
        ("voj/infra", "main", "prod", "repo:voj/infra:environment:prod"),
        ("voj@12/infra@345", "main", None, "repo:voj@12/infra@345:ref:refs/heads/main"),
    ],
)
def test_the_subject_of_the_token(repository: str, branch: str, environment: str | None, subject: str) -> None:
    (statement,) = trust([], PROVIDER, repository, branch, environment)
    assert statement["conditions"][1]["values"] == [subject]


@pytest.mark.parametrize(
    ("provider", "repository", "branch", "environment", "where"),
    [
        (None, "voj/infra", "main", None, "schedule_github_oidc_provider"),
        ("arn:aws:iam::1:oidc-provider/evil.example", "voj/infra", "main", None, "schedule_github_oidc_provider"),
        (PROVIDER, None, "main", None, "schedule_github_repository"),
        (PROVIDER, "voj/*", "main", None, "schedule_github_repository"),
        (PROVIDER, "voj@1/infra", "main", None, "schedule_github_repository"),
        (PROVIDER, "https://github.com/voj/infra", "main", None, "schedule_github_repository"),
        (PROVIDER, "voj/infra", "*", None, "schedule_github_branch"),
        (PROVIDER, "voj/infra", "main", "pr?d", "schedule_github_environment"),
    ],
)
def test_nobody_else_is_let_in(
    provider: str | None, repository: str | None, branch: str, environment: str | None, where: str
) -> None:
    with pytest.raises(SlipwayError) as caught:
        trust([], provider, repository, branch, environment)
    assert caught.value.where == where
    assert caught.value.remedy


def test_notices_need_their_own_secrets_and_topics() -> None:
    references = ["ssm:/voj/slack", "secretsmanager:voj/github#token", "ssm:/voj/slack"]
    topic = "arn:aws:sns:ap-northeast-2:123456789012:drift"
    parameters, secrets, publish = notice_statements(references, [topic, topic], "ap-northeast-2")
    assert parameters["actions"] == ["ssm:GetParameter"]
    assert parameters["resources"] == ["arn:aws:ssm:ap-northeast-2:*:parameter/voj/slack"]
    assert secrets["actions"] == ["secretsmanager:GetSecretValue"]
    assert secrets["resources"] == ["arn:aws:secretsmanager:ap-northeast-2:*:secret:voj/github-??????"]
    assert (publish["actions"], publish["resources"]) == (["sns:Publish"], [topic])
    assert notice_statements([], [], "ap-northeast-2") == []
    with pytest.raises(SlipwayError) as caught:
        notice_statements(["https://hooks.slack.com/hunter2"], [], "ap-northeast-2")
    assert "hunter2" not in str(caught.value)


def workflow(**more: Any) -> dict[str, Any]:
    """The workflow as the template module writes it."""
    given = {
        "deployment_environment": "prod",
        "schedule_github_cron": "17 * * * *",
        "schedule_timeout_minutes": 30,
        "schedule_name": "slipway-drift-prod",
        "schedule_inventory": "inventories/prod",
        "_schedule_region": "ap-northeast-2",
        "_schedule_role_arn": "arn:aws:iam::123456789012:role/slipway-drift-prod",
        "_schedule_github_issues": False,
    }
    environment = Environment(trim_blocks=True, undefined=StrictUndefined, autoescape=False)  # noqa: S701 - YAML
    environment.filters["to_json"] = json.dumps
    text = environment.from_string((ROLE / "templates/drift.workflow.yml.j2").read_text()).render(**(given | more))
    assert "{%" not in text
    found: dict[Any, Any] = yaml.safe_load(text)
    # YAML 1.1 reads the key `on` as true.
    return {("on" if key is True else key): value for key, value in found.items()}


def test_the_workflow_has_the_role_and_no_key() -> None:
    found = workflow()
    assert found["on"] == {"schedule": [{"cron": "17 * * * *"}], "workflow_dispatch": None}
    assert found["permissions"] == {"contents": "read", "id-token": "write"}
    assert found["concurrency"] == {"group": "drift-prod", "cancel-in-progress": False}
    job = found["jobs"]["drift"]
    assert "environment" not in job
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[a-z-]+/[a-z/-]+@[0-9a-f]{40}", one) for one in used)
    credentials = next(step["with"] for step in job["steps"] if "configure-aws" in step.get("uses", ""))
    assert credentials == {
        "role-to-assume": "arn:aws:iam::123456789012:role/slipway-drift-prod",
        "role-session-name": "slipway-drift-prod",
        "aws-region": "ap-northeast-2",
    }
    assert "secrets." not in json.dumps(found)


def test_the_workflow_keeps_the_history_of_one_check_for_the_next() -> None:
    steps = workflow()["jobs"]["drift"]["steps"]
    restore, save = (
        next(step for step in steps if f"cache/{verb}@" in step.get("uses", "")) for verb in ("restore", "save")
    )
    assert restore["with"]["path"] == save["with"]["path"] == "drift-history"
    assert restore["with"]["key"] == save["with"]["key"] == "drift-prod-${{ github.run_id }}-${{ github.run_attempt }}"
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert save["if"].startswith("${{ always() ")
    (check,) = (step["run"] for step in steps if "drift.yml" in step.get("run", ""))
    assert "-e drift_history=drift-history/history.json" in check
    assert "-e drift_notify=true" in check
    uploaded = next(step for step in steps if "upload-artifact@" in step.get("uses", ""))
    assert f"drift_report_dir={uploaded['with']['path']}" in check


def test_the_workflow_of_an_environment_that_comments_on_issues() -> None:
    found = workflow(schedule_github_environment="prod", _schedule_github_issues=True)
    assert found["permissions"]["issues"] == "write"
    assert found["jobs"]["drift"]["environment"] == "prod"
