"""A task that runs once and ends, such as a database migration: started, followed, and judged by its exit code.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..engine.kind import Known
from ..resources.names import last_part
from ..resources.security_group import SecurityGroup
from ..step import Report
from .container_log import ContainerLog, log_of
from .diagnosis import diagnose
from .evidence import Cause, Evidence, render

# Seconds between two looks: short at first, when most tasks begin and many end.
_FIRST, _LATER, _SHORT = 1.0, 3.0, 30.0
# Seconds that a task may take to end once it was told to: its container has `stopTimeout`, at most 120.
_STOPPING = 150.0
# Seconds within which the last lines reach CloudWatch Logs.
_LOG_DELAY = 5.0
_KEPT_LINES, _SHOWN_LINES = 50, 10
_WHERE = "ecs_run_task"


@dataclass(frozen=True)
class Wanted:
    """What is to run.

    Attributes:
        definition: as DescribeTaskDefinition has it.
        container: the container whose exit code counts, as the definition has it.
    """

    cluster: str
    definition: Mapping[str, Any]
    container: Mapping[str, Any]
    command: Sequence[str] | None

    @property
    def arn(self) -> str:
        """The ARN of the task definition."""
        return str(self.definition["taskDefinitionArn"])

    @property
    def started_by(self) -> str:
        """By which a later run finds a task that still runs; AWS takes 128 letters, digits, - _ and /."""
        return re.sub(r"[^A-Za-z0-9/_-]", "/", f"slipway/{last_part(self.arn)}")[:128]

    @property
    def overrides(self) -> dict[str, Any]:
        """The command in the place of the definition's own."""
        if self.command is None:
            return {}
        return {"containerOverrides": [{"name": self.container["name"], "command": list(self.command)}]}

    def is_run_by(self, task: Mapping[str, Any]) -> bool:
        """Whether a task runs this."""
        overrides = (task.get("overrides") or {}).get("containerOverrides") or ()
        commands = {one.get("name"): one.get("command") for one in overrides if one.get("command")}
        wanted = {} if self.command is None else {self.container["name"]: list(self.command)}
        return bool(task.get("taskDefinitionArn") == self.arn and commands == wanted)


@dataclass
class Run:
    """A task that was started, and what was seen of it."""

    aws: Aws
    wanted: Wanted
    task: Mapping[str, Any]
    log: ContainerLog
    report: Report
    started: float
    lines: list[str] = field(default_factory=list)
    told: str = ""
    silence: str = ""

    @property
    def arn(self) -> str:
        """The ARN of the task."""
        return str(self.task["taskArn"])

    @property
    def exit_code(self) -> int | None:
        """The exit code of the container; None before its end, or when it never started."""
        return self._container.get("exitCode")

    @property
    def has_stopped(self) -> bool:
        """Whether the task is down."""
        return bool(self.task.get("lastStatus") in {"STOPPED", "DELETED"})

    @property
    def has_ended(self) -> bool:
        """Whether the verdict is known: taking a task down takes longer than its container."""
        if self.has_stopped:
            return True
        stays = self.task.get("desiredStatus") == "RUNNING" or self.task.get("stopCode") == "EssentialContainerExited"
        return self.exit_code == 0 and stays

    @property
    def succeeded(self) -> bool:
        """Whether the command ran to its end; one that was told to stop may exit with 0 too."""
        return self.exit_code == 0 and self.task.get("stopCode") in {None, "", "EssentialContainerExited"}

    @property
    def _container(self) -> Mapping[str, Any]:
        name = self.wanted.container["name"]
        return next((one for one in self.task.get("containers") or () if one.get("name") == name), {})

    def look(self) -> None:
        """Look at the task and its log, and tell what is new; a bad moment of AWS ends nothing, because the task runs.

        Raises:
            AwsError: AWS refused it.
        """
        try:
            found = self.aws.call("ecs", "DescribeTasks", cluster=self.wanted.cluster, tasks=[self.arn])["tasks"]
        except AwsError as error:
            if not error.is_passing:
                raise
            if self.silence != error.what:
                self.report(f"AWS can't be asked just now, and is asked again: {error.what}")
            self.silence = error.what
            return
        self.silence = ""
        # A task that was started a moment ago may not be known everywhere yet.
        self.task = found[0] if found else self.task
        status = str(self.task.get("lastStatus") or "").lower()
        if status and status != self.told:
            self.told = status
            self.report(f"task {last_part(self.arn)}: {status}")
        self.read_log()

    def read_log(self) -> int:
        """Tell the new lines of the log; how many there were."""
        before, could = len(self.lines), not self.log.problem
        for line in self.log.news():
            self.lines.append(line)
            self.report(f"{self.wanted.container['name']} | {line}")
        if self.log.problem and could:
            self.report(f"the log cannot be read: {self.log.problem}")
        return len(self.lines) - before

    def stop(self, reason: str) -> bool:
        """Tell the task to stop; whether AWS took it, because a refusal changes nothing of the verdict."""
        try:
            self.aws.call("ecs", "StopTask", cluster=self.wanted.cluster, task=self.arn, reason=reason)
        except AwsError as error:
            self.report(f"the task cannot be stopped: {error}")
            return False
        return True

    def result(self) -> dict[str, Any]:
        """What the step returns, whatever the end."""
        return {
            "changed": True,
            "task_arn": self.arn,
            "task_definition": self.wanted.arn,
            "exit_code": self.exit_code,
            "log": self.lines[-_KEPT_LINES:],
            "seconds": round(time.monotonic() - self.started, 1),
            "api_calls": sum(self.aws.calls.values()),
        }


