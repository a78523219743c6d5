"""What the tasks tell: why each of them stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .facts import Facts
from .rules import rule_for
from .signs import Sign
from .words import command_in_logs, sign

# What ends a task in the course of things: it was replaced, or there were too many.
_SCALING = re.compile(
    r"Scaling activity initiated by|Service scaling down|Task definition updated|Deployment capacity limit"
)
_HEAP = re.compile(
    r"heap out of memory|OutOfMemoryError|Cannot allocate memory|fatal error: runtime: out of memory|MemoryError"
)
_EXEC_FORMAT = re.compile(r"exec format error", re.IGNORECASE)
# What the SDKs print: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_NOT_AUTHORIZED = re.compile(r"assumed-role/(?P<role>[^/\s]+)/\S+ is not authorized to perform: (?P<action>[\w-]+:\w+)")

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html and
# https://tldp.org/LDP/abs/html/exitcodes.html; above 128 it is 128 + the signal's number.
_CODES = {
    0: (
        "ended by itself with exit code 0, and a service has to keep running",
        "start the server in the foreground; for work that ends, use service_migration",
    ),
    2: (
        "exited with code 2, which many programs use for a wrong option",
        "check service_command and service_entry_point",
    ),
    126: (
        "found its command, and may not execute it (exit code 126)",
        "make it executable (chmod +x) and check its first line",
    ),
    134: ("aborted itself (exit code 134, SIGABRT)", ""),
    137: (
        "was killed (exit code 137, SIGKILL)",
        "often memory is lacking: see it in Container Insights, and raise service_memory (now {memory} MiB)",
    ),
    139: (
        "crashed on a memory access (exit code 139, SIGSEGV)",
        "look for a native library that is not built for {architecture} or for the image's C library",
    ),
    143: ("was ended by SIGTERM from inside (exit code 143)", "look for what stops the main process"),
}
# Stop codes that tell the cause by themselves, as a text that a rule knows:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
_MACHINE = "maintenance on the underlying infrastructure"
_STOP_CODES = {
    "SpotInterruption": "SpotInterruption",
    "TerminationNotice": _MACHINE,
    "InfrastructureHealth": _MACHINE,
}


def read_tasks(facts: Facts) -> Iterator[Sign]:
    """What each stopped task says."""
    for task in facts.evidence.tasks:
        reason = str(task.get("stoppedReason") or "")
        if (task.get("stoppedAt") or task.get("lastStatus") == "STOPPED" or reason) and not _SCALING.search(reason):
            yield from _task(task, reason, facts)


def task_id(task: Mapping[str, Any]) -> str:
    """The short id."""
    return str(task.get("taskArn") or "").rpartition("/")[2]


def _task(task: Mapping[str, Any], reason: str, facts: Facts) -> Iterator[Sign]:
    identity, code = task_id(task), str(task.get("stopCode") or "")
    containers = task.get("containers") or ()
    told = next((one for one in containers if one.get("reason") and rule_for(str(one["reason"]))), None)
    if told is not None and (found := rule_for(str(told["reason"]))):
        name = str(told.get("name") or "")
        known = sign(found, facts, str(told["reason"]), container=name, line=_line(reason, told))
        yield replace(known, details=_shown(facts.logs(name, identity)))
    elif "failed container health checks" in reason:
        yield _container_health(identity, task, reason, facts)
    elif "failed ELB health checks" in reason:
        yield Sign("target_health_check", "", reason)
    elif reason and not _exited(reason, code) and (found := rule_for(reason)):
        yield sign(found, facts, reason)
    elif code in _STOP_CODES and (found := rule_for(_STOP_CODES[code])):
        yield sign(found, facts, _STOP_CODES[code], line=": ".join(part for part in (code, reason) if part))
    elif code == "UserInitiated":
        yield from _by_hand(reason, facts)
    elif (exits := list(_exits(task, reason, code, facts))) or _finished(containers, facts):
        yield from exits
    else:
        text = ": ".join(part for part in (code, reason) if part) or "no reason given"
        yield Sign("unknown", "a task stopped for a reason that is not known", text, _unknown(facts))


def _by_hand(reason: str, facts: Facts) -> Iterator[Sign]:
    # Who gives up waiting for a one-off task stops it.
    if facts.is_service or facts.evidence.timed_out is None:
        remedy = "look in CloudTrail for StopTask, or deploy again"
        yield Sign("stopped_by_hand", "somebody stopped a task", reason or "UserInitiated", remedy)


def _unknown(facts: Facts) -> str:
    return f"read AWS's words and the logs ({facts.follow_logs('')})"


def _exited(reason: str, code: str) -> bool:
    return code == "EssentialContainerExited" or reason.startswith("Essential container in task exited")


def _finished(containers: Any, facts: Facts) -> bool:
    """Whether a one-off task did what it was to do."""
    codes = [one.get("exitCode") for one in containers]
    return not facts.is_service and bool(codes) and all(code == 0 for code in codes)


def _exits(task: Mapping[str, Any], reason: str, stop_code: str, facts: Facts) -> Iterator[Sign]:
    # What the scheduler stops exits by SIGTERM or SIGKILL: that is no cause.
    if stop_code not in {"", "EssentialContainerExited"}:
        return
    exited = [one for one in task.get("containers") or () if one.get("exitCode") is not None]
    essential = [one for one in exited if facts.container(str(one.get("name"))).get("essential", True)]
    # The first to exit takes the others along: they end by a signal.
    by_themselves = [one for one in essential if one["exitCode"] not in {137, 143}] if len(essential) > 1 else essential
    for container in by_themselves or essential:
        if container["exitCode"] != 0 or facts.is_service:
            yield _exit(container, reason, task_id(task), facts)


def _exit(container: Mapping[str, Any], reason: str, identity: str, facts: Facts) -> Sign:
    name, code = str(container.get("name") or "container"), int(container["exitCode"])
    logs, line = facts.logs(name, identity), _line(reason, container)
    details = _shown(logs)
    text = "\n".join(logs)
    image = facts.image("", name)
    look = f"read the log lines ({facts.follow_logs(name)}), correct the image or the description"
    if _EXEC_FORMAT.search(text) and (found := rule_for("exec format error")):
        return replace(sign(found, facts, "exec format error", container=name, line=line), details=details)
    if code == 127 or (code in {1, 2, 126} and re.search(r"executable file not found|command not found", text)):
        command = command_in_logs(logs)
        return Sign(
            "command_not_found",
            f"the container {name} did not find its command{f' {command}' if command else ''} in the image {image}",
            line,
            "check service_command, service_entry_point and the image's ENTRYPOINT and CMD; the file must be there "
            "and on PATH",
            details,
        )
    if found_heap := _HEAP.search(text):
        return Sign(
            "out_of_memory",
            f"the application in the container {name} ran out of memory ({found_heap[0]})",
            line,
            f"raise service_memory (now {facts.memory or '?'} MiB) and the limit of the runtime's own heap",
            details,
        )
    known = {"memory": facts.memory or "?", "architecture": facts.architecture}
    what, more = _CODES.get(
        code, (f"exited with code {code}" + (f" (signal {code - 128})" if 128 < code < 160 else ""), "")
    )
    remedy = f"{more.format_map(known)}; {look}" if more else look
    return Sign("exit_code", f"the container {name} {what}", line, remedy, details)


def _container_health(identity: str, task: Mapping[str, Any], reason: str, facts: Facts) -> Sign:
    containers = task.get("containers") or ()
    unhealthy = (str(one.get("name")) for one in containers if one.get("healthStatus") == "UNHEALTHY")
    checked = (str(one.get("name")) for one in facts.containers if one.get("healthCheck"))
    name = next(unhealthy, "") or next(checked, "")
    check = facts.container(name).get("healthCheck") or {}
    command = " ".join(check.get("command") or ())
    return Sign(
        "container_health_check",
        f"the health check inside the container{f' {name}' if name else ''} failed",
        reason,
        f"run the check by hand in the image{f' ({command})' if command else ''}: its program must be in the image, "
        "and exit with 0; a slow start needs service_container_health_check.start_period"
        + (f" (now {check['startPeriod']} s)" if check.get("startPeriod") else ""),
        _shown(facts.logs(name, identity)),
    )


def role_signs(facts: Facts) -> Iterator[Sign]:
    """What the application's own log says that its role may not do."""
    for line in facts.all_logs():
        if (found := _NOT_AUTHORIZED.search(line)) and found["role"] != facts.execution_role:
            yield Sign(
                "task_role",
                f"the task role {found['role']} may not do {found['action']}",
                f"| {line.strip()}",
                f"allow {found['action']} in service_task_policy",
            )


def _line(reason: str, container: Mapping[str, Any]) -> str:
    code = container.get("exitCode")
    parts = [f"exit code {code}"] if code is not None else []
    parts += [str(container["reason"])] if container.get("reason") else []
    inner = f"{container.get('name', 'container')}: {', '.join(parts)}"
    return f"{reason} ({inner})" if reason else inner


def _shown(logs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"| {line.rstrip()}" for line in logs)
