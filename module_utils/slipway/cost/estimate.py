"""What a service costs a month on either path: pure functions of its description, its use, and the prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .prices import Price, Prices

FARGATE, COMPOSE = "Fargate", "compose"
Service = Mapping[str, Any]
_MIB = 1024
# What the system, the Docker engine and the proxy take of a machine's memory.
_SYSTEM_MIB = 512
# A load balancer has an address in each of two zones at the least.
_BALANCER_ZONES = 2


@dataclass(frozen=True)
class Use:
    """What a description does not say.

    Attributes:
        traffic_out_gb: what goes out to the internet in a month.
        logs_gb: what is written to the logs in a month.
        lcu: load balancer capacity units, on average.
        nat_gateways: how many NAT gateways the tasks need; none where they have addresses of their own.
        balancer_shared_by: how many services share the load balancer.
        machine_shared_by: how many services share the machine.
        instance_type: the machine; None for the smallest that holds the service.
        disk_size_gib: the machine's disk.
        rds: the class of the database, where there is one.
        rds_storage_gb: its storage.
        elasticache: the node type of the cache, where there is one.
    """

    traffic_out_gb: float = 0
    logs_gb: float = 0
    lcu: float = 0.1
    nat_gateways: int = 0
    balancer_shared_by: int = 1
    machine_shared_by: int = 1
    instance_type: str | None = None
    disk_size_gib: int = 20
    rds: str | None = None
    rds_storage_gb: int = 20
    elasticache: str | None = None


@dataclass(frozen=True)
class Line:
    """One line of a bill; `usd` is None where the price is not known."""

    what: str
    how: str
    usd: float | None
    seen: str = ""
    sure: bool = True


@dataclass(frozen=True)
class Bill:
    """All lines of one path."""

    path: str
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        """The sum of what is known."""
        return sum(line.usd or 0.0 for line in self.lines)

    @property
    def unknown(self) -> list[str]:
        """What is not in the sum, because nobody knows its price."""
        return [line.what for line in self.lines if line.usd is None]


def fargate(service: Service, use: Use, prices: Prices) -> Bill:
    """On Fargate behind a load balancer."""
    tasks = service["desired_count"]
    architecture = str(service["cpu_architecture"]).lower()
    vcpu, gb = service["cpu"] / 1024, service["memory"] / _MIB
    if _only_spot(service):
        # Its price moves.
        compute = [Line(f"Fargate Spot, {_count(tasks, 'task')}", "its price moves with supply and demand", None)]
    else:
        compute = [
            _hourly(
                "vCPU", prices, vcpu * tasks, prices.of("vcpu_hour", "fargate", architecture), f"{vcpu:g} x {tasks}"
            ),
            _hourly(
                "memory", prices, gb * tasks, prices.of("gb_hour", "fargate", architecture), f"{gb:g} GB x {tasks}"
            ),
        ]
    share = 1 / use.balancer_shared_by
    said = f", 1 of {use.balancer_shared_by} services" if use.balancer_shared_by > 1 else ""
    ipv4 = prices.of("hour", "public_ipv4")
    lines = [
        *compute,
        _hourly("load balancer", prices, share, prices.of("hour", "alb"), f"1{said}"),
        _hourly("its capacity units", prices, use.lcu, prices.of("lcu_hour", "alb"), f"{use.lcu:g} LCU on average"),
        _hourly("its addresses", prices, _BALANCER_ZONES * share, ipv4, f"{_BALANCER_ZONES} public IPv4{said}"),
    ]
    if service.get("assign_public_ip"):
        lines.append(_hourly("the tasks' addresses", prices, tasks, ipv4, f"{tasks} public IPv4"))
    if use.nat_gateways:
        nat = prices.of("hour", "nat_gateway")
        lines.append(_hourly("NAT gateways", prices, use.nat_gateways, nat, str(use.nat_gateways)))
    if use.logs_gb:
        ingested = prices.of("ingest_gb", "logs")
        lines.append(_priced("logs", use.logs_gb, ingested, f"{use.logs_gb:g} GB written"))
    return Bill(FARGATE, (*lines, *_beside(service, use, prices)))


def compose(service: Service, use: Use, prices: Prices) -> Bill:
    """On a machine. Its logs stay on its own disk."""
    kind = use.instance_type or smallest(service, prices)
    share, shared = 1 / use.machine_shared_by, use.machine_shared_by > 1
    said = f", 1 of {use.machine_shared_by} services" if shared else ""
    machine = prices.of("hour", "ec2", kind) if kind else Price(None)
    how = f"{kind}{said}" if kind else "no instance type is known that holds it"
    disk = prices.of("gp3_gb_month", "ebs")
    lines = [
        _hourly("machine", prices, share, machine, how),
        _priced("its disk", use.disk_size_gib * share, disk, f"{use.disk_size_gib} GB gp3{said}"),
        _hourly("its address", prices, share, prices.of("hour", "public_ipv4"), f"1 public IPv4{said}"),
    ]
    return Bill(COMPOSE, (*lines, *_beside(service, use, prices)))


def smallest(service: Service, prices: Prices) -> str | None:
    """The smallest known instance type that has memory for the service and the next release of it beside it."""
    needed = 2 * service["memory"] * service["desired_count"] + _SYSTEM_MIB
    for name in prices.instance_types(service["cpu_architecture"]):
        if (prices.number("memory_gib", "ec2", name) or 0) * _MIB >= needed:
            return name
    return None


def _beside(service: Service, use: Use, prices: Prices) -> Iterable[Line]:
    """What costs the same on either path."""
    if use.rds:
        yield _hourly("database", prices, 1, prices.of("hour", "rds", use.rds), f"{use.rds}, Single-AZ")
        storage = prices.of("gp3_gb_month", "rds_storage")
        yield _priced("its storage", use.rds_storage_gb, storage, f"{use.rds_storage_gb} GB gp3")
    if use.elasticache:
        yield _hourly("cache", prices, 1, prices.of("hour", "elasticache", use.elasticache), use.elasticache)
    secrets = {
        text.partition("#")[0] for text in service.get("secrets", {}).values() if text.startswith("secretsmanager:")
    }
    if secrets:
        each = prices.of("secret_month", "secrets_manager")
        yield _priced("secrets", len(secrets), each, f"{len(secrets)} of Secrets Manager")
    if service.get("hosted_zone"):
        yield _priced("hosted zone", 1, prices.of("zone_month", "route53"), service["hosted_zone"])
    if use.traffic_out_gb:
        free = prices.number("free_gb", "data_transfer") or 0
        paid = max(0.0, use.traffic_out_gb - free)
        how = f"{use.traffic_out_gb:g} GB, {free:g} of them free in an account"
        yield _priced("traffic out", paid, prices.of("out_gb", "data_transfer"), how)


def _only_spot(service: Service) -> bool:
    providers = service.get("capacity_providers") or ()
    return bool(providers) and all(one["capacity_provider"] == "FARGATE_SPOT" for one in providers)


def _hourly(what: str, prices: Prices, amount: float, price: Price, how: str) -> Line:
    return _priced(what, amount * prices.hours, price, how)


def _priced(what: str, amount: float, price: Price, how: str) -> Line:
    usd = None if price.usd is None else round(amount * price.usd, 2)
    return Line(what, how, usd, price.seen, price.sure)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


PATHS: tuple[Callable[[Service, Use, Prices], Bill], ...] = (fargate, compose)
