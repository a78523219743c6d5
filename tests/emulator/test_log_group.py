"""log_group through its life."""

from __future__ import annotations

import pytest

from tests.emulator.lifecycle import Case, Change, walk
from tests.emulators.emulator import Emulator

KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
NO_KEYS = dict.fromkeys(("moto", "ministack", "localstack"), "it has no AssociateKmsKey")
NO_PROTECTION = dict.fromkeys(("moto", "ministack", "localstack"), "it has no PutLogGroupDeletionProtection")
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
            Change({"kms_key_id": KEY}, frozenset({"kms_key_id"}), not_on=NO_KEYS),
            Change({"kms_key_id": ""}, frozenset({"kms_key_id"}), not_on=NO_KEYS),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Empty", "tags.Owner"})),
            Change(
                {"deletion_protection_enabled": True}, frozenset({"deletion_protection_enabled"}), not_on=NO_PROTECTION
            ),
        ],
        no_op_calls=2,
        removal={"deletion_protection_enabled": False},
    ),
]


@pytest.mark.aws("logs")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)
