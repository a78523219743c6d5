"""What is wrong with a service on a machine, at any time. It only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..release.evidence import Cause, render
from ..release.record import Record
from . import causes as why
from .machine import Machine
from .state import beside, should_run
from .watch import Watched, matches, seen

Service = Mapping[str, Any]
# A disk with less than this is a matter of days.
LEAST_FREE = 1 << 30


def diagnose_service(machine: Machine, service: Service, last: Record | None) -> dict[str, Any]:
    """How the service is, why, and what to do.

    Args:
        machine: where it runs.
        service: the completed description.
        last: the record of its last release.

    Raises:
        SlipwayError: the machine does not answer as it should.
    """
    name = str(service["name"])
    look = machine.look([name])
    has = (look.get("services") or {}).get(name) or {}
    current = str(has.get("current") or "")
    found = list(_of_machine(look.get("machine") or {}, machine.name))
    asked: Watched | None = None
    if current:
        desired = has["desired"]
        probe = machine.call("probe", service=name, id=current)
        asked = _asked(probe, desired)
        found += why.of_watched(service, desired, asked, "", None) if not _is_well(asked, desired) else []
        found += _of_others(service, desired, has)
    where = f"{machine.name}/{name}"
    lines = [f"{where} {_summary(name, current, asked, has, found)}", *render(found).splitlines()]
    lines += [note for note in beside(has) if not note.startswith("not well")]
    lines += _before(last)
    serving = f"{name}:{current}" if current else ""
    if found:
        lines.append(f"what serves now: {serving or 'nothing'}")
    return {
        "changed": False,
        "healthy": bool(current) and not found,
        "causes": [cause.result() for cause in found],
        "serving": serving,
        "msg": "\n".join(lines),
    }


def _asked(probe: Mapping[str, Any], desired: Mapping[str, Any]) -> Watched:
    # That a container was started again some time is no fault of now.
    containers = [{**one, "restarts": 0} for one in probe.get("containers") or ()]
    health = desired.get("health") or {}
    return seen(Watched(), {**probe, "containers": containers}, 0.0, web=desired["web"], matcher=str(health["matcher"]))


def _is_well(asked: Watched, desired: Mapping[str, Any]) -> bool:
    return asked.good > 0 and set(asked.containers) >= set(desired["web"])


def _of_others(service: Service, desired: Mapping[str, Any], has: Mapping[str, Any]) -> Iterator[Cause]:
    """Workers and sidecars that do not run."""
    for one in should_run(has):
        name, state = str(one["service"]), str(one["state"])
        if state == "not there":
            remedy = "systemctl restart the service's unit, or deploy again"
            yield Cause("container_start", f"the container {name} is not there", (), remedy)
        elif state != "running" or one.get("health") == "unhealthy":
            known = {name: {**one, "restarts": 0}}
            watched = Watched(down=known) if state != "running" else Watched(containers=known)
            yield from why.of_watched({**service, "container_name": name}, desired, watched, "", None)


def _of_machine(machine: Mapping[str, Any], name: str) -> Iterator[Cause]:
    for path, disk in (machine.get("disk") or {}).items():
        if int(disk.get("free") or 0) < LEAST_FREE:
            free = int(disk.get("free") or 0) >> 20
            remedy = (
                "make room (on the machine: df -h, docker system df, docker image prune --all), or raise "
                "machine_disk_size_gib and run provision.yml"
            )
            yield Cause("disk_full", "the machine's disk is full", (f"{name}: {free} MiB are free at {path}",), remedy)
            return
    if machine.get("caddy_active") is False:
        remedy = "look at it on the machine (systemctl status caddy), and start it (systemctl start caddy)"
        yield Cause("proxy", "the machine's proxy does not run", (f"{name}: caddy.service is not active",), remedy)


def _summary(name: str, current: str, asked: Watched | None, has: Mapping[str, Any], found: list[Cause]) -> str:
    if asked is None:
        return "is not there: nothing was released yet" if not has else "serves nothing: no release succeeded yet"
    desired = has["desired"]
    web, health = list(desired["web"]), desired["health"]
    running = sum(1 for one in web if (asked.containers.get(one) or {}).get("state") == "running")
    statuses = [(asked.answers.get(one) or {}).get("status") for one in web]
    good = sum(1 for status in statuses if status is not None and matches(str(health["matcher"]), int(status)))
    counts = f"{name}:{current}, {running} of {len(web)} containers running, {good} of {len(web)} answer"
    return f"stands, and is not well: {counts}" if found else f"is healthy: {counts}"


def _before(last: Record | None) -> list[str]:
    if last is None or last.verdict == "succeeded":
        return []
    what = f"its last {last.kind}" + (f" (of {last.tag})" if last.tag else "")
    return [f"{what} {last.verdict.replace('_', ' ')}: {last.cause or 'no cause is recorded'}"]
