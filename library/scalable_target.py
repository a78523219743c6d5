#!/usr/bin/python
"""Module: the autoscaling of an ECS service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scalable_target
short_description: Manage the autoscaling of an Amazon ECS service
description:
  - Registers a service with Application Auto Scaling, and manages its target tracking policies of predefined metrics.
  - From then on the desired count of the service belongs to autoscaling, and M(ecs_service) leaves it alone.
  - An option that is omitted is not managed. Step scaling policies and custom metrics are left alone.
options:
  cluster: {type: str, required: true, description: The name of the cluster.}
  service: {type: str, required: true, description: The name of the ECS service.}
  state: {type: str, choices: [present, absent], default: present, description: Whether the service is scaled.}
  min_capacity: {type: int, description: "The fewest tasks; required unless O(state=absent)."}
  max_capacity: {type: int, description: "The most tasks; required unless O(state=absent)."}
  target_tracking:
    description: The metrics to keep at a value, one policy each. An empty list removes them.
    type: list
    elements: dict
    suboptions:
      predefined_metric_type:
        description: The metric.
        type: str
        required: true
        choices:
          - ECSServiceAverageCPUUtilization
          - ECSServiceAverageMemoryUtilization
          - ALBRequestCountPerTarget
      target_value: {type: float, required: true, description: "The value to keep: percent, or requests a target."}
      scale_in_cooldown: {type: int, description: The seconds between two steps down.}
      scale_out_cooldown: {type: int, description: The seconds between two steps up.}
      disable_scale_in: {type: bool, description: Whether the policy only ever adds tasks.}
      load_balancer: {type: str, description: The name of the load balancer whose requests are counted.}
      target_group: {type: str, description: The name of the target group whose requests are counted.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Two to ten tasks, at 60 % of their CPU
  scalable_target:
    region: ap-northeast-2
    cluster: voj-prod
    service: voj-backend-api
    min_capacity: 2
    max_capacity: 10
    target_tracking:
      - {predefined_metric_type: ECSServiceAverageCPUUtilization, target_value: 60}
"""

RETURN = r"""
resource_id: {type: str, returned: when it exists, description: "The service, as service/cluster/name."}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("scalable_target", DOCUMENTATION)
