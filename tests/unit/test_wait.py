"""Following a deployment, against answers as AWS gives them one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from slipway.aws.errors import AwsError, SlipwayError
from slipway.release import wait as waiting
from tests.unit.deployments import (
    ARN,
    DEFINITION,
    GROUP,
    MINE,
    NOW,
    OLD,
    deployment,
    ecs,
    old,
    record,
    service,
    target,
    task,
)
from tests.unit.fake_aws import FakeAws

Follow = Callable[..., tuple[dict[str, Any], list[str], FakeAws]]
DONE = service(deployment(rolloutState="COMPLETED", runningCount=2))


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Follow:
    """Follow a deployment through these looks at the service; the last one stays."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr("slipway.release.wait.time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))

    def run(
        *looks: dict[str, Any] | AwsError | None,
        tasks: list[dict[str, Any]] | None = None,
        answers: dict[str, Any] | None = None,
        check: bool = False,
        told: list[str] | None = None,
        **options: Any,
    ) -> tuple[dict[str, Any], list[str], FakeAws]:
        left = list(looks)

        def describe(_: Any) -> dict[str, Any]:
            look = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(look, AwsError):
                raise look
            return {"services": [look] if look else []}

        aws = ecs(tasks, DescribeServices=describe, **(answers or {}))
        monkeypatch.setattr(waiting, "Aws", lambda *_, **__: aws)
        lines = [] if told is None else told
        given = {"cluster": "c", "service": "s", "region": "ap-northeast-2", "timeout": 60, **options}
        return waiting.wait(given, check=check, report=lines.append), lines, aws

    return run


def test_nothing_was_deployed_so_nothing_is_waited_for(follow: Follow) -> None:
    result, _, aws = follow(DONE, deployment_id=MINE)
    assert (result["state"], result["changed"], result["seconds"]) == ("succeeded", False, 0.0)
    assert dict(aws.calls) == {"ecs:DescribeServices": 1}


def test_each_thing_is_told_once(follow: Follow) -> None:
    event = {"id": "e1", "createdAt": NOW + timedelta(minutes=3), "message": "(service s) has started 2 tasks."}
    before = {"id": "e0", "createdAt": NOW, "message": "(service s) has reached a steady state."}
    looks = [
        service(deployment(), old()),
        service(deployment(pendingCount=2), old(), events=[event, before]),
        service(deployment(pendingCount=2), old(), events=[event, before]),
        service(deployment(runningCount=2), old(), events=[event, before]),
        service(deployment(runningCount=2, rolloutState="COMPLETED"), events=[event, before]),
    ]
    result, lines, _ = follow(*looks)
    assert lines == [
        "deployment in progress: 0 of 2 tasks running",
        "deployment in progress: 0 of 2 tasks running, 2 pending",
        "event: (service s) has started 2 tasks.",
        "deployment in progress: 2 of 2 tasks running",
        "deployment completed: 2 of 2 tasks running",
    ]
    assert result["task_definition"].endswith("voj:2")


def test_a_rollback_is_no_success(follow: Follow) -> None:
    rolled_back = service(deployment(OLD, rolloutState="COMPLETED", runningCount=2))
    result, _, _ = follow(service(deployment(), old()), rolled_back, deployment_id=MINE)
    assert (result["failed"], result["state"], result["changed"]) == (True, "failed", False)
    assert "rolled back or replaced" in result["reason"]
    assert (result["serving"], result["task_definition"]) == ("voj:1", f"{ARN}:task-definition/voj:2")
    assert result["msg"].endswith("what serves now: voj:1 (2 tasks)")


def test_the_api_of_service_deployments_has_the_last_word(follow: Follow) -> None:
    def listed(params: Mapping[str, Any]) -> dict[str, Any]:
        assert params["createdAt"]["after"] == NOW + timedelta(minutes=1)
        arn = f"{ARN}:service-revision/c/s/{MINE.rpartition('/')[2]}"
        return {
            "serviceDeployments": [
                {"targetServiceRevisionArn": arn, "status": "ROLLBACK_SUCCESSFUL", "statusReason": "breaker tripped"}
            ]
        }

    result, _, _ = follow(service(deployment(), old()), answers={"ListServiceDeployments": listed})
    assert result["reason"] == "the deployment failed and was rolled back: breaker tripped"


