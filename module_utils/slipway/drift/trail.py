"""Who changed what, and when, as CloudTrail has it. It is asked for what drifted, and never needed.

CloudTrail keeps management events for 90 days, and answers two questions a second:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..engine.kind import Known
from ..release.recording import stamp
from .finding import Finding

# More would take longer than the check itself.
_ASKED = 20
_EVENTS = 50


def told(aws: Aws, known: Known, findings: Sequence[Finding]) -> tuple[list[Finding], str]:
    """The findings with since and by, where CloudTrail knows; and why it could not be asked."""
    events: dict[tuple[str, str], tuple[str, str]] = {}
    resources = list(dict.fromkeys((one.kind, one.name) for one in findings if one.state == "drift"))
    problem = ""
    for resource in resources[:_ASKED]:
        try:
            event = _last(aws, list(_names(known, *resource)))
        except AwsError as error:
            problem = f"CloudTrail can't be asked who changed it: {error.what}"
            break
        if event:
            events[resource] = event
    return [_with(one, events.get((one.kind, one.name))) for one in findings], problem


def _with(finding: Finding, event: tuple[str, str] | None) -> Finding:
    if finding.state != "drift" or event is None:
        return finding
    return replace(finding, since=event[0], by=event[1])


def _names(known: Known, kind: str, name: str) -> Iterator[str]:
    """What CloudTrail may call a resource: its id, its ARN, or its name."""
    live = known.live(kind, name)
    outputs = live.outputs if live else {}
    yield from (str(outputs[key]) for key in ("id", "arn") if outputs.get(key))
    yield name.rpartition("/")[2]


def _last(aws: Aws, names: Sequence[str]) -> tuple[str, str] | None:
    """The last event that wrote, of the first name that has one."""
    for name in names:
        attributes = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
        answer = aws.call("cloudtrail", "LookupEvents", LookupAttributes=attributes, MaxResults=_EVENTS)
        for event in answer.get("Events") or ():
            if str(event.get("ReadOnly", "false")).lower() != "true":
                return _moment(event["EventTime"]), _who(event)
    return None


def _moment(time: datetime) -> str:
    return stamp(time.astimezone(UTC).timestamp())


def _who(event: Mapping[str, Any]) -> str:
    """The identity, and what it called."""
    try:
        identity = json.loads(event.get("CloudTrailEvent") or "{}").get("userIdentity") or {}
    except ValueError:
        identity = {}
    who = identity.get("arn") or event.get("Username") or "somebody"
    return f"{who} ({event.get('EventName', '')})"
