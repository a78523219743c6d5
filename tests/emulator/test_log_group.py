"""log_group through its life."""

from __future__ import annotations

import pytest

from tests.emulator.lifecycle import Case, Change, walk
from tests.emulators.emulator import Emulator

# No emulator has AssociateKmsKey or PutLogGroupDeletionProtection: tests/unit/test_log_group.py has them.
CASES = [
    Case(
        "log_group",
        {
            "name": "/slipway/life",
            "retention_in_days": 30,
            "log_group_class": "STANDARD",
            "deletion_protection_enabled": False,
            "tags": {"Service": "life", "Empty": ""},
        },
        changes=[
            Change({"retention_in_days": "never"}, frozenset({"retention_in_days"})),
            Change({"retention_in_days": 7}, frozenset({"retention_in_days"})),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Empty", "tags.Owner"})),
        ],
        no_op_calls=2,
        removal={"deletion_protection_enabled": False},
    ),
]


@pytest.mark.aws("logs")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)