def run_task(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of ecs_run_task.

    Raises:
        SlipwayError: what is to run is not there.
    """
    if check:
        # The task definition may be one that this very run would make.
        planned = {"changed": True, "task_arn": "", "task_definition": options["task_definition"], "exit_code": None}
        return {**planned, "log": [], "seconds": 0.0, "api_calls": 0}
    started, aws = time.monotonic(), Aws(Connection.of(options))
    wanted = _wanted(aws, options)
    task = _still_running(aws, wanted)
    if task is None:
        answer = aws.call("ecs", "RunTask", **_request(aws, wanted, options))
        if not answer.get("tasks"):
            return _not_started(aws, wanted, answer.get("failures") or (), started)
        task = answer["tasks"][0]
    else:
        report(f"a task that an earlier run started still runs: {last_part(task['taskArn'])}")
    following = Aws(aws.connection, impatient=True)
    following.calls = aws.calls
    run = Run(following, wanted, task, log_of(following, wanted.container, task["taskArn"]), report, started)
    if run.log.problem:
        report(run.log.problem)
    in_time = _follow(run, options["timeout"])
    return run.result() if in_time and run.succeeded else _failed(run, None if in_time else options["timeout"])


def _wanted(aws: Aws, options: Mapping[str, Any]) -> Wanted:
    definition = aws.call("ecs", "DescribeTaskDefinition", taskDefinition=options["task_definition"])["taskDefinition"]
    containers = {one["name"]: one for one in definition["containerDefinitions"]}
    name = options.get("container") or (next(iter(containers)) if len(containers) == 1 else "")
    if name not in containers:
        what = f"has no container {name}" if name else "has several containers"
        raise SlipwayError(
            f"the task definition {last_part(definition['taskDefinitionArn'])} {what}",
            where=f"{_WHERE}: container",
            remedy=f"one of: {', '.join(containers)}",
        )
    return Wanted(options["cluster"], definition, containers[name], options.get("command"))


def _still_running(aws: Aws, wanted: Wanted) -> Mapping[str, Any] | None:
    """The same task, where a run that was killed has left it: a second one beside it could do harm."""
    arns = aws.pages("ecs", "ListTasks", "taskArns", cluster=wanted.cluster, startedBy=wanted.started_by)
    if not arns:
        return None
    tasks = aws.call("ecs", "DescribeTasks", cluster=wanted.cluster, tasks=arns[:100])["tasks"]
    alive = (one for one in tasks if one.get("desiredStatus") == "RUNNING")
    return next((one for one in alive if wanted.is_run_by(one)), None)


def _request(aws: Aws, wanted: Wanted, options: Mapping[str, Any]) -> dict[str, Any]:
    # botocore adds a client token, the same for each of its retries: a lost answer starts no second task.
    request: dict[str, Any] = {
        "cluster": wanted.cluster,
        "taskDefinition": wanted.arn,
        "count": 1,
        "startedBy": wanted.started_by,
        "overrides": wanted.overrides,
        "enableECSManagedTags": True,
        "propagateTags": "TASK_DEFINITION",
    }
    strategy = options.get("capacity_provider_strategy")
    if strategy:
        names = {"capacity_provider": "capacityProvider", "weight": "weight", "base": "base"}
        request["capacityProviderStrategy"] = [
            {name: one[key] for key, name in names.items() if one.get(key) is not None} for one in strategy
        ]
    elif options.get("launch_type"):
        request["launchType"] = options["launch_type"]
    if options.get("subnets"):
        network: dict[str, Any] = {"subnets": options["subnets"]}
        if options.get("security_groups"):
            network["securityGroups"] = _group_ids(aws, options["security_groups"], options.get("vpc_id"))
        if options.get("assign_public_ip") is not None:
            network["assignPublicIp"] = "ENABLED" if options["assign_public_ip"] else "DISABLED"
        request["networkConfiguration"] = {"awsvpcConfiguration": network}
    return request


def _group_ids(aws: Aws, groups: Sequence[str], vpc_id: str | None) -> list[str]:
    names = {one: {"vpc_id": vpc_id} if vpc_id else {} for one in groups if not one.startswith("sg-")}
    found = SecurityGroup().observe(aws, names, Known(aws)) if names else {}
    missing = [name for name in names if name not in found]
    if missing:
        raise SlipwayError(
            f"there is no security group {', '.join(missing)}",
            where=f"{_WHERE}: security_groups",
            remedy="create it first, or correct the name",
        )
    return [str(found[one].outputs["id"]) if one in names else one for one in groups]


def _follow(run: Run, timeout: float) -> bool:
    """Follow the task to its end, and past its time to its stop; whether it ended in time."""
    in_time, deadline = True, run.started + timeout
    while True:
        run.look()
        now = time.monotonic()
        if run.has_ended:
            break
        if in_time and now >= deadline:
            in_time, deadline = False, now + _STOPPING
            run.report(f"stopping it: it has not ended within {timeout:.0f} s")
            if not run.stop(f"Slipway: not ended within {timeout:.0f} s"):
                break
        elif now >= deadline:
            break
        time.sleep(_FIRST if now - run.started < _SHORT else _LATER)
    if not run.has_stopped and run.exit_code == 0 and run.task.get("desiredStatus") == "RUNNING":
        run.stop("Slipway: the command has ended")
    _last_lines(run)
    return in_time


def _last_lines(run: Run) -> None:
    """What the container wrote last is in CloudWatch Logs a moment later; of a failure it is what tells why."""
    began = time.monotonic()
    while not run.log.problem and run.exit_code is not None and time.monotonic() - began < _LOG_DELAY:
        time.sleep(_FIRST)
        if not run.read_log() and (run.lines or run.succeeded):
            return


def _not_started(aws: Aws, wanted: Wanted, failures: Sequence[Mapping[str, Any]], started: float) -> dict[str, Any]:
    causes = [_refusal(failure) for failure in failures] or [Cause("unknown", "AWS started no task and gave no reason")]
    what = f"{_WHERE}: the task {last_part(wanted.arn)} was not started"
    return {
        "failed": True,
        "msg": f"{what}\n{render(causes)}",
        "changed": False,
        "task_arn": "",
        "task_definition": wanted.arn,
        "exit_code": None,
        "log": [],
        "causes": [cause.result() for cause in causes],
        "seconds": round(time.monotonic() - started, 1),
        "api_calls": sum(aws.calls.values()),
    }


# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
_REFUSALS = (
    (
        r"RESOURCE:|Capacity is unavailable",
        "capacity",
        "there is no capacity for the task now",
        "run the same command again in a few minutes, or give subnets in more availability zones",
    ),
    (
        r"reached the limit|above your limit|limit exceeded",
        "quota",
        "a quota of the account is reached",
        "stop tasks that are not needed, or ask for more: Service Quotas, AWS Fargate",
    ),
    (r"INACTIVE|MISSING", "unknown", "the cluster has nothing that could run the task", "look at the cluster"),
)


def _refusal(failure: Mapping[str, Any]) -> Cause:
    """Why RunTask started nothing, from one of its `failures`."""
    said = ": ".join(str(failure[key]) for key in ("reason", "detail") if failure.get(key)) or "no reason given"
    for pattern, code, title, remedy in _REFUSALS:
        if re.search(pattern, said, re.IGNORECASE):
            return Cause(code, title, [said], remedy)
    return Cause("unknown", "AWS refused to start the task", [said])


def _failed(run: Run, timeout: float | None) -> dict[str, Any]:
    name, code = run.wanted.container["name"], run.exit_code
    if timeout is not None:
        what = f"did not end within {timeout:.0f} s and {'was stopped' if run.has_stopped else 'still runs'}"
    elif code is None:
        what = "never started"
    elif code == 0:
        what = "was stopped before its end"
    else:
        what = f"ended with exit code {code}"
    causes = _causes(run, timeout)
    headline = f"{_WHERE}: the task {last_part(run.wanted.arn)} ({name}) {what}"
    return {
        **run.result(),
        "failed": True,
        "msg": f"{headline}\n{render(causes)}",
        "causes": [cause.result() for cause in causes],
    }


def _causes(run: Run, timeout: float | None) -> Sequence[Cause]:
    stream = f"{run.wanted.container['name']}/{last_part(run.arn)}"
    return diagnose(
        Evidence(
            tasks=[run.task],
            task_definition=run.wanted.definition,
            logs={stream: run.lines[-_SHOWN_LINES:]} if run.lines else {},
            timed_out=timeout,
            unread=[run.log.problem] if run.log.problem else [],
        )
    )
