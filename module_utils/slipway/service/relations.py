"""What must fit together in a description: sizes, counts, domains, timings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from .fargate import SIZES, closest, memory_of
from .findings import Finding
from .strategy import check_strategy

Service = Mapping[str, Any]


def check_size(service: Service) -> Iterator[Finding]:
    """CPU and memory come in pairs."""
    cpu, memory = service["cpu"], service["memory"]
    if cpu not in SIZES:
        choices = ", ".join(map(str, SIZES))
        yield Finding(("service_cpu",), f"Fargate has no size with {cpu} CPU units", f"one of: {choices}")
    elif not isinstance(memory, int):
        yield Finding(("service_memory",), f"{memory} is no amount of memory", "write MiB, such as 1024, or 1 GB")
    elif memory not in SIZES[cpu]:
        fit = closest(cpu, memory)
        yield Finding(
            ("service_memory",),
            f"Fargate has no size with {cpu} CPU units and {memory} MiB",
            f"with service_cpu {cpu}: {memory_of(cpu)}; the next size up is {fit[0]} and {fit[1]}",
        )


def check_counts(service: Service) -> Iterator[Finding]:
    """A deployment must be able to go on, and scaling must have bounds and a target."""
    if service["minimum_healthy_percent"] == 100 and service["maximum_percent"] == 100:
        yield Finding(
            ("service_maximum_percent",),
            "with service_minimum_healthy_percent 100 too, no deployment could replace a task",
            "raise service_maximum_percent to 200, or lower service_minimum_healthy_percent",
        )
    scaling = service["autoscaling"]
    if scaling:
        if scaling["min_capacity"] > scaling["max_capacity"]:
            remedy = "make it at least min_capacity"
            yield Finding(("service_autoscaling", "max_capacity"), "is less than min_capacity", remedy)
        if not any(value for key, value in scaling.items() if key.startswith("target_")):
            yield Finding(
                ("service_autoscaling",),
                "has no target",
                "add target_cpu_percent, target_memory_percent or target_requests_per_target",
            )


def check_capacity(service: Service) -> Iterator[Finding]:
    """Each provider once, one base at most, some weight."""
    providers = service["capacity_providers"] or []
    names = [provider["capacity_provider"] for provider in providers]
    for index, provider in enumerate(providers):
        if provider["capacity_provider"] in names[:index]:
            yield Finding(
                ("service_capacity_providers", index, "capacity_provider"),
                "is there twice",
                "keep one of the two",
            )
    if sum(1 for provider in providers if provider["base"]) > 1:
        yield Finding(("service_capacity_providers",), "two of them have a base", "AWS allows a base to one of them")
    if providers and not any(provider["weight"] for provider in providers):
        yield Finding(("service_capacity_providers",), "none has a weight", "give one of them a weight of 1 or more")


def check_intervals(service: Service) -> Iterator[Finding]:
    """A check must end before the next begins."""
    for name in ("health_check", "container_health_check"):
        check = service[name]
        if check and check["timeout"] >= check["interval"]:
            yield Finding(
                (f"service_{name}", "timeout"),
                f"{check['timeout']} s is not less than the interval of {check['interval']} s",
                "lower timeout or raise interval",
            )


def check_grace(service: Service) -> Iterator[Finding]:
    """A release must outlast its own grace period, and a slow start has bounds."""
    grace = service["health_check_grace_period"]
    if service["wait_timeout"] <= grace:
        yield Finding(
            ("service_wait_timeout",),
            f"a release would be given up within its grace period of {grace} s",
            "raise service_wait_timeout or lower service_health_check_grace_period",
        )
    if service["slow_start"] is not None and 0 < service["slow_start"] < 30:
        yield Finding(("service_slow_start",), f"{service['slow_start']} is out of range", "choose 0, or 30 to 900")


def check_container(service: Service) -> Iterator[Finding]:
    """The container's health check has a form, an application's cookie has a name, patterns have a number."""
    check = service["container_health_check"]
    if check and (len(check["command"]) < 2 or check["command"][0] not in {"CMD", "CMD-SHELL"}):
        remedy = "for example [CMD-SHELL, 'curl -f http://127.0.0.1:8000/health']"
        yield Finding(("service_container_health_check", "command"), "does not start with CMD or CMD-SHELL", remedy)
    sticky = service["stickiness"]
    if sticky and (sticky["type"] == "app_cookie") != bool(sticky["cookie_name"]):
        yield Finding(
            ("service_stickiness", "cookie_name"),
            "goes with type app_cookie, and only with it",
            "give both or neither",
        )
    if not 1 <= len(service["path_patterns"]) <= 4:
        remedy = "AWS allows five conditions to a rule, and the domain is one: choose 1 to 4 patterns"
        yield Finding(("service_path_patterns",), f"has {len(service['path_patterns'])} patterns", remedy)


def check_domain(service: Service) -> Iterator[Finding]:
    """The domain lies in its zone; a weight needs a record; a certificate works in its own region only."""
    domain, zone = service["domain"], service["hosted_zone"]
    if domain and not zone:
        yield Finding(("service_hosted_zone",), "is missing for the domain", "name the zone that holds service_domain")
    if domain and zone and domain != zone and not domain.endswith(f".{zone}"):
        yield Finding(
            ("service_domain",),
            f"{domain} is not in the hosted zone {zone}",
            f"write a domain that ends in .{zone}",
        )
    for option in ("hosted_zone", "dns_weight", "dns_set_identifier"):
        if service[option] is not None and not domain:
            yield Finding((f"service_{option}",), "has no effect without a domain", "add service_domain or remove it")
    if domain and service["dns_set_identifier"] and service["dns_weight"] is None:
        remedy = "add service_dns_weight, or remove service_dns_set_identifier"
        yield Finding(("service_dns_set_identifier",), "has no effect without a weight", remedy)
    arn = (service["certificate_arn"] or "").split(":")
    if len(arn) > 3 and arn[2] == "acm" and arn[3] != service["region"]:
        remedy = f"choose a certificate of {service['region']}, or omit it and one is requested"
        yield Finding(("service_certificate_arn",), f"is in {arn[3]}, where the load balancer is not", remedy)


def check_network(service: Service) -> Iterator[Finding]:
    """Own subnets need their VPC; a load balancer spans two zones; a CIDR is a CIDR."""
    for option in ("subnets", "load_balancer_subnets"):
        if service[option] is not None and not service["vpc_id"]:
            yield Finding(("service_vpc_id",), f"is missing for service_{option}", "name the VPC of these subnets")
            break
    if service["vpc_id"] and not service["subnets"]:
        remedy = "list the subnets of this VPC, or remove service_vpc_id to use the default VPC"
        yield Finding(("service_subnets",), "is missing for service_vpc_id", remedy)
    balancer = service["load_balancer_subnets"]
    if balancer is not None and len(set(balancer)) < 2:
        yield Finding(
            ("service_load_balancer_subnets",),
            "a load balancer needs subnets in two availability zones",
            "list two subnets or more",
        )
    for index, cidr in enumerate(service["load_balancer_ingress_cidrs"]):
        try:
            ip_network(cidr)
        except ValueError as error:
            remedy = "write a network, such as 0.0.0.0/0 or 203.0.113.0/24"
            yield Finding(("service_load_balancer_ingress_cidrs", index), str(error), remedy)


def check_roles(service: Service) -> Iterator[Finding]:
    """A policy needs its role."""
    policy = service["task_policy"] or []
    if policy and not service["task_role"]:
        yield Finding(("service_task_policy",), "has no role to belong to", "add service_task_role")
    if service["enable_execute_command"] and not service["task_role"]:
        problem = "needs a task role: its agent speaks to Systems Manager with it"
        yield Finding(("service_enable_execute_command",), problem, "add service_task_role")
    yield from check_policy(service)


def check_policy(service: Service) -> Iterator[Finding]:
    """Least privilege means no action on everything."""
    for index, statement in enumerate(service["task_policy"] or []):
        at = ("service_task_policy", index)
        for key in ("actions", "resources"):
            if not statement[key]:
                yield Finding((*at, key), "is empty", "list at least one, or remove the statement")
        if "*" in statement["resources"] and any("*" in action for action in statement["actions"]):
            remedy = "name the actions, or name the resources by their ARNs"
            yield Finding(at, "allows whole groups of actions on everything", remedy)


def check_answer(service: Service) -> Iterator[Finding]:
    """What a good answer looks like is a regular expression, and a migration is a command."""
    try:
        re.compile(service["http_check_body"] or "")
    except re.error as error:
        remedy = "see: https://docs.python.org/3/library/re.html"
        yield Finding(("service_http_check_body",), f"is no regular expression: {error}", remedy)
    if service["migration"] and not service["migration"]["command"]:
        remedy = "write the command, word by word, or remove service_migration"
        yield Finding(("service_migration", "command"), "is empty", remedy)


RELATIONS = (
    check_answer,
    check_size,
    check_counts,
    check_capacity,
    check_intervals,
    check_grace,
    check_container,
    check_domain,
    check_network,
    check_roles,
    check_strategy,
)
