#!/usr/bin/python
"""Checks a description against the account; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_preflight
short_description: Check a service's description against the account before anything is touched
description:
  - >-
    Checks all that can be known before a deploy: the account, the image and its architecture, secrets and their keys,
    roles, the network, the load balancer, the certificate and the hosted zone, the cluster and the service, alarms and
    quotas. What the deploy makes itself is no finding.
  - >-
    Everything is reported at once, as a tree of C(OK), C(WARN), C(FAIL) and C(SKIP), with the variable, the file and
    line, and what to do. Any C(FAIL) fails the task. With C(--tags preflight) alone, or C(-v), every check is shown.
  - It only reads. A permission that is missing is a C(WARN) that names it.
  - >-
    A secret's value is read only where the description asks for a key of its JSON, to see whether the key is there; it
    is neither kept nor shown.
options:
  service:
    description: The completed description, as M(service_description) returns it.
    type: dict
    required: true
  on_machine:
    description: >-
      The same as it is on its machine, if any; then the machine is asked, too: that it answers, its Docker, its disk,
      its memory, its clock, its proxy, and where the domain leads.
    type: dict
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
account: {type: str, returned: always, description: The id of the account.}
caller: {type: str, returned: always, description: The ARN of the caller.}
api_calls: {type: int, returned: success, description: How many API calls it took.}
findings:
  type: list
  elements: dict
  returned: always
  description: Every check; of a task that failed, only what is C(FAIL) or C(WARN).
  contains:
    group: {type: str, description: The branch of the tree.}
    status: {type: str, description: "C(OK), C(WARN), C(FAIL) or C(SKIP)."}
    what: {type: str, description: What was found.}
    remedy: {type: str, description: What to do about it.}
    variable: {type: str, description: The variable that it is about, if any.}
    where: {type: str, description: The file and line where that was written.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"service": {"type": "dict"}}, supports_check_mode=True).fail_json(
        msg="service_preflight runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
