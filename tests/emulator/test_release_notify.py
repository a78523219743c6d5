"""Telling of a release: secrets from their stores, SNS for real, and a release that stays what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.embedded_aws import REGION
from slipway.aws.errors import SlipwayError
from slipway.release.notify.send import notify
from slipway.release.record import Record
from tests.e2e.recording import Answer, Request, recording
from tests.emulators.emulator import Emulator

PATH = "/services/T000/B000/hunter2Hunter2"
Notify = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.aws("ssm", "secretsmanager", "sns", "sqs")


def record(**changes: Any) -> dict[str, Any]:
    """A release that was rolled back."""
    given: dict[str, Any] = {"verdict": "rolled_back", "tag": "릴리스-2", "cause": "it crashed", "seconds": 72.4}
    return Record("voj-prod/voj", "2026-11-21T07:00:00.000Z", **(given | changes)).result()


@pytest.fixture
def tell(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Notify:
    """The step, as the role calls it."""
    for name in ("GITHUB_TOKEN", "GITHUB_API_URL", "GITHUB_STEP_SUMMARY", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)

    def run(*, check: bool = False, **options: Any) -> dict[str, Any]:
        given = {
            "region": REGION,
            "endpoint_url": emulator.endpoint,
            "name": "voj-backend",
            "environment": "prod",
            "record": record(),
            "causes": [],
            "notify_on": ["failure", "rollback"],
            "notify_github_summary": True,
        }
        told: list[str] = []
        result = notify({**given, **options}, check=check, report=told.append)
        assert told == result["sent"]
        assert "hunter2" not in str(result)
        assert ("warnings" in result) == bool(result["failed_notices"])
        return result

    return run


def secret(emulator: Emulator, value: str) -> str:
    emulator.client("ssm").put_parameter(Name="/voj/prod/SECRET", Type="SecureString", Value=value, Overwrite=True)
    return "ssm:/voj/prod/SECRET"


def test_without_configuration_nobody_is_told(tell: Notify) -> None:
    assert tell() == {"changed": False, "sent": [], "failed_notices": []}


def test_slack(emulator: Emulator, tell: Notify) -> None:
    with recording(lambda _: Answer()) as slack:
        result = tell(notify_slack_webhook=secret(emulator, f"{slack.url}{PATH}\n"))
        assert (result["changed"], result["sent"], result["failed_notices"]) == (True, ["Slack: sent"], [])
        assert tell(notify_slack_webhook="ssm:/voj/prod/SECRET", record=record(verdict="succeeded"))["sent"] == []
        assert tell(notify_slack_webhook="ssm:/voj/prod/SECRET", notify_on=["failure"])["sent"] == []
    (request,) = slack.requests
    assert request.path == PATH
    assert "release of 릴리스-2 failed and was rolled back" in request.body["text"]


def test_check_mode_says_what_it_would_do(tell: Notify) -> None:
    # No such secret is there, and nothing is asked.
    result = tell(check=True, notify_slack_webhook="ssm:/none", notify_sns_topic="arn:aws:sns:x:1:y")
    assert result == {
        "changed": True,
        "sent": ["Slack: would be told", "SNS: would be told"],
        "failed_notices": [],
    }


def test_sns_with_a_queue_that_shows_the_message(emulator: Emulator, tell: Notify) -> None:
    sns, sqs = emulator.client("sns"), emulator.client("sqs")
    topic = sns.create_topic(Name="releases")["TopicArn"]
    queue = sqs.create_queue(QueueName="releases")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert tell(notify_sns_topic=topic, region="us-east-1")["sent"] == ["SNS: sent"]
    (received,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    message = json.loads(received["Body"])
    assert message["Subject"] == "[prod] voj-backend: release of ???-2 failed and was rolled back"
    assert message["Message"].splitlines()[0] == "[prod] voj-backend: release of 릴리스-2 failed and was rolled back"
    assert "cause: it crashed" in message["Message"]
    assert message["MessageAttributes"]["verdict"]["Value"] == "rolled_back"


def test_sns_with_a_fifo_topic(emulator: Emulator, tell: Notify) -> None:
    attributes = {"FifoTopic": "true"}
    topic = emulator.client("sns").create_topic(Name="releases.fifo", Attributes=attributes)["TopicArn"]
    assert tell(notify_sns_topic=topic)["sent"] == ["SNS: sent"]


def test_a_github_issue_with_a_token_of_secrets_manager(
    emulator: Emulator, tell: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = json.dumps({"token": "ghp_hunter2"})
    emulator.client("secretsmanager").create_secret(Name="voj/github", SecretString=value)

    def github(request: Request) -> Answer:
        assert request.headers["authorization"] == "Bearer ghp_hunter2"
        return Answer(200, "[]" if request.method == "GET" else '{"number": 7}')

    with recording(github) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        options = {"notify_github_issue": "voj/api", "notify_github_token": "secretsmanager:voj/github#token"}
        assert tell(**options)["sent"] == ["GitHub issue: opened issue 7"]
        # Nobody wants to be told of a success, and yet an open issue would be closed by it.
        assert tell(**options, record=record(verdict="succeeded"))["sent"] == []
        assert tell(**options, notify_on=["success"])["sent"] == []
    assert [request.method for request in server.requests] == ["GET", "POST", "GET"]
    assert server.requests[1].path == "/repos/voj/api/issues"


def test_the_token_of_github_actions(tell: Notify, monkeypatch: pytest.MonkeyPatch) -> None:
    with recording(lambda request: Answer(200, "[]" if request.method == "GET" else '{"number": 7}')) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        assert "there is no token" in tell(notify_github_issue="voj/api")["failed_notices"][0]
        monkeypatch.setenv("GITHUB_TOKEN", "ghs_hunter2")
        assert tell(notify_github_issue="voj/api")["sent"] == ["GitHub issue: opened issue 7"]
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer ghs_hunter2"}


def test_the_job_summary_is_added_to(tell: Notify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert tell()["sent"] == ["GitHub job summary: written"]
    assert tell(notify_github_summary=False)["sent"] == []
    lines = summary.read_text().splitlines()
    assert lines[:2] == ["before", r"### \[prod\] voj-backend: release of 릴리스-2 failed and was rolled back"]


def test_a_notice_that_fails_is_a_warning_and_the_others_are_sent(
    emulator: Emulator, tell: Notify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "none" / "summary.md"))
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_hunter2")
    with recording(lambda _: Answer(200, "[0]")) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        with recording(lambda _: Answer(404, "no_service")) as slack:
            result = tell(
                notify_slack_webhook=secret(emulator, slack.url + PATH),
                notify_sns_topic=f"arn:aws:sns:{REGION}:{emulator.account}:none",
                notify_github_issue="voj/api",
            )
    assert (result["changed"], result["sent"]) == (False, [])
    slack_, sns, issue, summary = result["failed_notices"]
    assert slack_.startswith("Slack: 127.0.0.1 answered 404: no_service\n  -> the webhook is not there any more")
    assert sns.startswith("SNS: sns:Publish was refused with NotFound")
    assert sns.endswith("  -> correct service_notify_sns_topic, or create the topic")
    assert issue == "GitHub issue: TypeError, where Slipway expected something else"
    assert summary.startswith(f"GitHub job summary: {tmp_path}/none/summary.md can't be written: No such file")
    assert [one.startswith("a notice was not sent: ") for one in result["warnings"]] == [True] * 4


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("ssm:/none/such", f"there is no ssm:/none/such in {REGION}"),
        ("secretsmanager:none", f"there is no secretsmanager:none in {REGION}"),
        ("secretsmanager:voj/slack#url", "secretsmanager:voj/slack has no JSON key url"),
        ("secretsmanager:voj/plain#url", "secretsmanager:voj/plain has no JSON key url"),
        ("secretsmanager:voj/plain", "its address is no https:// URL"),
        ("https://hooks.slack.com/hunter2", "is not a reference to a secret"),
    ],
)
def test_a_secret_that_cannot_be_read(emulator: Emulator, tell: Notify, reference: str, told: str) -> None:
    secrets = emulator.client("secretsmanager")
    secrets.create_secret(Name="voj/slack", SecretString='{"uri": "hunter2"}')
    secrets.create_secret(Name="voj/plain", SecretString="hunter2")
    (problem,) = tell(notify_slack_webhook=reference)["failed_notices"]
    assert told in problem
    assert "  -> " in problem


def test_what_is_no_record_is_a_mistake_of_the_play(tell: Notify) -> None:
    with pytest.raises(SlipwayError, match="is no record of a release"):
        tell(record={"tag": "v1"})
