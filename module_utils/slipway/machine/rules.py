"""What a description of a machine may not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from ..service.findings import Finding
from . import images

Machine = Mapping[str, Any]
Services = Sequence[Mapping[str, Any]]
SSH = 22
WEB = (80, 443)
# What is wider than this is not a named address, but most of the internet.
_WIDEST = {4: 8, 6: 16}
PATTERNS = {
    "name": (r"[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?", "lower case letters, digits and inner hyphens, at most 54"),
    "region": (r"[a-z]{2}(-[a-z]+)+-\d", "a region's code, such as ap-northeast-2"),
    "account_id": (r"\d{12}", "the account's 12 digits, in quotes"),
    "instance_type": (r"[a-z0-9-]+\.[a-z0-9-]+", "an instance type, such as t3.small"),
    "subnet": (r"subnet-[0-9a-z-]+", "a subnet's id, subnet-..."),
    "image": (rf"{'|'.join(map(re.escape, images.IMAGES))}|ami-[0-9a-z-]+", f"{', '.join(images.IMAGES)}, or ami-..."),
}


def everywhere(cidr: str) -> bool:
    """Whether it is the world, or so much of it that it makes no difference."""
    network = ip_network(cidr, strict=False)
    return network.prefixlen < _WIDEST[network.version]


def check_patterns(machine: Machine, services: Services) -> Iterator[Finding]:
    """Names, ids and sizes."""
    for option, (pattern, said) in PATTERNS.items():
        value = machine.get(option)
        if value is not None and not re.fullmatch(pattern, str(value)):
            yield Finding((f"machine_{option}",), f"is {value!r}", f"give {said}")
    if not 8 <= machine["disk_size_gib"] <= 16384:
        yield Finding(("machine_disk_size_gib",), f"is {machine['disk_size_gib']}", "give 8 to 16384")


def check_addresses(machine: Machine, services: Services) -> Iterator[Finding]:
    """Every address is one."""
    lists: list[tuple[tuple[str | int, ...], Sequence[str]]] = [
        (("machine_ssh_cidrs",), machine["ssh_cidrs"]),
        (("machine_ingress_cidrs",), machine["ingress_cidrs"]),
    ]
    lists += [(("machine_open_ports", n, "cidrs"), port["cidrs"]) for n, port in enumerate(machine["open_ports"])]
    for path, cidrs in lists:
        for position, cidr in enumerate(cidrs):
            if not _is_network(cidr):
                remedy = "write it with its length, such as 203.0.113.7/32"
                yield Finding((*path, position), f"is {cidr!r}, which is no block of addresses", remedy)


def check_ssh(machine: Machine, services: Services) -> Iterator[Finding]:
    """SSH is for named addresses."""
    if machine["access"] == "ssm" and machine["ssh_cidrs"]:
        yield Finding(("machine_ssh_cidrs",), "opens port 22, which machine_access: ssm is there to avoid", "remove it")
    if machine["access"] == "ssm" and machine["image"].startswith("debian-"):
        remedy = "choose an image of Ubuntu or al2023, or machine_access: ssh"
        yield Finding(("machine_image",), "has no SSM agent, so that nobody could log in", remedy)
    if machine["access"] == "ssh" and not machine["ssh_cidrs"]:
        remedy = (
            "give the addresses that may log in (yours: curl https://checkip.amazonaws.com), or machine_access: ssm"
        )
        yield Finding(("machine_ssh_cidrs",), "names nobody, so that nobody could log in", remedy)
    for position, cidr in enumerate(machine["ssh_cidrs"]):
        if _is_network(cidr) and everywhere(cidr):
            remedy = "name the addresses that log in, or use machine_access: ssm, which needs no open port"
            yield Finding(("machine_ssh_cidrs", position), f"opens SSH to {cidr}", remedy)


def check_ports(machine: Machine, services: Services) -> Iterator[Finding]:
    """Besides 80 and 443, nothing is open to the world without a reason."""
    owners = {service["container_port"]: service["name"] for service in services}
    for number, opened in enumerate(machine["open_ports"]):
        path, port = ("machine_open_ports", number), opened["port"]
        if not 1 <= port <= 65535:
            yield Finding((*path, "port"), f"is {port}", "give 1 to 65535")
        elif port == SSH:
            yield Finding((*path, "port"), "is SSH's", "use machine_ssh_cidrs")
        elif port in WEB and opened["protocol"] == "tcp":
            yield Finding((*path, "port"), f"{port} is open already", "remove it; machine_ingress_cidrs says to whom")
        elif any(_is_network(cidr) and everywhere(cidr) for cidr in opened["cidrs"]) and not opened["reason"]:
            whose = (
                f" {port} is the container's port of {owners[port]}: requests reach it by 443."
                if port in owners
                else ""
            )
            remedy = "name the addresses, or say in reason: why the whole world has to reach it"
            yield Finding(path, f"opens {port} to the world.{whose}", remedy)


def check_key(machine: Machine, services: Services) -> Iterator[Finding]:
    """There is one way to get in."""
    given = [option for option in ("public_key_file", "key_pair") if machine[option]]
    if len(given) != 1:
        what = "excludes machine_key_pair" if given else "is missing"
        remedy = "give the .pub file of the key that logs in, or machine_key_pair: the name of a key pair that exists"
        yield Finding(("machine_public_key_file",), what, remedy)
    elif machine["public_key_file"] and not Path(machine["public_key_file"]).is_file():
        remedy = "correct it, or make a key: ssh-keygen -t ed25519"
        yield Finding(("machine_public_key_file",), f"there is no {machine['public_key_file']}", remedy)


def check_services(machine: Machine, services: Services) -> Iterator[Finding]:
    """What runs on the machine fits on it."""
    arch = images.architecture(machine["instance_type"])
    for service in services:
        if service["cpu_architecture"] != arch:
            remedy = (
                f"set service_cpu_architecture: {arch}, or choose an instance type of {service['cpu_architecture']}"
            )
            what = f"is {arch}, and the image of {service['name']} is for {service['cpu_architecture']}"
            yield Finding(("machine_instance_type",), what, remedy)
        if service["region"] != machine["region"]:
            what = f"is {machine['region']}, and {service['name']} is described for {service['region']}"
            yield Finding(("machine_region",), what, "a machine and its services are in one region")


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return "/" in text


RULES: tuple[Callable[[Machine, Services], Iterator[Finding]], ...] = (
    check_patterns,
    check_addresses,
    check_ssh,
    check_ports,
    check_key,
    check_services,
)
