#!/usr/bin/python
"""A machine's description; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_description
short_description: Check the description of a machine and complete it
description:
  - Takes the C(machine_*) variables of the host, checks them against the argument specs of the roles C(machine_aws) and
    C(machine) and against the services that run on it, and returns them complete.
  - All that is wrong is said at once, with the file and line where each was written.
options: {}
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: Check the machine's description
  machine_description:
  register: _machine_description
"""

RETURN = r"""
machine:
  description: Every option under its name without C(machine_); null where it has no value.
  type: dict
  returned: success
services:
  description: The completed descriptions of the services whose C(service_machine) is this machine.
  type: list
  elements: dict
  returned: success
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={}, supports_check_mode=True).fail_json(
        msg="machine_description runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
