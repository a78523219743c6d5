#!/usr/bin/python
"""What is wrong with a service on a machine; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_diagnosis
short_description: Say what is wrong with a service on a machine, and what to do
description:
  - Asks each container of the service for its health, looks at its sidecars, workers and timers, at the machine's disk
    and proxy, and says what its last release came to.
  - It only reads, and leaves nothing on the machine.
options:
  service: {type: dict, required: true, description: "The completed description, as M(service_description) returns it."}
attributes:
  check_mode:
    support: full
    description: The same in check mode, because nothing is changed.
  diff_mode:
    support: none
    description: There is nothing to show.
  action:
    support: full
    description: Runs on the control node, in Ansible's own process, and connects to the machine by its variables.
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: What is wrong
  compose_diagnosis:
    service: "{{ _service_description.on_machine }}"
"""

RETURN = r"""
healthy: {type: bool, returned: success, description: Whether all of it runs and answers.}
causes:
  description: What is wrong, the most telling first.
  type: list
  elements: dict
  returned: success
  contains:
    code: {type: str, description: "Its class, such as V(out_of_memory); V(unknown) where nothing tells."}
    title: {type: str, description: The cause in one sentence.}
    evidence: {type: list, elements: str, description: What shows it, and the last log lines.}
    remedy: {type: str, description: What to do about it.}
    count: {type: int, description: How many containers show it.}
serving: {type: str, returned: success, description: "What serves, such as V(shop:0a1b2c3d4e5f); empty for nothing."}
api_calls: {type: int, returned: success, description: How many API calls it took.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"service": {"type": "dict"}}, supports_check_mode=True).fail_json(
        msg="compose_diagnosis runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
