"""The layer's clock: observes the emulator, lets the models step, and does what they say."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Event, RLock
from typing import Any

import botocore.exceptions

from tests.faults.autoscaling import AutoScaling
from tests.faults.containers import Containers
from tests.faults.ecs_api import ApiError, EcsApi
from tests.faults.ecs_model import Action, Ecs, Json, Rollout, Service, Task, Times
from tests.faults.forwards import Weights
from tests.faults.history import History
from tests.faults.scenario import Rule, Scenario
from tests.faults.scheduler import Seen, step
from tests.faults.targets import Targets
from tests.faults.upstream import Upstream, address_of

_TICK = 0.4
# Where every service rests, one tick of so many is made: most of the time nothing happens.
_AT_REST = 3
_log = logging.getLogger("faults")
# What ECS says where Fargate has no room.
_NO_ROOM = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone. For more "
    "information, see the Troubleshooting section of the Amazon ECS Developer Guide"
)


class World:
    """Everything that the layer knows, behind one lock."""

    def __init__(self, upstream: Upstream, times: Times) -> None:
        self.upstream, self.times = upstream, times
        self.lock = RLock()
        self.pool = ThreadPoolExecutor(48, thread_name_prefix="faults")
        self.ended = Event()
        self.containers = Containers(upstream)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self.ecs, self.targets, self.scenario = Ecs(), Targets(), Scenario("")
            self.api = EcsApi(self.ecs, self.upstream.ecs)
            self.scaling = AutoScaling(self.ecs)
            self.hooks: dict[str, str] = {}
            self.under_way: dict[str, Future[None]] = {}
            # What AWS says of a stopped task, and the emulator does not.
            self.stopped: dict[str, Json] = {}
            self.groups: dict[str, Json] = {}
            self.history = History()
            # Weighted forwards of rules and listeners, by ARN.
            self.weights: dict[str, Weights] = {}
            self.checks: dict[str, tuple[int, int, float]] = {}
            self.groups_at = 0.0
            self.failing_alarms: frozenset[str] = frozenset()

    def forwards(self) -> dict[str, Weights]:
        """The weights of every rule and listener that has some; ECS owns those of a deployment that shifts traffic."""
        with self.lock:
            found = dict(self.weights)
            for service in self.ecs.all():
                for one in service.record.get("loadBalancers") or ():
                    rule = (one.get("advancedConfiguration") or {}).get("productionListenerRule")
                    if rule and service.strategy != "ROLLING":
                        weights = dict.fromkeys(_groups_of(service), 0)
                        weights |= {one.target_group: round(one.weight) for one in service.rollouts[::-1]}
                        found[rule] = list(weights.items())
        return found

    def rules(self, name: str, parameters: Mapping[str, Any], fault: str = "") -> list[Rule]:
        """The rules in force for a call, or for one of the layer's own steps."""
        with self.lock:
            found = self.scenario.for_call(name, parameters, time.time())
        return [rule for rule in found if not fault or rule.fault == fault]

    def run(self) -> None:
        """Keep the models going until the layer ends."""
        for number in count():
            if self.ended.wait(_TICK):
                return
            if number % _AT_REST and self._rests():
                continue
            try:
                self.tick()
            except (ApiError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, OSError) as error:
                _log.warning("a step failed: %r", error)
            except Exception:  # noqa: BLE001 - one fault in a model must not end the layer
                _log.exception("a step failed")

    def _rests(self) -> bool:
        with self.lock:
            services = list(self.ecs.all())
            return bool(services) and all(one.steady and one.current is None for one in services)

    def tick(self) -> None:
        """One look at every service."""
        with self.lock:
            services = list(self.ecs.all())
        for service in services:
            current = service.current
            seen = self._observe(service)
            with self.lock:
                # What was seen before a deployment began says nothing of it: which alarms rang already, say.
                if service not in self.ecs.services.values() or service.current is not current:
                    continue
                for action in step(service, seen, self.times, time.time()):
                    self._do(service, action)
        self._probe()

    def _observe(self, service: Service) -> Seen:
        with self.lock:
            arns = [task.arn for task in service.tasks.values() if task.status != "STOPPED"]
        found = self.upstream.tasks(service.region, service.cluster, arns) if arns else {}
        watched = service.current and (service.configuration.get("alarms") or {}).get("enable")
        alarms = self.upstream.alarms(service.region) if watched else frozenset()
        tasks = {
            arn: {"status": one["lastStatus"], "address": address_of(one), "health": self._health(service, one)}
            for arn, one in found.items()
        }
        for arn, one in found.items():
            if one["lastStatus"] == "RUNNING":
                self._interrupt(service, arn)
        self._read_groups(service)
        delays = [float(self.groups.get(arn, {}).get("delay", 300)) for arn in _groups_of(service)]
        drain = self.times.scaled(max(delays, default=0.0))
        return Seen(tasks, self.targets.health, alarms, drain, dict(self.hooks))

    def _interrupt(self, service: Service, arn: str) -> None:
        for rule in self.rules("layer:Task", {"service": service.name, "task": arn}, "stop"):
            reason = str(rule.data.get("reason", "Your Spot Task was interrupted."))
            self.stopped[arn] = {"stopCode": rule.data.get("code", "SpotInterruption"), "stoppedReason": reason}
            self.pool.submit(self._stop, service, arn, reason)

    def _read_groups(self, service: Service) -> None:
        arns = [arn for arn in _groups_of(service) if ":targetgroup/" in arn]
        known = all(arn in self.groups for arn in arns)
        if not arns or (known and time.time() - self.groups_at < 1):
            return
        client = self.upstream.client("elbv2", service.region)
        for group in client.describe_target_groups(TargetGroupArns=arns)["TargetGroups"]:
            arn = group["TargetGroupArn"]
            attributes = client.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            values = {one["Key"]: one["Value"] for one in attributes}
            group["delay"] = values.get("deregistration_delay.timeout_seconds", "300")
            self.groups[arn] = group
        self.groups_at = time.time()

    def _health(self, service: Service, task: Json) -> str:
        """The state of the container health checks, each run when it is due.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
        """
        model = service.tasks.get(task["taskArn"])
        rollout = next((one for one in service.rollouts if model and one.id == model.deployment), None)
        checks = service.revisions[rollout.revision_arn]["healthChecks"] if rollout else {}
        if not checks or model is None or task["lastStatus"] != "RUNNING" or model.running_at is None:
            return "UNKNOWN"
        for container in task["containers"]:
            if check := checks.get(container["name"]):
                self._check(container.get("runtimeId") or "", check, model)
        states = [self.checks.get(one.get("runtimeId") or "") for one in task["containers"] if one["name"] in checks]
        retries = {name: int(one.get("retries") or 3) for name, one in checks.items()}
        if any(state and state[1] >= min(retries.values()) for state in states):
            return "UNHEALTHY"
        return "HEALTHY" if states and all(state and state[0] for state in states) else "UNKNOWN"

    def _check(self, container: str, check: Json, task: Task) -> None:
        passed, failed, at = self.checks.get(container, (0, 0, 0.0))
        now = time.time()
        if now - at < max(self.times.scaled(float(check.get("interval") or 30)), _TICK) or not container:
            return
        if self.upstream.check(container, list(check["command"])):
            passed, failed = 1, 0
        else:
            start = max(self.times.scaled(float(check.get("startPeriod") or 0)), self.times.start_up)
            starting = not passed and now - (task.running_at or now) < start
            failed += 0 if starting else 1
        self.checks[container] = (passed, failed, now)

    def _do(self, service: Service, action: Action) -> None:
        now = time.time()
        match action.kind:
            case "register":
                for target in action.targets:
                    self.targets.register(*target, now)
            case "deregister":
                for target in action.targets:
                    self.targets.deregister(*target, now)
            case "launch":
                self.pool.submit(self._launch, service, action.rollout, action.count)
            case "stop":
                self.stopped[action.task] = {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": action.reason}
                self.pool.submit(self._stop, service, action.task, action.reason)
            case "hook" if action.rollout not in self.under_way or self.under_way[action.rollout].done():
                self.under_way[action.rollout] = self.pool.submit(self._hook, service, action.rollout, action.reason)

    def _hook(self, service: Service, key: str, arn: str) -> None:
        deployment, stage, _ = key.split(" ")
        payload = {"executionDetails": {"serviceArn": service.record["serviceArn"], "serviceDeploymentArn": deployment}}
        try:
            self.hooks[key] = self.upstream.invoke(service.region, arn, payload | {"lifecycleStage": stage})
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            self.hooks[key] = "FAILED"

    def _stop(self, service: Service, arn: str, reason: str) -> None:
        try:
            parameters = {"cluster": service.cluster, "task": arn, "reason": reason}
            self.upstream.ecs(service.region, "StopTask", parameters)
        except (ApiError, OSError) as error:
            _log.warning("StopTask: %r", error)

    def _launch(self, service: Service, rollout_id: str, count: int) -> None:
        """Run tasks of a revision; what cannot be placed is told in an event, and counts as failed."""
        with self.lock:
            rollout = next((one for one in service.rollouts if one.id == rollout_id), None)
            # It may have been forgotten since.
            if rollout is None or service not in self.ecs.services.values():
                return
            revision = service.revisions[rollout.revision_arn]
        try:
            refused = self.rules("layer:Launch", {"service": service.name}, "launch")
            if refused:
                tasks, why = [], str(refused[0].data.get("reason", _NO_ROOM))
            else:
                answer = self.upstream.ecs(service.region, "RunTask", _run_task(service, revision, rollout_id, count))
                tasks, why = answer["tasks"], ""
        except (ApiError, OSError) as error:
            tasks, why = [], str(error)
        with self.lock:
            self._launched(service, rollout, [task["taskArn"] for task in tasks], count, why)

    def _launched(self, service: Service, rollout: Rollout, arns: list[str], count: int, why: str) -> None:
        now = time.time()
        rollout.launching -= count
        for arn in arns:
            service.tasks[arn] = Task(arn, rollout.id, now)
            service.say(f"has started 1 tasks: (task {arn.rpartition('/')[2]}).", now)
        if why:
            rollout.failed += count
            rollout.not_before = now + self.times.scaled(30)
            service.say(f"was unable to place a task. Reason: {why.rstrip('.')}.", now)

    def _probe(self) -> None:
        """Check every target that is due."""
        now = time.time()
        with self.lock:
            for arn, targets in self.targets.groups.items():
                group = self.groups.get(arn, {})
                every = max(self.times.scaled(float(group.get("HealthCheckIntervalSeconds") or 30)), _TICK)
                for (address, port), target in targets.items():
                    if target.draining_since is None and now - target.checked_at >= every and group:
                        target.checked_at = now
                        self.pool.submit(self._probe_one, arn, group, address, port)
            self.targets.expire(self.times.scaled(60), now)

    def _probe_one(self, arn: str, group: Json, address: str, port: int) -> None:
        wanted = str(group.get("HealthCheckPort") or "traffic-port")
        where = port if wanted == "traffic-port" else int(wanted)
        parameters = {"targetGroup": arn, "address": address, "port": port, "deployment": self._age(address)}
        if rules := self.rules("layer:Probe", parameters, "probe"):
            answer = rules[0].data["answer"]
        else:
            seconds = max(self.times.scaled(float(group.get("HealthCheckTimeoutSeconds") or 5)), 1.0)
            answer = self.upstream.probe(f"http://{address}:{where}{group.get('HealthCheckPath') or '/'}", seconds)
        now = time.time()
        with self.lock:
            if target := self.targets.groups.get(arn, {}).get((address, port)):
                starting = now - target.registered_at < self.times.start_up
                target.probed(answer, group, starting=starting and not isinstance(answer, int))

    def _age(self, address: str) -> str:
        """Whether a target is of a deployment that was started in the scenario."""
        with self.lock:
            for service in self.ecs.all():
                for task in service.tasks.values():
                    if task.address == address and task.status != "STOPPED":
                        return "new" if task.launched_at >= self.scenario.started else "old"
        return "old"


def _groups_of(service: Service) -> list[str]:
    arns = []
    for one in service.record.get("loadBalancers") or ():
        other = (one.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
        arns += [arn for arn in (one.get("targetGroupArn"), other) if arn]
    return arns


def _run_task(service: Service, revision: Json, rollout_id: str, count: int) -> Json:
    record = service.record
    tags = record.get("tags") if record.get("propagateTags") == "SERVICE" else []
    optional = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration")
    return {
        "cluster": service.cluster,
        "taskDefinition": revision["taskDefinition"],
        "count": count,
        "group": f"service:{service.name}",
        "startedBy": rollout_id,
        "tags": tags or [],
        "enableExecuteCommand": bool(record.get("enableExecuteCommand")),
        **{key: revision[key] for key in optional if revision.get(key)},
    }
