#!/usr/bin/python
"""Many resources in one task; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aws_resources
short_description: Bring many AWS resources to their description in one task
description:
  - Observes all the resources in batches and side by side, then plans and applies them one by one.
  - Resources refer to one another by name. What others refer to is made first and removed last.
  - Everything is planned before anything is written, so that bad input stops the task while nothing is half done.
options:
  resources:
    description:
      - Each item is one kind, that is the module of one resource (for example C(ecs_cluster)), with its options.
      - A C(when) beside the kind, true or false, leaves the item out.
    type: list
    elements: dict
    required: true
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A repository, a cluster, and a log group that only production has
  aws_resources:
    region: ap-northeast-2
    resources:
      - ecr_repository: {name: voj-backend, scan_on_push: true}
      - ecs_cluster: {name: voj-prod}
      - log_group: {name: /ecs/voj-backend, retention_in_days: 30}
        when: "{{ deployment_environment == 'prod' }}"
"""

RETURN = r"""
resources:
  description: For each C(kind), C(name), C(changed), C(verb) and what its own module returns.
  returned: success
  type: list
  elements: dict
api_calls: {type: int, returned: success, description: How many API calls were made.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={}, supports_check_mode=True).fail_json(
        msg="aws_resources runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
