"""A service's network and volumes, and the addresses that its web containers have for good.

Docker gives a container another address whenever it starts, so those that the proxy sends requests to are fixed. A
network allows that when its addresses were chosen by whoever made it: the first half of them stays with Docker.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Collection
from typing import Any

from slipway_host import files
from slipway_host.engine import Engine
from slipway_host.errors import HostError

LABEL = "slipway.service"


def ensure(engine: Engine, service: str) -> ipaddress.IPv4Network:
    """Have the network, and answer its addresses."""
    present = engine.found(f"/networks/{service}")
    if present is None:
        # Two services at once would be told the same free addresses.
        with files.locked("networks", 60):
            subnet = _free(engine, f"{service}.subnet")
            low = next(subnet.subnets())
            config = {"Subnet": str(subnet), "IPRange": str(low), "Gateway": str(subnet[1])}
            _create(engine, service, {"Driver": "default", "Config": [config]})
        present = engine.call("GET", f"/networks/{service}")
    if (present.get("Labels") or {}).get(LABEL) != service:
        what = f"the machine has a network {service} already, which is not of this program's making"
        raise HostError("network_taken", what, f"Remove it (`docker network rm {service}`), or rename the service.")
    return ipaddress.IPv4Network(present["IPAM"]["Config"][0]["Subnet"])


def _free(engine: Engine, name: str) -> ipaddress.IPv4Network:
    """Let Docker choose: it knows what the machine's routes have taken."""
    if engine.found(f"/networks/{name}") is not None:
        engine.call("DELETE", f"/networks/{name}")
    _create(engine, name, None)
    subnet = engine.call("GET", f"/networks/{name}")["IPAM"]["Config"][0]["Subnet"]
    engine.call("DELETE", f"/networks/{name}")
    return ipaddress.IPv4Network(subnet)


def _create(engine: Engine, name: str, addresses: dict[str, Any] | None) -> None:
    body = {"Name": name, "CheckDuplicate": True, "Driver": "bridge", "Labels": {LABEL: name}}
    engine.call("POST", "/networks/create", body={**body, "IPAM": addresses} if addresses else body)


def remove(engine: Engine, service: str) -> None:
    """Remove the network, which has no containers any more."""
    if engine.found(f"/networks/{service}") is not None:
        engine.call("DELETE", f"/networks/{service}")


def ensure_volumes(engine: Engine, service: str, wanted: dict[str, dict[str, Any]]) -> None:
    """Have the named volumes; one that is there stays as it is."""
    for name, options in wanted.items():
        if engine.found(f"/volumes/{name}") is None:
            engine.call("POST", "/volumes/create", body={"Name": name, "Labels": {LABEL: service}, **options})


def remove_volumes(engine: Engine, service: str) -> None:
    """Remove the named volumes with what is in them."""
    filters = json.dumps({"label": [f"{LABEL}={service}"]})
    for volume in engine.call("GET", "/volumes", query={"filters": filters})["Volumes"] or []:
        engine.call("DELETE", f"/volumes/{volume['Name']}")


def allocate(subnet: ipaddress.IPv4Network, count: int, start: int, used: Collection[str]) -> tuple[list[str], int]:
    """Choose addresses of the second half, and say where to go on the next time.

    An address comes back as late as possible: the proxy may still know it as one of an older release.
    """
    high = list(subnet.subnets())[1]
    size = high.num_addresses - 1
    chosen: list[str] = []
    offset = 0
    while len(chosen) < count:
        if offset == size:
            what = f"the network {subnet} has no {count} addresses left"
            raise HostError("no_address", what, "Remove old releases from the machine.")
        address = str(high[(start + offset) % size])
        offset += 1
        if address not in used:
            chosen.append(address)
    return chosen, (start + offset) % size
