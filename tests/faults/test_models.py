"""The layer's models alone: no emulator, no container, no clock but the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.deploying import deploy
from tests.faults.ecs_model import Action, Service, Task, Times
from tests.faults.ecs_views import deployment_view, service_view
from tests.faults.scheduler import Seen, step
from tests.faults.targets import Health

GROUP, OTHER = (f"arn:aws:elasticloadbalancing:r:1:targetgroup/{name}" for name in ("blue/1", "green/2"))
TIMES = Times(scale=0.1, settle=1.0, start_up=5.0)


@dataclass
class Stage:
    """A service, and a world in which tasks start at once and do as the test says."""

    service: Service
    now: float = 1000.0
    sick: str = ""
    crashing: str = ""
    alarms: frozenset[str] = frozenset()
    hooks: dict[str, str] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)

    def deploy(self, definition: str) -> str:
        self.service.record["taskDefinition"] = definition
        deploy(self.service, {"taskDefinitionArn": definition, "containerDefinitions": []}, self.now)
        return self.service.primary.id

    def health(self, _: str, address: str, __: int) -> Health:
        owner = next(task for task in self.service.tasks.values() if task.address == address)
        sick = self._definition(owner) == self.sick
        return Health("unhealthy", "Target.Timeout", "Request timed out") if sick else Health("healthy")

    def _definition(self, task: Task) -> str:
        return next(
            (one.task_definition for one in self.service.rollouts if one.id == task.deployment), "of an old deployment"
        )

    def run(self, seconds: float) -> None:
        """Let time pass in steps of half a second."""
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            tasks = {}
            for number, (arn, task) in enumerate(self.service.tasks.items()):
                gone = arn in self.stopped or self._definition(task) == self.crashing
                status = "STOPPED" if gone or task.status == "STOPPED" else "RUNNING"
                tasks[arn] = {"status": status, "address": f"10.0.0.{number}"}
            seen = Seen(tasks, self.health, self.alarms, 0.0, self.hooks)
            for action in step(self.service, seen, TIMES, self.now):
                self.actions.append(action)
                if action.kind == "stop":
                    self.stopped.add(action.task)
                elif action.kind == "launch":
                    self._launch(action)

    def _launch(self, action: Action) -> None:
        rollout = next(one for one in self.service.rollouts if one.id == action.rollout)
        rollout.launching -= action.count
        for _ in range(action.count):
            arn = f"arn:task/{len(self.service.tasks)}"
            self.service.tasks[arn] = Task(arn, rollout.id, self.now)

    @property
    def statuses(self) -> list[str]:
        return [one.status for one in self.service.deployments]

    @property
    def running(self) -> list[str]:
        return sorted(self._definition(task) for task in self.service.tasks.values() if task.status == "RUNNING")


def stage(desired: int = 1, *, balanced: bool = False, **configuration: Any) -> Stage:
    balancer = {
        "targetGroupArn": GROUP,
        "containerName": "api",
        "containerPort": 8000,
        "advancedConfiguration": {"alternateTargetGroupArn": OTHER},
    }
    defaults = {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }
    record = {
        "serviceArn": "arn:aws:ecs:r:1:service/c/api",
        "serviceName": "api",
        "clusterArn": "arn:aws:ecs:r:1:cluster/c",
        "status": "ACTIVE",
        "desiredCount": desired,
        "loadBalancers": [balancer] if balanced else [],
        "deploymentConfiguration": defaults | configuration,
    }
    return Stage(Service(record))


def test_a_first_deployment_is_complete_when_its_tasks_stand() -> None:
    scene = stage(2)
    first = scene.deploy("v1")
    scene.run(0.5)
    assert scene.statuses == ["IN_PROGRESS"]
    scene.run(10)
    assert scene.statuses == ["SUCCESSFUL"]
    assert scene.running == ["v1", "v1"]
    messages = [one["message"] for one in scene.service.events]
    assert messages[:2] == [
        "(service api) has reached a steady state.",
        f"(service api) (deployment {first}) deployment completed.",
    ]


def test_a_rolling_update_never_goes_below_the_least() -> None:
    scene = stage(2)
    scene.deploy("v1")
    scene.run(10)
    scene.deploy("v2")
    for _ in range(20):
        scene.run(0.5)
        assert 2 <= len(scene.running) <= 4
    assert (scene.running, scene.statuses) == (["v2", "v2"], ["SUCCESSFUL", "SUCCESSFUL"])
    assert len(scene.service.rollouts) == 1


@pytest.mark.parametrize(("desired", "threshold"), [(1, 3), (6, 3), (8, 4), (25, 13), (1000, 200)])
def test_the_threshold_of_the_circuit_breaker(desired: int, threshold: int) -> None:
    assert stage(desired).service.threshold() == threshold


def test_a_crash_is_rolled_back() -> None:
    scene = stage()
    good = scene.deploy("v1")
    scene.run(10)
    scene.crashing = "v2"
    scene.deploy("v2")
    scene.run(20)
    assert scene.statuses == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    assert [(one.id, one.state, one.reason) for one in scene.service.rollouts] == [
        (good, "COMPLETED", f"ECS deployment {good} completed.")
    ]
    assert (scene.running, scene.service.record["taskDefinition"]) == (["v1"], "v1")
    assert deployment_view(scene.service, scene.service.deployments[0])["deploymentCircuitBreaker"]["failureCount"] == 3


def test_without_rollback_a_failed_deployment_keeps_the_old_tasks() -> None:
    scene = stage(deploymentCircuitBreaker={"enable": True, "rollback": False})
    scene.deploy("v1")
    scene.run(10)
    scene.crashing = "v2"
    scene.deploy("v2")
    scene.run(20)
    assert scene.statuses == ["STOPPED", "SUCCESSFUL"]
    assert scene.running == ["v1"]
    shown = service_view(scene.service)["deployments"]
    assert [(one["status"], one["rolloutState"], one["runningCount"]) for one in shown] == [
        ("PRIMARY", "FAILED", 0),
        ("ACTIVE", "COMPLETED", 1),
    ]


def test_a_first_deployment_that_fails_stands_still() -> None:
    scene = stage()
    scene.crashing = "v1"
    scene.deploy("v1")
    scene.run(30)
    assert scene.statuses == ["ROLLBACK_FAILED"]
    assert scene.service.primary.state == "FAILED"
    assert len(scene.service.tasks) == 3
    scene.crashing = ""
    scene.deploy("v2")
    scene.run(10)
    assert (scene.statuses[0], scene.running) == ("SUCCESSFUL", ["v2"])


def test_without_a_breaker_a_crash_goes_on_for_ever() -> None:
    scene = stage(deploymentCircuitBreaker={"enable": False, "rollback": False})
    scene.crashing = "v1"
    scene.deploy("v1")
    scene.run(60)
    assert scene.statuses == ["IN_PROGRESS"]
    assert scene.service.primary.failed > 10


def test_unhealthy_targets_count_as_failed_tasks() -> None:
    scene = stage(balanced=True)
    scene.deploy("v1")
    scene.run(10)
    scene.sick = "v2"
    scene.deploy("v2")
    scene.run(30)
    assert (scene.statuses[0], scene.running) == ("ROLLBACK_SUCCESSFUL", ["v1"])
    reasons = {one.reason for one in scene.actions if one.kind == "stop"}
    assert f"Task failed ELB health checks in (target-group {GROUP})" in reasons


def test_the_grace_period_is_respected() -> None:
    scene = stage(balanced=True)
    scene.service.record["healthCheckGracePeriodSeconds"] = 100
    scene.sick = "v1"
    scene.deploy("v1")
    scene.run(9)
    assert scene.service.primary.failed == 0
    scene.run(4)
    assert scene.service.primary.failed == 1


ALARMS = {"alarmNames": ["5xx", "slow"], "enable": True, "rollback": True}


def test_an_alarm_rolls_back_and_one_that_rang_before_does_not() -> None:
    scene = stage(alarms=ALARMS, bakeTimeInMinutes=5)
    scene.deploy("v1")
    scene.run(45)
    scene.alarms = frozenset({"slow"})
    scene.deploy("v2")
    scene.run(10)
    assert scene.statuses[0] == "IN_PROGRESS"
    scene.alarms = frozenset({"slow", "5xx"})
    scene.run(10)
    shown = deployment_view(scene.service, scene.service.deployments[0])
    assert (shown["status"], shown["alarms"]["triggeredAlarmNames"]) == ("ROLLBACK_SUCCESSFUL", ["5xx"])
    assert scene.running == ["v1"]


@pytest.mark.parametrize(
    ("asked", "ends", "runs"),
    [("ROLLBACK_REQUESTED", "ROLLBACK_SUCCESSFUL", "v1"), ("STOP_REQUESTED", "STOPPED", "v1")],
)
def test_a_deployment_that_is_stopped(asked: str, ends: str, runs: str) -> None:
    scene = stage()
    scene.deploy("v1")
    scene.run(10)
    scene.deploy("v2")
    scene.run(0.5)
    scene.service.deployments[0].move(asked, scene.now)
    scene.run(10)
    assert scene.statuses[0] == ends
    assert "v1" in scene.running


def test_a_newer_deployment_stops_the_one_before() -> None:
    scene = stage()
    scene.deploy("v1")
    scene.deploy("v2")
    scene.run(10)
    assert (scene.statuses, scene.running) == (["SUCCESSFUL", "STOPPED"], ["v2"])


def shifted(scene: Stage, seconds: float) -> list[tuple[str, float]]:
    """Let time pass; every change of stage and weight on the way."""
    seen: list[tuple[str, float]] = []
    for _ in range(int(seconds * 2)):
        scene.run(0.5)
        found = (scene.service.deployments[0].stage, scene.service.primary.weight)
        if not seen or seen[-1] != found:
            seen.append(found)
    return seen


CANARY = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 1}}
LINEAR = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40, "stepBakeTimeInMinutes": 1}}


@pytest.mark.parametrize(
    ("configuration", "weights"),
    [({"strategy": "BLUE_GREEN"}, [0, 100]), (CANARY, [0, 10, 100]), (LINEAR, [0, 40, 80, 100])],
    ids=["blue/green", "canary", "linear"],
)
def test_traffic_is_shifted_as_the_strategy_says(configuration: dict[str, Any], weights: list[float]) -> None:
    scene = stage(balanced=True, bakeTimeInMinutes=1, **configuration)
    scene.deploy("v1")
    scene.run(60)
    assert (scene.statuses, scene.service.primary.target_group) == (["SUCCESSFUL"], GROUP)
    scene.deploy("v2")
    seen = shifted(scene, 60)
    assert list(dict.fromkeys(weight for _, weight in seen)) == weights
    stages = list(dict.fromkeys(name for name, _ in seen))
    assert stages[:3] == ["RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP"]
    assert "BAKE_TIME" in stages
    assert (scene.statuses[0], scene.running, scene.service.primary.target_group) == ("SUCCESSFUL", ["v2"], OTHER)


def test_a_hook_that_fails_sends_the_traffic_back() -> None:
    arn = "arn:aws:lambda:r:1:function:smoke"
    hook = {"hookTargetArn": arn, "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"], "targetType": "AWS_LAMBDA"}
    scene = stage(balanced=True, strategy="BLUE_GREEN")
    scene.deploy("v1")
    scene.run(60)
    scene.service.record["deploymentConfiguration"]["lifecycleHooks"] = [hook]
    scene.deploy("v2")
    scene.run(30)
    asked = next(one for one in scene.actions if one.kind == "hook")
    assert (asked.reason, scene.service.deployments[0].stage) == (arn, "POST_PRODUCTION_TRAFFIC_SHIFT")
    scene.hooks[asked.rollout] = "FAILED"
    scene.run(10)
    assert (scene.statuses[0], scene.running) == ("ROLLBACK_SUCCESSFUL", ["v1"])
    assert (scene.service.primary.weight, scene.service.primary.target_group) == (100.0, GROUP)
