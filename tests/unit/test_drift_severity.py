"""How bad a difference is: what opens something to everybody is critical, and what does not is not."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.drift.severity import severity

ALL = {"effect": "Allow", "actions": ["*"], "resources": ["*"]}
TOKEN = {"effect": "Allow", "actions": ["ecr:GetAuthorizationToken"], "resources": ["*"]}
ANYBODY = {"effect": "Allow", "principals": {"aws": ["*"]}, "actions": ["sts:AssumeRole"]}
NARROWED = {**ANYBODY, "conditions": [{"operator": "StringEquals", "key": "aws:SourceAccount", "values": ["1"]}]}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def rule(**source: str) -> dict[str, Any]:
    return {"ip_protocol": "tcp", "from_port": 22, "to_port": 22, **source}


# Kind, field, found, expected -> how bad.
CASES: list[tuple[str, str, Any, Any, str]] = [
    ("security_group", "ingress[x]", rule(cidr_ipv4="0.0.0.0/0"), None, "critical"),
    ("security_group", "ingress[x]", rule(cidr_ipv4="128.0.0.0/1"), None, "critical"),
    ("security_group", "ingress[x]", rule(cidr_ipv6="::/0"), None, "critical"),
    ("security_group", "ingress[x]", rule(cidr_ipv6="2000::/3"), None, "critical"),
    ("security_group", "ingress[x]", rule(cidr_ipv4="10.0.0.0/8"), None, "high"),
    ("security_group", "ingress[x]", rule(cidr_ipv6="fd00::/8"), None, "high"),
    ("security_group", "ingress[x]", rule(cidr_ipv4="203.0.113.0/24"), None, "high"),
    # A rule for the world that is gone opens nothing.
    ("security_group", "ingress[x]", None, rule(cidr_ipv4="0.0.0.0/0"), "high"),
    ("security_group", "egress[x]", rule(cidr_ipv4="0.0.0.0/0"), None, "high"),
    ("security_group", "ingress[tcp/22/22/0.0.0.0/0].description", "b", "a", "low"),
    ("iam_role", "inline_policies[x]", {"name": "x", "statements": [ALL]}, None, "critical"),
    ("iam_role", "inline_policies[x]", [ALL], None, "critical"),
    ("iam_role", "inline_policies[x].statements", [TOKEN, ALL], [TOKEN], "critical"),
    ("iam_role", "inline_policies[x].statements", [TOKEN, {**ALL, "effect": "Deny"}], [TOKEN], "high"),
    # A statement that denies does not hide one that allows all.
    ("iam_role", "inline_policies[x].statements", [{**TOKEN, "effect": "Deny"}, ALL], [], "critical"),
    # What was described so is no news.
    ("iam_role", "inline_policies[x].statements", [ALL, TOKEN], [ALL], "high"),
    ("iam_role", "inline_policies[x].statements[0].actions[0]", "*", "s3:GetObject", "critical"),
    ("iam_role", "inline_policies[x].statements[0].resources[0]", "*", "arn:aws:s3:::a", "high"),
    ("iam_role", "assume_role_policy", [ANYBODY], [], "critical"),
    ("iam_role", "assume_role_policy", [NARROWED], [], "high"),
    ("iam_role", "assume_role_policy[0].principals.aws", ["*"], ["1"], "critical"),
    ("iam_role", "managed_policies[AdministratorAccess]", ADMINISTRATOR, None, "critical"),
    ("iam_role", "managed_policies", [ADMINISTRATOR, "arn:aws:iam::aws:policy/ReadOnlyAccess"], [], "critical"),
    ("iam_role", "managed_policies", [ADMINISTRATOR], [ADMINISTRATOR, "other"], "high"),
    ("ecr_repository", "repository_policy", [{**ANYBODY, "actions": ["ecr:BatchGetImage"]}], [], "critical"),
    ("ecr_repository", "repository_policy", None, [TOKEN], "high"),
    ("ecs_service", "task_sets[x]", {}, None, "high"),
    ("ecs_service", "", None, "present", "critical"),
    ("elb_load_balancer", "scheme", "internet-facing", "internal", "critical"),
    ("ecs_service", "tags.Service", "b", "a", "low"),
]


@pytest.mark.parametrize(("kind", "field", "found", "expected", "answer"), CASES)
def test_how_bad_it_is(kind: str, field: str, found: Any, expected: Any, answer: str) -> None:
    assert severity(kind, field, found, expected) == answer
