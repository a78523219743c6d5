#!/usr/bin/python
"""Module: waiting for a deployment of an ECS service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_deployment_wait
short_description: Wait until a deployment of an ECS service has succeeded
description:
  - Follows one deployment and says what happens, task by task and event by event.
  - It succeeds only when this deployment succeeded; that a service is stable, as it is after a rollback, is no success.
  - When the deployment fails or does not end in time, the task fails with the causes, each with its evidence and what
    to do, and with what serves now.
  - A blue/green, canary or linear deployment is followed through its stages and its bake time.
  - Where tasks of the deployment ended by themselves, it has succeeded when the others have lasted longer than those,
    and has failed when one after the other ends, although ECS counts none of that.
  - What the caller may not read (logs, target health, alarms) is said, and is no failure.
options:
  cluster: {type: str, required: true, description: The name of the cluster.}
  service: {type: str, required: true, description: The name of the ECS service.}
  deployment_id:
    description: The id of the deployment, as M(ecs_service) returns it. By default the PRIMARY one.
    type: str
  timeout: {type: int, default: 600, description: The seconds after which a deployment that has not ended has failed.}
  digests:
    description:
      - The image digest asked for, by container name. After a deployment that was followed here, every running task of
        it has to run these. What AWS does not tell is no mismatch.
    type: dict
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
state: {type: str, returned: always, description: "V(succeeded) or V(failed), or V(planned) in check mode."}
deployment_id: {type: str, returned: success or failure, description: The id of the deployment.}
task_definition: {type: str, returned: success or failure, description: The ARN of what the deployment runs.}
running_count: {type: int, returned: success, description: How many tasks run.}
desired_count: {type: int, returned: success, description: How many tasks should run.}
reason: {type: str, returned: failure, description: What failed, in one line.}
causes:
  description: Why it failed, the most telling cause first.
  type: list
  elements: dict
  returned: failure
  contains:
    code: {type: str, description: "Its class, such as V(image_not_found); V(unknown) where nothing tells."}
    title: {type: str, description: The cause in one sentence.}
    evidence: {type: list, elements: str, description: What shows it, in AWS's own words, and the last log lines.}
    remedy: {type: str, description: What to do about it.}
    count: {type: int, description: How many tasks or targets show it.}
serving: {type: str, returned: failure, description: "What served before and still does, such as V(api:11)."}
seconds: {type: float, returned: always, description: How long it was waited.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("ecs_deployment_wait", DOCUMENTATION)
