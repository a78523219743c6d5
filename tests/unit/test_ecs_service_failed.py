"""A service whose deployment failed, or that was left without tasks, is deployed again by a plain run."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.engine.kind import Known
from slipway.engine.plan import Plan
from slipway.resources.ecs_service import EcsService
from tests.unit.fake_aws import FakeAws

KIND = EcsService()
TD = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/voj:1"
OPTIONS = {"name": "voj", "cluster": "prod", "task_definition": TD, "desired_count": 2}


def deployment(status: str, state: str) -> dict[str, Any]:
    return {"id": f"ecs-svc/{status}", "status": status, "rolloutState": state, "taskDefinition": TD}


def planned(
    *deployments: dict[str, Any], desired: int = 2, minimum: int | None = None, options: dict[str, Any] | None = None
) -> Plan:
    service = {
        "serviceName": "voj",
        "serviceArn": "arn:service",
        "clusterArn": "arn:cluster/prod",
        "status": "ACTIVE",
        "taskDefinition": TD,
        "desiredCount": desired,
        "deployments": list(deployments),
    }
    targets = [] if minimum is None else [{"MinCapacity": minimum}]
    aws = FakeAws(
        {"DescribeServices": {"services": [service]}, "DescribeScalableTargets": {"ScalableTargets": targets}}
    )
    given = {**OPTIONS, **(options or {})}
    return KIND.plan(KIND.desired(given, Known(aws)), KIND.observe(aws, {"prod/voj": given}, Known(aws))["prod/voj"])


FAILED, DONE, GOING = (deployment("PRIMARY", state) for state in ("FAILED", "COMPLETED", "IN_PROGRESS"))


@pytest.mark.parametrize(
    ("deployments", "changed"),
    [
        ([FAILED], True),
        ([FAILED, deployment("ACTIVE", "COMPLETED")], True),
        # ECS goes back by itself: it is left to it.
        ([FAILED, deployment("ACTIVE", "IN_PROGRESS")], False),
        ([deployment("ACTIVE", "FAILED"), DONE], False),
        ([deployment("INACTIVE", "FAILED"), DONE], False),
        ([DONE], False),
        ([GOING], False),
        ([], False),
    ],
)
def test_only_what_is_deployed_and_failed_is_deployed_again(deployments: list[dict[str, Any]], changed: bool) -> None:
    plan = planned(*deployments)
    assert plan.changed == changed
    if changed:
        assert [(one.path, one.before, one.after) for one in plan.found] == [("rollout_state", "FAILED", "COMPLETED")]
        (call,) = plan.calls
        assert call.operation == "UpdateService"
        assert call.params == {"cluster": "prod", "service": "voj", "forceNewDeployment": True}


def test_it_goes_with_other_changes_in_one_call() -> None:
    other = TD.replace(":1", ":2")
    plan = planned(FAILED, options={"task_definition": other})
    (call,) = plan.calls
    assert call.params == {"cluster": "prod", "service": "voj", "taskDefinition": other, "forceNewDeployment": True}
    assert [one.path for one in plan.found] == ["task_definition", "rollout_state"]


def test_a_failed_service_is_removed_as_any_other() -> None:
    assert planned(FAILED, options={"state": "absent"}).verb == "delete"


@pytest.mark.parametrize(
    ("live", "minimum", "applied"),
    [
        (3, None, True),
        (3, 1, False),
        (3, 0, False),
        (0, None, True),
        (0, 1, True),
        (0, 0, False),
    ],
)
def test_no_tasks_at_all_are_nobodys_choice(live: int, minimum: int | None, applied: bool) -> None:
    plan = planned(DONE, desired=live, minimum=minimum)
    assert plan.changed == applied
    if applied:
        (call,) = plan.calls
        # From none, only a new deployment has a verdict of its own.
        anew = {"forceNewDeployment": True} if live == 0 else {}
        assert call.params == {"cluster": "prod", "service": "voj", "desiredCount": 2, **anew}


def test_each_creation_has_a_token_of_its_own() -> None:
    desired = KIND.desired(OPTIONS, Known(FakeAws()))
    tokens = [call.params["clientToken"] for _ in range(2) for call in KIND.create(desired)]
    assert len(set(tokens)) == 2
    assert all(0 < len(token) <= 36 for token in tokens)
