"""Why a release on a machine failed: what was seen, in the shape of ECS's, through the same diagnosis. Pure.

So a cause has the same code and the same words, whatever runs the service; only what to do differs, where it would
speak of parts that a machine has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..release.diagnosis import diagnose
from ..release.evidence import Cause, Evidence
from ..release.redaction import redacted
from .machine import MachineError
from .watch import Watched, matches

Service = Mapping[str, Any]
Release = Mapping[str, Any]
_LOG_LINES = 10
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded|\bENOSPC\b", re.IGNORECASE)
_LOST = re.compile(r"timed? ?out|no answer within", re.IGNORECASE)
_REFUSED = "Target.FailedHealthChecks"
# What Compose says of a container that it waits for.
_SIDECAR = re.compile(r"container (?P<name>\S+) (is unhealthy|exited \((?P<code>\d+)\))")
# What the machine's program calls an error -> the words by which ECS begins its own.
_STARTS = {"cannot_pull": "CannotPullContainerError", "compose": "CannotStartContainerError"}
# Codes whose remedy speaks of Fargate's parts -> what to do on a machine.
_REMEDIES = {
    "image_pull_denied": "check that the repository has the image, and that whoever deploys may read it "
    "(ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer)",
    "network_to_endpoints": "check that the machine reaches it (curl from the machine, its security group, its DNS), "
    "and run the same command again",
}
_SWAPS = (
    ("the task does not reach", "the machine does not reach"),
    # They stand above it, and nowhere else any more.
    (" (the container's logs)", ""),
    ("let the load balancer's security group reach port ", "check that the application listens on 0.0.0.0, port "),
    (" in the security group; check that the ", "; check that the "),
    ("see it in Container Insights, and ", ""),
)


def of_watched(service: Service, release: Release, watched: Watched, reason: str, timeout: float | None) -> list[Cause]:
    """The causes of a candidate that did not come up."""
    if elsewhere := _listens_elsewhere(release, watched):
        return [elsewhere]
    return _for_machine(diagnose(evidence_of(service, release, watched, reason, timeout)), service)


def sidecar_of(service: Service, error: MachineError) -> str:
    """The sidecar that did not come up, where that is why the machine's program refused a verb."""
    found = _SIDECAR.search(error.what)
    name = found["name"].removeprefix(f"{service['name']}-").rpartition("-")[0] if found else ""
    return name if name in service["sidecars"] else ""


def of_error(service: Service, release: Release, error: MachineError) -> list[Cause]:
    """The causes of a verb that the machine's program refused."""
    if _NO_SPACE.search(error.what):
        return [_disk_full(error.where, error.what)]
    if (name := sidecar_of(service, error)) and (words := _SIDECAR.search(error.what)):
        return _of_sidecar(service, release, name, words["code"], (error.details.get("logs") or {}).get(name) or ())
    start = _STARTS.get(error.code)
    if start:
        text = f"{start}: {error.what}"
        image = str(error.details.get("image") or release.get("image") or "")
        task = {"taskArn": "task", "lastStatus": "STOPPED", "stoppedReason": text, "containers": []}
        found = diagnose(_evidence(service, release, [task], image=image))
        if not all(one.code in {"unknown", "container_start"} for one in found):
            return _for_machine(found, service)
    # Compose tells its progress before it tells why.
    lines = [line.strip() for line in error.what.splitlines() if line.strip()] or [error.what]
    title = lines[-1] if error.code == "compose" else lines[0]
    return [Cause(error.code, title[:300], tuple(line for line in lines if line != title)[:_LOG_LINES], error.remedy)]


