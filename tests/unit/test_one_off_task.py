"""A one-off task against answers as AWS gives them one after the other."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from slipway.aws.errors import AwsError, SlipwayError
from slipway.release import container_log, one_off_task
from tests.unit.fake_aws import FakeAws

ARN = "arn:aws:ecs:ap-northeast-2:123456789012"
REVISION = f"{ARN}:task-definition/voj:7"
TASK = f"{ARN}:task/c/abc"
LOGS = {"awslogs-group": "/ecs/voj", "awslogs-region": "ap-northeast-2", "awslogs-stream-prefix": "voj"}
API = {"name": "api", "image": "voj", "logConfiguration": {"logDriver": "awslogs", "options": LOGS}}
COMMAND = ["python", "manage.py", "migrate"]
Answer = dict[str, Any]
Do = Callable[..., tuple[dict[str, Any], list[str], "Ecs"]]


def look(status: str, *, code: int | None = None, **more: Any) -> Answer:
    """The task as DescribeTasks has it."""
    container = {"name": "api", "lastStatus": status} | ({} if code is None else {"exitCode": code})
    over = [{"name": "api", "command": COMMAND}]
    return {
        "taskArn": TASK,
        "taskDefinitionArn": REVISION,
        "lastStatus": status,
        "desiredStatus": "RUNNING",
        "overrides": {"containerOverrides": over},
        "containers": [container],
        **more,
    }


def ended(code: int | None, reason: str = "Essential container in task exited", **more: Any) -> Answer:
    stop = {"desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited", "stoppedReason": reason}
    return look("STOPPED", code=code, **{**stop, **more})


class Ecs(FakeAws):
    """One cluster, in which the task looks like this, one look after the other; the last one stays."""

    def __init__(self, looks: list[Answer | AwsError], lines: list[str] | AwsError, **more: Any) -> None:
        super().__init__()
        self.looks, self.lines, self.more = list(looks), lines, more
        self.sent: list[tuple[str, Answer]] = []

    def answer(self, operation: str, params: Answer) -> Any:
        self.sent.append((operation, params))
        if operation in self.more:
            given = self.more[operation]
            return given(self) if callable(given) else given
        match operation:
            case "DescribeTaskDefinition":
                return {"taskDefinition": {"taskDefinitionArn": REVISION, "containerDefinitions": [API]}}
            case "ListTasks":
                return {"taskArns": []}
            case "RunTask":
                return {"tasks": [look("PROVISIONING")], "failures": []}
            case "DescribeTasks":
                seen = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
                if isinstance(seen, AwsError):
                    raise seen
                return {"tasks": [seen]}
            case "GetLogEvents":
                return self._page(params)
            case "StopTask":
                self.looks = [ended(137, params["reason"], stopCode="UserInitiated")]
                return {}
        raise KeyError(operation)

    def _page(self, params: Answer) -> Answer:
        # One line a page, and an empty page in front, as CloudWatch Logs may do.
        if isinstance(self.lines, AwsError):
            raise self.lines
        at = int(params.get("nextToken", "-1")) + 1
        if at > len(self.lines):
            return {"events": [], "nextForwardToken": str(at - 1)}
        events = [] if at == 0 else [{"message": self.lines[at - 1]}]
        return {"events": events, "nextForwardToken": str(at)}

    def params(self, operation: str) -> Answer:
        return next(params for name, params in self.sent if name == operation)


@pytest.fixture
def do(monkeypatch: pytest.MonkeyPatch) -> Do:
    """Run a task that looks like this, one look after the other."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(one_off_task, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))

    def run(
        *looks: Answer | AwsError, lines: Any = (), answers: dict[str, Any] | None = None, **options: Any
    ) -> tuple[dict[str, Any], list[str], Ecs]:
        aws = Ecs(list(looks), lines if isinstance(lines, AwsError) else list(lines), **(answers or {}))
        monkeypatch.setattr(one_off_task, "Aws", lambda *_, **__: aws)
        told: list[str] = []
        given = {"cluster": "c", "task_definition": "voj", "command": COMMAND, "timeout": 60, "region": "x", **options}
        return one_off_task.run_task(given, check=False, report=told.append), told, aws

    return run


