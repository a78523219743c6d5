#!/usr/bin/python
"""Module: what is wrong with an ECS service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_diagnosis
short_description: Say what is wrong with an ECS service, and what to do
description:
  - Looks at the service's current deployment, at the tasks that stopped within the last hour, at target health, logs
    and alarms, and names the causes of what is wrong, each with its evidence and what to do.
  - After a rollback it says of the deployment that failed why it did, too.
  - It only reads. What the caller may not read is said, and is no failure.
options:
  cluster: {type: str, required: true, description: The name of the cluster.}
  service: {type: str, required: true, description: The name of the ECS service.}
  deployment_id:
    description: The id of a deployment (C(ecs-svc/...)). By default the PRIMARY one.
    type: str
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: What is wrong
  ecs_diagnosis:
    region: ap-northeast-2
    cluster: voj-prod
    service: voj-backend-api
"""

RETURN = r"""
healthy: {type: bool, returned: always, description: Whether all of it stands and nothing went wrong lately.}
causes:
  description: What is wrong, the most telling cause first. For its keys see M(ecs_deployment_wait).
  type: list
  elements: dict
  returned: always
serving: {type: str, returned: always, description: "The revision that serves, such as V(api:11), if any."}
deployment_id: {type: str, returned: always, description: The id of the deployment that was looked at.}
last_failed_deployment_id:
  description: The id of the last deployment, if it failed and another one serves; empty otherwise.
  type: str
  returned: always
msg: {type: str, returned: always, description: All of it for a person to read.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("ecs_diagnosis", DOCUMENTATION)
