"""The layer in front of a real ministack, with real containers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from docker import DockerClient

from tests.faults.layer import Faults
from tests.faults.service import CRASH, Deployed, serving, until

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(180)]

# Disconnected from its network, the task would leave its address to the next container that starts, which answers.
_SILENCE = """
import fcntl, socket, struct
SIOCSIFFLAGS = 0x8914
for _, name in socket.if_nameindex():
    if name != 'lo':
        fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack('16sh', name.encode(), 0))
"""


def test_a_release_is_successful_once_its_targets_are_healthy(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image)
    created = service.create(serving("one"), desired=2)
    deployment = created["deployments"][0]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    first = service.ended()
    assert first["status"] == "SUCCESSFUL", first
    assert first["targetServiceRevision"]["arn"].endswith(deployment["id"].removeprefix("ecs-svc/"))
    assert service.ask() == (200, "one")
    assert any(
        "has reached a steady state." in one for one in until(service.messages, lambda all_: "steady" in all_[0])
    )
    tasks = service.ecs.list_tasks(cluster="c", serviceName="api")["taskArns"]
    described = service.ecs.describe_tasks(cluster="c", tasks=tasks)["tasks"]
    assert {one["startedBy"] for one in described} == {deployment["id"]}
    health = service.elb.describe_target_health(TargetGroupArn=service.group)["TargetHealthDescriptions"]
    assert [one["TargetHealth"]["State"] for one in health] == ["healthy", "healthy"]

    service.update(serving("two"))
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.ask() == (200, "two")
    assert len(service.described()["deployments"]) == 1


def test_a_request_under_way_to_a_task_whose_network_goes_is_answered(
    faults: Faults, python_image: str, docker_engine: DockerClient, request: pytest.FixtureRequest
) -> None:
    service = Deployed(faults, python_image)
    service.create(serving("one"))
    assert service.ended()["status"] == "SUCCESSFUL"
    (task,) = service.ecs.list_tasks(cluster="c", serviceName="api")["taskArns"]
    (container,) = docker_engine.containers.list(filters={"label": f"com.amazonaws.ecs.task-arn={task}"})
    silence = docker_engine.containers.create(
        python_image, ["python3", "-c", _SILENCE], network_mode=f"container:{container.id}", cap_add=["NET_ADMIN"]
    )
    request.addfinalizer(partial(silence.remove, force=True))
    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(service.ask, "/ok/slow")
        time.sleep(1)
        silence.start()
        assert silence.wait()["StatusCode"] == 0
        # At once: ECS puts another task in the place of one that does not answer.
        began = time.monotonic()
        assert service.ask("/ok")[0] in {502, 503, 504}
        assert time.monotonic() - began < 8
        assert slow.result()[0] == 502


def test_a_crash_is_rolled_back_and_the_old_version_goes_on(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image)
    good = service.create(serving("one"))["deployments"][0]
    assert service.ended()["status"] == "SUCCESSFUL"
    bad = service.update(CRASH)["deployments"][0]
    assert bad["id"] != good["id"]
    answers = set()

    def ask_and_look() -> dict[str, object]:
        answers.add(service.ask())
        newest: dict[str, object] = service.newest()
        return newest

    ended = until(ask_and_look, lambda one: "finishedAt" in one)
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert ended["statusReason"] == "Service deployment rolled back because the circuit breaker threshold was exceeded."
    assert ended["rollback"]["serviceRevisionArn"].endswith(good["id"].removeprefix("ecs-svc/"))
    assert ended["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert answers == {(200, "one")}
    now = service.described()
    assert [(one["id"], one["rolloutState"]) for one in now["deployments"]] == [(good["id"], "COMPLETED")]
    stopped = [one for one in service.stopped() if one["startedBy"] == bad["id"]]
    assert {one["stoppedReason"] for one in stopped} == {"Essential container in task exited"}
    assert {one["containers"][0]["exitCode"] for one in stopped} == {3}


def test_a_wrong_health_path_is_told_in_the_words_of_aws(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image)
    service.create(serving("one"))
    assert service.ended()["status"] == "SUCCESSFUL"
    service.elb.modify_target_group(TargetGroupArn=service.group, HealthCheckPath="/nowhere")
    bad = service.update(serving("two"))["deployments"][0]
    until(
        lambda: service.elb.describe_target_health(TargetGroupArn=service.group)["TargetHealthDescriptions"],
        lambda all_: any(
            one["TargetHealth"].get("Description") == "Health checks failed with these codes: [404]" for one in all_
        ),
    )
    events = until(service.messages, lambda all_: any("is unhealthy in" in one for one in all_))
    told = next(one for one in events if "is unhealthy in" in one)
    assert told == (
        f"(service api) (port 8000) is unhealthy in (target-group {service.group}) due to "
        "(reason Health checks failed with these codes: [404])"
    )
    stopped = until(service.stopped, lambda all_: any(one["startedBy"] == bad["id"] for one in all_))
    task = next(one for one in stopped if one["startedBy"] == bad["id"])
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"] == f"Task failed ELB health checks in (target-group {service.group})"


def test_a_first_release_that_fails_has_nothing_to_go_back_to(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image, balanced=False)
    service.create(CRASH)
    ended = service.ended()
    assert ended["status"] == "ROLLBACK_FAILED"
    assert "No rollback candidate was found" in ended["statusReason"]
    deployment = service.described()["deployments"][0]
    assert deployment["rolloutState"] == "FAILED"
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert deployment["failedTasks"] == 3
    assert len(service.stopped()) == 3


def test_native_blue_green_shifts_the_requests(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image)
    shift = {
        "alternateTargetGroupArn": service.other,
        "productionListenerRule": service.rule,
        "roleArn": "arn:aws:iam::000000000000:role/ecs",
    }
    balancer = {"targetGroupArn": service.group, "containerName": "api", "containerPort": 8000}
    service.create(
        serving("blue"),
        loadBalancers=[balancer | {"advancedConfiguration": shift}],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1},
    )
    assert service.ended()["status"] == "SUCCESSFUL"
    assert service.ask() == (200, "blue")
    service.update(serving("green"))
    stages, answers = set(), []

    def look() -> dict[str, object]:
        newest: dict[str, object] = service.newest()
        stages.add(newest.get("lifecycleStage"))
        answers.append(service.ask())
        return newest

    assert until(look, lambda one: "finishedAt" in one)["status"] == "SUCCESSFUL"
    assert {"SCALE_UP", "BAKE_TIME"} <= stages
    assert list(dict.fromkeys(answers)) == [(200, "blue"), (200, "green")]
    action = service.elb.describe_rules(RuleArns=[service.rule])["Rules"][0]["Actions"][0]
    weights = {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}
    assert weights == {service.group: 0, service.other: 100}


def test_container_health_checks_decide(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image, balanced=False)
    faults.time(start_up=1)
    check = {"command": ["CMD-SHELL", "exit 1"], "interval": 10, "retries": 2}
    service.create(["sleep", "600"], container={"healthCheck": check})
    ended = service.ended()
    faults.time(start_up=6)
    assert ended["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert {one["stoppedReason"] for one in service.stopped()} == {"Task failed container health checks"}
    assert any("failed container health checks." in one for one in service.messages())


def test_capacity_that_is_not_there_is_told_in_an_event(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image, balanced=False)
    faults.play("no-capacity-for-a-while")
    service.create(["sleep", "600"])
    assert service.ended()["status"] == "SUCCESSFUL"
    assert any("was unable to place a task. Reason: Capacity is unavailable" in one for one in service.messages())


def test_a_spot_interruption_is_told_and_replaced(faults: Faults, python_image: str) -> None:
    service = Deployed(faults, python_image, balanced=False)
    service.create(["sleep", "600"])
    assert service.ended()["status"] == "SUCCESSFUL"
    faults.play("spot-interruption")
    stopped = until(service.stopped, bool)
    assert [(one["stopCode"], one["stoppedReason"]) for one in stopped] == [
        ("SpotInterruption", "Your Spot Task was interrupted.")
    ]
    until(service.described, lambda one: one["runningCount"] == 1)
