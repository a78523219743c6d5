"""cloudwatch_alarm through its life."""

from __future__ import annotations

import pytest

from tests.emulator.lifecycle import Case, Change, walk
from tests.emulators.emulator import Emulator

TOPIC = "arn:aws:sns:ap-northeast-2:000000000000:alarms"
CASES = [
    Case(
        "cloudwatch_alarm",
        {
            "name": "life-5xx",
            "alarm_description": "too many failures",
            "namespace": "AWS/ApplicationELB",
            "metric_name": "HTTPCode_Target_5XX_Count",
            "dimensions": [{"name": "LoadBalancer", "value": "app/life/1"}, {"name": "TargetGroup", "value": "t/1"}],
            "statistic": "Sum",
            "period": 60,
            "evaluation_periods": 5,
            "datapoints_to_alarm": 3,
            "threshold": 10,
            "comparison_operator": "GreaterThanThreshold",
            "treat_missing_data": "notBreaching",
            "alarm_actions": [TOPIC],
            "tags": {"Service": "life"},
        },
        changes=[
            Change({"threshold": 5}, frozenset({"threshold"})),
            Change(
                {
                    "dimensions": [
                        {"name": "TargetGroup", "value": "t/2"},
                        {"name": "LoadBalancer", "value": "app/life/1"},
                    ]
                },
                frozenset({"dimensions[TargetGroup].value"}),
            ),
            Change({"alarm_actions": []}, frozenset({"alarm_actions"})),
            Change({"treat_missing_data": "breaching", "period": 300}, frozenset({"treat_missing_data", "period"})),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
        ],
        no_op_calls=2,
    )
]


@pytest.mark.aws("cloudwatch")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)
