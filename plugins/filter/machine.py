"""Filters that derive what AWS needs from the completed description of a machine and its services."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.aws.errors import SlipwayError
from slipway.machine import images, resources
from slipway.machine.fingerprint import fingerprint


def machine_role(machine: Mapping[str, Any], services: Sequence[Mapping[str, Any]], account_id: str) -> dict[str, Any]:
    """The role of a machine, from its description, its services' and the account's id."""
    try:
        return resources.role(machine, services, account_id)
    except SlipwayError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "machine_fingerprint": fingerprint,
            "machine_image_user": images.user,
            "machine_ingress": resources.ingress,
            "machine_records": resources.records,
            "machine_role": machine_role,
        }
