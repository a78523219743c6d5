"""ecr_repository through its life."""

from __future__ import annotations

import pytest

from tests.emulator.lifecycle import Case, Change, walk

CASES = [
    Case(
        "ecr_repository",
        {
            "name": "slipway-life",
            "image_tag_mutability": "MUTABLE",
            "scan_on_push": True,
            "encryption_configuration": {"encryption_type": "AES256"},
            "lifecycle_policy": [
                {"priority": 2, "tag_status": "any", "count_type": "imageCountMoreThan", "count_number": 30},
                {
                    "priority": 1,
                    "tag_status": "untagged",
                    "count_type": "sinceImagePushed",
                    "count_unit": "days",
                    "count_number": 7,
                },
            ],
            "repository_policy": [
                {"sid": "pull", "principals": {"aws": ["123456789012"]}, "actions": ["ecr:BatchGetImage"]}
            ],
            "tags": {"Service": "life"},
        },
        changes=[
            Change({"image_tag_mutability": "IMMUTABLE"}, frozenset({"image_tag_mutability"})),
            Change({"scan_on_push": False}, frozenset({"image_scanning_configuration.scan_on_push"})),
            Change(
                {
                    "lifecycle_policy": [
                        {
                            "priority": 2,
                            "tag_status": "any",
                            "count_type": "imageCountMoreThan",
                            "count_number": 20,
                        }
                    ]
                },
                frozenset({"lifecycle_policy[1]", "lifecycle_policy[2].count_number"}),
            ),
            Change({"repository_policy": []}, frozenset({"repository_policy"})),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
            Change({"lifecycle_policy": []}, frozenset({"lifecycle_policy[2]"})),
        ],
        no_op_calls=4,
        removal={"force": True},
    ),
]


@pytest.mark.aws("ecr")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_life(case: Case, emulator: tuple[str, str]) -> None:
    walk(case, *emulator)
