#!/usr/bin/python
"""Going back on a machine; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_rollback
short_description: Let a release of a machine serve again that did before
description:
  - >-
    The release starts beside the one that serves, and gets the requests when it is healthy, as a new one does: its
    image, its variables and its secrets are those that it had. Sidecars stay as they are.
  - A machine keeps the last releases. An older one is deployed again, by its tag.
options:
  service: {type: dict, required: true, description: "The completed description, as M(service_description) returns it."}
  to:
    description: The id, tag or digest to go back to. By default the release that served before.
    type: str
attributes:
  check_mode:
    support: full
    description: Nothing is written; the result says what would be gone back to.
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
- name: What served before
  compose_rollback:
    service: "{{ _service_description.service }}"
"""

RETURN = r"""
action: {type: str, returned: always, description: "V(rolled_back), V(none), V(planned) or V(failed)."}
before: {type: str, returned: always, description: "What served before, such as V(shop:0a1b2c3d4e5f)."}
serving: {type: str, returned: always, description: "What serves now, in the same form."}
target:
  type: dict
  returned: always
  description: What was to be gone back to.
  contains:
    release: {type: str, description: Its id.}
    tag: {type: str, description: The tag of its image.}
    digest: {type: str, description: The digest of its image.}
    commit: {type: str, description: The commit that its image was built from.}
causes: {type: list, elements: dict, returned: failure, description: Why it failed, as of M(compose_release).}
seconds: {type: float, returned: when something was done, description: How long it took.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"service": {"type": "dict"}}, supports_check_mode=True).fail_json(
        msg="compose_rollback runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
