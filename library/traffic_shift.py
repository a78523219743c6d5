#!/usr/bin/python
"""Module: the requests of a domain, moved between Fargate and a machine by weighted records."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traffic_shift
short_description: Move a domain's requests between Fargate and a machine by weighted Route 53 records
description:
  - The share of the new side grows step by step. Each step stands until no client goes on with what it was told before,
    and the new side has to answer all the time. When it does not, all requests go back to the old side.
  - Weighted records exist only while requests are moved. At the end, either way, the domain has one record again, as a
    description of that side alone has it. The change between a simple record and weighted ones is one change batch, so
    that the name has an answer at every moment.
  - A run that was interrupted is gone on with where the weights are.
options:
  zone: {type: str, required: true, description: The hosted zone, by its name or id.}
  name: {type: str, required: true, description: The domain.}
  to:
    description: Where the requests are moved to.
    type: str
    required: true
    choices: [fargate, compose]
  fargate:
    description: The side on ECS Fargate, behind its load balancer.
    type: dict
    required: true
    suboptions:
      set_identifier: {type: str, required: true, description: What tells its weighted record from the other.}
      load_balancer: {type: str, required: true, description: The name of the load balancer.}
      cluster: {type: str, required: true, description: The name of the cluster.}
      service: {type: str, required: true, description: The name of the ECS service. Its targets have to be healthy.}
      connect_to:
        description: Where it is asked; by default the load balancer's DNS name. See M(load_balancer_check).
        type: str
  compose:
    description: The side on a machine.
    type: dict
    required: true
    suboptions:
      set_identifier: {type: str, required: true, description: What tells its weighted record from the other.}
      address: {type: str, required: true, description: The public address of the machine.}
      ttl: {type: int, default: 60, description: The TTL of its record in seconds.}
      connect_to:
        description: Where it is asked; by default the address. See M(load_balancer_check).
        type: str
  weight: {type: int, description: The weight that the record keeps at the end. Omitted, it is a simple record then.}
  url: {type: str, required: true, description: "What is asked of each side, for example https://api.homu.kr/health."}
  status: {type: list, elements: int, default: [200], description: The status codes of a good answer.}
  body: {type: str, description: A regular expression that the body of a good answer contains.}
  steps: {type: list, elements: int, default: [10, 50, 100], description: The shares in percent; 100 is the last.}
  pause:
    description: The seconds that each step stands. By default the longest TTL of the records before and after it.
    type: int
  answers: {type: int, default: 12, description: So many good answers one after another are needed at each step.}
  timeout: {type: int, default: 60, description: The seconds that a side has for them beyond the pause.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: To Fargate
  traffic_shift:
    zone: homu.kr
    name: api.homu.kr
    to: fargate
    url: https://api.homu.kr/health
    fargate:
      set_identifier: homu-backend
      load_balancer: homu-alb
      cluster: homu-cluster
      service: homu-backend-service
    compose:
      set_identifier: homu-backend-compose
      address: 203.0.113.5
"""

RETURN = r"""
msg: {type: str, returned: always, description: What became of the requests.}
percent:
  description: How many of a hundred requests the new side has now, or in check mode would have.
  type: int
  returned: always
steps:
  description: What was done.
  type: list
  elements: dict
  returned: always
  contains:
    percent: {type: int, description: The share.}
    answers: {type: int, description: How often the new side was asked while it had that share.}
    good: {type: int, description: How many of its answers were good.}
went_back: {type: bool, returned: always, description: Whether the new side failed and the old one has all requests.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("traffic_shift", DOCUMENTATION)
