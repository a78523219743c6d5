"""scalable_target through its life, on moto: the others have no Application Auto Scaling."""

from __future__ import annotations

import pytest

from slipway.aws.errors import SlipwayError
from tests.emulator.lifecycle import Case, Change, apply, walk
from tests.emulator.test_ecs_service import CLUSTER, service, task_definition
from tests.emulators.emulator import Emulator

CPU = {"predefined_metric_type": "ECSServiceAverageCPUUtilization", "target_value": 60}
MEMORY = {"predefined_metric_type": "ECSServiceAverageMemoryUtilization", "target_value": 70, "scale_in_cooldown": 300}
TARGET = {"cluster": "life", "service": "api", "min_capacity": 2, "max_capacity": 10, "target_tracking": [CPU, MEMORY]}


def test_life(moto: Emulator) -> None:
    changes = [
        Change({"max_capacity": 6}, frozenset({"max_capacity"})),
        Change(
            {"target_tracking": [MEMORY, {**CPU, "target_value": 50}]},
            frozenset({"target_tracking[ECSServiceAverageCPUUtilization].target_value"}),
        ),
        Change({"target_tracking": [CPU | {"target_value": 50}]}, frozenset({f"target_tracking[{memory()}]"})),
    ]
    before = [CLUSTER, task_definition(), ("ecs_service", {**service(moto), "force": True})]
    walk(Case("scalable_target", TARGET, changes, no_op_calls=2, before=before), *moto)


def memory() -> str:
    return str(MEMORY["predefined_metric_type"])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"min_capacity": 11}, "more than max_capacity"),
        ({"max_capacity": None}, "needs min_capacity"),
        (
            {"target_tracking": [{"predefined_metric_type": "ALBRequestCountPerTarget", "target_value": 9}]},
            "needs load_balancer",
        ),
    ],
)
def test_what_is_refused(wrong: dict[str, object], told: str, moto: Emulator) -> None:
    with pytest.raises(SlipwayError, match=told):
        apply(moto.endpoint, [("scalable_target", {**TARGET, **wrong})])
