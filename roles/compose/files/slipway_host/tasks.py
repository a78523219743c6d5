"""Commands that end: the migration of a release, and the runs of a scheduled job."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from types import FrameType
from typing import Any

from slipway_host import containers, files, paths, state
from slipway_host.compose import Project
from slipway_host.document import TASK
from slipway_host.engine import Engine
from slipway_host.errors import HostError
from slipway_host.process import ENVIRONMENT, run

LOOK_SECONDS = 0.3
LOG_LINES = 500
COMMAND_LABEL = "slipway.command"


def task(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Run a command with the image and the environment of a release, or follow the one that runs already."""
    service, release = paths.service_name(request["service"]), paths.release_id(request["id"])
    project, command = Project(service, release), [str(word) for word in request.get("command") or []]
    name = f"{project.name}-{TASK}-{paths.part_name(request['name'])}"
    state.known(service, release)
    mark = hashlib.sha256(json.dumps(command).encode()).hexdigest()
    with files.locked(service, 60):
        _begin(engine, project, TASK, name, command, mark)
    wait = request.get("wait")
    result = _follow(engine, name, float(request.get("timeout") or 3600), None if wait is None else float(wait))
    log = project.hide(containers.logs(name, LOG_LINES)).splitlines()
    if not result.get("running"):
        containers.delete(engine, name)
    return {**result, "log": log}


def job(engine: Engine, service: str, name: str) -> int:
    """Run a scheduled job of the release that serves; its lines go to the journal."""
    now = state.load(paths.service_name(service))
    if now is None or now.current is None:
        sys.stderr.write(f"no release of {service} serves: {name} has nothing to run\n")
        return 0
    document = state.known(service, now.current)
    described = next((one for one in document["jobs"] if one["name"] == name), None)
    if described is None:
        sys.stderr.write(f"release {now.current} of {service} has no job {name}\n")
        return 0
    project = Project(service, now.current)
    # Without the release: one that began before a release is not begun a second time after it.
    container = f"{service}-job-{paths.part_name(name)}"
    signal.signal(signal.SIGTERM, _ended)
    try:
        _begin(engine, project, name, container, [], "")
        result = _shown(engine, container, float(described.get("timeout") or 3600))
    except Ended:
        run(["docker", "stop", container], 600)
        containers.delete(engine, container)
        return 1
    containers.delete(engine, container)
    if result["exit_code"] == 0:
        return 0
    sys.stderr.write(f"{name} of {service} failed: {_reason(result)}\n")
    return 1


class Ended(BaseException):
    """systemd wants the job to end."""


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise Ended


def _shown(engine: Engine, container: str, timeout: float) -> dict[str, Any]:
    """Follow a container, and write what it writes."""
    with subprocess.Popen(["docker", "logs", "--follow", container], stdin=subprocess.DEVNULL, env=ENVIRONMENT) as log:
        try:
            result = _follow(engine, container, timeout, None)
            with contextlib.suppress(subprocess.TimeoutExpired):
                log.wait(timeout=5)
        finally:
            log.terminate()
    return result


def _reason(result: dict[str, Any]) -> str:
    if result["timed_out"]:
        return "it did not end in time, and was stopped"
    if result["oom_killed"]:
        return "it used more memory than it may"
    return str(result["error"] or f"it ended with {result['exit_code']}")


def _begin(engine: Engine, project: Project, service: str, name: str, command: list[str], mark: str) -> None:
    """Start the container, unless it runs, or has succeeded while nobody looked."""
    present = engine.found(f"/containers/{name}/json")
    if present is not None:
        same = present["Config"]["Labels"].get(COMMAND_LABEL) == mark
        if containers.is_running(present):
            if same:
                return
            raise HostError("busy", f"{name} still runs another command", f"Wait, or end it: docker stop {name}")
        if same and mark and present["State"]["Status"] == "exited" and present["State"]["ExitCode"] == 0:
            return
        containers.delete(engine, name)
    labels = ["--label", f"{COMMAND_LABEL}={mark}"]
    done = project.run("run", "--detach", "--no-deps", "--name", name, *labels, service, *command, seconds=120)
    if not done.ok and engine.found(f"/containers/{name}/json") is None:
        what = f"{name} cannot be started: {project.hide(done.told())}"
        raise HostError("compose", what, "`journalctl -u docker` on the machine tells more.")


def _follow(engine: Engine, name: str, timeout: float, wait: float | None) -> dict[str, Any]:
    """Wait until a container has ended, or its time is over."""
    asked = time.monotonic()
    timed_out = False
    while True:
        container = engine.found(f"/containers/{name}/json")
        if container is None:
            raise HostError("gone", f"somebody removed the container {name} while it ran", "Start it again.")
        status = container["State"]
        if not containers.is_running(container):
            return {
                "exit_code": status["ExitCode"],
                "oom_killed": bool(status.get("OOMKilled")),
                "timed_out": timed_out,
                "error": status.get("Error") or None,
            }
        if time.time() - _epoch(status["StartedAt"]) > timeout:
            timed_out = True
            run(["docker", "stop", name], 600)
            continue
        if wait is not None and time.monotonic() - asked >= wait:
            return {"running": True}
        time.sleep(LOOK_SECONDS)


def _epoch(text: str) -> float:
    # Docker writes nanoseconds, and Python 3.9 reads at most seconds without help.
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
