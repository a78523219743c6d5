"""ecs_cluster through its life."""

from __future__ import annotations

import pytest

from tests.emulator.lifecycle import Case, Change, apply, walk
from tests.emulators.emulator import Emulator

EXEC = {"logging": "OVERRIDE", "log_configuration": {"cloud_watch_log_group_name": "/ecs/exec"}}
CASES = [
    Case(
        "ecs_cluster",
        {
            "name": "life-cluster",
            "container_insights": "enabled",
            "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
            "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1, "base": 1}],
            "configuration": {"execute_command_configuration": EXEC},
            "tags": {"Service": "life"},
        },
        changes=[
            Change({"container_insights": "enhanced"}, frozenset({"container_insights"})),
            Change(
                {
                    "default_capacity_provider_strategy": [
                        {"capacity_provider": "FARGATE", "weight": 1, "base": 1},
                        {"capacity_provider": "FARGATE_SPOT", "weight": 3},
                    ]
                },
                frozenset({"default_capacity_provider_strategy[FARGATE_SPOT]"}),
            ),
            Change(
                {
                    "configuration": {
                        "execute_command_configuration": {
                            "log_configuration": {"cloud_watch_log_group_name": "/ecs/other"}
                        }
                    }
                },
                frozenset({"configuration.execute_command_configuration.log_configuration.cloud_watch_log_group_name"}),
            ),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
        ],
        no_op_calls=1,
    )
]


@pytest.mark.aws("ecs")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)


@pytest.mark.aws("ecs")
def test_capacity_providers_that_are_left_out_stay(emulator: Emulator) -> None:
    whole = {"name": "keeps", "capacity_providers": ["FARGATE", "FARGATE_SPOT"]}
    apply(emulator.endpoint, [("ecs_cluster", whole)])
    apply(emulator.endpoint, [("ecs_cluster", {"name": "keeps", "container_insights": "enabled"})])
    ([outcome], _) = apply(emulator.endpoint, [("ecs_cluster", whole)])
    assert not outcome.plan.changed