def test_what_happens_is_told_once_and_in_order(do: Do) -> None:
    looks = [look("PENDING"), look("PENDING"), look("RUNNING"), ended(0)]
    result, told, aws = do(*looks, lines=["one", "two"])
    assert told == [
        "task abc: pending",
        "api | one",
        "api | two",
        "task abc: running",
        "task abc: stopped",
    ]
    assert (result["exit_code"], result["log"], result["changed"]) == (0, ["one", "two"], True)
    assert "failed" not in result
    assert aws.params("GetLogEvents")["logStreamName"] == "voj/api/abc"


def test_a_bad_moment_of_aws_ends_no_task(do: Do) -> None:
    silent = AwsError("https://ecs does not answer", code="ReadTimeoutError", operation="DescribeTasks")
    result, told, _ = do(look("RUNNING"), silent, silent, ended(0), lines=["one"])
    assert (result["exit_code"], result["log"]) == (0, ["one"])
    assert told.count("AWS can't be asked just now, and is asked again: https://ecs does not answer") == 1


def test_what_is_sent(do: Do) -> None:
    _, _, aws = do(
        ended(0),
        subnets=["subnet-1"],
        security_groups=["sg-1"],
        assign_public_ip=False,
        launch_type="FARGATE",
    )
    assert aws.params("RunTask") == {
        "cluster": "c",
        "taskDefinition": REVISION,
        "count": 1,
        "startedBy": "slipway/voj/7",
        "launchType": "FARGATE",
        "overrides": {"containerOverrides": [{"name": "api", "command": COMMAND}]},
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "DISABLED",
            }
        },
        "enableECSManagedTags": True,
        "propagateTags": "TASK_DEFINITION",
    }
    # AWS takes no other filter beside it.
    assert aws.params("ListTasks") == {"cluster": "c", "startedBy": "slipway/voj/7"}