def test_a_blue_green_deployment_asks_it_though_complete(follow: Follow) -> None:
    blue_green = {**DONE, "deploymentConfiguration": {"strategy": "BLUE_GREEN"}}
    arn = f"{ARN}:service-revision/c/s/{MINE.rpartition('/')[2]}"
    statuses = iter(["IN_PROGRESS", "IN_PROGRESS", "SUCCESSFUL"])

    def listed(_: Any) -> dict[str, Any]:
        return {"serviceDeployments": [{"targetServiceRevisionArn": arn, "status": next(statuses)}]}

    _, _, aws = follow(blue_green, answers={"ListServiceDeployments": listed})
    assert aws.calls["ecs:ListServiceDeployments"] == 3


def test_one_that_is_gone_is_looked_for_without_its_time(follow: Follow) -> None:
    def listed(params: Mapping[str, Any]) -> dict[str, Any]:
        assert "createdAt" not in params
        return {"serviceDeployments": []}

    result, _, _ = follow(service(deployment(OLD)), deployment_id=MINE, answers={"ListServiceDeployments": listed})
    assert "rolled back or replaced" in result["reason"]


def test_an_answer_from_before_the_deployment_is_no_verdict(follow: Follow) -> None:
    older = service(deployment(OLD, rolloutState="COMPLETED", runningCount=2))
    result, lines, _ = follow(older, None, older, service(deployment(), old()), DONE, deployment_id=MINE)
    assert (result["state"], result["task_definition"][-5:]) == ("succeeded", "voj:2")
    assert lines[0] == "deployment in progress: 0 of 2 tasks running"


def test_what_was_reached_is_told_though_the_last_answer_is_older(follow: Follow) -> None:
    older = service(deployment(OLD, rolloutState="COMPLETED", runningCount=2))
    states = iter(["IN_PROGRESS", "SUCCESSFUL"])
    answers = {
        "ListServiceDeployments": lambda _: {"serviceDeployments": [record(next(states))]},
        "DescribeServiceDeployments": {},
    }
    result, _, _ = follow(service(deployment(), old()), older, deployment_id=MINE, answers=answers)
    assert (result["state"], result["task_definition"][-5:]) == ("succeeded", "voj:2")


def test_why_tasks_stopped_is_told_at_once_and_at_the_end(follow: Follow) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
    secret = (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        "unable to retrieve secret from asm: service call has been retried 1 time(s): ResourceNotFoundException: "
        "Secrets Manager can't find the specified secret."
    )
    tasks = [
        *(task(number, secret) for number in range(3)),
        task(3, "Scaling activity initiated by (deployment ecs-svc/2)"),
        task(4, "of the old deployment", by=OLD),
        task(5, lastStatus="DEPROVISIONING"),
    ]
    failed = service(deployment(rolloutState="FAILED", rolloutStateReason="circuit breaker", status="ACTIVE"), old())
    told: list[str] = []
    result, _, _ = follow(service(deployment(), old()), failed, tasks=tasks, told=told)
    assert [line for line in told if "stopped" in line] == [f"a task stopped: {secret}"]
    text = result["msg"]
    assert text.startswith("c/s: the deployment failed: circuit breaker")
    assert [(cause["code"], cause["count"]) for cause in result["causes"]] == [("secret_not_found", 3)]
    assert secret in text
    assert "of the old deployment" not in text
    assert "Scaling" not in text


def test_a_task_whose_scheduler_names_no_deployment_is_known_by_its_revision(follow: Follow) -> None:
    tasks = [
        task(1, "exited", startedBy="s"),
        task(2, "another revision", startedBy="s", taskDefinitionArn=f"{ARN}:task-definition/voj:1"),
        task(3, "older", startedBy="s", createdAt=NOW - timedelta(hours=1)),
    ]
    result, _, _ = follow(service(deployment(), old()), timeout=3, tasks=tasks)
    assert "exited" in result["msg"]
    assert "another revision" not in result["msg"]
    assert "older" not in result["msg"]


def test_a_wait_has_an_end(follow: Follow) -> None:
    result, _, _ = follow(service(deployment()))
    assert result["reason"] == "the deployment did not end within 60 s"
    assert [cause["code"] for cause in result["causes"]] == ["timeout"]
    assert result["serving"] == ""
    assert result["msg"].endswith("what serves now: nothing that was there before")


def test_a_service_that_is_not_there_is_no_success(follow: Follow) -> None:
    with pytest.raises(SlipwayError, match="there is no service s in the cluster c"):
        follow(None)
    result, _, _ = follow(service(deployment()), None)
    assert result["reason"] == "the service is not there any more"


