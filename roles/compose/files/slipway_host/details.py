"""What a drift check asks of a service, and nobody else."""

from __future__ import annotations

from typing import Any

from slipway_host import containers, paths, units, written
from slipway_host.document import Document


def of_service(service: str, document: Document | None, inspected: list[dict[str, Any]]) -> dict[str, Any]:
    """Describe the service's containers and units more closely, and say how its sidecars were described."""
    base = written.base_record(service)
    described = {paths.project(service, paths.BASE): (base or {}, "base", "base_env_marks")}
    if document:
        described[paths.project(service, document["id"])] = (document, "compose", "env_marks")
    return {
        "base": (base or {}).get("base"),
        "containers": {_name(one): _container(one, *described.get(_project(one), ({}, "", ""))) for one in inspected},
        "drop_ins": units.drop_ins(list(units.wanted(document)) if document else []),
    }


def _name(container: dict[str, Any]) -> str:
    return str(container["Name"]).lstrip("/")


def _project(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"].get(containers.PROJECT, ""))


def _container(container: dict[str, Any], document: Document, part: str, marks: str) -> dict[str, Any]:
    limits, settings = container["HostConfig"], container["NetworkSettings"]
    services = ((document.get(part) or {}).get("services") or {}) if part else {}
    described = services.get(containers.service_of(container)) or {}
    return {
        "image_id": container["Image"],
        "restart": (limits.get("RestartPolicy") or {}).get("Name") or "no",
        "memory": limits.get("Memory") or 0,
        "nano_cpus": limits.get("NanoCpus") or 0,
        "privileged": bool(limits.get("Privileged")),
        "networks": sorted(settings.get("Networks") or {}),
        "published": sorted(port for port, at in (settings.get("Ports") or {}).items() if at),
        "other_variables": _others(container, described, document.get(marks) or {}),
    }


def _others(container: dict[str, Any], described: dict[str, Any], marks: dict[str, str]) -> list[str]:
    """Name the variables of a container whose values are not the described ones; never a value."""
    has = dict(text.partition("=")[::2] for text in container["Config"].get("Env") or ())
    plain = described.get("environment") or {}
    # Two dollars stand for one in a file of Compose.
    names = [name for name, value in plain.items() if has.get(name) != str(value).replace("$$", "$")]
    if described.get("env_file"):
        secret = {name: marked for name, marked in marks.items() if name not in plain}
        names += [name for name, marked in secret.items() if written.mark(name, has.get(name, "")) != marked]
    return sorted(names)
