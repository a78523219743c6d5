"""What is gathered of a deployment, with how many calls, and what of it is told."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import AwsError
from slipway.release.observe import Deployment, Observer, target_group_arns
from slipway.release.watch import Watch
from tests.unit.deployments import (
    ARN,
    GROUP,
    LOG,
    MINE,
    NOW,
    OLD,
    deployment,
    ecs,
    old,
    record,
    refused,
    service,
    target,
    task,
)
from tests.unit.fake_aws import FakeAws

BALANCED = {"loadBalancers": [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8000}]}
GUARDED = {"deploymentConfiguration": {"alarms": {"enable": True, "alarmNames": ["5xx"]}}}


def observer(aws: FakeAws, **more: Any) -> Observer:
    mine = deployment()
    of = Deployment(aws, "c", "s", MINE, mine["createdAt"], mine["taskDefinition"])
    return Observer(of, service(mine, old(), **more))


def line(text: str, *, stream: str = "ecs/api/1", at: int = 0) -> dict[str, Any]:
    return {"logStreamName": stream, "message": text, "timestamp": at, "eventId": f"{stream}-{at}-{text}"}


@pytest.mark.parametrize("stopped", [False, True])
def test_calls_grow_with_time_and_not_with_the_number_of_tasks(stopped: bool) -> None:
    def calls(count: int, looks: int) -> dict[str, int]:
        tasks = [task(number, "Task failed to start" if stopped else "") for number in range(count)]
        aws = ecs(tasks, DescribeAlarms={"MetricAlarms": []}, ListServiceDeployments={"serviceDeployments": []})
        seen = observer(aws, **BALANCED, **GUARDED)
        for _ in range(looks):
            seen.look()
        assert len(seen.evidence().tasks) == count
        # A few containers stand for all that failed alike, and are read again while their lines are on the way.
        reads = aws.calls.pop("logs:GetLogEvents", 0)
        assert reads <= 12
        return dict(aws.calls)

    assert calls(1, 1) == calls(100, 1)
    assert calls(1, 5) == calls(100, 5)
    assert calls(100, 1)["ecs:DescribeTasks"] == 1
    assert calls(1000, 1)["ecs:DescribeTasks"] == 10
    assert calls(1000, 1)["logs:FilterLogEvents"] == 1
    # What has stopped is described once.
    assert calls(100, 5)["ecs:DescribeTasks"] == (1 if stopped else 5)


def test_what_aws_forgets_is_kept() -> None:
    aws = ecs([task(1, "OutOfMemoryError: Container killed due to memory usage")])
    seen = observer(aws)
    seen.look()
    aws.answers["ListTasks"] = {"taskArns": []}
    seen.look()
    assert [one["taskArn"] for one in seen.evidence().tasks] == [f"{ARN}:task/c/1"]


def test_what_may_not_be_read_is_named_and_asked_for_once() -> None:
    denied = refused("AccessDeniedException")
    aws = ecs(ListTasks=denied, DescribeTargetHealth=denied, DescribeAlarms=denied, ListServiceDeployments=denied)
    seen = observer(aws, **BALANCED, **GUARDED)
    seen.look()
    seen.look()
    assert sorted(text.partition(":")[0] for text in seen.evidence().unread) == [
        "alarms",
        "service deployments",
        "target health",
        "tasks",
    ]
    assert all(text.endswith("-> allow it") for text in seen.evidence().unread)
    assert aws.calls["elbv2:DescribeTargetHealth"] == 1
    assert list(Watch(NOW).news(seen.evidence()))[-1].startswith("can't be read: ")


def test_a_bad_moment_is_named_until_it_is_over() -> None:
    seen = observer(aws := ecs(DescribeTargetHealth=refused("ServiceUnavailable")), **BALANCED)
    seen.look()
    assert [text.partition(":")[0] for text in seen.evidence().unread] == ["target health"]
    aws.answers["DescribeTargetHealth"] = {"TargetHealthDescriptions": [target(1)]}
    seen.look()
    assert seen.evidence().unread == []
    assert len(seen.evidence().targets) == 1


def test_expired_credentials_end_the_wait() -> None:
    seen = observer(ecs(ListTasks=refused("ExpiredTokenException")))
    with pytest.raises(AwsError):
        seen.look()


def test_the_targets_are_those_of_the_deployment() -> None:
    aws = ecs([task(1, by=OLD), task(2)], DescribeTargetHealth={"TargetHealthDescriptions": [target(1), target(2)]})
    seen = observer(aws, **BALANCED)
    seen.look()
    assert [one["Target"]["Id"] for one in seen.evidence().targets] == ["10.0.0.2"]
    assert seen.evidence().target_group["HealthCheckPath"] == "/health"


def test_both_target_groups_of_two_colours_are_asked() -> None:
    advanced = {"advancedConfiguration": {"alternateTargetGroupArn": f"{GROUP}-green"}}
    seen = observer(aws := ecs(), loadBalancers=[{"targetGroupArn": GROUP, **advanced}])
    seen.look()
    assert aws.calls["elbv2:DescribeTargetHealth"] == 2


def test_the_record_has_its_detail() -> None:
    detail = record("IN_PROGRESS", lifecycleStage="BAKE_TIME")
    del detail["targetServiceRevisionArn"]
    detail["targetServiceRevision"] = {"requestedProductionTrafficWeight": 100.0}
    listed = {"serviceDeployments": [record("SUCCESSFUL", OLD), record("IN_PROGRESS", createdAt=NOW)]}
    seen = observer(ecs(ListServiceDeployments=listed, DescribeServiceDeployments={"serviceDeployments": [detail]}))
    seen.look()
    assert [one["status"] for one in seen.records] == ["IN_PROGRESS", "SUCCESSFUL"]
    assert "stage bake time, 100 % of the requests go to the new version" in Watch(NOW).news(seen.evidence())


def test_logs_are_searched_on_and_told_once() -> None:
    searched: list[dict[str, Any]] = []
    begin = 2_000_000_000_000
    answers = iter(
        [
            [line("listening on 8000", at=begin), line("ERROR no route to db", at=begin + 60_000)],
            [line("ERROR no route to db", at=begin + 60_000), line("Error: password=hunter2", at=begin + 61_000)],
            [line("ERROR no route to db", at=begin + 62_000)],
        ]
    )

    def events(params: dict[str, Any]) -> dict[str, Any]:
        searched.append(params)
        return {"events": next(answers)}

    seen = observer(ecs([task(1)], FilterLogEvents=events))
    told = []
    for _ in range(3):
        seen.look()
        told.append(seen.logs.errors())
    assert told == [["api: ERROR no route to db"], ["api: Error: password=********"], []]
    assert (searched[0]["logGroupName"], searched[0]["logStreamNames"]) == (LOG["awslogs-group"], ["ecs/api/1"])
    assert [one["startTime"] for one in searched[1:]] == [begin + 30_000, begin + 31_000]
    assert seen.evidence().logs == {
        "api/1": [
            "listening on 8000",
            "ERROR no route to db",
            "Error: password=********",
            "ERROR no route to db",
        ]
    }


def test_a_flood_of_lines_is_read_in_a_few_pages() -> None:
    aws = ecs([task(1)], FilterLogEvents={"events": [line("ok", at=1)], "nextToken": "more"})
    observer(aws).look()
    assert aws.calls["logs:FilterLogEvents"] == 3


def test_a_stream_that_is_not_there_yet_is_no_fault() -> None:
    seen = observer(ecs([task(1)], FilterLogEvents=refused("ResourceNotFoundException")))
    seen.look()
    assert seen.evidence().unread == []


def test_the_last_lines_of_what_failed_are_read_of_few_that_stand_for_all() -> None:
    failed = [task(number, "Essential container in task exited") for number in range(50)]
    aws = ecs(failed, GetLogEvents={"events": [{"message": "KeyError: JWT_SECRET"}]})
    seen = observer(aws)
    seen.look()
    seen.look()
    assert aws.calls["logs:GetLogEvents"] == 2
    assert list(seen.evidence().logs.values()) == [["KeyError: JWT_SECRET"]] * 2


def test_what_runs_and_does_not_stand_shows_its_last_lines() -> None:
    seen = observer(ecs([task(1)], GetLogEvents={"events": [{"message": "waiting for the database"}]}))
    seen.look()
    assert seen.evidence().logs == {}
    seen.look_at_logs_of_the_living()
    assert seen.evidence().logs == {"api/1": ["waiting for the database"]}


def test_targets_are_summed_up_and_an_unhealthy_one_has_its_reason() -> None:
    mismatch = {"Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed with these codes: [404]"}
    health = {"TargetHealthDescriptions": [target(1, "initial"), target(2, "unhealthy", **mismatch), target(3)]}
    seen = observer(ecs(DescribeTargetHealth=health), **BALANCED)
    seen.look()
    watch = Watch(NOW)
    assert list(watch.news(seen.evidence()))[1:] == [
        "targets: 1 healthy, 1 initial, 1 unhealthy",
        "target 10.0.0.2:8000 is unhealthy (Target.ResponseCodeMismatch: Health checks failed with these codes: [404])",
    ]
    assert list(watch.news(seen.evidence())) == []


def test_a_likely_cause_is_told_once_with_what_to_do() -> None:
    no_image = "CannotPullContainerError: pull image manifest has been retried 1 time(s): manifest unknown"
    seen = observer(ecs([task(number, no_image) for number in range(3)]))
    seen.look()
    watch = Watch(NOW)
    likely = [text for text in watch.news(seen.evidence()) if text.startswith("likely cause: ")]
    assert len(likely) == 1
    assert "does not exist" in likely[0]
    assert list(watch.news(seen.evidence())) == []


def test_the_target_groups_of_a_service() -> None:
    both = {"targetGroupArn": "a", "advancedConfiguration": {"alternateTargetGroupArn": "b"}}
    assert target_group_arns({"loadBalancers": [both, {"targetGroupArn": "a"}, {"loadBalancerName": "old"}]}) == [
        "a",
        "b",
    ]
    assert target_group_arns({}) == target_group_arns(None) == []
