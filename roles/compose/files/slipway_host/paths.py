"""Where everything is on the machine, and the names that may be part of a path."""

from __future__ import annotations

import re
from pathlib import Path

from slipway_host.errors import HostError

PROGRAM = Path("/usr/local/lib/slipway/slipway-host.pyz")
SERVICES = Path("/etc/slipway/services")
KEEP_IMAGES = Path("/etc/slipway/keep-images.d")
RUN = Path("/run/slipway")
HOSTS = Path("/etc/hosts")
SYSTEMD = Path("/etc/systemd/system")
CADDYFILE = Path("/etc/caddy/Caddyfile")
SITES = Path("/etc/caddy/sites")
# While it is there, the proxy ends each connection with its answer; the sites name it.
LEAVING = Path("/run/slipway-leaving")

BASE = "base"
_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,50}")
_RELEASE = re.compile(r"[0-9a-f]{12}")
_PART = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,50}")
# Docker's own networks.
_TAKEN = {"bridge", "host", "none", "default"}


def service_name(value: object) -> str:
    """Take the name of a service, which becomes that of files, units and networks."""
    if isinstance(value, str) and _SERVICE.fullmatch(value) and value not in _TAKEN:
        return value
    raise HostError("bad_request", f"{value!r} is no name of a service", "Use small letters, digits and hyphens.")


def release_id(value: object) -> str:
    """Take the id of a release."""
    if isinstance(value, str) and _RELEASE.fullmatch(value):
        return value
    raise HostError("bad_request", f"{value!r} is no id of a release", "It has 12 hexadecimal digits.")


def part_name(value: object) -> str:
    """Take the name of a job, a task or a container's service."""
    if isinstance(value, str) and _PART.fullmatch(value):
        return value
    raise HostError("bad_request", f"{value!r} is no name of a job or a task", "Use letters, digits and hyphens.")


def folder(service: str) -> Path:
    """Name the folder of a service."""
    return SERVICES / service


def release_folder(service: str, release: str) -> Path:
    """Name the folder of a release, or of what outlives releases."""
    return folder(service) / BASE if release == BASE else folder(service) / "releases" / release


def project(service: str, release: str) -> str:
    """Name the project that Docker Compose knows a release by."""
    return service if release == BASE else f"{service}-{release}"


def host_name(service: str) -> str:
    """Name by which the proxy asks for the addresses of a service."""
    return f"{service}.slipway.internal"
