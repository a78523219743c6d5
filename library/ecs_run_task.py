#!/usr/bin/python
"""Module: a task of ECS that runs once and ends."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_run_task
short_description: Run a task of a task definition once, and wait for its end
description:
  - Starts one task, such as a database migration, shows the lines of its log as they come, and ends with its exit code.
  - An exit code other than 0, a task that never starts, and one that does not end in time are failures that say why.
  - >-
    A run that was killed leaves its task running. The next run of the same command of the same task definition follows
    that task to its end, and starts no second one.
options:
  cluster: {type: str, required: true, description: The name of the cluster.}
  task_definition:
    description: A family (its newest active revision), C(family:revision), or an ARN.
    type: str
    required: true
  container:
    description: The container that runs the command, and whose exit code counts. By default the only one there is.
    type: str
  command:
    description: The command, word by word, in the place of the container's own. It is shown to whoever sees the task.
    type: list
    elements: str
  subnets: {type: list, elements: str, description: The ids of the subnets that the task runs in.}
  security_groups: {type: list, elements: str, description: "The task's security groups, by name or id."}
  vpc_id: {type: str, description: The VPC of the security groups that are given by name.}
  assign_public_ip: {type: bool, description: Whether the task has a public address.}
  launch_type:
    description: Where the task runs; not with O(capacity_provider_strategy).
    type: str
    choices: [EC2, FARGATE, EXTERNAL]
  capacity_provider_strategy:
    description: The capacity providers of which one runs the task, in the place of O(launch_type).
    type: list
    elements: dict
    suboptions:
      capacity_provider: {type: str, required: true, description: The name of the capacity provider.}
      weight: {type: int, description: Its share of the tasks beyond the base.}
      base: {type: int, description: How many tasks run here first.}
  timeout: {type: int, default: 600, description: The seconds after which the task is stopped and has failed.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The database migration
  ecs_run_task:
    region: ap-northeast-2
    cluster: voj-prod
    task_definition: voj-backend-prod
    container: api
    command: [python, manage.py, migrate]
    launch_type: FARGATE
    subnets: [subnet-0a1b2c3d, subnet-4e5f6a7b]
    security_groups: [voj-backend-service]
    assign_public_ip: true
"""

RETURN = r"""
task_arn: {type: str, returned: always, description: The ARN of the task; empty where none was started.}
task_definition: {type: str, returned: always, description: The ARN of the task definition that was run.}
exit_code: {type: int, returned: always, description: The container's exit code; null when it never started.}
log: {type: list, elements: str, returned: always, description: "The last lines of the container's log, at most 50."}
causes:
  description: Why it failed, the most telling cause first.
  type: list
  elements: dict
  returned: failure
  contains:
    code: {type: str, description: The class of the cause.}
    title: {type: str, description: The cause in one sentence.}
    evidence: {type: list, elements: str, description: What shows it.}
    remedy: {type: str, description: What to do about it.}
    count: {type: int, description: How many times it was seen.}
seconds: {type: float, returned: always, description: How long it took.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("ecs_run_task", DOCUMENTATION)
