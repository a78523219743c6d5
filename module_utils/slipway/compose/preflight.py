"""What can be known of a machine before a release: it is there, and has what the release needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws.errors import SlipwayError
from ..release.preflight.check import Check, fail, ok, skip, warn
from ..service.findings import Path
from .source import is_there

Service = Mapping[str, Any]
_PREPARE = "prepare the machine: ansible-playbook provision.yml -i <inventory> --limit {machine} --tags host"
# What the release is written for.
_DOCKER, _COMPOSE = (20, 10), (2, 20)
_GIB = 1 << 30
_LEAST_FREE, _ENOUGH_FREE = 1 * _GIB, 3 * _GIB
_LEAST_FREE_OF_FILES = 64 << 20
_LEAST_INODES = 20_000
_CLOCK_OFF, _CLOCK_WRONG = 5.0, 60.0
_WEB = (80, 443)


@dataclass(frozen=True)
class Looked:
    """What was seen of the machine.

    Attributes:
        address: where its name leads, or has to; empty where nobody knows.
        facts: what its program says of it; None where it could not be asked, and why.
        problem: why it could not be asked.
        now: the controller's clock when it was asked.
        resolved: the addresses that the service's domain has; None where nobody asked.
    """

    machine: str
    address: str = ""
    facts: Mapping[str, Any] | None = None
    problem: SlipwayError | None = None
    now: float = 0.0
    resolved: Sequence[str] | None = None


# Between a sidecar and its variable, where no name has one.
_OF = "\n"


def all_secrets(service: Service) -> dict[str, str]:
    """The references of the service and of its sidecars, each by a name of its own."""
    parts = service["sidecars"].items()
    beside = {f"{part}{_OF}{name}": text for part, options in parts for name, text in options["secrets"].items()}
    return {**service["secrets"], **beside}


def place_of_secret(path: Path) -> Path:
    """Where a secret is described, by the name that `all_secrets` gave it."""
    if len(path) == 2 and path[0] == "service_secrets" and _OF in str(path[1]):
        part, _, name = str(path[1]).partition(_OF)
        return ("service_sidecars", part, "secrets", name)
    return path


def check_git(service: Service) -> Iterator[Check]:
    """The ref that the image is built from; this one asks its repository."""
    repository, ref = service["git"]["repository"], service["git"]["ref"]
    try:
        found = is_there(repository, ref)
    except SlipwayError as error:
        yield fail(error.what, error.remedy, "service_git")
        return
    if found:
        yield ok(f"is built from {ref} of its repository")
    else:
        remedy = "push it, or name a branch, a tag or a commit that is there"
        yield fail(f"the repository has no {ref}", remedy, "service_git", "ref")


def check_machine(service: Service, looked: Looked) -> Iterator[Check]:
    """Every check of the machine; of one that can't be asked only that."""
    if looked.problem is not None or looked.facts is None:
        problem = looked.problem
        what = f"{looked.machine} {problem.what if problem else 'gave no answer'}"
        remedy = (problem.remedy if problem else "") or _PREPARE.format(machine=looked.machine)
        yield fail(what, remedy, "service_machine")
        return
    facts = looked.facts
    yield ok(f"{looked.machine} answers: {facts.get('distribution') or 'an unknown distribution'}")
    for rule in (_engine, _disk, _memory, _clock, _proxy):
        yield from rule(service, looked, facts)
    yield from _domain(service, looked)


