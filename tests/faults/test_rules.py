"""Target health, scenarios and answers alone: no emulator, no clock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults import forwards, history
from tests.faults.layer import scenarios
from tests.faults.scenario import contains, edit, load
from tests.faults.targets import NO_CONNECTION, TIMEOUT, Answer, Health, Target, Targets, matches

GROUP, OTHER = (f"arn:aws:elasticloadbalancing:r:1:targetgroup/{name}" for name in ("blue/1", "green/2"))


@pytest.mark.parametrize(
    ("answers", "starting", "health"),
    [
        ([], False, Health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")),
        ([200], False, Health("healthy")),
        ([404], False, Health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")),
        (
            [404, 404],
            False,
            Health("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"),
        ),
        ([TIMEOUT, TIMEOUT], False, Health("unhealthy", "Target.Timeout", "Request timed out")),
        ([NO_CONNECTION] * 2, False, Health("unhealthy", "Target.FailedHealthChecks", "Health checks failed")),
        (
            [NO_CONNECTION] * 9,
            True,
            Health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
        ),
        ([200, 500], False, Health("healthy")),
        (
            [200, 500, 500, 200],
            False,
            Health("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]"),
        ),
        ([200, 500, 500, 200, 200, 200], False, Health("healthy")),
    ],
)
def test_the_health_of_a_target(answers: list[Answer], starting: bool, health: Health) -> None:
    target = Target("10.0.0.1", 8000, 0.0)
    group = {"Matcher": {"HttpCode": "200-299"}, "HealthyThresholdCount": 3, "UnhealthyThresholdCount": 2}
    for answer in answers:
        target.probed(answer, group, starting=starting)
    assert target.shown() == health


def test_a_deregistered_target_drains_and_gets_no_requests() -> None:
    targets = Targets()
    targets.register(GROUP, "10.0.0.1", 8000, 0.0)
    targets.groups[GROUP][("10.0.0.1", 8000)].probed(200, {}, starting=False)
    assert [one.address for one in targets.healthy(GROUP)] == ["10.0.0.1"]
    targets.deregister(GROUP, "10.0.0.1", 8000, 1.0)
    assert not targets.healthy(GROUP)
    shown = targets.health(GROUP, "10.0.0.1", 8000)
    assert shown == Health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
    targets.expire(5.0, 6.0)
    assert targets.health(GROUP, "10.0.0.1", 8000) is None


@pytest.mark.parametrize(
    ("matcher", "code", "met"),
    [("200", 200, True), ("200-299", 204, True), ("200,302", 302, True), ("200", 404, False)],
)
def test_the_matcher(matcher: str, code: int, met: bool) -> None:
    assert matches(matcher, code) is met


@pytest.mark.parametrize("name", sorted(scenarios()))
def test_every_scenario_can_be_played_and_names_its_source(name: str) -> None:
    scenario = scenarios()[name]
    assert scenario["source"].startswith("https://docs.aws.amazon.com/")
    assert load(scenario, 0.0).rules


def met(rule: dict[str, Any], calls: int = 10, name: str = "ecs:DescribeServices") -> list[int]:
    """Which of the calls, counted from 1, meet a rule."""
    scenario = load({"name": "test", "rules": [{"fault": "throttle", **rule}]}, 0.0)
    return [number for number in range(1, calls + 1) if scenario.for_call(name, {"cluster": "c"}, float(number))]


def test_which_calls_a_rule_meets() -> None:
    assert met({"match": "ecs:Describe*"}) == list(range(1, 11))
    assert met({"match": "ecs:List*"}) == []
    assert met({"match": ["ecs:List*", "*:DescribeServices"], "calls": {"from": 2, "to": 3}}) == [2, 3]
    assert met({"seconds": {"from": 4, "to": 6}}) == [4, 5, 6]
    assert met({"where": {"cluster": "d"}}) == []
    share = met({"share": 0.3}, 1000)
    assert share == met({"share": 0.3}, 1000)
    assert 250 < len(share) < 350


def test_a_scenario_that_is_not_understood() -> None:
    with pytest.raises(ValueError, match="has the fault 'thrott'"):
        load({"name": "x", "rules": [{"fault": "thrott"}]}, 0.0)
    with pytest.raises(ValueError, match="unknown keys: \\['cals'\\]"):
        load({"name": "x", "rules": [{"fault": "throttle", "cals": {}}]}, 0.0)


def test_an_answer_is_changed_where_it_matches() -> None:
    answer = {"tasks": [{"containers": [{"exitCode": 3}, {"exitCode": 0}]}, {"containers": []}]}
    edit(answer, [{"path": "tasks[].containers[]", "where": {"exitCode": 3}, "set": {"exitCode": 137}}])
    assert answer == {"tasks": [{"containers": [{"exitCode": 137}, {"exitCode": 0}]}, {"containers": []}]}
    assert contains({"a": [{"b": "xyz"}]}, {"a": [{"b": "x*"}]})


def test_an_older_answer_and_short_pages() -> None:
    past = history.History()
    past.remember("key", b"old", 1.0)
    past.remember("key", b"new", 5.0)
    assert [past.as_of("key", moment) for moment in (0.5, 1.0, 4.9, 5.0)] == [None, b"old", b"old", b"new"]
    whole = {"taskArns": ["a", "b"]}
    first = history.short_page(whole, 0)
    assert first == {"taskArns": ["a"], "nextToken": "layer-page-1"}
    assert history.short_page(whole, history.start_of(first)) == {"taskArns": ["b"]}


def test_weighted_forwards_survive_the_emulator() -> None:
    asked = {
        "RuleArn": "r",
        "Actions.member.1.Type": "forward",
        "Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn": GROUP,
        "Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight": "90",
        "Actions.member.1.ForwardConfig.TargetGroups.member.2.TargetGroupArn": OTHER,
        "Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight": "10",
    }
    assert forwards.weights_of(asked) == [(GROUP, 90), (OTHER, 10)]
    assert forwards.plain(asked) == {
        "RuleArn": "r",
        "Actions.member.1.Type": "forward",
        "Actions.member.1.TargetGroupArn": GROUP,
    }
    answer = (
        f"<RuleArn>r</RuleArn><Actions><Type>forward</Type><Order>1</Order><TargetGroupArn>{GROUP}</TargetGroupArn>"
    )
    told = forwards.put_back(answer, {"r": [(GROUP, 90), (OTHER, 10)]})
    assert "<Weight>90</Weight>" in told
    assert f"<TargetGroupArn>{OTHER}</TargetGroupArn><Weight>10</Weight>" in told
