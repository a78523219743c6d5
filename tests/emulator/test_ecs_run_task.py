"""One-off tasks of real containers on the embedded AWS, and of none on moto."""

from __future__ import annotations

import time
from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.release.one_off_task import run_task
from tests.emulators.emulator import FARGATE, Emulator

LOGS = {"awslogs-group": "/ecs/voj", "awslogs-region": "ap-northeast-2", "awslogs-stream-prefix": "voj"}


def register(emulator: Emulator, **container: Any) -> str:
    """A task definition of one container; its ARN."""
    ecs = emulator.client("ecs")
    ecs.create_cluster(clusterName="c")
    emulator.client("logs").create_log_group(logGroupName="/ecs/voj")
    definition = ecs.register_task_definition(
        family="voj",
        **FARGATE,
        containerDefinitions=[
            {"name": "api", "memory": 512, "logConfiguration": {"logDriver": "awslogs", "options": LOGS}, **container}
        ],
    )
    return str(definition["taskDefinition"]["taskDefinitionArn"])


def run(emulator: Emulator, told: list[str] | None = None, *, check: bool = False, **options: Any) -> dict[str, Any]:
    given = {"cluster": "c", "task_definition": "voj", "launch_type": "FARGATE", "timeout": 120, **options}
    lines = [] if told is None else told
    place = {"region": "ap-northeast-2", "endpoint_url": emulator.endpoint}
    return run_task({**place, **given}, check=check, report=lines.append)


def tasks(emulator: Emulator) -> list[str]:
    ecs = emulator.client("ecs")
    return [
        arn for state in ("RUNNING", "STOPPED") for arn in ecs.list_tasks(cluster="c", desiredStatus=state)["taskArns"]
    ]


@pytest.mark.usefixtures("docker_engine")
def test_a_command_that_ends_well(ministack: Emulator, python_image: str) -> None:
    arn, told = register(ministack, image=python_image), list[str]()
    result = run(ministack, told, command=["sh", "-c", "echo one; sleep 3; echo two; echo three >&2"])
    assert {"changed": True, "exit_code": 0, "task_definition": arn}.items() <= result.items()
    assert "failed" not in result
    assert result["task_arn"] in tasks(ministack)
    assert sorted(result["log"]) == ["one", "three", "two"]
    # Each line was told when it came: the first one while the command still ran.
    assert told.index("api | one") < told.index("api | two")
    assert told.count("api | one") == 1


@pytest.mark.usefixtures("docker_engine")
def test_a_command_that_fails_tells_its_exit_code_and_its_last_lines(ministack: Emulator, python_image: str) -> None:
    register(ministack, image=python_image)
    result = run(ministack, command=["sh", "-c", "echo the table is missing; exit 3"])
    assert (result["failed"], result["changed"], result["exit_code"]) == (True, True, 3)
    assert result["log"] == ["the table is missing"]
    assert result["msg"].startswith("ecs_run_task: the task voj:1 (api) ended with exit code 3\n")
    assert "the table is missing" in result["msg"]
    assert [cause["code"] for cause in result["causes"]] == ["exit_code"]


@pytest.mark.usefixtures("docker_engine")
def test_one_that_does_not_end_is_stopped(ministack: Emulator, python_image: str) -> None:
    register(ministack, image=python_image)
    result = run(ministack, command=["sh", "-c", "echo waiting for a lock; exec sleep 600"], timeout=8)
    assert result["failed"]
    assert "did not end within 8 s and was stopped" in result["msg"]
    assert result["log"] == ["waiting for a lock"]
    [task] = ministack.client("ecs").describe_tasks(cluster="c", tasks=[result["task_arn"]])["tasks"]
    assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", "Slipway: not ended within 8 s")


@pytest.mark.usefixtures("docker_engine")
def test_one_whose_image_is_missing_never_starts(ministack: Emulator) -> None:
    registry = ministack.endpoint.removeprefix("http://")
    ministack.client("ecr").create_repository(repositoryName="voj")
    register(ministack, image=f"{registry}/voj:sha-1a2b3c4")
    result = run(ministack, command=["true"])
    assert (result["failed"], result["exit_code"], result["log"]) == (True, None, [])
    assert "never started" in result["msg"]
    assert "manifest unknown" in result["msg"]


@pytest.mark.usefixtures("docker_engine")
def test_a_run_that_was_killed_is_followed_and_not_started_again(ministack: Emulator, python_image: str) -> None:
    register(ministack, image=python_image)
    command = ["sh", "-c", "echo begun; sleep 6; echo done"]

    class KilledError(Exception):
        pass

    def kill(line: str) -> None:
        if line == "api | begun":
            raise KilledError

    options = {"region": "ap-northeast-2", "endpoint_url": ministack.endpoint, "cluster": "c", "timeout": 60}
    with pytest.raises(KilledError):
        run_task({**options, "task_definition": "voj", "command": command}, check=False, report=kill)
    [left] = tasks(ministack)
    told: list[str] = []
    result = run(ministack, told, command=command)
    assert (result["task_arn"], result["exit_code"], result["log"]) == (left, 0, ["begun", "done"])
    assert told[0].startswith("a task that an earlier run started still runs")
    assert tasks(ministack) == [left]
    # What has ended is no reason not to run it again, and another command is another task.
    assert run(ministack, command=["true"])["task_arn"] != left


def test_check_mode_starts_nothing(moto: Emulator) -> None:
    register(moto, image="voj")
    result = run(moto, check=True, command=["true"])
    assert {"changed": True, "task_arn": "", "api_calls": 0}.items() <= result.items()
    assert tasks(moto) == []


def test_what_is_sent_is_what_aws_takes(moto: Emulator) -> None:
    arn, ec2 = register(moto, image="voj"), moto.client("ec2")
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": True})
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:2]
    ec2.create_security_group(GroupName="voj", Description="voj", VpcId=vpc["VpcId"])
    began = time.monotonic()
    result = run(moto, subnets=subnets, security_groups=["voj"], vpc_id=vpc["VpcId"], command=["true"], timeout=60)
    assert time.monotonic() - began < 60
    assert result["task_definition"] == arn
    [task] = moto.client("ecs").describe_tasks(cluster="c", tasks=[result["task_arn"]])["tasks"]
    assert (task["startedBy"], task["launchType"]) == ("slipway/voj/1", "FARGATE")
    assert task["overrides"]["containerOverrides"] == [{"name": "api", "command": ["true"]}]
    with pytest.raises(SlipwayError, match="there is no security group other"):
        run(moto, subnets=subnets, security_groups=["other"], command=["false"])
