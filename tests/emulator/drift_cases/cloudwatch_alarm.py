"""Alarms: PutMetricAlarm writes the whole of one."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.model import Document, Having, Scene, Shown, To, World

KIND = "cloudwatch_alarm"
NAME = "drift"
_ALARM = ("MetricAlarms", 0)
_TOPIC, _OTHER = (f"arn:aws:sns:ap-northeast-2:000000000000:{name}" for name in ("one", "two"))


def put(world: World, document: Document) -> None:
    """PutMetricAlarm, with all of it."""
    world.cloudwatch.put_metric_alarm(AlarmName=NAME, **document)


def _tag(value: str) -> Any:
    arn = f"alarm:{NAME}"
    return lambda world: world.cloudwatch.tag_resource(
        ResourceARN=world.arn("cloudwatch", arn), Tags=[{"Key": "Service", "Value": value}]
    )


def _scene(title: str, options: dict[str, Any], document: Document, changes: dict[str, Any], **more: Any) -> Scene:
    return Scene(
        KIND,
        lambda _: {"name": NAME, **options},
        changes,
        read=lambda _: document,
        put=put,
        pascal=True,
        answer=("DescribeAlarms", _ALARM),
        title=title,
        **more,
    )


_METRIC = {"namespace": "AWS/ApplicationELB", "metric_name": "RequestCount", "period": 60}
_API_METRIC = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Period": 60}
_BOUND = {"evaluation_periods": 5, "threshold": 10, "comparison_operator": "GreaterThanThreshold"}
_API_BOUND = {"EvaluationPeriods": 5, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold"}
PLAIN = _scene(
    "plain",
    {
        "alarm_description": "too many",
        "actions_enabled": True,
        "ok_actions": [_TOPIC],
        "alarm_actions": [_TOPIC],
        "insufficient_data_actions": [_TOPIC],
        **_METRIC,
        "statistic": "Sum",
        "dimensions": [{"name": "LoadBalancer", "value": "one"}],
        "unit": "Count",
        "datapoints_to_alarm": 3,
        **_BOUND,
        "treat_missing_data": "notBreaching",
        "tags": {"Service": "drift"},
    },
    {
        "AlarmDescription": "too many",
        "ActionsEnabled": True,
        "OKActions": [_TOPIC],
        "AlarmActions": [_TOPIC],
        "InsufficientDataActions": [_TOPIC],
        **_API_METRIC,
        "Statistic": "Sum",
        "Dimensions": [{"Name": "LoadBalancer", "Value": "one"}],
        "Unit": "Count",
        "DatapointsToAlarm": 3,
        **_API_BOUND,
        "TreatMissingData": "notBreaching",
    },
    {
        "alarm_description": "other words",
        "actions_enabled": False,
        "ok_actions": To([_TOPIC, _OTHER], api=("OKActions",)),
        "alarm_actions": [],
        "insufficient_data_actions": [_TOPIC, _OTHER],
        "metric_name": "Other",
        "namespace": "Other",
        "statistic": "Average",
        "dimensions[]": To(
            {"Name": "TargetGroup", "Value": "two"},
            at="dimensions[TargetGroup]",
            found={"name": "TargetGroup", "value": "two"},
        ),
        "dimensions[].name": To(
            "Other",
            at="dimensions[LoadBalancer]",
            expected={"name": "LoadBalancer", "value": "one"},
            found=None,
            also=(Shown("dimensions[Other]", None, {"name": "Other", "value": "one"}),),
        ),
        "dimensions[].value": To("two", at="dimensions[LoadBalancer].value"),
        "period": 300,
        "unit": "None",
        "evaluation_periods": 9,
        "datapoints_to_alarm": 2,
        "threshold": 50.0,
        "comparison_operator": "LessThanThreshold",
        "treat_missing_data": "ignore",
        "tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other"),
    },
)
EXTENDED = _scene(
    "percentile",
    {**_METRIC, "extended_statistic": "p99", "evaluate_low_sample_count_percentile": "ignore", **_BOUND},
    {**_API_METRIC, "ExtendedStatistic": "p99", "EvaluateLowSampleCountPercentile": "ignore", **_API_BOUND},
    {"extended_statistic": "p50", "evaluate_low_sample_count_percentile": "evaluate"},
    unkept={"ministack": {"evaluate_low_*": "drops it"}},
)
M = "metrics[]"
STAT = f"{M}.metric_stat"
_STAT = {
    "metric": {"namespace": "one", "metric_name": "one", "dimensions": [{"name": "a", "value": "1"}]},
    "period": 60,
    "stat": "Sum",
    "unit": "Count",
}
_API_STAT = {
    "Metric": {"Namespace": "one", "MetricName": "one", "Dimensions": [{"Name": "a", "Value": "1"}]},
    "Period": 60,
    "Stat": "Sum",
    "Unit": "Count",
}


def _of(element: str, option: str, value: Any, expected: Any) -> tuple[str, To]:
    """A field of one of the metrics."""
    number = {"m1": 0, "e1": 1}[element]
    return f"{M}.{option}", To(
        value, api=f"metrics.{number}.{option}", at=f"metrics[{element}].{option}", expected=expected
    )


_FIRST = {"id": "m1", "metric_stat": _STAT, "return_data": False, "account_id": "000000000000"}
_SUM = {"id": "e1", "expression": "SUM(METRICS())", "label": "all", "return_data": True, "period": 60}
MATH = _scene(
    "math",
    {
        "metrics": [_FIRST, _SUM],
        "threshold_metric_id": "e1",
        "evaluation_periods": 5,
        "comparison_operator": "GreaterThanUpperThreshold",
    },
    {
        "Metrics": [
            {"Id": "m1", "MetricStat": _API_STAT, "ReturnData": False, "AccountId": "000000000000"},
            {"Id": "e1", "Expression": "SUM(METRICS())", "Label": "all", "ReturnData": True, "Period": 60},
        ],
        "ThresholdMetricId": "e1",
        "EvaluationPeriods": 5,
        "ComparisonOperator": "GreaterThanUpperThreshold",
    },
    {
        **dict(
            [
                _of("m1", "metric_stat.metric.namespace", "two", "one"),
                _of("m1", "metric_stat.metric.metric_name", "two", "one"),
                _of("m1", "metric_stat.period", 300, 60),
                _of("m1", "metric_stat.stat", "Average", "Sum"),
                _of("m1", "metric_stat.unit", "None", "Count"),
                _of("m1", "account_id", "111111111111", "000000000000"),
                _of("e1", "expression", "AVG(METRICS())", "SUM(METRICS())"),
                _of("e1", "label", "some", "all"),
                _of("e1", "return_data", False, True),
                _of("e1", "period", 300, 60),
            ]
        ),
        f"{STAT}.metric.dimensions[]": To(
            {"Name": "b", "Value": "2"},
            at="metrics[m1].metric_stat.metric.dimensions[b]",
            found={"name": "b", "value": "2"},
        ),
        f"{STAT}.metric.dimensions[].name": To(
            "b",
            at="metrics[m1].metric_stat.metric.dimensions[a]",
            expected={"name": "a", "value": "1"},
            found=None,
            also=(Shown("metrics[m1].metric_stat.metric.dimensions[b]", None, {"name": "b", "value": "1"}),),
        ),
        f"{STAT}.metric.dimensions[].value": To("2", at="metrics[m1].metric_stat.metric.dimensions[a].value"),
        M: To(
            {"Id": "e2", "Expression": "m1 * 2", "ReturnData": False},
            at="metrics[e2]",
            found=Having(id="e2", expression="m1 * 2"),
        ),
        f"{M}.id": To(
            "m2",
            at="metrics[m1]",
            expected=Having(id="m1"),
            found=None,
            also=(Shown("metrics[m2]", None, Having(id="m2", metric_stat=_STAT)),),
        ),
        "threshold_metric_id": "m1",
    },
    unkept={"ministack": {"": "drops metric math"}, "moto": {"metrics[].account_id": "drops it"}},
)
_WINDOW = "no emulator knows it"
_NEW = ("evaluation_window*", "warm_up_*", "evaluation_criteria*", "evaluation_interval")
_UNKEPT = dict.fromkeys(("ministack", "moto"), dict.fromkeys(_NEW, _WINDOW))
LATER = _scene(
    "window",
    {
        **_METRIC,
        "statistic": "Sum",
        **_BOUND,
        "evaluation_window": {"wall_clock_window": {"timezone": "Asia/Seoul"}},
        "warm_up_configuration": {
            "warm_up_period_duration_in_minutes": 10,
            "only_start_evaluating_after_warm_up_period_ends": True,
        },
        "evaluation_criteria": {
            "prom_ql_criteria": {"query": "up", "pending_period": 60, "recovery_period": 60},
        },
        "evaluation_interval": 60,
    },
    {},
    {
        "evaluation_window.wall_clock_window.timezone": "UTC",
        "warm_up_configuration.warm_up_period_duration_in_minutes": 20,
        "warm_up_configuration.only_start_evaluating_after_warm_up_period_ends": False,
        "evaluation_criteria.prom_ql_criteria.query": To("down", api=("EvaluationCriteria", "PromQLCriteria", "Query")),
        "evaluation_criteria.prom_ql_criteria.pending_period": To(
            120, api=("EvaluationCriteria", "PromQLCriteria", "PendingPeriod")
        ),
        "evaluation_criteria.prom_ql_criteria.recovery_period": To(
            120, api=("EvaluationCriteria", "PromQLCriteria", "RecoveryPeriod")
        ),
        "evaluation_interval": 120,
    },
    unkept=_UNKEPT,
)
SLIDING = _scene(
    "sliding window",
    {**_METRIC, "statistic": "Sum", **_BOUND, "evaluation_window": {"sliding_window": True}},
    {},
    {"evaluation_window.sliding_window": To(None, api=("EvaluationWindow", "SlidingWindow"), was={})},
    unkept=_UNKEPT,
)
SCENES = (PLAIN, EXTENDED, MATH, LATER, SLIDING)
NO_FIELDS = {KIND: {"name": "its name: another name is another resource"}}
