"""The page of releases keeps its word: the policy has what is called, and the table has every cause."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from demo.embedded_aws import ROOT
from slipway.aws.errors import permission
from slipway.aws.shapes import LOADER
from slipway.release.diagnosis.signs import ORDER

PAGE = (ROOT / "docs" / "releases.md").read_text()
MACHINE = (ROOT / "docs" / "machine.md").read_text()
PACKAGE = ROOT / "module_utils" / "slipway"
CALL = re.compile(r'"(?P<service>[a-z0-9-]+)",\s*"(?P<operation>[A-Z][A-Za-z0-9]+)"')
# Kinds, and settings of kinds, that no playbook of a release uses.
NO_PART = {"cloudwatch_alarm.py", "ssm_parameter.py", "trail.py", "repair.py"}
# What provision.yml calls for a machine; that has a policy of its own.
FOR_A_MACHINE = {"ec2_calls.py", "ec2_instance.py", "elastic_ip.py", "instance_profile.py", "key_pair.py"}
# What only `state: absent`, and options that the role does not give, call.
NOT_CALLED = {
    "acm:DeleteCertificate", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups",
    "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource",
    "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "ec2:DeleteSecurityGroup", "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy", "ecr:SetRepositoryPolicy", "ecs:DeleteCluster", "ecs:DeleteService",
    "ec2:DeleteKeyPair", "ec2:ReleaseAddress", "ec2:TerminateInstances", "iam:DeleteInstanceProfile",
    "ecs:DeregisterTaskDefinition", "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup", "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary", "iam:ListInstanceProfilesForRole", "iam:PutRolePermissionsBoundary",
    "iam:RemoveRoleFromInstanceProfile", "logs:AssociateKmsKey", "logs:DeleteLogGroup", "logs:DisassociateKmsKey",
}  # fmt: skip


def allowed(page: str = PAGE) -> list[str]:
    """The actions of a page's policy."""
    found = re.search(r"```json\n(.+?)```", page, re.DOTALL)
    assert found
    actions = [one["Action"] for one in json.loads(found[1])["Statement"]]
    return [name for one in actions for name in ([one] if isinstance(one, str) else one)]


def called(files: Iterable[Path]) -> set[str]:
    """The permissions of all calls in the code; what is written as a pair and is no call is left out."""
    services = set(LOADER.list_available_services("service-2"))
    found = set()
    for file in files:
        pairs = [(one["service"], one["operation"]) for one in CALL.finditer(file.read_text())]
        found |= {permission(*pair) for pair in pairs if pair[0] in services and pair[1] in operations(pair[0])}
    return found


def operations(service: str) -> set[str]:
    """Every operation of a service."""
    return set(LOADER.load_service_model(service, "service-2")["operations"])


def lacking(calls: set[str], actions: list[str]) -> set[str]:
    """The calls that a policy does not allow."""
    return {one for one in calls - NOT_CALLED if not any(fnmatchcase(one, action) for action in actions)}


def test_the_policy_allows_every_call() -> None:
    # A drift check has a role of its own.
    files = [file for file in PACKAGE.rglob("*.py") if file.parent.name != "drift"]
    found = called(file for file in files if file.name not in NO_PART | FOR_A_MACHINE)
    assert {"ecs:StopServiceDeployment", "servicequotas:GetServiceQuota", "dynamodb:Query"} <= found
    assert lacking(found, allowed()) == set()


def test_the_policies_of_a_machine_and_a_release_allow_every_call_for_a_machine() -> None:
    found = called(file for file in PACKAGE.rglob("*.py") if file.name in FOR_A_MACHINE)
    assert {"ec2:RunInstances", "iam:CreateInstanceProfile"} <= found
    assert lacking(found, [*allowed(), *allowed(MACHINE)]) == set()


@pytest.mark.parametrize("action", ["iam:PassRole", "ecr:PutImage", "iam:CreateServiceLinkedRole", "dynamodb:PutItem"])
def test_the_policy_allows_what_no_call_names(action: str) -> None:
    assert action in allowed()


def test_the_table_has_every_cause() -> None:
    assert {code for code in ORDER if f"`{code}`" not in PAGE} == set()


@pytest.mark.parametrize("file", [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "README.ko.md"])
def test_a_link_leads_somewhere(file: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text())
    assert [link for link in links if not (file.parent / link).exists()] == []


def test_a_named_variable_is_there() -> None:
    specs = (ROOT / "roles" / "service" / "meta" / "argument_specs.yml").read_text()
    named = set(re.findall(r"\bservice_[a-z_]+\b", PAGE)) - set(ORDER)
    assert {name for name in named if f"      {name}:" not in specs} == set()
