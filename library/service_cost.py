#!/usr/bin/python
"""Module: what a service costs a month."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_cost
short_description: Estimate what a service costs a month on Fargate and on a machine
description:
  - Works with the dated prices in C(module_utils/slipway/cost/prices.yml), and calls nobody.
  - Taxes, the free tier, savings plans, backups and requests are not in it. A price that is not known is said to be so.
options:
  service: {type: dict, required: true, description: "The completed description, as M(service_description) returns it."}
  traffic_out_gb: {type: float, default: 0, description: What goes out to the internet in a month.}
  logs_gb: {type: float, default: 1, description: "What is written to CloudWatch Logs in a month, on Fargate."}
  lcu: {type: float, default: 0.1, description: "The load balancer's capacity units, on average."}
  nat_gateways: {type: int, default: 0, description: How many NAT gateways there are for the tasks.}
  balancer_shared_by: {type: int, default: 1, description: How many services share the load balancer.}
  machine_shared_by: {type: int, default: 1, description: How many services share the machine.}
  instance_type:
    description:
      - The machine's instance type. By default the smallest that holds the service, with the next release beside it.
    type: str
  disk_size_gib: {type: int, default: 20, description: "The machine's disk."}
  rds: {type: str, description: "The class of its database, for example db.t3.micro. By default it has none."}
  rds_storage_gb: {type: int, default: 20, description: "The database's storage."}
  elasticache:
    description: The node type of its cache, for example C(cache.t3.micro). By default it has none.
    type: str
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: What it costs
  service_cost:
    service: "{{ _service_description.service }}"
    rds: db.t3.micro
    elasticache: cache.t3.micro
"""

RETURN = r"""
table: {type: str, returned: success, description: Both bills as text.}
monthly_usd: {type: dict, returned: success, description: "The sum by path, C(fargate) and C(compose)."}
paths:
  description: Each path with its lines.
  type: list
  elements: dict
  returned: success
  contains:
    path: {type: str, description: "V(fargate) or V(compose)."}
    monthly_usd: {type: float, description: The sum of what is known.}
    unknown: {type: list, elements: str, description: What is not in the sum because its price is not known.}
    lines: {type: list, elements: dict, description: "Each with what, how, usd, seen (the price's date) and sure."}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("service_cost", DOCUMENTATION)
