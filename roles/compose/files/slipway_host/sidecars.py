"""What outlives releases: containers with images of their own, such as a database."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from slipway_host import containers, dotenv, files, paths
from slipway_host.compose import FILE, Project
from slipway_host.document import Document, base_file, base_hash
from slipway_host.engine import Engine
from slipway_host.errors import HostError
from slipway_host.written import BASE_RECORD, base_is_right, record_of

_Containers = Mapping[str, Mapping[str, Any]]
_UP_SECONDS = 600
_STAYS_SECONDS = 2.0
_APPLIED = "applied"
# The order in which they are written: whoever finds the last one finds the others.
_FILES = (".env", FILE, BASE_RECORD, _APPLIED)


def applied(service: str) -> str | None:
    """Name them as they were brought up."""
    return files.read(paths.release_folder(service, paths.BASE) / _APPLIED)


def apply(engine: Engine, document: Document) -> bool:
    """Bring them up, and touch nothing of them that is as it should be; say whether they were described otherwise."""
    project, wanted = Project(document["service"], paths.BASE), base_hash(document)
    if applied(document["service"]) == wanted and base_is_right(document["service"]):
        if document["base"] and not (project.folder / BASE_RECORD).exists():
            # A version of this program that wrote none brought them up.
            files.write(project.folder / BASE_RECORD, record_of(document), 0o600)
        if project.exists and not run(engine, project):
            _up_and_stay(engine, project, recreate=False)
        return False
    before = {name: text for name in _FILES if (text := files.read(project.folder / name)) is not None}
    files.make_folder(project.folder)
    files.remove(project.folder / _APPLIED)
    if not document["base"]:
        containers.remove(engine, project)
        files.remove(project.folder / FILE)
        files.remove(project.folder / BASE_RECORD)
    else:
        files.write(project.folder / ".env", dotenv.encode(document["base_env"]), 0o600)
        files.write_json(project.folder / FILE, base_file(document))
        files.write(project.folder / BASE_RECORD, record_of(document), 0o600)
        try:
            _up_and_stay(engine, project, recreate=True)
        except HostError as error:
            _restore(engine, project, before, error)
            raise
    files.write(project.folder / _APPLIED, wanted)
    return True


def _restore(engine: Engine, project: Project, before: dict[str, str], error: HostError) -> None:
    """Let those run again that did before: what serves needs them."""
    error.details["restored"] = False
    if FILE not in before:
        containers.remove(engine, project)
        files.remove(project.folder / FILE)
        files.remove(project.folder / BASE_RECORD)
        return
    for name in _FILES[:-1]:
        if name in before:
            files.write(project.folder / name, before[name], 0o600)
    try:
        up(project, recreate=True)
    except HostError:
        return
    if _APPLIED in before:
        files.write(project.folder / _APPLIED, before[_APPLIED])
    error.details["restored"] = True


def _up_and_stay(engine: Engine, project: Project, *, recreate: bool) -> None:
    try:
        up(project, recreate=recreate)
        _check_stays(engine, project)
    except HostError as error:
        present = containers.of(engine, project)
        failing = {name: one for name, one in present.items() if not containers.is_well(one) or one["RestartCount"]}
        error.details["containers"] = [containers.fact(project.service, one) for one in failing.values()]
        error.details["logs"] = {
            name: project.hide(containers.logs(one["Id"], 30)).splitlines() for name, one in failing.items()
        }
        raise


def _check_stays(engine: Engine, project: Project) -> None:
    """Look again a moment later: without a health check, Compose takes a start for a success."""
    before = containers.of(engine, project)
    time.sleep(_STAYS_SECONDS)
    for name, code in ended(before, containers.of(engine, project)).items():
        with_code = f": it ends with {code}" if code is not None else ""
        raise HostError(
            "compose", f"{name} of {project.service} does not stay up{with_code}", "Its last lines tell why."
        )


def ended(before: _Containers, after: _Containers) -> dict[str, int | None]:
    """Name those that did not run all the time between two looks, with their exit codes where a look saw one."""
    found: dict[str, int | None] = {}
    for name, now in after.items():
        then = before.get(name, now)
        # One that waited to be started again, and then was, has the same count both times.
        down = [one["State"]["ExitCode"] for one in (now, then) if one["State"]["Status"] != "running"]
        if down or name not in before or now["RestartCount"] != then["RestartCount"]:
            found[name] = down[0] if down else None
    return found


def run(engine: Engine, project: Project) -> bool:
    """Say whether all of them run."""
    described = files.read_json(project.folder / FILE) or {}
    present = containers.of(engine, project)
    return all(name in present and containers.is_running(present[name]) for name in described.get("services") or {})


def up(project: Project, *, recreate: bool = False) -> None:
    """Start them, and wait until they are healthy."""
    # Compose makes anew only what changed; and nothing at all where nothing was to change.
    options = ["--remove-orphans"] if recreate else ["--no-recreate"]
    project.call("up", "--detach", "--wait", "--pull", "never", *options, seconds=_UP_SECONDS)
