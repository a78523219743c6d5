#!/usr/bin/python
"""What a release applied; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: drift_baseline
short_description: Keep what a release applied
description:
  - Keeps the resources that a release applied, and its image, in the DynamoDB table of releases, in the place of what
    was kept before. By it a drift check tells what somebody changed from what was not deployed yet.
  - It is no change of what is deployed, so C(changed) is always false. Nothing is written where it is the same.
options:
  table: {type: str, default: slipway-releases, description: The DynamoDB table.}
  service:
    description: "C(cluster/service) for ECS, C(machine/service) on a machine, or C(machine/) and its name."
    type: str
    required: true
  state:
    description:
      - V(applied) is for the end of a release that succeeded. V(attempted), before it begins to change anything, keeps
        its resources beside those, since a release that fails half-way has applied a part of them.
      - V(serving), after a rollback, keeps O(serving) alone.
    type: str
    choices: [applied, attempted, serving]
    default: applied
  resources: {type: list, elements: dict, default: [], description: "The resources, as for M(aws_resources)."}
  serving: {type: str, description: "The task definition that serves from now on, as C(family:revision)."}
  image: {type: dict, default: {}, description: "The image that was released: C(image), C(tag) and C(digest)."}
attributes:
  action:
    support: full
    description: Runs on the control node, in Ansible's own process.
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: What it applied
  drift_baseline:
    service: voj-prod/voj-backend-api
    resources: "{{ fargate_described }}"
"""

RETURN = r"""
is_new: {type: bool, returned: success, description: Whether it is another one than was kept.}
resources:
  description: As they were given, for tasks that would make them from their templates once more; shown to nobody.
  type: list
  elements: dict
  returned: success
api_calls: {type: int, returned: success, description: How many API calls were made.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"service": {"type": "str"}}, supports_check_mode=True).fail_json(
        msg="drift_baseline runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