def test_capacity_providers_stand_in_the_place_of_a_launch_type(do: Do) -> None:
    strategy = [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]
    _, _, aws = do(ended(0), capacity_provider_strategy=strategy, launch_type="FARGATE")
    request = aws.params("RunTask")
    assert request["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    assert "launchType" not in request


def test_success_needs_no_wait_until_the_task_is_taken_down(do: Do) -> None:
    going = look("DEPROVISIONING", code=0, desiredStatus="STOPPED", stopCode="EssentialContainerExited")
    result, _, aws = do(look("RUNNING"), going, lines=["done"])
    assert result["exit_code"] == 0
    assert aws.calls["ecs:DescribeTasks"] == 2
    assert aws.calls["ecs:StopTask"] == 0


def test_what_goes_on_beside_a_command_that_has_ended_is_stopped(do: Do) -> None:
    result, _, aws = do(look("RUNNING", code=0))
    assert result["exit_code"] == 0
    assert aws.params("StopTask")["reason"] == "Slipway: the command has ended"


def test_exit_code_0_of_a_task_that_was_stopped_is_no_success(do: Do) -> None:
    for stop in ("UserInitiated", "SpotInterruption", "TerminationNotice"):
        result, _, _ = do(ended(0, "Your Spot Task was interrupted.", stopCode=stop))
        assert result["failed"]
        assert "was stopped before its end" in result["msg"]


def test_a_failure_has_its_exit_code_its_cause_and_its_last_lines(do: Do) -> None:
    lines = [f"line {number}" for number in range(60)]
    result, _, _ = do(ended(1), lines=lines)
    assert (result["failed"], result["exit_code"]) == (True, 1)
    assert result["log"] == lines[-50:]
    assert [cause["code"] for cause in result["causes"]] == ["exit_code"]
    assert "line 59" in result["msg"]
    assert result["msg"].startswith("ecs_run_task: the task voj:7 (api) ended with exit code 1")


def test_out_of_time_it_is_stopped_and_its_end_awaited(do: Do) -> None:
    result, told, aws = do(look("RUNNING"), timeout=10)
    assert (result["failed"], result["exit_code"]) == (True, 137)
    assert "did not end within 10 s and was stopped" in result["msg"]
    assert "stopping it: it has not ended within 10 s" in told
    assert aws.calls["ecs:StopTask"] == 1


def test_a_task_that_ends_well_while_it_is_stopped_was_still_too_late(do: Do) -> None:
    def stop(ecs: Ecs) -> Answer:
        ecs.looks = [ended(0)]
        return {}

    result, _, _ = do(look("RUNNING"), timeout=10, answers={"StopTask": stop})
    assert (result["failed"], result["exit_code"]) == (True, 0)
    assert "did not end within 10 s and was stopped" in result["msg"]


def test_that_it_may_not_be_stopped_changes_nothing_of_the_verdict(do: Do) -> None:
    def refuse(_: Ecs) -> Answer:
        raise AwsError("ecs:StopTask was refused", code="AccessDeniedException", operation="StopTask")

    result, told, _ = do(look("RUNNING"), timeout=10, answers={"StopTask": refuse})
    assert result["failed"]
    assert "did not end within 10 s and still runs" in result["msg"]
    assert "the task cannot be stopped: ecs:StopTask was refused" in told
    result, _, _ = do(look("RUNNING", code=0), answers={"StopTask": refuse})
    assert "failed" not in result


def test_one_that_never_starts_says_why(do: Do) -> None:
    reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s): voj:1: not found"
    result, _, aws = do(ended(None, reason, stopCode="TaskFailedToStart"))
    assert (result["failed"], result["exit_code"]) == (True, None)
    assert "never started" in result["msg"]
    assert reason in result["msg"]
    # Nothing ran, so no line of a log is waited for: one look, of two pages here.
    assert aws.calls["logs:GetLogEvents"] == 2


@pytest.mark.parametrize(
    ("reason", "detail", "code"),
    [
        ("RESOURCE:FARGATE", None, "capacity"),
        ("RESOURCE:MEMORY", None, "capacity"),
        (
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            "",
            "capacity",
        ),
        ("You've reached the limit on the number of vCPUs you can run concurrently", None, "quota"),
        ("The requested CPU configuration is above your limit", None, "quota"),
        ("INACTIVE", None, "unknown"),
        ("ATTRIBUTE", "unable to place a task", "unknown"),
    ],
)
def test_a_task_that_aws_does_not_start(do: Do, reason: str, detail: str | None, code: str) -> None:
    failure = {"arn": f"{ARN}:container-instance/x", "reason": reason} | ({"detail": detail} if detail else {})
    result, _, aws = do(look("RUNNING"), answers={"RunTask": {"tasks": [], "failures": [failure]}})
    assert (result["failed"], result["changed"], result["task_arn"], result["exit_code"]) == (True, False, "", None)
    assert [cause["code"] for cause in result["causes"]] == [code]
    assert "the task voj:7 was not started" in result["msg"]
    assert reason in result["msg"]
    assert (detail or "") in result["msg"]
    assert aws.calls["ecs:DescribeTasks"] == 0


def test_aws_may_give_no_reason(do: Do) -> None:
    result, _, _ = do(look("RUNNING"), answers={"RunTask": {"tasks": [], "failures": []}})
    assert "AWS started no task and gave no reason" in result["msg"]


@pytest.mark.parametrize(
    ("task", "followed"),
    [
        (look("RUNNING"), True),
        (look("PROVISIONING"), True),
        (look("RUNNING", desiredStatus="STOPPED"), False),
        (look("RUNNING", taskDefinitionArn=f"{ARN}:task-definition/voj:6"), False),
        (look("RUNNING", overrides={"containerOverrides": [{"name": "api", "command": ["other"]}]}), False),
        (look("RUNNING", overrides={}), False),
    ],
)
def test_the_same_task_that_still_runs_is_followed(do: Do, task: Answer, followed: bool) -> None:
    _, told, aws = do(task, ended(0), answers={"ListTasks": {"taskArns": [TASK]}})
    assert aws.calls["ecs:RunTask"] == (0 if followed else 1)
    assert any("an earlier run started still runs" in line for line in told) == followed


