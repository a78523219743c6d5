"""Module: one release of a service at a time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_lock
short_description: Take or give back the lock of a service's release
description:
  - Of two releases of one service, the second waits for the first. The table that keeps the lock is made by the first
    release; it keeps the records of releases too.
  - While ansible-playbook lives, a small process renews the lock. When ansible-playbook is killed, that process records
    the release as interrupted and gives the lock back. When the whole machine is gone, the next release takes the lock
    over once nobody has renewed it for 60 seconds. No person is needed.
  - Where it does not run as an action of ansible-playbook, nobody renews the lock.
  - It also says what was deployed before.
options:
  state:
    description: Whether the lock is taken or given back.
    type: str
    choices: [acquired, released]
    default: acquired
  table: {type: str, default: slipway-releases, description: The DynamoDB table.}
  cluster: {type: str, required: true, description: The name of the cluster.}
  service: {type: str, required: true, description: The name of the ECS service.}
  ecs:
    description: Whether the service is one of ECS, so that what was deployed before can be asked.
    type: bool
    default: true
  timeout: {type: int, default: 300, description: The seconds to wait for another release of the service.}
  kind:
    description: What is begun.
    type: str
    choices: [release, rollback]
    default: release
  started_at: {type: str, description: "When it began, in UTC as ISO 8601. By default now."}
  who: {type: str, description: Who asked for it. By default the CI run or the caller.}
  tag: {type: str, description: The image tag that is released.}
  digest: {type: str, description: The image digest that is released.}
  revision: {type: str, description: The task definition that is released.}
  commit: {type: str, description: The commit that the image was built from.}
  lock:
    description: The lock to give back, as it was returned. Without one there is nothing to give back.
    type: dict
    suboptions:
      table: {type: str, description: The DynamoDB table.}
      service: {type: str, description: The cluster and the service.}
      token: {type: str, description: What tells this lock from every other.}
      keeper_pid: {type: int, description: The process that renews it.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Begin
  release_lock:
    region: ap-northeast-2
    cluster: voj-prod
    service: voj-backend-api
    tag: sha-1a2b3c4
  register: _service_lock

- name: End
  release_lock:
    region: ap-northeast-2
    cluster: voj-prod
    service: voj-backend-api
    state: released
    lock: "{{ _service_lock.lock }}"
"""

RETURN = r"""
lock:
  type: dict
  returned: success
  description: The lock; empty in check mode, and when it was given back.
  contains:
    table: {type: str, description: The DynamoDB table.}
    service: {type: str, description: The cluster and the service.}
    token: {type: str, description: What tells this lock from every other.}
    keeper_pid: {type: int, description: "The process that renews it; 0 where there is none."}
before:
  type: dict
  returned: when it was taken
  description: The PRIMARY deployment when the lock was taken. The texts are empty where there was no service.
  contains:
    deployment_id: {type: str, description: Its id.}
    task_definition: {type: str, description: The ARN of what it runs.}
    rollout_state: {type: str, description: Its state.}
started_at: {type: str, returned: when it was taken, description: When the release began.}
who: {type: str, returned: when it was taken, description: Who asked for it.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("release_lock", DOCUMENTATION)
