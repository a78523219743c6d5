"""The files of Compose, made of the release document. Pure."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from slipway_host import paths
from slipway_host.errors import HostError

Document = dict[str, Any]
TASK = "task"
NETWORK = "default"
# They are in .env, and nowhere else.
SECRET = ("env", "base_env")
NEEDED = {"service": str, "id": str, "image": str, "compose": dict}
DEFAULTS: dict[str, Any] = {
    "tag": None,
    "digest": None,
    "commit": None,
    "base": None,
    "env": {},
    "base_env": {},
    "web": [],
    "port": 8000,
    "workers": [],
    "jobs": [],
    "health": {"path": "/", "matcher": "200-399", "timeout": 5},
    "site": None,
    "drain_seconds": 30,
    "stop_timeout": 30,
    "keep_releases": 3,
}


def completed(given: Mapping[str, Any]) -> Document:
    """Check a document as far as this program relies on it, and fill in what may be left out."""
    for name, kind in NEEDED.items():
        if not isinstance(given.get(name), kind):
            raise HostError("bad_request", f"the release document has no {name}", "Use one version of everything.")
    document = {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}
    paths.service_name(document["service"])
    paths.release_id(document["id"])
    services = document["compose"].get("services") or {}
    for name in [*document["web"], *document["workers"], *(job["name"] for job in document["jobs"])]:
        if paths.part_name(name) not in services:
            raise HostError("bad_request", f"compose.yaml has no service {name}", "Use one version of everything.")
    return document


def public(document: Document) -> Document:
    """Leave the secrets out."""
    return {name: value for name, value in document.items() if name not in SECRET}


def base_hash(document: Document) -> str:
    """Name what outlives releases by its content."""
    content = [document["base"], document["base_env"]]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def release_file(document: Document, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Make compose.yaml of a release: with the addresses of web containers, and with a service for tasks."""
    made = _named(document, document["id"], document["compose"])
    services: dict[str, Any] = made["services"]
    key = _external(made, document["service"])
    if pattern := _pattern(document):
        services[TASK] = {**copy.deepcopy(services[pattern]), "profiles": ["tasks"], "restart": "no"}
        for name in ("healthcheck", "ports", "container_name"):
            services[TASK].pop(name, None)
    for name, address in addresses.items():
        networks = services[name].get("networks") or [key]
        if isinstance(networks, list):
            networks = dict.fromkeys(networks)
        own = next(iter(networks))
        services[name]["networks"] = {**networks, own: {**(networks[own] or {}), "ipv4_address": address}}
    for service in services.values():
        service.pop("ports", None)
    return made


def base_file(document: Document) -> dict[str, Any]:
    """Make compose.yaml of what outlives releases."""
    made = _named(document, paths.BASE, document["base"])
    _external(made, document["service"])
    return made


def _named(document: Document, release: str, described: dict[str, Any]) -> dict[str, Any]:
    """Start a file that `docker compose` in its folder understands, too."""
    return {**copy.deepcopy(described), "name": paths.project(document["service"], release)}


def volumes(document: Document) -> dict[str, dict[str, Any]]:
    """Describe the named volumes as the engine makes them, by their names on the machine."""
    made: dict[str, dict[str, Any]] = {}
    for part in (document["compose"], document["base"] or {}):
        for key, described in (part.get("volumes") or {}).items():
            given = described or {}
            options = {"Driver": given.get("driver") or "local", "DriverOpts": given.get("driver_opts") or {}}
            # One that is external in one place is described in the other.
            if not given.get("external"):
                made[_volume(document["service"], key, given)] = options
    return made


def _volume(service: str, key: str, described: dict[str, Any]) -> str:
    return str(described.get("name") or f"{service}_{key}")


def _external(made: dict[str, Any], service: str) -> str:
    """Let each network and volume be the service's own, which is there already and belongs to no release."""
    if made.get("volumes"):
        described = {key: value or {} for key, value in made["volumes"].items()}
        made["volumes"] = {
            key: {"name": _volume(service, key, value), "external": True} for key, value in described.items()
        }
    keys = list(made.get("networks") or {}) or [NETWORK]
    made["networks"] = {key: {"name": service, "external": True} for key in keys}
    return str(keys[0])


def _pattern(document: Document) -> str | None:
    """Name the service whose image and environment a task has."""
    names = [*document["web"], *document["workers"], *(job["name"] for job in document["jobs"])]
    return str(names[0]) if names else None


def images(document: Document) -> list[str]:
    """Name the images that a release needs, each once."""
    described = [*(document["compose"].get("services") or {}).values()]
    described += ((document["base"] or {}).get("services") or {}).values()
    return sorted({str(service["image"]) for service in described if service.get("image")})


def registry_of(image: str) -> str:
    """Name the registry of an image, as a login names it."""
    first, separator, _ = image.partition("/")
    return first if separator and ("." in first or ":" in first or first == "localhost") else "docker.io"


def matches(matcher: str, status: int) -> bool:
    """Say whether a status is one of a matcher such as 200, 200-299 or 200,302."""
    for part in str(matcher).split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= status <= int(high or low):
            return True
    return False