def _of_sidecar(service: Service, release: Release, name: str, code: str | None, logs: Sequence[str]) -> list[Cause]:
    part = service["sidecars"][name]
    own = {**service, "container_name": name, "memory": part["memory"] or "?", "container_health_check": None}
    own |= {"container_health_check": part["health_check"]} if part["health_check"] else {}
    told = {name: list(logs)}
    if code is not None:
        one: dict[str, Any] = {"service": name, "state": "exited", "exit_code": int(code)}
        watched = Watched(down={name: one}, logs=told)
    else:
        watched = Watched(containers={name: {"service": name, "state": "running", "health": "unhealthy"}}, logs=told)
    found = of_watched(own, {**release, "image": part["image"]}, watched, f"the sidecar {name} did not come up", None)
    check = "service_container_health_check"
    return [replace(one, remedy=one.remedy.replace(check, f"service_sidecars.{name}.health_check")) for one in found]


def of_failed_start(service: Service, release: Release, failed: Mapping[str, str]) -> list[Cause]:
    """The causes of containers that the engine could not start; its words for each."""
    if any(_NO_SPACE.search(text) for text in failed.values()):
        return [_disk_full("the machine", next(iter(failed.values())))]
    tasks = [
        _task(service, name, {"exitCode": None, "reason": f"CannotStartContainerError: {text}"})
        for name, text in failed.items()
    ]
    return _for_machine(diagnose(_evidence(service, release, tasks)), service)


def of_task(service: Service, release: Release, ended: Mapping[str, Any], timeout: float) -> list[Cause]:
    """The causes of a migration that failed."""
    if ended.get("oom_killed"):
        reason = "OutOfMemoryError: Container killed due to memory usage"
    else:
        reason = str(ended.get("error") or "")
    container = {"exitCode": ended.get("exit_code"), "reason": reason}
    logs = {f"{service['container_name']}/migration": _shown(ended.get("log") or ())}
    timed_out = bool(ended.get("timed_out"))
    task = _task(service, "migration", container)
    if timed_out:
        task |= {"stopCode": "UserInitiated", "stoppedReason": ""}
    made = _evidence(service, release, [task])
    # No service: a one-off task is meant to end.
    found = diagnose(replace(made, service=None, deployment_id="", logs=logs, timed_out=timeout if timed_out else None))
    return _for_machine(found, service)


def evidence_of(service: Service, release: Release, watched: Watched, reason: str, timeout: float | None) -> Evidence:
    """What was seen of a candidate, as ECS and a load balancer would tell it."""
    tasks = [_task(service, name, _container(one)) for name, one in watched.down.items()]
    unhealthy = [name for name, one in watched.containers.items() if one.get("health") == "unhealthy"]
    tasks += [
        {
            **_task(service, name, {"exitCode": None, "healthStatus": "UNHEALTHY"}),
            "stopCode": "ServiceSchedulerInitiated",
            "stoppedReason": "Task failed container health checks",
        }
        for name in unhealthy
    ]
    gone = {*watched.down, *unhealthy}
    targets = [_target(release, name, answer) for name, answer in watched.answers.items() if name not in gone]
    logs = {f"{service['container_name']}/{name}": _shown(lines) for name, lines in watched.logs.items()}
    made = _evidence(service, release, tasks, reason=reason)
    return replace(made, targets=[one for one in targets if one], logs=logs, timed_out=timeout)


def _evidence(
    service: Service, release: Release, tasks: Sequence[Mapping[str, Any]], *, reason: str = "", image: str = ""
) -> Evidence:
    identity, name = str(release.get("id") or ""), service["container_name"]
    deployment = {"id": identity, "status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": reason}
    check = {"healthCheck": _health(service["container_health_check"])} if service["container_health_check"] else {}
    definition = {
        "cpu": str(service["cpu"]),
        "memory": str(service["memory"]),
        "runtimePlatform": {"cpuArchitecture": service["cpu_architecture"]},
        "containerDefinitions": [
            {
                "name": name,
                "image": image or release.get("image"),
                "essential": True,
                "portMappings": [{"containerPort": service["container_port"]}],
                **check,
            }
        ],
    }
    health = service["health_check"]
    return Evidence(
        deployment_id=identity,
        service={
            "serviceName": service["name"],
            "status": "ACTIVE",
            "deployments": [deployment],
            "loadBalancers": [{"containerPort": service["container_port"]}],
            "healthCheckGracePeriodSeconds": service["health_check_grace_period"],
        },
        task_definition=definition,
        tasks=tasks,
        target_group={
            "HealthCheckPath": health["path"],
            "Matcher": {"HttpCode": health["matcher"]},
            "HealthCheckTimeoutSeconds": health["timeout"],
        },
    )


