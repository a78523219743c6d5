"""Telling people of a release. Whatever goes wrong here is a warning: a release is what it is, told or not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...aws.errors import SlipwayError
from ...step import Report
from ..record import Record
from . import channels, markdown, message, slack
from .channels import SLACK, SNS, Mail
from .github import WHO as GITHUB
from .message import Notice

# From the options, what is told; answers what was done, or nothing where there was nothing to do.
Channel = Callable[[Mapping[str, Any], Notice], str]
_SUMMARY = "GitHub job summary"


def notify(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of release_notify.

    Raises:
        SlipwayError: what it was given is no record.
    """
    told = message.notice(
        options["name"], options.get("environment") or "", _record(options), options.get("causes") or (), os.environ
    )
    sent, problems = [], []
    for name, send in _channels(options, told):
        if check:
            sent.append(f"{name}: would be told")
            continue
        try:
            done = send(options, told)
        except SlipwayError as error:
            # Most errors say where by the channel's name; those of a secret by the variable's.
            problems.append(str(error) if error.where == name else f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 - a notice must not fail a release that is over, whatever it is
            problems.append(f"{name}: {type(error).__name__}, where Slipway expected something else")
        else:
            if done:
                sent.append(f"{name}: {done}")
    for line in sent:
        report(line)
    result = {"changed": bool(sent), "sent": sent, "failed_notices": problems}
    return {**result, "warnings": [f"a notice was not sent: {one}" for one in problems]} if problems else result


def _record(options: Mapping[str, Any]) -> Record:
    try:
        record = Record.of(options["record"])
        return replace(record, seconds=float(record.seconds))
    except (TypeError, ValueError):
        remedy = "give the record that release_record returned"
        raise SlipwayError("is no record of a release", where="release_notify.record", remedy=remedy) from None


def _channels(options: Mapping[str, Any], told: Notice) -> Iterator[tuple[str, Channel]]:
    """What is configured and wanted."""
    wanted = message.is_wanted(told.record, options["notify_on"])
    if options.get("notify_slack_webhook") and wanted:
        yield SLACK, _slack
    if options.get("notify_sns_topic") and wanted:
        yield SNS, _sns
    # A success that nobody wants to hear of closes the issue of the failure before it.
    if options.get("notify_github_issue") and (wanted or told.record.verdict == "succeeded"):
        yield GITHUB, _issue
    if options.get("notify_github_summary") and os.environ.get("GITHUB_STEP_SUMMARY") and wanted:
        yield _SUMMARY, _summary


def _slack(options: Mapping[str, Any], told: Notice) -> str:
    channels.post_to_slack(options, slack.payload(told))
    return "sent"


def _sns(options: Mapping[str, Any], told: Notice) -> str:
    record = told.record
    attributes = {"service": told.name, "verdict": record.verdict, "kind": record.kind}
    once = f"{record.service} {record.started_at}"
    channels.publish(options, Mail(message.subject(told), message.text(told), attributes, "releases", once))
    return "sent"


def _issue(options: Mapping[str, Any], told: Notice) -> str:
    issues = channels.issues(options)
    if told.record.verdict != "succeeded":
        return issues.tell_failure(told)
    return issues.tell_rollback(told) if told.record.kind == "rollback" else issues.tell_success(told)


def _summary(_: Mapping[str, Any], told: Notice) -> str:
    file = Path(os.environ["GITHUB_STEP_SUMMARY"])
    try:
        # One write of a file that is opened to append to: services are released side by side.
        with file.open("a", encoding="utf-8") as opened:
            opened.write(f"{markdown.report(told)}\n\n")
    except OSError as error:
        remedy = "check the variable GITHUB_STEP_SUMMARY, or set service_notify_github_summary to false"
        raise SlipwayError(f"{file} can't be written: {error.strerror}", where=_SUMMARY, remedy=remedy) from None
    return "written"
