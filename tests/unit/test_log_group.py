"""Log groups: each setting has its call, and a protection is lifted only where it is said."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.kind import Known
from slipway.engine.plan import Plan
from slipway.resources.log_group import LogGroup
from tests.unit.fake_aws import FakeAws

KIND = LogGroup()
ARN = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/g"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/1"
THERE = {"logGroupName": "/g", "arn": f"{ARN}:*", "logGroupArn": ARN, "logGroupClass": "STANDARD", "storedBytes": 7}


def planned(options: dict[str, Any], **there: Any) -> Plan:
    """The plan for a description of a group that is there."""
    tags = there.pop("tags", {})
    aws = FakeAws({"DescribeLogGroups": {"logGroups": [{**THERE, **there}]}, "ListTagsForResource": {"tags": tags}})
    described = {"name": "/g", **options}
    return KIND.plan(KIND.desired(described, Known(aws)), KIND.observe(aws, {"/g": described}, Known(aws))["/g"])


@pytest.mark.parametrize(
    ("options", "there"),
    [
        ({}, {"retentionInDays": 30, "kmsKeyId": KEY, "deletionProtectionEnabled": True, "tags": {"a": "1"}}),
        ({"retention_in_days": "never"}, {}),
        ({"retention_in_days": "30"}, {"retentionInDays": 30}),
        ({"kms_key_id": ""}, {}),
        ({"kms_key_id": KEY}, {"kmsKeyId": KEY}),
        ({"log_group_class": "STANDARD", "deletion_protection_enabled": False}, {"logGroupClass": None}),
        ({"tags": {"a": "1"}}, {"tags": {"a": "1", "aws:cloudformation:stack-name": "x"}}),
    ],
)
def test_what_is_no_difference(options: dict[str, Any], there: dict[str, Any]) -> None:
    assert planned(options, **there).verb == "none"


@pytest.mark.parametrize(
    ("options", "there", "operation", "params"),
    [
        ({"retention_in_days": "7"}, {}, "PutRetentionPolicy", {"logGroupName": "/g", "retentionInDays": 7}),
        ({"retention_in_days": "never"}, {"retentionInDays": 7}, "DeleteRetentionPolicy", {"logGroupName": "/g"}),
        ({"kms_key_id": KEY}, {}, "AssociateKmsKey", {"logGroupName": "/g", "kmsKeyId": KEY}),
        ({"kms_key_id": ""}, {"kmsKeyId": KEY}, "DisassociateKmsKey", {"logGroupName": "/g"}),
        (
            {"deletion_protection_enabled": True},
            {},
            "PutLogGroupDeletionProtection",
            {"logGroupIdentifier": "/g", "deletionProtectionEnabled": True},
        ),
        (
            {"bearer_token_authentication_enabled": False},
            {"bearerTokenAuthenticationEnabled": True},
            "PutBearerTokenAuthentication",
            {"logGroupIdentifier": "/g", "bearerTokenAuthenticationEnabled": False},
        ),
        ({"tags": {"a": ""}}, {}, "TagResource", {"resourceArn": ARN, "tags": {"a": ""}}),
        ({"tags": {}}, {"tags": {"a": ""}}, "UntagResource", {"resourceArn": ARN, "tagKeys": ["a"]}),
    ],
)
def test_each_difference_is_one_call(
    options: dict[str, Any], there: dict[str, Any], operation: str, params: dict[str, Any]
) -> None:
    plan = planned(options, **there)
    assert [(call.operation, dict(call.params)) for call in plan.calls] == [(operation, params)]


def test_the_class_cannot_be_changed() -> None:
    assert planned({"log_group_class": "INFREQUENT_ACCESS"}).blocked


def test_creation_sends_what_create_takes_and_then_the_rest() -> None:
    options = {"name": "/g", "retention_in_days": "7", "kms_key_id": "", "deletion_protection_enabled": True}
    calls = KIND.create(KIND.desired({**options, "tags": {"a": "1"}}, Known(FakeAws())))
    assert [(call.operation, dict(call.params)) for call in calls] == [
        ("CreateLogGroup", {"logGroupName": "/g", "deletionProtectionEnabled": True, "tags": {"a": "1"}}),
        ("PutRetentionPolicy", {"logGroupName": "/g", "retentionInDays": 7}),
    ]
    assert calls[0].collect is not None
    assert calls[0].collect({}) == {"arn": ARN}


@pytest.mark.parametrize(
    ("options", "operations"),
    [
        ({}, ["DeleteLogGroup"]),
        ({"deletion_protection_enabled": True}, ["DeleteLogGroup"]),
        ({"deletion_protection_enabled": False}, ["PutLogGroupDeletionProtection", "DeleteLogGroup"]),
    ],
)
def test_a_protection_is_lifted_only_where_it_is_said(options: dict[str, Any], operations: list[str]) -> None:
    plan = planned({**options, "state": "absent"}, deletionProtectionEnabled=True)
    assert [call.operation for call in plan.calls] == operations


def test_fifty_log_groups_are_one_call_and_no_other_name_is_taken() -> None:
    aws = FakeAws({"DescribeLogGroups": {"logGroups": [THERE, {**THERE, "logGroupName": "/g/other"}]}})
    found = KIND.observe(aws, {"/g": {}, **{str(number): {} for number in range(50)}}, Known(aws))
    assert set(found) == {"/g"}
    assert aws.calls == {"logs:DescribeLogGroups": 2}
