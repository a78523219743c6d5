"""What the AWS side of a machine consists of: rules, permissions and records, from the descriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..service import roles
from ..service.roles import Place, world_rules
from .rules import SSH, WEB

Machine = Mapping[str, Any]
Services = Sequence[Mapping[str, Any]]
_SESSIONS = "AmazonSSMManagedInstanceCore"
_DNS_TTL = 60


def ingress(machine: Machine) -> list[dict[str, Any]]:
    """Who reaches the machine: the web by the proxy's ports, and named addresses."""
    rules = [rule for port in WEB for rule in world_rules(machine["ingress_cidrs"], port)]
    rules += [{**rule, "description": "SSH"} for rule in world_rules(machine["ssh_cidrs"], SSH)]
    for opened in machine["open_ports"]:
        said = {"description": opened["reason"]} if opened["reason"] else {}
        for rule in world_rules(opened["cidrs"], opened["port"]):
            rules.append({**rule, "ip_protocol": opened["protocol"], **said})
    return rules


def role(machine: Machine, services: Services, account_id: str) -> dict[str, Any]:
    """The machine's role: it pulls the images and reads the secrets of its services, and may do what they may."""
    place = Place(str(machine["region"]), str(account_id))
    statements = roles.machine_role_statements(
        place,
        repositories=[service["repository"] for service in services],
        secrets=[service["secrets"] for service in services],
    )
    policies: list[dict[str, Any]] = []
    if statements:
        policies.append({"name": "services", "statements": statements})
    policies += [
        {"name": f"{service['name']}-task", "statements": service["task_policy"]}
        for service in services
        if service["task_policy"]
    ]
    return {
        "name": machine["name"],
        "description": f"Machine {machine['name']}",
        "assume_role_policy": roles.ec2_assume_role(),
        "managed_policies": [_SESSIONS] if machine["access"] == "ssm" else [],
        "inline_policies": policies,
        "tags": {**machine["tags"], **machine["identity"]},
    }


def records(services: Services, address: str) -> list[dict[str, Any]]:
    """The record of each service's domain, which leads to the machine, as items of aws_resources."""
    return [
        {"route53_record": _record(service, address)}
        for service in services
        if service["domain"] and service["hosted_zone"]
    ]


def _record(service: Mapping[str, Any], address: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "zone": service["hosted_zone"],
        "name": service["domain"],
        "type": "A",
        "values": [address],
        "ttl": _DNS_TTL,
    }
    if service["dns_weight"] is not None:
        # Beside the record of the same service on Fargate, which has the name without the ending.
        record |= {"weight": service["dns_weight"], "set_identifier": f"{service['dns_set_identifier']}-compose"}
    return record
