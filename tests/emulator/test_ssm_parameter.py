"""ssm_parameter through its life, with many parameters in one call and no value in any output."""

from __future__ import annotations

import pytest

from slipway.engine import render
from tests.emulator.lifecycle import Case, Change, apply, walk
from tests.emulators.emulator import Emulator

CASES = [
    Case(
        "ssm_parameter",
        {"name": "/life/BUCKET", "value": "one", "description": "a bucket", "tags": {"Service": "life"}},
        changes=[
            Change({"value": "two"}, frozenset({"value"})),
            Change({"description": "the bucket"}, frozenset({"description"})),
            Change({"tags": {"Owner": "life"}}, frozenset({"tags.Service", "tags.Owner"})),
        ],
        no_op_calls=3,
    ),
    Case(
        "ssm_parameter",
        {"name": "/life/KEY", "value": "hunter2", "type": "SecureString"},
        changes=[Change({"value": "hunter3"}, frozenset({"value"}))],
        no_op_calls=1,
    ),
]


@pytest.mark.aws("ssm")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.options["name"])
def test_life(case: Case, emulator: Emulator) -> None:
    walk(case, *emulator)


@pytest.mark.aws("ssm")
def test_ten_parameters_are_one_call(emulator: Emulator) -> None:
    wanted = [("ssm_parameter", {"name": f"/life/many/{number}", "value": str(number)}) for number in range(10)]
    apply(emulator.endpoint, wanted)
    outcomes, calls = apply(emulator.endpoint, wanted)
    assert not any(outcome.plan.changed for outcome in outcomes)
    assert calls == {"ssm:GetParameters": 1}
    apply(emulator.endpoint, [(kind, {**options, "state": "absent"}) for kind, options in wanted])


@pytest.mark.aws("ssm")
def test_a_value_is_never_shown(emulator: Emulator) -> None:
    secret = {"name": "/life/SHOWN", "type": "SecureString", "value": "hunter2hunter2"}
    ([outcome], _) = apply(emulator.endpoint, [("ssm_parameter", secret)])
    assert "hunter2" not in str(render.diff(outcome)) + str(outcome.plan.found) + str(outcome.outputs)
    ([outcome], _) = apply(emulator.endpoint, [("ssm_parameter", {**secret, "value": "other-value"})], check=True)
    assert "hunter2" not in str(render.diff(outcome)) + str(outcome.plan.found)
    assert "other-value" not in str(render.diff(outcome)) + str(outcome.plan.found)
    apply(emulator.endpoint, [("ssm_parameter", {**secret, "state": "absent"})])
