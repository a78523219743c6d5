#!/usr/bin/python
"""Checks a description against the account; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_preflight
short_description: Check a service's description against the account before anything is touched
description:
  - Checks that the account is the one that the description names, and that every secret and the hosted zone exist.
  - Everything that is wrong is reported at once, with the variable, the file and line, and what to do.
  - It only reads. No secret's value is read.
options:
  service:
    description: The completed description, as M(service_description) returns it.
    type: dict
    required: true
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
- name: Check the description
  service_description:
  register: _service_description

- name: Check the account
  service_preflight:
    service: "{{ _service_description.service }}"
"""

RETURN = r"""
account: {type: str, returned: success, description: The id of the account.}
caller: {type: str, returned: success, description: The ARN of the caller.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"service": {"type": "dict"}}, supports_check_mode=True).fail_json(
        msg="service_preflight runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
