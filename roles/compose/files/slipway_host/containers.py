"""What the engine knows of a service's containers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from slipway_host import paths
from slipway_host.compose import Project
from slipway_host.engine import Engine, EngineError
from slipway_host.process import ENVIRONMENT, run

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"
NEVER = "0001-01-01T00:00:00Z"
LISTENING = "0A"
RESOLVER = "0B00007F"
LOOPBACK = {"0100007F", f"{'0' * 24}01000000", f"{'0' * 16}FFFF00000100007F"}
LINE_LIMIT = 2000
STOP_SECONDS = 3600
# It is not there, or is being removed already.
GONE = {404, 409}


def inspected(engine: Engine, projects: Iterable[str], *, one_offs: bool = False) -> list[dict[str, Any]]:
    """Describe the containers of some projects, those of tasks and jobs only when they are asked for."""
    wanted = set(projects)
    # With one name the engine selects; of several values it would want a container to have all.
    label = f"{PROJECT}={next(iter(wanted))}" if len(wanted) == 1 else PROJECT
    filters = json.dumps({"label": [label]})
    listed = engine.call("GET", "/containers/json", query={"all": "1", "filters": filters})
    described = []
    for one in listed:
        labels = one["Labels"]
        if labels.get(PROJECT) in wanted and (one_offs or labels.get(ONE_OFF, "False") != "True"):
            container = engine.found(f"/containers/{one['Id']}/json")
            if container is not None:
                described.append(container)
    return sorted(described, key=lambda container: str(container["Name"]))


def of(engine: Engine, project: Project) -> dict[str, dict[str, Any]]:
    """Describe the containers of one project by their names in it."""
    return {service_of(container): container for container in inspected(engine, [project.name])}


def service_of(container: dict[str, Any]) -> str:
    """Name the service of a compose.yaml that a container runs."""
    return str(container["Config"]["Labels"].get(SERVICE, ""))


def is_running(container: dict[str, Any]) -> bool:
    """Say whether it runs, or is just being started again by the engine."""
    return container["State"]["Status"] in {"running", "restarting"}


def is_well(container: dict[str, Any]) -> bool:
    """Say whether it runs, and does not find itself ill."""
    state = container["State"]
    health = (state.get("Health") or {}).get("Status", "healthy")
    return bool(state["Status"] == "running" and health == "healthy")


def fact(service: str, container: dict[str, Any]) -> dict[str, Any]:
    """Say of one container what the controller wants to know."""
    state = container["State"]
    project = str(container["Config"]["Labels"].get(PROJECT, ""))
    runs = state["Status"] == "running"
    return {
        "release": paths.BASE if project == service else project[len(service) + 1 :],
        "service": service_of(container),
        "name": str(container["Name"]).lstrip("/"),
        "state": state["Status"],
        "health": (state.get("Health") or {}).get("Status"),
        "exit_code": None if runs or (state["Status"] == "created" and not state.get("Error")) else state["ExitCode"],
        "oom_killed": bool(state.get("OOMKilled")),
        "started_at": _moment(state["StartedAt"]),
        "finished_at": _moment(state["FinishedAt"]),
        "restarts": container.get("RestartCount", 0),
        "image": container["Config"]["Image"],
        "error": state.get("Error") or None,
    }


def _moment(text: str) -> str | None:
    return None if text == NEVER else text


def listening(pid: int = 0, *, local: bool = False) -> list[int]:
    """Name the ports that somebody listens on, in the network of a process (0: of the machine).

    Args:
        pid: the process.
        local: those that nobody reaches from outside, instead of those that everybody does.
    """
    ports = set()
    for file in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{file}") if pid else Path(f"/proc/net/{file}")
        try:
            lines = path.read_text().splitlines()[1:]
        except OSError:
            continue
        for words in map(str.split, lines):
            address, _, port = words[1].rpartition(":")
            # Docker's own resolver listens in each container.
            if words[3] == LISTENING and address != RESOLVER and local == (address in LOOPBACK):
                ports.add(int(port, 16))
    return sorted(ports)


def logs(name: str, lines: int, *, timestamps: bool = False) -> str:
    """Answer the last lines that a container wrote."""
    options = ["--timestamps"] if timestamps else []
    # Two streams in one order: only one pipe keeps that.
    done = subprocess.run(
        ["timeout", "--kill-after=5", "30", "docker", "logs", f"--tail={lines}", *options, name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env=ENVIRONMENT,
    )
    text = done.stdout.decode(errors="replace")
    return "\n".join(line.rstrip("\r")[:LINE_LIMIT] for line in text.splitlines()) if done.returncode == 0 else ""


def set_restart(engine: Engine, container: dict[str, Any], policy: str) -> None:
    """Say whether the engine starts a container again by itself."""
    if container["HostConfig"]["RestartPolicy"]["Name"] != policy:
        body = {"RestartPolicy": {"Name": policy, "MaximumRetryCount": 0}}
        engine.call("POST", f"/containers/{container['Id']}/update", body=body)


def start(engine: Engine, container: dict[str, Any]) -> str | None:
    """Start a container; answer why it does not start."""
    try:
        engine.call("POST", f"/containers/{container['Id']}/start", seconds=180)
    except EngineError as error:
        # The same stands in its State.Error, where it is to be seen later, too.
        return error.what
    return None


def have(engine: Engine, project: Project, services: list[str], policy: str) -> dict[str, str]:
    """See to it that containers are there and run; answer which do not start, and why."""
    if not services:
        return {}
    present = of(engine, project)
    if any(service not in present for service in services):
        project.call("up", "--no-start", "--no-deps", "--no-recreate", "--pull", "never", *services)
        present = of(engine, project)
    return _started(engine, present, services, policy)


def _started(engine: Engine, present: dict[str, dict[str, Any]], services: list[str], policy: str) -> dict[str, str]:
    def one(service: str) -> str | None:
        container = present.get(service)
        if container is None:
            return "its container was not made"
        set_restart(engine, container, policy)
        return None if is_running(container) else start(engine, container)

    with ThreadPoolExecutor(max_workers=8) as pool:
        errors = dict(zip(services, pool.map(one, services)))
    return {service: error for service, error in errors.items() if error}


def stop(engine: Engine, project: Project, services: Iterable[str] = ()) -> None:
    """Stop containers, each in the time that it has to end; those of tasks and jobs go on."""
    running = {name: one for name, one in of(engine, project).items() if is_running(one)}
    names = [name for name in running if name in services] if services else list(running)
    if names and project.exists:
        project.call("stop", *names, seconds=STOP_SECONDS)
    elif names:
        run(["docker", "stop", *(running[name]["Id"] for name in names)], STOP_SECONDS)


def stop_one_offs(engine: Engine, project: Project) -> None:
    """Stop the containers of tasks and jobs."""
    running = [one["Id"] for one in inspected(engine, [project.name], one_offs=True) if is_running(one)]
    if running:
        run(["docker", "stop", *running], STOP_SECONDS)


def remove(engine: Engine, project: Project) -> None:
    """Stop and remove the containers of a project, with the volumes that have no name; a job that runs goes on."""
    stop(engine, project)
    for container in inspected(engine, [project.name], one_offs=True):
        if not is_running(container):
            delete(engine, container["Id"])


def delete(engine: Engine, name: str) -> None:
    """Remove one container, which may be gone already."""
    try:
        engine.call("DELETE", f"/containers/{name}", query={"force": "1", "v": "1"})
    except EngineError as error:
        if error.status not in GONE:
            raise
