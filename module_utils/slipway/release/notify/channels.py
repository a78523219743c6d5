"""The ways by which people are told, whatever they are told of: Slack, SNS, GitHub's issues."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ...aws.clients import Aws, Connection
from ...aws.errors import AwsError, SlipwayError
from .github import WHO as GITHUB
from .github import Issues
from .http import Http
from .secret_value import read

SLACK = "Slack"
SNS = "SNS"
_GITHUB_API = "https://api.github.com"
_SLACK_REMEDIES = {
    403: "the workspace or the channel forbids the webhook: look at its settings in Slack",
    404: "the webhook is not there any more: make a new one in Slack, and store its URL in the secret",
    410: "the channel is archived: make a webhook for another one, and store its URL in the secret",
}


@dataclass(frozen=True)
class Mail:
    """A message of SNS.

    Attributes:
        attributes: what a subscription may filter by.
        group: for a FIFO topic, what is kept in order.
        once: for a FIFO topic, what makes it the same message when it is sent again.
    """

    subject: str
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    once: str = ""


def post_to_slack(options: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    """Send it to the webhook whose URL is in the secret `notify_slack_webhook`.

    Raises:
        SlipwayError: the secret can't be read, or Slack did not take it.
    """
    url = read(Aws(Connection.of(options)), options["notify_slack_webhook"], "service_notify_slack_webhook")
    Http(SLACK).send("POST", url, body=payload, remedies=_SLACK_REMEDIES)


def publish(options: Mapping[str, Any], mail: Mail) -> None:
    """Publish it to the topic `notify_sns_topic`.

    Raises:
        SlipwayError: SNS did not take it.
    """
    topic = options["notify_sns_topic"]
    # A topic is published to in its own region.
    region = (topic.split(":") + [""] * 4)[3]
    connection = Connection.of(options)
    aws = Aws(replace(connection, region=region or connection.region))
    extra = {}
    if topic.endswith(".fifo"):
        extra = {"MessageGroupId": mail.group, "MessageDeduplicationId": sha256(mail.once.encode()).hexdigest()}
    attributes = {key: {"DataType": "String", "StringValue": value} for key, value in mail.attributes.items()}
    try:
        aws.call(
            "sns",
            "Publish",
            TopicArn=topic,
            Subject=mail.subject,
            Message=mail.text,
            MessageAttributes=attributes,
            **extra,
        )
    except AwsError as error:
        remedy = "correct service_notify_sns_topic, or create the topic" if error.code == "NotFound" else error.remedy
        raise SlipwayError(error.what, where=SNS, remedy=remedy) from error


def issues(options: Mapping[str, Any]) -> Issues:
    """The issues of the repository `notify_github_issue`.

    Raises:
        SlipwayError: there is no token, or it can't be read.
    """
    api = os.environ.get("GITHUB_API_URL") or _GITHUB_API
    return Issues(api, options["notify_github_issue"], _github_token(options))


def _github_token(options: Mapping[str, Any]) -> str:
    if options.get("notify_github_token"):
        return read(Aws(Connection.of(options)), options["notify_github_token"], "service_notify_github_token")
    if token := os.environ.get("GITHUB_TOKEN", "").strip():
        return token
    raise SlipwayError(
        "there is no token",
        where=GITHUB,
        remedy="set service_notify_github_token, or give the job's step env: GITHUB_TOKEN: ${{ github.token }}",
    )
