"""What a machine runs of a service, in the shape of ECS's: for the table of services. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Has = Mapping[str, Any]
_VERSION = "org.opencontainers.image.version"


def as_ecs(has: Has | None, service: Mapping[str, Any]) -> dict[str, Any]:
    """What `look` says of a service, as the fields of the table's `Seen`; the service is None where nothing serves."""
    current = str((has or {}).get("current") or "")
    if not has or not current:
        return {"service": None, "notes": [*_candidate(has or {})]}
    desired, web = has.get("desired") or {}, []
    names = list(desired.get("web") or ())
    containers = {str(one["service"]): one for one in has.get("containers") or () if one.get("release") == current}
    for name in names:
        one = containers.get(name) or {}
        web.append({"Target": {"Id": name}, "TargetHealth": {"State": "healthy" if serves(one) else "unhealthy"}})
    deployment = {
        "status": "PRIMARY",
        "rolloutState": "COMPLETED",
        "taskDefinition": f"{service['name']}:{current}",
        "createdAt": datetime.fromtimestamp(float(has.get("switched_at") or 0), tz=UTC),
        "runningCount": sum(1 for name in names if (containers.get(name) or {}).get("state") == "running"),
        "desiredCount": len(names),
    }
    container = {
        "name": service["container_name"],
        "image": str(desired.get("image") or ""),
        "dockerLabels": {_VERSION: str(desired.get("tag") or "")},
    }
    return {
        "service": {
            "status": "ACTIVE",
            "runningCount": deployment["runningCount"],
            "desiredCount": deployment["desiredCount"],
            "deployments": [deployment],
        },
        "task_definition": {"containerDefinitions": [container]},
        "targets": web,
        "notes": [*_candidate(has), *beside(has)],
    }


def serves(container: Mapping[str, Any]) -> bool:
    """Whether a container runs, and says nothing bad of itself."""
    return container.get("state") == "running" and container.get("health") not in {"unhealthy", "starting"}


def beside(has: Has) -> Iterator[str]:
    """What of a service is not as it should be, besides its web containers."""
    desired, unit = has.get("desired") or {}, has.get("unit") or {}
    if unit.get("active") is False:
        yield "its unit is not active"
    elif unit.get("enabled") is False:
        yield "its unit is not enabled: it would not come back after a reboot"
    down = [str(one["service"]) for one in should_run(has) if not serves(one)]
    if down:
        yield f"not well: {', '.join(down)}"
    timers = has.get("timers") or {}
    idle = [job["name"] for job in desired.get("jobs") or () if not (timers.get(job["name"]) or {}).get("active")]
    if idle:
        yield f"the timer does not run: {', '.join(idle)}"


def should_run(has: Has) -> Iterator[Mapping[str, Any]]:
    """The workers of what serves, and the sidecars; one that is not there is known by its name alone."""
    desired = has.get("desired") or {}
    present = {(str(one.get("release")), str(one.get("service"))): one for one in has.get("containers") or ()}
    wanted = [(str(has.get("current")), str(name)) for name in desired.get("workers") or ()]
    wanted += [("base", str(name)) for name in (desired.get("base") or {}).get("services") or ()]
    for release, name in wanted:
        yield present.get((release, name)) or {"service": name, "state": "not there"}


def _candidate(has: Has) -> Iterator[str]:
    candidate = (has.get("candidate") or {}).get("id")
    if candidate:
        yield f"release {candidate} is tried, or was interrupted"
