"""Metric alarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options
from ..engine.plan import Call, Desired, Live
from . import tags
from .names import arn

_SHAPE = input_shape("cloudwatch", "PutMetricAlarm")
# What DescribeAlarms takes and gives at once.
AT_ONCE = 100
_NOT_FIELDS = frozenset({"name", "state", "region", "profile", "endpoint_url", "tags"})


class CloudwatchAlarm(Kind):
    """An alarm on one metric, or on a metric math expression."""

    name = "cloudwatch_alarm"
    rules = Rules(
        defaults={"actions_enabled": True, "treat_missing_data": "missing", "metrics[].return_data": True},
        unordered={
            "dimensions": "name",
            "metrics": "id",
            "metrics[].metric_stat.metric.dimensions": "name",
            "alarm_actions": "",
            "ok_actions": "",
            "insufficient_data_actions": "",
        },
        whole=frozenset({"tags"}),
    )

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeAlarms, a hundred at a time; tags only of those whose options manage them."""
        alarms = described(aws, list(wanted), ["MetricAlarm"])
        return {alarm["AlarmName"]: _live(aws, alarm, wanted[alarm["AlarmName"]]) for alarm in alarms}

    def desired(self, options: Options, known: Known) -> Desired:
        """The parameters of PutMetricAlarm."""
        fields = {key: value for key, value in options.items() if key not in _NOT_FIELDS}
        typed = {**_compared(from_api(_SHAPE, to_api(_SHAPE, _sent(fields)))), "tags": options.get("tags")}
        settings = {"arn": arn(known.aws, "cloudwatch", f"alarm:{options['name']}")}
        return Desired(options["name"], typed, settings, absent=options.get("state") == "absent")

    def create(self, desired: Desired) -> Sequence[Call]:
        """PutMetricAlarm, with its tags."""
        return [_put(desired, {}, with_tags=True)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """PutMetricAlarm replaces the alarm, so what is not described is sent as it is; then the tags."""
        calls = [_put(desired, live.fields, with_tags=False)] if changed_options(found) - {"tags"} else []
        given, gone = tags.changes(found, desired.fields)
        resource = {"ResourceARN": live.outputs["arn"]}
        if given:
            calls.append(Call("cloudwatch", "TagResource", {**resource, "Tags": tags.to_pairs(given)}))
        if gone:
            calls.append(Call("cloudwatch", "UntagResource", {**resource, "TagKeys": gone}))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteAlarms."""
        return [Call("cloudwatch", "DeleteAlarms", {"AlarmNames": [desired.name]})]


def described(
    aws: Aws, names: Sequence[str], types: Sequence[str] = ("MetricAlarm", "CompositeAlarm")
) -> list[dict[str, Any]]:
    """Alarms by name, as DescribeAlarms has them; without the types, it leaves the composite ones out.

    Raises:
        AwsError: AWS refused or did not answer.
    """
    found = []
    for some in batched(names, AT_ONCE):
        answer = aws.call(
            "cloudwatch", "DescribeAlarms", AlarmNames=list(some), AlarmTypes=list(types), MaxRecords=AT_ONCE
        )
        found += [*(answer.get("MetricAlarms") or ()), *(answer.get("CompositeAlarms") or ())]
    return found


def _sent(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the API has them: a sliding window is a structure without anything in it."""
    window = fields.get("evaluation_window")
    if not window:
        return dict(fields)
    return {**fields, "evaluation_window": {**window, "sliding_window": {} if window.get("sliding_window") else None}}


def _compared(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they are compared: whether there is a sliding window, since an empty structure says nothing."""
    window = fields.get("evaluation_window")
    if window is None or window.get("sliding_window") is None:
        return dict(fields)
    return {**fields, "evaluation_window": {**window, "sliding_window": True}}


def _put(desired: Desired, live: Mapping[str, Any], *, with_tags: bool) -> Call:
    given = {key: value for key, value in desired.fields.items() if value is not None}
    params = to_api(_SHAPE, {**_sent({**live, **given}), "tags": None})
    params["AlarmName"] = desired.name
    if with_tags and given.get("tags"):
        params["Tags"] = tags.to_pairs(given["tags"])
    known = {"arn": desired.settings["arn"]}
    return Call("cloudwatch", "PutMetricAlarm", params, lambda _: dict(known))


def _live(aws: Aws, alarm: Mapping[str, Any], options: Options) -> Live:
    fields = _compared(from_api(_SHAPE, alarm))
    fields.pop("tags", None)
    if options.get("tags") is not None:
        answer = aws.call("cloudwatch", "ListTagsForResource", ResourceARN=alarm["AlarmArn"])
        fields["tags"] = tags.from_pairs(answer["Tags"])
    return Live(fields, {"arn": alarm["AlarmArn"], "alarm_state": alarm.get("StateValue", "")})
