"""Weights, and second target groups, that belong to ECS: a rule neither reports nor changes them."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.resources.elb_listener_rule import ElbListenerRule
from tests.unit.fake_elb import ARN, FakeElb, plan

BLUE, GREEN, OTHER = (f"{ARN}targetgroup/{name}/1" for name in ("shop", "shop-alternate", "other"))
RULE = {"load_balancer": "web", "port": 443, "priority": 10, "conditions": [{"path_pattern": {"values": ["/*"]}}]}
SHIFTING = {"manage_weights": False, "alternate_target_group": "shop-alternate"}
ROLLING = {"alternate_target_group": "shop-alternate"}


def rule(groups: dict[str, int | None], **more: Any) -> dict[str, Any]:
    """A rule that forwards to these target groups, by ARN; None is no weight."""
    named = [
        {"target_group": name, **({} if weight is None else {"weight": weight})} for name, weight in groups.items()
    ]
    return {**RULE, "actions": [{"forward": {"target_groups": named}}], **more}


def live(groups: dict[str, int | None]) -> FakeElb:
    """What AWS has after ECS has done its part."""
    return FakeElb(plan(ElbListenerRule(), rule(groups), FakeElb()).calls)


def sent(call: Any) -> dict[str, int | None]:
    [action] = call.params["Actions"]
    if "TargetGroupArn" in action:
        return {action["TargetGroupArn"]: None}
    return {one["TargetGroupArn"]: one.get("Weight") for one in action["ForwardConfig"]["TargetGroups"]}


@pytest.mark.parametrize("weights", [(1, 0), (0, 1), (0, 100), (90, 10), (100, 0)])
def test_whatever_ecs_has_made_of_the_weights_is_no_difference(weights: tuple[int, int]) -> None:
    there = live(dict(zip((BLUE, GREEN), weights, strict=True)))
    assert plan(ElbListenerRule(), rule({BLUE: 1, GREEN: 0}, **SHIFTING), there).calls == ()
    # and none after the way back to rolling, because the tasks may be behind either
    assert plan(ElbListenerRule(), rule({BLUE: None}, **ROLLING), there).calls == ()


def test_a_new_rule_has_the_weights_of_the_beginning() -> None:
    [call] = plan(ElbListenerRule(), rule({BLUE: 1, GREEN: 0}, **SHIFTING), FakeElb()).calls
    assert sent(call) == {BLUE: 1, GREEN: 0}


def test_a_rolling_service_gets_its_second_target_group_with_no_requests() -> None:
    [call] = plan(ElbListenerRule(), rule({BLUE: 1, GREEN: 0}, **SHIFTING), live({BLUE: None})).calls
    assert sent(call) == {BLUE: 1, GREEN: 0}


def test_a_target_group_that_is_nobodys_is_a_difference() -> None:
    cases: list[dict[str, int | None]] = [{BLUE: 1, OTHER: 1}, {OTHER: None}]
    for there in cases:
        [call] = plan(ElbListenerRule(), rule({BLUE: None}, **ROLLING), live(there)).calls
        assert sent(call) == {BLUE: None}


def test_another_difference_does_not_move_requests() -> None:
    other = rule({BLUE: None}, conditions=[{"path_pattern": {"values": ["/api/*"]}}], **ROLLING)
    [call] = plan(ElbListenerRule(), other, live({BLUE: 0, GREEN: 100})).calls
    assert "Actions" not in call.params
    sticky = rule({BLUE: 1, GREEN: 0}, **SHIFTING)
    sticky["actions"][0]["forward"]["target_group_stickiness_config"] = {"enabled": True, "duration_seconds": 60}
    [call] = plan(ElbListenerRule(), sticky, live({BLUE: 0, GREEN: 100})).calls
    assert sent(call) == {BLUE: 0, GREEN: 100}
