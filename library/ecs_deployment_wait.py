#!/usr/bin/python
"""Module: waiting for a deployment of an ECS service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_deployment_wait
short_description: Wait until a deployment of an ECS service has succeeded
description:
  - Follows one deployment and says what happens, task by task and event by event.
  - It succeeds only when this deployment succeeded; that a service is stable, as it is after a rollback, is no success.
  - When the deployment fails or does not end in time, the task fails with why its tasks stopped and what serves now.
options:
  cluster: {type: str, required: true, description: The name of the cluster.}
  service: {type: str, required: true, description: The name of the ECS service.}
  deployment_id:
    description: The id of the deployment, as M(ecs_service) returns it. By default the PRIMARY one.
    type: str
  timeout: {type: int, default: 600, description: The seconds after which a deployment that has not ended has failed.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The release
  ecs_deployment_wait:
    region: ap-northeast-2
    cluster: voj-prod
    service: voj-backend-api
    timeout: 300
"""

RETURN = r"""
state: {type: str, returned: success, description: "V(succeeded), or V(planned) in check mode."}
deployment_id: {type: str, returned: success, description: The id of the deployment.}
task_definition: {type: str, returned: success, description: The ARN of what runs now.}
running_count: {type: int, returned: success, description: How many tasks run.}
desired_count: {type: int, returned: success, description: How many tasks should run.}
seconds: {type: float, returned: success, description: How long it was waited.}
api_calls: {type: int, returned: success, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main
from ansible.module_utils.slipway.step import Step


def load() -> Step:
    """The step, whose imports are heavy."""
    from ansible.module_utils.slipway.release.wait import wait

    return wait


if __name__ == "__main__":
    step_main(load, DOCUMENTATION)
