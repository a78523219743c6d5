"""iam_role through its life."""

from __future__ import annotations

import pytest

from tests.emulator.lifecycle import Case, Change, walk
from tests.emulators.emulator import Emulator

TASKS = {"principals": {"service": ["ecs-tasks.amazonaws.com"]}, "actions": ["sts:AssumeRole"]}
READ = {"sid": "read", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::slipway/*"]}
LIST = {"sid": "list", "actions": ["s3:ListBucket"], "resources": ["arn:aws:s3:::slipway"]}
EXECUTION = "service-role/AmazonECSTaskExecutionRolePolicy"

CASES = [
    Case(
        "iam_role",
        {
            "name": "slipway-life",
            "path": "/life/",
            "description": "of the tests",
            "max_session_duration": 3600,
            "assume_role_policy": [TASKS],
            "managed_policies": [EXECUTION],
            "inline_policies": [
                {"name": "read", "statements": [READ]},
                {"name": "list", "statements": [LIST]},
            ],
            "tags": {"Service": "life"},
        },
        changes=[
            Change({"description": "of other tests"}, frozenset({"description"})),
            Change({"max_session_duration": 7200}, frozenset({"max_session_duration"})),
            Change(
                {
                    "assume_role_policy": [
                        {
                            **TASKS,
                            "conditions": [
                                {"operator": "StringEquals", "key": "aws:SourceAccount", "values": ["123456789012"]}
                            ],
                        }
                    ]
                },
                frozenset({"assume_role_policy[0].conditions"}),
            ),
            Change({"managed_policies": ["ReadOnlyAccess"]}, frozenset({"managed_policies"})),
            Change(
                {
                    "inline_policies": [
                        {"name": "read", "statements": [{**READ, "actions": ["s3:PutObject"]}]},
                        {"name": "other", "statements": [LIST]},
                    ]
                },
                frozenset(
                    {
                        "inline_policies[read].statements[0].actions[0]",
                        "inline_policies[list]",
                        "inline_policies[other]",
                    }
                ),
            ),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
        ],
        no_op_calls=5,
    ),
    Case(
        "iam_role",
        {
            "name": "slipway-least",
            "assume_role_policy": [TASKS],
            "inline_policies": [{"name": "read", "statements": [READ]}],
            "purge_inline_policies": False,
        },
        changes=[],
        no_op_calls=2,
    ),
]


@pytest.mark.managed_policies
@pytest.mark.aws("iam")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)
