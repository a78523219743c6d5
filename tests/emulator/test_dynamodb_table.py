"""dynamodb_table through its life."""

from __future__ import annotations

import pytest

from tests.emulator.lifecycle import Case, Change, walk
from tests.emulators.emulator import Emulator

# LocalStack Core has DynamoDB only with Java, which it would download.
CASES = [
    Case(
        "dynamodb_table",
        {
            "name": "slipway-life",
            "partition_key": {"name": "service"},
            "sort_key": {"name": "at", "type": "N"},
            "deletion_protection_enabled": True,
            "point_in_time_recovery": True,
            "tags": {"Service": "life", "Empty": ""},
        },
        changes=[
            Change({"point_in_time_recovery": False}, frozenset({"point_in_time_recovery"})),
            Change({"deletion_protection_enabled": False}, frozenset({"deletion_protection_enabled"})),
            Change({"deletion_protection_enabled": True}, frozenset({"deletion_protection_enabled"})),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Empty", "tags.Owner"})),
        ],
        no_op_calls=3,
        removal={"deletion_protection_enabled": False},
    ),
]


@pytest.mark.aws("dynamodb")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)