def _engine(service: Service, looked: Looked, facts: Mapping[str, Any]) -> Iterator[Check]:
    prepare = _PREPARE.format(machine=looked.machine)
    for name, key, least in (("Docker", "docker_version", _DOCKER), ("Docker Compose", "compose_version", _COMPOSE)):
        version = str(facts.get(key) or "")
        if not version:
            yield fail(f"{name} does not answer on {looked.machine}", prepare, "service_machine")
        elif _numbers(version) < least:
            needs = ".".join(map(str, least))
            yield fail(f"{name} {version} on {looked.machine} is older than {needs}", prepare, "service_machine")
        else:
            yield ok(f"{name} {version}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _disk(service: Service, looked: Looked, facts: Mapping[str, Any]) -> Iterator[Check]:
    remedy = (
        "make room (on the machine: df -h, docker system df, docker image prune --all), or raise "
        "machine_disk_size_gib and run provision.yml"
    )
    for path, disk in (facts.get("disk") or {}).items():
        free, inodes = int(disk.get("free") or 0), disk.get("inodes_free")
        least = _LEAST_FREE_OF_FILES if path == "/etc" else _LEAST_FREE
        if free < least:
            yield fail(f"{free >> 20} MiB are free at {path} of {looked.machine}", remedy, "service_machine")
        elif path != "/etc" and free < _ENOUGH_FREE:
            yield warn(f"only {free >> 20} MiB are free at {path} of {looked.machine}", remedy, "service_machine")
        # Some file systems make inodes as they go, and say 0.
        elif inodes and int(inodes) < _LEAST_INODES:
            yield warn(f"only {inodes} files can be made at {path} of {looked.machine}", remedy, "service_machine")
        else:
            yield ok(f"{free / _GIB:.1f} GiB are free at {path}")


def _memory(service: Service, looked: Looked, facts: Mapping[str, Any]) -> Iterator[Check]:
    """Two releases run beside each other for a while."""
    has = int(facts.get("memory_mib") or 0)
    if not has:
        yield skip("memory: the machine does not say what it has")
        return
    web = int(service["memory"]) * int(service["desired_count"])
    workers = sum(int(one["memory"] or 0) for one in service["workers"].values())
    sidecars = sum(int(one["memory"] or 0) for one in service["sidecars"].values())
    needed = 2 * web + workers + sidecars
    if int(service["memory"]) > has:
        remedy = "lower service_memory, or choose a larger machine_instance_type and run provision.yml"
        yield fail(f"service_memory is more than the {has} MiB of {looked.machine}", remedy, "service_memory")
    elif needed > has:
        remedy = "lower service_memory or service_desired_count, or choose a larger machine_instance_type"
        what = f"two releases at once may use {needed} MiB, and {looked.machine} has {has}"
        yield warn(what, remedy, "service_memory")
    else:
        yield ok(f"two releases at once have room: {needed} of {has} MiB")


def _clock(service: Service, looked: Looked, facts: Mapping[str, Any]) -> Iterator[Check]:
    off = abs(float(facts.get("time") or looked.now) - looked.now)
    remedy = "look at its time server (on the machine: chronyc tracking), and at the clock of the one that deploys"
    if off > _CLOCK_WRONG:
        yield fail(f"the clock of {looked.machine} is {off:.0f} s off: certificates and logins fail", remedy)
    elif off > _CLOCK_OFF:
        yield warn(f"the clock of {looked.machine} is {off:.0f} s off", remedy)
    elif facts.get("clock_synchronised") is False:
        yield warn(f"nothing keeps the clock of {looked.machine} right", remedy)
    else:
        yield ok("the clock is right")


def _proxy(service: Service, looked: Looked, facts: Mapping[str, Any]) -> Iterator[Check]:
    listening = set(facts.get("listening") or ())
    if facts.get("caddy_active"):
        yield ok("Caddy runs")
        return
    taken = [port for port in _WEB if port in listening]
    if taken:
        ports = " and ".join(map(str, taken))
        remedy = f"see what it is (on the machine: ss -ltnp), stop it, and {_PREPARE.format(machine=looked.machine)}"
        yield fail(f"something else than Caddy has port {ports} of {looked.machine}", remedy, "service_machine")
    else:
        remedy = "start it (on the machine: systemctl start caddy), or " + _PREPARE.format(machine=looked.machine)
        yield fail(f"Caddy does not run on {looked.machine}", remedy, "service_machine")


def _domain(service: Service, looked: Looked) -> Iterator[Check]:
    domain = service["domain"]
    if not domain:
        yield ok(f"without a domain, requests come to http://{looked.address}")
    elif looked.resolved is None:
        yield skip(f"{domain}: its address is not asked for here")
    elif looked.address and looked.address in looked.resolved:
        yield ok(f"{domain} leads to {looked.address}")
    else:
        to = f"leads to {', '.join(looked.resolved)}" if looked.resolved else "has no address"
        what = f"{domain} {to}, and {looked.machine} is {looked.address}: the proxy gets no certificate for it"
        remedy = "make its record: ansible-playbook provision.yml -i <inventory> --tags aws"
        if not service["hosted_zone"]:
            remedy = f"make a record of type A for {domain} with {looked.address} where the domain is managed"
        # A part of the requests is elsewhere on purpose.
        level = warn if service["dns_weight"] is not None else fail
        yield level(what, remedy, "service_domain")
