"""A side that is asked again and again: answers of a real server, targets as AWS tells them."""

from __future__ import annotations

from typing import Any

import pytest

from demo.embedded_aws import free_port
from slipway.aws.errors import AwsError
from slipway.release.traffic_shift_decision import Side
from slipway.release.traffic_shift_gate import Gate, SideFailedError, Watch
from tests.e2e.http import answering
from tests.unit.fake_aws import FakeAws

FARGATE = Side("fargate", "homu", {"AliasTarget": {"DNSName": "homu.elb.amazonaws.com"}})
URL = "https://api.homu.kr/health"


def targets(*states: str) -> dict[str, Any]:
    reasons = {"unhealthy": {"Reason": "Target.ResponseCodeMismatch", "Description": "failed with these codes: [500]"}}
    return {"TargetHealthDescriptions": [{"TargetHealth": {"State": one, **reasons.get(one, {})}} for one in states]}


def watch(
    address: str, health: Any = None, *, groups: tuple[str, ...] = (), pause: float = 0, wanted: int = 3, **options: Any
) -> Watch:
    given = {"url": URL, "status": [200], "body": None, "timeout": 1, **options}
    gate = Gate(FakeAws({"DescribeTargetHealth": health}), given, {"fargate": address}, {"fargate": groups})
    return gate.watch(FARGATE, wanted=wanted, pause=pause)


def test_a_side_that_answers() -> None:
    with answering(200, '{"status":"ok"}', "application/json") as address:
        assert str(watch(address)) == "3 of 3 answers good"
        seen = watch(address, targets("healthy", "draining", "initial"), groups=("arn",), pause=1)
        assert len(seen.answers) >= 4, "it is asked as long as the step stands"
        assert all(seen.answers)


@pytest.mark.parametrize(
    ("status", "options", "told"),
    [(500, {}, "answers 500"), (302, {}, "answers 302"), (200, {"body": "status"}, "answers 200 without 'status'")],
)
def test_a_side_that_answers_otherwise(status: int, options: dict[str, Any], told: str) -> None:
    with answering(status, "", "text/plain") as address, pytest.raises(SideFailedError) as failure:
        watch(address, **options)
    assert (failure.value.where, failure.value.what) == ("fargate", f"{URL} {told} (0 of 3 answers good)")
    assert failure.value.remedy


def test_a_side_where_nobody_listens() -> None:
    with pytest.raises(SideFailedError, match="refuses connections"):
        watch(f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    ("health", "told"),
    [
        (targets("healthy", "unhealthy"), "1 of 2 targets unhealthy: failed with these codes"),
        (targets("initial"), "no target is healthy"),
        (targets(), "no target is healthy"),
    ],
)
def test_targets_that_are_not_healthy(health: dict[str, Any], told: str) -> None:
    with answering(200, "", "text/plain") as address, pytest.raises(SideFailedError, match=told):
        watch(address, health, groups=("arn",))


def test_aws_that_does_not_answer_says_nothing_of_the_targets() -> None:
    def throttled(_: Any) -> Any:
        raise AwsError("rate exceeded", code="ThrottlingException", operation="DescribeTargetHealth")

    def denied(_: Any) -> Any:
        raise AwsError("no", code="AccessDenied", operation="DescribeTargetHealth")

    with answering(200, "", "text/plain") as address:
        assert str(watch(address, throttled, groups=("arn",))) == "3 of 3 answers good"
        with pytest.raises(AwsError):
            watch(address, denied, groups=("arn",))


def test_targets_of_both_groups_count_together() -> None:
    """Where ECS shifts requests, one of the two target groups is empty."""
    answers = {"blue": targets("healthy"), "green": targets()}
    with answering(200, "", "text/plain") as address:
        seen = watch(address, lambda params: answers[params["TargetGroupArn"]], groups=("blue", "green"))
    assert str(seen) == "3 of 3 answers good"
