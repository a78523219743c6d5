"""The verbs of a service that goes elsewhere: stop, remove."""

from __future__ import annotations

import shutil
from typing import Any

from slipway_host import caddy, containers, files, hosts, network, paths, state, units
from slipway_host.compose import Project
from slipway_host.engine import Engine
from slipway_host.process import run
from slipway_host.releasing import LOCK_SECONDS


def stop(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Stop a service for good: it does not start at boot, either."""
    service = paths.service_name(request["service"])
    names = units.present(service)
    timers = [name for name in names if name.endswith(".timer")]
    was = state.load(service) is not None
    for stopped in (timers, [name for name in names if name not in timers]):
        if stopped:
            run(["systemctl", "disable", "--quiet", "--now", *stopped], 3700)
    with files.locked(service, LOCK_SECONDS):
        stop_all(engine, service)
    return {"stopped": was}


def stop_all(engine: Engine, service: str) -> None:
    """Stop all containers: those of releases first, then what they use."""
    projects = [Project(service, release) for release in [*state.releases(service), paths.BASE]]
    for project in projects:
        containers.stop_one_offs(engine, project)
        containers.stop(engine, project)


def remove(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a service; its volumes stay unless they are named, too."""
    service = paths.service_name(request["service"])
    was = state.load(service) is not None
    stop(engine, request)
    with files.locked(service, LOCK_SECONDS):
        caddy.apply(service, None)
        hosts.point(service, [])
        for release in [*state.releases(service), paths.BASE]:
            project = Project(service, release)
            containers.remove(engine, project)
        if request.get("volumes"):
            network.remove_volumes(engine, service)
        units.remove_units([], units.present(service))
        network.remove(engine, service)
        files.remove(paths.KEEP_IMAGES / service)
        shutil.rmtree(paths.folder(service), ignore_errors=True)
    return {"removed": was}
