"""Going back though AWS does not answer everything: what is denied is left out, and a bad moment ends nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from slipway.aws.errors import AwsError
from slipway.release import rollback
from slipway.release.patience import patiently
from slipway.release.rollback_decision import Asked
from slipway.release.rollback_sight import sight
from tests.unit.fake_aws import FakeAws

TASK = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/voj:1"
REVISION = "arn:aws:ecs:ap-northeast-2:123456789012:service-revision/c/s/1"
SERVICE = {
    "status": "ACTIVE",
    "desiredCount": 2,
    "deployments": [
        {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": TASK, "runningCount": 2, "desiredCount": 2}
    ],
}
ANSWERS: dict[str, Any] = {
    "DescribeServices": {"services": [SERVICE]},
    "ListServiceDeployments": {
        "serviceDeployments": [{"serviceDeploymentArn": "sd/1", "targetServiceRevisionArn": REVISION}]
    },
    "DescribeServiceDeployments": {"serviceDeployments": [{"serviceDeploymentArn": "sd/1", "status": "SUCCESSFUL"}]},
    "DescribeServiceRevisions": {"serviceRevisions": [{"serviceRevisionArn": REVISION, "taskDefinition": TASK}]},
    "DescribeTaskDefinition": {"taskDefinition": {"taskDefinitionArn": TASK, "status": "ACTIVE"}},
    "Query": {"Items": []},
}
OPTIONS = {"cluster": "c", "service": "s", "table": "t", "timeout": 60}


def failing(code: str) -> Callable[[Any], Any]:
    """An answer that is an error."""

    def answer(_: Any) -> Any:
        raise AwsError(f"refused with {code}", code=code, operation="x")

    return answer


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("ListServiceDeployments", "service deployments"),
        ("DescribeServiceDeployments", "service deployments"),
        ("DescribeServiceRevisions", "service revisions"),
        ("Query", "records"),
    ],
)
def test_what_may_not_be_seen_is_left_out_and_said(operation: str, name: str) -> None:
    told: list[str] = []
    aws = FakeAws({**ANSWERS, operation: failing("AccessDeniedException")})
    found = sight(aws, OPTIONS, Asked(), told.append)
    assert found.service == SERVICE
    assert told == [f"the {name} can't be seen: refused with AccessDeniedException"]


def test_a_rollback_that_is_done_is_done_whatever_can_be_asked_then(monkeypatch: pytest.MonkeyPatch) -> None:
    made = FakeAws(ANSWERS)
    monkeypatch.setattr(rollback, "Aws", lambda *_, **__: made)
    before = {"deployment_id": "ecs-svc/1", "task_definition": TASK, "rollout_state": "COMPLETED"}
    going = rollback.Rollback(made, {**OPTIONS, "before": before}, list[str]().append)
    made.answers = {**ANSWERS, "DescribeTaskDefinition": failing("AccessDeniedException")}
    assert str(going._serving()) == "voj:1 serves now with 2 tasks"
    made.answers = {**ANSWERS, "DescribeServices": {"services": [{**SERVICE, "status": "DRAINING"}]}}
    assert str(going._serving()) == "nothing serves now"
    made.answers = {**ANSWERS, "DescribeServices": failing("AccessDeniedException")}
    assert str(going._serving()) == "what serves now could not be read: refused with AccessDeniedException"


@pytest.mark.parametrize(("moments", "ends"), [(2, True), (100, False)])
def test_a_bad_moment_is_asked_through_until_the_deadline(moments: int, ends: bool) -> None:
    clock, asked, told = [0.0], [0], list[str]()

    def look() -> str:
        asked[0] += 1
        if asked[0] <= moments:
            raise AwsError("silent", code="ReadTimeoutError", operation="x")
        return "seen"

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    time = SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep)
    if ends:
        assert patiently(look, time, 60, told.append) == "seen"
    else:
        with pytest.raises(AwsError, match="silent"):
            patiently(look, time, 60, told.append)
        assert clock[0] == 65
    assert told == ["AWS can't be asked just now, and is asked again: silent"]


def test_a_refusal_is_no_bad_moment() -> None:
    clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: pytest.fail("a pause"))
    with pytest.raises(AwsError):
        patiently(lambda: failing("AccessDeniedException")(None), clock, 60, list[str]().append)
