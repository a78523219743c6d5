#!/usr/bin/python
"""Checks a service's description; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_description
short_description: Check a service's description and fill in its defaults
description:
  - Takes the host's C(service_*) variables, checks them against the argument spec of the role C(service),
    and returns the completed description.
  - Everything that is wrong is reported at once, with the variable, the file and line, and what to do.
  - It reads variables only; no call to AWS is made.
  - Names that begin with C(service_) belong to the description.
    A role's own variables begin with C(_service_).
options:
  target:
    description: What the service is described for. By default what the host's groups say, which may be both.
    type: str
    choices: [fargate, compose]
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
- name: Check the service's description
  service_description:
  register: _service_description

- name: Show where the service runs
  ansible.builtin.debug:
    msg: "{{ _service_description.service.cluster }}/{{ _service_description.service.ecs_service }}"
"""

RETURN = r"""
service:
  description:
    - Every option of the argument spec, under its name without C(service_) or C(aws_), in its declared type.
    - Omitted options have their default, a name that follows from the service's name, or null.
  returned: success
  type: dict
  sample: {"name": "voj-backend", "cluster": "voj-prod", "cpu": 512, "memory": 1024}
on_machine:
  description:
    - The same, as it is on its machine; the same as RV(service) where only that is described, and null on Fargate.
  returned: success
  type: dict
started: {type: float, returned: success, description: "When it was checked, in seconds since 1970."}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={}, supports_check_mode=True).fail_json(
        msg="service_description runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
