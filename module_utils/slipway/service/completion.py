"""A checked description made complete: the names that follow from other names, and sizes as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fargate import cpu_units, memory_mib
from .parts import completed_parts
from .target import Target

PREFIXES = ("service_", "aws_")


def shortened(variable: str) -> str:
    """The key in the completed description: `service_cluster` is `cluster`."""
    for prefix in PREFIXES:
        if variable.startswith(prefix):
            return variable.removeprefix(prefix)
    return variable


def completed(variables: Mapping[str, Any], host: str, target: Target = "fargate") -> dict[str, Any]:
    """The description with every derived name, under shortened keys."""
    service = {shortened(name): value for name, value in variables.items()}
    service["target"] = target
    name = service["name"] = service["name"] or host
    if target == "compose":
        # Lock and records are kept by these two: <machine>/<service>.
        service["cluster"], service["ecs_service"] = service["machine"], name
    derived = {
        "task_family": name,
        "container_name": name,
        "ecs_service": name,
        "execution_role": f"{name}-execution",
        "log_group": f"/ecs/{name}",
        "security_group": name,
        "load_balancer": name,
        "target_group": name,
        "dns_set_identifier": name if service["dns_weight"] is not None else None,
        "load_balancer_subnets": service["subnets"],
        "assign_public_ip": not service["subnets"],
        "http_check_path": (service["health_check"] or {}).get("path"),
        "infrastructure_role": f"{name}-infrastructure" if service["deployment_strategy"] != "rolling" else None,
    }
    for key, value in derived.items():
        if service[key] is None:
            service[key] = value
    if service["load_balancer_security_group"] is None:
        service["load_balancer_security_group"] = f"{service['load_balancer']}-alb"
    for key in ("environment", "build_args", "tags"):
        service[key] = {str(name): _text(value) for name, value in service[key].items()}
    for key, number in (("cpu", cpu_units), ("memory", memory_mib)):
        service[key] = number(service[key] or "") or service[key]
    completed_parts(service)
    return service


def _text(value: Any) -> Any:
    # 8000 can only mean one text; true, 1.10 and null can't, and are left for the rules to refuse.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