def _health(check: Mapping[str, Any]) -> dict[str, Any]:
    return {"command": list(check["command"]), "startPeriod": check["start_period"]}


def _task(service: Service, name: str, container: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "taskArn": f"task/{name}",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": service["container_name"], **container}],
    }


def _container(one: Mapping[str, Any]) -> dict[str, Any]:
    reason = str(one.get("error") or "")
    if one.get("oom_killed"):
        reason = "OutOfMemoryError: Container killed due to memory usage"
    elif reason:
        reason = f"CannotStartContainerError: {reason}"
    return {"exitCode": one.get("exit_code"), "reason": reason}


def _target(release: Release, name: str, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """A container as a target of a load balancer; None where it answers as it should."""
    status, error = answer.get("status"), str(answer.get("error") or "")
    if status is not None and matches(str(release["health"]["matcher"]), int(status)):
        return None
    if status is not None:
        health = {
            "Reason": "Target.ResponseCodeMismatch",
            "Description": f"Health checks failed with these codes: [{status}]",
        }
    elif _LOST.search(error):
        health = {"Reason": "Target.Timeout", "Description": "Request timed out"}
    else:
        health = {"Reason": _REFUSED, "Description": error or "Health checks failed"}
    return {"Target": {"Id": name, "Port": release["port"]}, "TargetHealth": {"State": "unhealthy", **health}}


def _listens_elsewhere(release: Release, watched: Watched) -> Cause | None:
    """A container that runs, refuses connections, and listens on other ports: the kernel says so, whatever it logs."""
    for name, answer in watched.answers.items():
        ports = [port for port in watched.ports.get(name) or () if 1 <= port <= 65535]
        if name in watched.down or answer.get("status") is not None or not ports or release["port"] in ports:
            continue
        other, port = ports[0], release["port"]
        return Cause(
            "port_mismatch",
            f"the application listens on port {other}, and requests come to port {port}",
            (f"{name} listens on {', '.join(map(str, ports))}: {answer.get('error') or 'no answer'}",),
            f"set service_container_port to {other}, or make the application listen on {port}",
        )
    return None


def _disk_full(machine: str, words: str) -> Cause:
    return Cause(
        "disk_full",
        "the machine's disk is full",
        (f"{machine}: {_first(words)}",),
        "make room (on the machine: df -h, docker system df, docker image prune --all), or raise "
        "machine_disk_size_gib and run provision.yml",
    )


def _for_machine(causes: Iterable[Cause], service: Service) -> list[Cause]:
    found, host = [], f"{service['name']}.slipway.internal"
    for cause in causes:
        if cause.code == "storage_full":
            found.append(_disk_full("the machine", " ".join(cause.evidence) or cause.title))
            continue
        title, remedy = cause.title, _REMEDIES.get(cause.code, cause.remedy)
        for old, new in (
            *_SWAPS,
            ("try it: curl -i http://localhost:", f"try it on the machine: curl -i http://{host}:"),
        ):
            title, remedy = title.replace(old, new), remedy.replace(old, new)
        found.append(replace(cause, title=title, remedy=remedy))
    return found


def _shown(lines: Sequence[str]) -> list[str]:
    return [redacted(str(line)) for line in lines][-_LOG_LINES:]


def _first(text: str) -> str:
    return text.strip().partition("\n")[0][:300]
