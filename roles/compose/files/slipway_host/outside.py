"""What is on the machine beside the services: containers of nobody, open ports, the firewall, held packages."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from slipway_host import caddy, containers, files, paths, state, written
from slipway_host.compose import FILE
from slipway_host.document import TASK
from slipway_host.engine import Engine
from slipway_host.process import Done, run

# https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
SOCKETS = {"tcp": ("tcp", "tcp6"), "udp": ("udp", "udp6")}
LISTENING = {"tcp": "0A", "udp": "07"}
CHAINS = {"filter": ("INPUT", "OUTPUT", "DOCKER-USER"), "nat": ("PREROUTING",)}
VERSION_LOCKS = ("/etc/dnf/plugins/versionlock.list",)
UFW = Path("/etc/ufw/ufw.conf")


def facts(engine: Engine) -> dict[str, Any]:
    """Look at all of it."""
    return {
        "containers": list(strangers(engine)),
        "sites": sites(),
        "ports": listening(),
        "firewall": firewall(),
        "held": held(),
    }


def strangers(engine: Engine) -> Iterator[dict[str, Any]]:
    """Describe the containers that are of no service."""
    known = set(_known())
    services = state.services()
    for one in engine.call("GET", "/containers/json", query={"all": "1"}):
        labels = one["Labels"] or {}
        project = str(labels.get(containers.PROJECT, ""))
        # A job that runs goes on when its release is removed.
        is_job = labels.get(containers.ONE_OFF) == "True" and any(_is_of(project, name) for name in services)
        if is_job or (project, str(labels.get(containers.SERVICE, ""))) in known:
            continue
        ports = {(two["Type"], two["PublicPort"], two.get("IP") or "") for two in one["Ports"] if two.get("PublicPort")}
        yield {
            "name": str(one["Names"][0]).lstrip("/") if one["Names"] else one["Id"][:12],
            "image": one["Image"],
            "state": one["State"],
            "ports": [{"protocol": kind, "port": port, "address": at} for kind, port, at in sorted(ports)],
        }


def _known() -> Iterator[tuple[str, str]]:
    for service in state.services():
        for release in state.releases(service):
            described = ((state.document(service, release) or {}).get("compose") or {}).get("services") or {}
            yield from ((paths.project(service, release), name) for name in (*described, TASK))
        base = written.base_record(service)
        # An older version of this program left no record.
        made = base["base"] if base else files.read_json(paths.release_folder(service, paths.BASE) / FILE)
        yield from ((paths.project(service, paths.BASE), name) for name in (made or {}).get("services") or {})


def sites() -> list[str]:
    """Name the sites of the proxy that are of no service."""
    known = {caddy.site_path(service) for service in state.services()}
    return sorted(str(one) for one in paths.SITES.glob("*.caddy") if one not in known)


def _is_of(project: str, service: str) -> bool:
    return bool(re.fullmatch(rf"{re.escape(service)}-[0-9a-f]{{12}}", project))


def listening() -> list[dict[str, Any]]:
    """Name the sockets that are reached from outside the machine, and whose they are."""
    low, high = _ephemeral()
    found: list[dict[str, Any]] = []
    inodes: list[str] = []
    for protocol, names in SOCKETS.items():
        for name in names:
            for line in (files.read(Path("/proc/net") / name) or "").splitlines()[1:]:
                words = line.split()
                address, _, port = words[1].rpartition(":")
                at, number = address_of(address), int(port, 16)
                if words[3] != LISTENING[protocol] or at.is_loopback:
                    continue
                # What asks over UDP waits for its answer at such a port.
                if protocol == "udp" and low <= number <= high:
                    continue
                found.append({"protocol": protocol, "port": number, "address": str(at)})
                inodes.append(words[9])
    owners = _owners(inodes)
    told = [{**one, "process": owners.get(inode, "")} for one, inode in zip(found, inodes)]
    return sorted(told, key=lambda one: (one["protocol"], one["port"], one["address"]))


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address as the kernel shows it: words of four bytes, the last byte first."""
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    at = ipaddress.ip_address(b"".join(words))
    mapped = at.ipv4_mapped if isinstance(at, ipaddress.IPv6Address) else None
    return mapped or at


def _ephemeral() -> tuple[int, int]:
    words = (files.read(Path("/proc/sys/net/ipv4/ip_local_port_range")) or "32768 60999").split()
    return int(words[0]), int(words[1])


def _owners(inodes: Collection[str]) -> dict[str, str]:
    """Name the process of each socket."""
    wanted, owners = {f"socket:[{one}]": one for one in inodes}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            for link in (folder / "fd").iterdir():
                inode = wanted.get(str(link.readlink()))
                if inode:
                    owners[inode] = (folder / "comm").read_text().strip()
        except OSError:
            # It has ended meanwhile.
            continue
    return owners


def firewall() -> dict[str, Any]:
    """Read the rules that decide who reaches the machine, and ask whether something else manages them."""
    rules: list[str] = []
    problems: list[str] = []
    for command in ("iptables", "ip6tables"):
        for table, chains in CHAINS.items():
            done = run([command, "--wait", "5", "--table", table, "--list-rules"], 20)
            if done.ok:
                kept = [line for line in done.output.splitlines() if line.split()[1:2] and line.split()[1] in chains]
                rules += [f"{command} -t {table} {line}" for line in kept]
            elif not _has_none(done, table):
                problems.append(f"{command}: {done.told(1)}")
    tables = run(["nft", "list", "tables"], 20)
    return {
        "rules": rules,
        "tables": [line.partition(" ")[2] for line in tables.output.splitlines()] if tables.ok else [],
        "ufw": bool(re.search(r"(?m)^\s*ENABLED\s*=\s*[\"']?yes", files.read(UFW) or "")),
        "firewalld": run(["systemctl", "is-active", "--quiet", "firewalld.service"], 20).ok,
        "problems": problems,
    }


def _has_none(done: Done, table: str) -> bool:
    """Say whether the machine has no such program, or its kernel no such table: then nothing can be in it."""
    return done.code in {126, 127} or table == "nat" or "insmod" in done.errors


def held() -> list[str]:
    """Name the packages that no update replaces."""
    done = run(["dpkg-query", "--show", "--showformat=${db:Status-Want} ${Package}\\n"], 30)
    names = [line.partition(" ")[2] for line in done.output.splitlines() if line.startswith("hold ")] if done.ok else []
    for path in VERSION_LOCKS:
        lines = (files.read(Path(path)) or "").splitlines()
        names += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return sorted(names)
