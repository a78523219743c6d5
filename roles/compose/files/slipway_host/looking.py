"""The verbs that only look: look, probe, logs."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slipway_host import caddy, containers, details, machine, outside, paths, sidecars, state, units, written
from slipway_host.compose import Project
from slipway_host.document import matches
from slipway_host.engine import Engine

SHOWN = ("tag", "digest", "commit", "image", "created_at", "addresses")
BODY_CHARACTERS = 200
LOG_LINES = 30


def look(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Say what the machine is, and what it runs."""
    asked = request.get("services")
    names = state.services() if asked is None else [paths.service_name(one) for one in asked]
    closely = bool(request.get("closely"))
    return {
        "program": machine.program(),
        "machine": machine.facts(engine),
        "services": {name: _service(engine, name, closely=closely) for name in names},
        **({"outside": outside.facts(engine)} if closely else {}),
    }


def _service(engine: Engine, service: str, *, closely: bool) -> dict[str, Any] | None:
    now = state.load(service)
    if now is None:
        return None
    stored = {one: state.document(service, one) for one in state.releases(service)}
    desired = stored.get(now.current) if now.current else None
    projects = [paths.project(service, release) for release in [paths.BASE, *stored]]
    present = containers.inspected(engine, projects)
    return {
        "current": now.current,
        "previous": now.previous,
        "candidate": now.candidate,
        "leaving": now.leaving,
        "switched_at": now.switched_at,
        "releases": [{"id": one, **{name: kept.get(name) for name in SHOWN}} for one, kept in stored.items() if kept],
        "base_hash": sidecars.applied(service),
        "site_hash": caddy.loaded(service),
        **_units(service, desired),
        "desired": desired,
        "files": written.looked(service, desired) if desired else [],
        "containers": [containers.fact(service, one) for one in present],
        **({"details": details.of_service(service, desired, present)} if closely else {}),
    }


def _units(service: str, desired: dict[str, Any] | None) -> dict[str, Any]:
    jobs = (desired or {}).get("jobs", [])
    main = f"{service}.service"
    known = units.states([main, *(f"{service}-{job['name']}.timer" for job in jobs)])
    own = known.get(main, {})
    return {
        "unit": {
            "active": own.get("ActiveState") == "active",
            "enabled": own.get("UnitFileState") == "enabled",
            "as_wanted": desired is not None and units.as_wanted(desired),
        },
        "timers": {
            job["name"]: {
                "schedule": job["schedule"],
                "active": known.get(f"{service}-{job['name']}.timer", {}).get("ActiveState") == "active",
                "enabled": known.get(f"{service}-{job['name']}.timer", {}).get("UnitFileState") == "enabled",
            }
            for job in jobs
        },
    }


def probe(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Ask each web container of a release for its health."""
    service, release = paths.service_name(request["service"]), paths.release_id(request["id"])
    document, project = state.known(service, release), Project(service, release)
    present = containers.of(engine, project)
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(lambda web: _answer(document, web, present.get(web)), document["web"]))
    healthy = {one["service"] for one in answers if _is_healthy(document, one)}
    failing = [
        name
        for name, container in present.items()
        if not containers.is_well(container) or (name in document["web"] and name not in healthy)
    ]
    processes = {name: one["State"]["Pid"] for name, one in present.items() if one["State"]["Pid"]}
    for answer in answers:
        answer["body"] = project.hide(answer["body"])
    return {
        "containers": [containers.fact(service, one) for one in present.values()],
        "answers": answers,
        "logs": {name: _lines(project, present[name], LOG_LINES) for name in failing},
        "ports": {name: containers.listening(pid) for name, pid in processes.items()},
        "local_ports": {name: containers.listening(pid, local=True) for name, pid in processes.items()},
    }


def _is_healthy(document: dict[str, Any], answer: dict[str, Any]) -> bool:
    return answer["status"] is not None and matches(document["health"]["matcher"], answer["status"])


def _lines(project: Project, container: dict[str, Any], lines: int, *, timestamps: bool = False) -> list[str]:
    text = containers.logs(container["Id"], lines, timestamps=timestamps)
    return project.hide(text).splitlines()


def _answer(document: dict[str, Any], web: str, container: dict[str, Any] | None) -> dict[str, Any]:
    health, address = document["health"], document["addresses"].get(web)
    told: dict[str, Any] = {"service": web, "address": address, "status": None, "error": None, "body": ""}
    if container is None or container["State"]["Status"] != "running" or address is None:
        told["error"] = "its container does not run"
        return told
    seconds = float(health.get("timeout") or 5)
    began = time.monotonic()
    connection = http.client.HTTPConnection(address, int(document["port"]), timeout=seconds)
    try:
        connection.request("GET", health["path"], headers={"User-Agent": "slipway-health", "Connection": "close"})
        response = connection.getresponse()
        told["body"] = response.read(4 * BODY_CHARACTERS).decode(errors="replace")[:BODY_CHARACTERS]
        told["status"] = response.status
    except TimeoutError:
        told["error"] = f"no answer within {seconds:.0f} s"
    except OSError as error:
        timed_out = "timed out" in str(error)
        told["error"] = f"no answer within {seconds:.0f} s" if timed_out else (error.strerror or str(error))
    except http.client.HTTPException as error:
        told["error"] = f"it does not answer in HTTP: {type(error).__name__}"
    finally:
        connection.close()
    told["seconds"] = round(time.monotonic() - began, 3)
    return told


def logs(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Answer the last lines of a service's containers."""
    service = paths.service_name(request["service"])
    now = state.load(service) or state.State()
    chosen = [paths.release_id(request["id"])] if request.get("id") else [paths.BASE, *filter(None, [now.current])]
    lines, timestamps = int(request.get("lines") or 100), bool(request.get("timestamps"))
    found: dict[str, list[str]] = {}
    for release in chosen:
        project = Project(service, release)
        for name, container in containers.of(engine, project).items():
            found[name] = _lines(project, container, lines, timestamps=timestamps)
    return {"logs": found}
