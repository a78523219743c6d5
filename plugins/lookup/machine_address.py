"""The address of a machine, found by its tags: nobody copies it into an inventory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.aws.errors import SlipwayError
from slipway.machine.address import address_of

DOCUMENTATION = r"""
name: machine_address
author: Slipway contributors (@slipway)
short_description: The address of a machine, found by its tags
description:
  - Looks for the Elastic IP address, or the instance, that C(provision.yml) tagged with the machine and its
    environment.
  - It is asked for once in each process. Where many tasks follow, keep it with C(set_fact).
options:
  _terms: {type: list, elements: str, required: true, description: The machines, as the inventory calls them.}
  environment_name: {type: str, required: true, description: The environment that they belong to.}
  form:
    description: The public address, or the instance's id, which Session Manager connects by.
    type: str
    choices: [public_ip, instance_id]
    default: public_ip
  region: {type: str, required: true, description: The AWS region.}
  profile: {type: str, description: The named profile of the AWS configuration.}
  endpoint_url: {type: str, description: "Another endpoint than AWS's own, for an emulator."}
"""

EXAMPLES = r"""
ansible_host: >-
  {{ lookup('machine_address', inventory_hostname, region=service_region, environment_name=deployment_environment) }}
"""

RETURN = r"""
_raw: {type: list, elements: str, description: An address for each machine.}
"""


class LookupModule(LookupBase):
    """Ansible's entry point."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """The address of each machine."""
        self.set_options(var_options=variables, direct=kwargs)
        connection = tuple(self.get_option(name) or None for name in ("region", "profile", "endpoint_url"))
        environment, form = self.get_option("environment_name"), self.get_option("form")
        try:
            return [address_of(str(term), str(environment), str(form), *connection) for term in terms]
        except SlipwayError as error:
            raise AnsibleLookupError(str(error)) from None
