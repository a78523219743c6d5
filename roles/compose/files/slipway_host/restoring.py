"""The verb restore: a service as its release was written, without a value that the machine does not have any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slipway_host import caddy, containers, dotenv, files, paths, releasing, sidecars, state, units, written
from slipway_host.compose import FILE, Project
from slipway_host.document import Document, base_file, release_file
from slipway_host.engine import Engine
from slipway_host.errors import HostError


def restore(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Bring files, units and containers back to the release that serves; what runs as it should goes on.

    Containers are made anew only where the request names them: that may interrupt the service.
    """
    service = paths.service_name(request["service"])
    with files.locked(service, releasing.LOCK_SECONDS):
        now = state.load(service)
        if now is None or now.current is None:
            raise HostError("no_service", f"nothing of {service} serves", "Deploy it.")
        if now.candidate or now.leaving:
            raise HostError("busy", f"a release of {service} is on its way", "Wait for its end.")
        document = state.known(service, now.current)
        left = _files(service, document)
        units.remove_drop_ins(list(units.wanted(document)))
        caddy.apply(service, document["site"])
        units.apply_service(document)
        failed = _containers(engine, service, document, set(request.get("containers") or ()))
        units.apply_jobs(document)
    units.start(service)
    return {"left": left, "failed": failed}


def _files(service: str, document: Document) -> list[str]:
    """Write what can be written; answer what can't: the value of a secret is only on the machine."""
    folder, base = paths.release_folder(service, document["id"]), paths.release_folder(service, paths.BASE)
    files.make_folder(folder)
    files.write_json(folder / FILE, release_file(document, document.get("addresses") or {}))
    left = [] if _env(folder / written.ENV, document.get("env_marks")) else [written.ENV]
    record = written.base_record(service)
    if record and record.get("base"):
        files.write_json(base / FILE, base_file(record))
        left += [] if _env(base / written.ENV, record.get("base_env_marks")) else [f"base/{written.ENV}"]
    return left


def _env(path: Path, marks: dict[str, str] | None) -> bool:
    """Keep the values that were released, and none beside them; answer whether they are all there."""
    text = files.read(path)
    if text is None and marks:
        return False
    if text is None or marks is None:
        files.write(path, text or "", written.PRIVATE)
        return True
    values = {
        name: value for name, value in dotenv.decode(text).items() if written.mark(name, value) == marks.get(name)
    }
    whole = set(values) == set(marks)
    # Its owner and its mode are put right in any case.
    files.write(path, dotenv.encode(values) if whole else text, written.PRIVATE)
    return whole


def _containers(engine: Engine, service: str, document: Document, anew: set[str]) -> list[str]:
    base, project = Project(service, paths.BASE), Project(service, document["id"])
    for other in state.releases(service):
        if other != document["id"]:
            containers.stop(engine, Project(service, other))
    for one in containers.inspected(engine, [base.name, project.name]):
        if str(one["Name"]).lstrip("/") in anew:
            containers.delete(engine, one["Id"])
    if base.exists and not sidecars.run(engine, base):
        sidecars.up(base)
    failed = containers.have(engine, project, [*document["web"], *document["workers"]], releasing.RUNS)
    releasing.point(service, document)
    return sorted(failed)
