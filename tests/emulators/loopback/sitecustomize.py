"""No test, and no Python process that a test starts, reaches a host outside of this machine.

Every HTTP library of Python asks socket.getaddrinfo for the address first, botocore's too: this is the one place. With
this folder on PYTHONPATH, every child process imports the guard when it starts.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any


class OutsideRefused(socket.gaierror):
    """A name or an address outside of this machine was asked for."""


def allowed(host: str | bytes | None) -> bool:
    """Say whether a host is this machine, or a container's private address on it."""
    if not host:
        return True
    name = (host.decode("ascii", "replace") if isinstance(host, bytes) else host).rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost") or name == socket.gethostname().lower():
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    # 169.254.169.254 and 169.254.170.2 hand out the credentials of a real account.
    return address.is_loopback or address.is_unspecified or (address.is_private and not address.is_link_local)


def install() -> None:
    """Put the guard in the way, once."""
    resolve = socket.getaddrinfo
    if getattr(resolve, "refuses_outside", False):
        return

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if not allowed(host):
            raise OutsideRefused(socket.EAI_FAIL, f"{host} is not on this machine: tests talk to emulators only")
        return resolve(host, *arguments, **options)

    getaddrinfo.refuses_outside = True  # type: ignore[attr-defined]
    socket.getaddrinfo = getaddrinfo


install()