def test_the_last_tasks_of_a_service_that_is_deleted_serve_nobody(follow: Follow) -> None:
    going = service(deployment(), old())
    result, _, _ = follow(going, {**going, "status": "DRAINING"})
    assert (result["reason"], result["serving"]) == ("the service is not there any more", "")


def test_a_service_that_is_deleted_between_two_questions_of_a_look_serves_nobody(follow: Follow) -> None:
    going = service(deployment(), old())
    why = "Service deployment was stopped because the service was deleted."
    answers = {
        "ListServiceDeployments": {"serviceDeployments": [record("STOPPED", statusReason=why)]},
        "DescribeServiceDeployments": {},
    }
    result, _, _ = follow(going, {**going, "status": "DRAINING"}, answers=answers)
    assert result["reason"] == f"the deployment was stopped: {why}"
    assert ([cause["code"] for cause in result["causes"]], result["serving"]) == (["service_gone"], "")


def test_check_mode_waits_for_nothing(follow: Follow) -> None:
    for look in (None, service(deployment())):
        result, lines, _ = follow(look, check=True)
        assert (result["state"], lines) == ("planned", [])


BROKEN = "Essential container in task exited"
FAILED = service(deployment(rolloutState="FAILED", rolloutStateReason="ECS deployment circuit breaker"), old())
BALANCED = {"loadBalancers": [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8000}]}


def exited(number: int) -> dict[str, Any]:
    return task(number, BROKEN, stopCode="EssentialContainerExited", containers=[{"name": "api", "exitCode": 1}])


def test_a_fault_is_on_the_screen_in_the_poll_that_sees_it(follow: Follow) -> None:
    log = {"GetLogEvents": {"events": [{"message": "KeyError: 'JWT_SECRET'"}]}}
    result, _, aws = follow(service(deployment(), old()), FAILED, tasks=[exited(1)], answers=log)
    assert aws.calls["ecs:DescribeServices"] == 2
    assert [cause["code"] for cause in result["causes"]] == ["exit_code"]
    assert "KeyError: 'JWT_SECRET'" in result["msg"]
    assert len(result["msg"].splitlines()) < 24


def test_a_likely_cause_is_told_long_before_the_deployment_ends(follow: Follow) -> None:
    told: list[str] = []
    going_on = service(deployment(), old())
    follow(going_on, going_on, FAILED, tasks=[exited(1)], told=told)
    first = told.index("deployment failed: 0 of 2 tasks running")
    [likely] = [number for number, line in enumerate(told) if line.startswith("likely cause")]
    assert likely < first


@pytest.mark.parametrize("code", ["EndpointConnectionError", "ServerException", "ThrottlingException", "503"])
def test_a_bad_moment_of_aws_ends_no_wait(code: str, follow: Follow) -> None:
    hiccup = AwsError(f"https://ecs does not answer ({code})", code=code, operation="DescribeServices")
    going_on = service(deployment(), old())
    result, lines, aws = follow(hiccup, going_on, hiccup, hiccup, DONE)
    assert result["state"] == "succeeded"
    told = "AWS can't be asked just now, and is asked again: https://ecs does not answer"
    assert [line for line in lines if "asked again" in line] == [f"{told} ({code})"] * 2
    assert aws.calls["ecs:DescribeServices"] == 6


def test_a_look_that_is_not_answered_is_the_last_one_when_the_time_is_up(follow: Follow) -> None:
    def silent(_: Any) -> None:
        raise AwsError("https://ecs does not answer", code="ReadTimeoutError", operation="ListTasks")

    result, lines, aws = follow(service(deployment(), old()), answers={"ListTasks": silent})
    assert result["reason"].endswith("AWS does not answer")
    assert "can't be read: tasks: https://ecs does not answer" in lines
    assert aws.calls["ecs:ListServiceDeployments"] == aws.calls["ecs:DescribeServices"]


def test_an_aws_that_stays_away_ends_the_wait_in_time(follow: Follow) -> None:
    gone = AwsError("https://ecs does not answer", code="EndpointConnectionError", operation="DescribeServices")
    result, _, aws = follow(service(deployment(), old()), gone)
    assert result["reason"] == "the deployment did not end within 60 s, as far as is known: AWS does not answer"
    # Whoever does not answer is not asked on, past the time.
    assert (aws.calls["ecs:DescribeServices"], aws.calls["ecs:ListServiceDeployments"]) == (14, 1)
    with pytest.raises(AwsError):
        follow(gone)