def test_a_task_that_is_not_known_everywhere_yet_is_no_failure(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([{"tasks": [], "failures": [{"reason": "MISSING"}]}, {"tasks": [ended(0)]}])

    def answer(self: Ecs, operation: str, params: Answer) -> Any:
        return next(looks) if operation == "DescribeTasks" else original(self, operation, params)

    original = Ecs.answer
    monkeypatch.setattr(Ecs, "answer", answer)
    result, told, _ = do(look("RUNNING"))
    assert result["exit_code"] == 0
    assert told[0] == "task abc: provisioning"


def test_a_log_that_cannot_be_read_is_told_once_and_fails_nothing(do: Do) -> None:
    denied = AwsError("logs:GetLogEvents was refused", code="AccessDeniedException", operation="GetLogEvents")
    result, told, aws = do(look("RUNNING"), look("RUNNING"), ended(0), lines=denied)
    assert result["exit_code"] == 0
    assert [line for line in told if "log" in line] == ["the log cannot be read: logs:GetLogEvents was refused"]
    assert aws.calls["logs:GetLogEvents"] == 1


def test_a_stream_that_is_not_there_yet_is_no_problem(do: Do) -> None:
    missing = AwsError("no such stream", code="ResourceNotFoundException", operation="GetLogEvents")
    result, told, _ = do(look("RUNNING"), ended(0), lines=missing)
    assert result["exit_code"] == 0
    assert not [line for line in told if "log" in line]


def test_what_looks_like_a_secret_in_a_line_is_hidden(do: Do) -> None:
    result, told, _ = do(ended(1), lines=["connecting to postgres://voj:hunter2@db/voj"])
    assert "hunter2" not in "\n".join([*told, result["msg"], *result["log"]])


@pytest.mark.parametrize(
    ("configuration", "problem"),
    [
        ({}, "goes nowhere"),
        ({"logDriver": "awsfirelens", "options": {}}, "goes through the log driver awsfirelens"),
        ({"logDriver": "awslogs", "options": {"awslogs-group": "g"}}, "goes nowhere"),
    ],
)
def test_a_log_that_is_elsewhere(configuration: Answer, problem: str) -> None:
    log = container_log.log_of(FakeAws(), {"name": "api", "logConfiguration": configuration}, TASK)
    assert problem in log.problem
    assert list(log.news()) == []


def test_a_log_of_another_region_is_read_there() -> None:
    container = {
        "name": "api",
        "logConfiguration": {"logDriver": "awslogs", "options": {**LOGS, "awslogs-region": "z"}},
    }
    log = container_log.log_of(FakeAws(), container, TASK)
    assert (log.aws.region, log.group, log.stream) == ("z", "/ecs/voj", "voj/api/abc")


@pytest.mark.parametrize(("container", "problem"), [("web", "has no container web"), (None, "has several containers")])
def test_the_container_must_be_clear(do: Do, container: str | None, problem: str) -> None:
    definition = {"taskDefinitionArn": REVISION, "containerDefinitions": [API, {"name": "sidecar"}]}
    with pytest.raises(SlipwayError, match=problem) as caught:
        do(look("RUNNING"), answers={"DescribeTaskDefinition": {"taskDefinition": definition}}, container=container)
    assert "one of: api, sidecar" in str(caught.value)


def test_check_mode_calls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_off_task, "Aws", lambda _: pytest.fail("a call"))
    options = {"cluster": "c", "task_definition": "voj", "timeout": 1}
    result = one_off_task.run_task(options, check=True, report=lambda _: None)
    assert (result["changed"], result["exit_code"], result["log"]) == (True, None, [])
