"""Module: going back to what succeeded last."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_rollback
short_description: Go back to the deployment of an ECS service that succeeded last
description:
  - After a release that failed, it looks at what happened and does what is left to do. Nothing where nothing was
    switched; it follows where ECS rolls back by itself; it stops a deployment that is still under way; and it updates
    the service where the deployment had succeeded, and only the service did not answer. A first release has nothing to
    go back to, and the service is left without tasks.
  - By hand, which is without O(failed_deployment_id) and O(before), it goes back from what is deployed now.
  - The target is the last deployment that succeeded, by the service deployments of ECS and by the records of releases;
    never merely the revision before. Where it was rolled back from once, it is not gone back to.
  - It waits until the rollback has succeeded, and says what serves then. Run again after it was killed, it goes on.
options:
  cluster: {type: str, required: true, description: The name of the cluster.}
  service: {type: str, required: true, description: The name of the ECS service.}
  table: {type: str, default: slipway-releases, description: The DynamoDB table with the records of releases.}
  failed_deployment_id:
    description: The id of the deployment that failed, as M(ecs_service) returned it.
    type: str
  before:
    description: The PRIMARY deployment before the release, as M(release_lock) returned it.
    type: dict
    suboptions:
      deployment_id: {type: str, description: Its id.}
      task_definition: {type: str, description: The ARN of what it runs.}
      rollout_state: {type: str, description: Its state.}
  to:
    description: >-
      What to go back to: an image tag, a revision such as V(11) or V(voj-backend-prod:11), or an image digest. By
      default the last that succeeded.
    type: str
  timeout: {type: int, default: 600, description: The seconds that the rollback may take.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Go back by hand
  ecs_rollback:
    region: ap-northeast-2
    cluster: voj-prod
    service: voj-backend-api

- name: Go back after a failed release
  ecs_rollback:
    region: ap-northeast-2
    cluster: voj-prod
    service: voj-backend-api
    failed_deployment_id: ecs-svc/1234567890123456789
    before: "{{ _service_lock.before }}"
"""

RETURN = r"""
action:
  description:
    - V(none) where there was nothing to do, V(already) where ECS went back by itself, V(rolled_back) where this task
      made it go back, V(stopped) where the service was left without tasks.
    - It is missing where the rollback failed.
  type: str
  returned: success
serving: {type: str, returned: always, description: "What serves now, as C(family:revision); empty where nothing does."}
serving_tag: {type: str, returned: always, description: Its image tag.}
serving_digest: {type: str, returned: always, description: Its image digest.}
running_count: {type: int, returned: always, description: How many tasks of it run.}
target: {type: dict, returned: always, description: "What was gone back to, as task_definition, tag, digest, why."}
causes: {type: list, elements: dict, returned: failure, description: Why the rollback failed.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("ecs_rollback", DOCUMENTATION)
