"""A machine's description, checked and completed: a pure function of its variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ..service.findings import Finding
from ..service.shape import check_shape, with_defaults, without_nulls
from ..service.spec import PROJECT
from . import images
from .rules import RULES

PREFIX = "machine_"
# What AWS makes, and what is on the machine: each role declares its own part.
_SPECS = tuple(PROJECT / "roles" / role / "meta" / "argument_specs.yml" for role in ("machine_aws", "machine"))
_SHARED = ("deployment_environment", "aws_endpoint_url", "aws_profile")


@dataclass(frozen=True)
class Checked:
    """What a description comes to.

    Attributes:
        machine: the completed description, keys without `machine_`; empty when something is wrong.
        findings: everything that is wrong.
    """

    machine: dict[str, Any]
    findings: tuple[Finding, ...]


@lru_cache
def machine_options() -> dict[str, dict[str, Any]]:
    """The options of a machine, from the argument specs of its two roles."""
    options: dict[str, dict[str, Any]] = {}
    for path in _SPECS:
        if path.is_file():
            declared = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
            options |= {name: spec for name, spec in declared.items() if name.startswith(PREFIX) or name in _SHARED}
    return options


def check(variables: Mapping[str, Any], host: str, services: Sequence[Mapping[str, Any]]) -> Checked:
    """Check the variables of one machine against what runs on it, and complete them."""
    options = machine_options()
    given = without_nulls(variables, options)
    findings = list(check_shape(given, options))
    if findings:
        return Checked({}, tuple(findings))
    machine = completed(with_defaults(given, options), host, services)
    findings = [finding for rule in RULES for finding in rule(machine, services)]
    return Checked({} if findings else machine, tuple(findings))


def completed(variables: Mapping[str, Any], host: str, services: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The description with every derived name, under shortened keys."""
    machine = {name.removeprefix(PREFIX).removeprefix("aws_"): value for name, value in variables.items()}
    environment = machine["deployment_environment"]
    machine["host"] = host
    machine["name"] = machine["name"] or f"{environment}-{host}"
    machine["identity"] = {"slipway:machine": host, "slipway:environment": environment}
    machine["tags"] = {"Name": machine["name"], **{key: str(text) for key, text in machine["tags"].items()}}
    if machine["public_key_file"]:
        machine["public_key_file"] = str((PROJECT / Path(machine["public_key_file"]).expanduser()).resolve())
    image = machine["image"]
    machine["image_id"] = image if image.startswith("ami-") else None
    machine["image_parameter"] = images.parameter(image, machine["instance_type"])
    # A container that calls AWS as the machine is one hop farther away; the others stay out.
    machine["hop_limit"] = 2 if any(service["task_policy"] for service in services) else 1
    return machine