def test_what_is_refused_ends_the_wait_at_once(follow: Follow) -> None:
    denied = AwsError("denied", code="AccessDeniedException", operation="DescribeServices")
    with pytest.raises(AwsError, match="denied"):
        follow(service(deployment(), old()), denied)


WANTED, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


@pytest.mark.parametrize(
    ("containers", "state"),
    [
        ([{"name": "api", "imageDigest": WANTED}], "succeeded"),
        ([{"name": "api"}], "succeeded"),
        ([{"name": "sidecar", "imageDigest": OTHER}], "succeeded"),
        ([{"name": "api", "imageDigest": OTHER}], "failed"),
    ],
)
def test_what_runs_has_the_digest_asked_for(containers: list[Any], state: str, follow: Follow) -> None:
    tasks = [task(1, containers=containers), task(2, by=OLD, containers=[{"name": "api", "imageDigest": OTHER}])]
    result, _, _ = follow(service(deployment(), old()), DONE, tasks=tasks, digests={"api": WANTED})
    assert result["state"] == state
    if state == "failed":
        assert result["reason"] == f"it runs another image than was asked for: api has {OTHER}"
        assert [cause["code"] for cause in result["causes"]] == ["digest_mismatch"]


def test_without_changes_the_digests_cost_no_call(follow: Follow) -> None:
    _, _, aws = follow(DONE, digests={"api": WANTED})
    assert dict(aws.calls) == {"ecs:DescribeServices": 1}


def test_a_canary_is_followed_through_its_stages(follow: Follow) -> None:
    canary = {**DONE, "deploymentConfiguration": {"strategy": "CANARY"}}
    steps = iter(
        [
            ("IN_PROGRESS", "SCALE_UP", 0.0),
            ("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", 10.0),
            ("IN_PROGRESS", "BAKE_TIME", 100.0),
            ("SUCCESSFUL", "CLEAN_UP", 100.0),
        ]
    )

    def described(_: Any) -> dict[str, Any]:
        status, stage, weight = next(steps)
        mine = record(status, lifecycleStage=stage, targetServiceRevision={"requestedProductionTrafficWeight": weight})
        return {"serviceDeployments": [mine]}

    answers = {
        "ListServiceDeployments": {"serviceDeployments": [record("IN_PROGRESS")]},
        "DescribeServiceDeployments": described,
    }
    result, lines, _ = follow(canary, answers=answers)
    assert result["state"] == "succeeded"
    assert [line for line in lines if line.startswith("stage")] == [
        "stage scale up, 0 % of the requests go to the new version",
        "stage production traffic shift, 10 % of the requests go to the new version",
        "stage bake time, 100 % of the requests go to the new version",
        "stage clean up, 100 % of the requests go to the new version",
    ]


def test_an_unhealthy_target_is_told_and_is_the_cause(follow: Follow) -> None:
    health = {"Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed with these codes: [404]"}
    answers = {"DescribeTargetHealth": {"TargetHealthDescriptions": [target(1, "unhealthy", **health)]}}
    look = service(deployment(runningCount=2), old(), **BALANCED)
    result, lines, _ = follow(look, tasks=[task(1)], answers=answers)
    assert "targets: 1 unhealthy" in lines
    assert result["causes"][0]["code"] == "target_health_check"
    assert DEFINITION["taskDefinitionArn"] == result["task_definition"]


def test_a_success_is_none_until_the_tasks_outlast_those_that_ended(follow: Follow) -> None:
    ended = {**exited(1), "startedAt": NOW, "stoppedAt": NOW + timedelta(seconds=20)}
    result, lines, _ = follow(service(deployment(), old()), DONE, tasks=[ended])
    assert result["state"] == "succeeded"
    assert result["seconds"] > 25
    assert "1 of its tasks ended by itself: waiting for the others to last longer than 20 s" in lines


def test_the_same_event_of_several_tasks_is_one_line(follow: Follow) -> None:
    words = {"createdAt": NOW + timedelta(minutes=3), "message": "(service s) registered 1 targets"}
    events = [{"id": "2", **words}, {"id": "1", **words}]
    _, lines, _ = follow(service(deployment(), events=events), DONE)
    assert [line for line in lines if line.startswith("event")] == ["event: (service s) registered 1 targets (2 times)"]
