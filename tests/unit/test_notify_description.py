"""What a description says of notices is checked before anything is touched, and no secret is shown for it."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.service.description import check
from slipway.service.spec import service_options
from tests.unit.descriptions import MINIMAL


def findings(**changes: Any) -> dict[str, str]:
    given = {f"service_notify_{name}": value for name, value in changes.items()}
    found = check(MINIMAL | given, service_options(), "shop").findings
    return {one.variable: f"{one.problem} -> {one.remedy}" for one in found}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"slack_webhook": "ssm:/shop/prod/SLACK"},
        {"slack_webhook": "secretsmanager:shop/slack#url"},
        {"sns_topic": "arn:aws:sns:ap-northeast-2:123456789012:releases"},
        {"sns_topic": "arn:aws-cn:sns:cn-north-1:123456789012:releases.fifo"},
        {"github_issue": "shop/back-end.api", "github_token": "ssm:/shop/prod/GITHUB"},
        {"github_issue": "kim_company/x"},
        {"on": ["success"], "github_summary": False},
    ],
)
def test_good_ones(changes: dict[str, Any]) -> None:
    assert findings(**changes) == {}


@pytest.mark.parametrize(
    ("changes", "variable", "told"),
    [
        ({"slack_webhook": "https://hooks.slack.com/hunter2"}, "slack_webhook", "is not a reference to a secret"),
        ({"slack_webhook": "arn:aws:ssm:x:1:parameter/a/b"}, "slack_webhook", "is an ARN"),
        ({"github_issue": "a/b", "github_token": "ghp_hunter2"}, "github_token", "is not a reference to a secret"),
        ({"github_token": "ssm:/a/b"}, "github_token", "has no effect without a repository"),
        ({"github_issue": "https://github.com/a/b"}, "github_issue", "write owner/name, without a URL"),
        ({"github_issue": "shop"}, "github_issue", "is no GitHub repository"),
        ({"github_issue": "shop/.."}, "github_issue", "is no GitHub repository"),
        ({"github_issue": "shop/api/issues"}, "github_issue", "is no GitHub repository"),
        ({"github_issue": "shop/api?x=1"}, "github_issue", "is no GitHub repository"),
        ({"sns_topic": "releases"}, "sns_topic", "a topic's ARN"),
        ({"sns_topic": "arn:aws:sqs:ap-northeast-2:123456789012:releases"}, "sns_topic", "a topic's ARN"),
        ({"on": ["always"]}, "on[0]", "always"),
    ],
)
def test_bad_ones(changes: dict[str, Any], variable: str, told: str) -> None:
    found = findings(**changes)
    assert list(found) == [f"service_notify_{variable}"]
    assert told in found[f"service_notify_{variable}"]
    assert "hunter2" not in str(found)
