#!/usr/bin/python
"""What a drift check starts from; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: drift_baseline_info
short_description: Look up what the last release of each service applied
description:
  - For all hosts of the play at once, whose descriptions M(service_description) registered as C(_service_description),
    and M(machine_description) as C(_machine_description).
  - Finds the VPC and subnets of each, and what its last release applied, as M(drift_baseline) kept it.
  - It only reads. What can't be looked up is told of the host that it belongs to, and the play goes on.
options: {}
attributes:
  check_mode:
    support: full
    description: The same in check mode, because nothing is changed.
  diff_mode:
    support: none
    description: There is nothing to show.
  action:
    support: full
    description: Runs on the control node, in Ansible's own process.
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: What the last releases applied
  drift_baseline_info:
  run_once: true
  register: _drift_baseline
"""

RETURN = r"""
hosts:
  description: >-
    By inventory host and way (C(fargate), C(compose), C(machine)), what there is to start from.
  type: dict
  returned: success
  contains:
    network: {type: dict, description: "The VPC and its subnets, as M(vpc_info) returns them."}
    applied: {type: dict, description: "What the last release applied: C(resources), C(image), C(at)."}
    address: {type: str, description: The public address of a machine; empty where it is not made.}
    prepared: {type: str, description: What was brought to a machine by the role C(machine); empty where nobody knows.}
    under_way: {type: str, description: "Who releases the service at this moment, where somebody does."}
    error: {type: str, description: Why the host can't be checked.}
api_calls: {type: int, returned: success, description: How many API calls it took.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={}, supports_check_mode=True).fail_json(
        msg="drift_baseline_info runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
