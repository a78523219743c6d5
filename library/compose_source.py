#!/usr/bin/python
"""A ref of git to build from; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_source
short_description: Fetch a ref of git into a folder of its own, to build an image from it
description:
  - The ref is fetched alone, without its history, into a temporary folder of the controller, also in check mode.
  - A password is never asked for, so git has to be able to read the repository by itself.
options:
  repository: {type: str, description: "The repository's address, as C(git) takes it."}
  ref: {type: str, description: "The branch, tag or commit."}
  path: {type: str, description: "With V(absent): the folder to remove, as it was returned."}
  state:
    description: Whether the ref is fetched, or the folder is removed.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: The same in check mode, because only a temporary folder is made.
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
- name: Fetch the ref
  compose_source:
    repository: https://github.com/example/shop.git
    ref: main
  register: _compose_source
"""

RETURN = r"""
path: {type: str, returned: success, description: The folder; empty after it was removed.}
commit: {type: str, returned: success, description: The commit.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"repository": {"type": "str"}}, supports_check_mode=True).fail_json(
        msg="compose_source runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
