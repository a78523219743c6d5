"""Module: a VPC and its subnets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_info
short_description: Look up a VPC and its subnets
description:
  - Finds the VPC that is given, that of the subnets that are given, or the default VPC of the region.
  - Subnets come in the order of their availability zones.
  - Nothing is changed.
options:
  vpc_id: {type: str, description: The id of the VPC. By default that of O(subnet_ids) or the default VPC.}
  subnet_ids:
    description:
      - These subnets only.
      - By default all subnets of O(vpc_id), or, of the default VPC, those that AWS made as the default of their zone.
    type: list
    elements: str
  subnet_tags: {type: dict, description: "Only subnets with all of these tags; it counts where no ids are given."}
  one_per_zone:
    description: Whether to give one subnet of each availability zone only, as a load balancer wants them.
    type: bool
    default: false
  zones_at_least:
    description: Refuse when the subnets are in fewer availability zones; a load balancer needs 2.
    type: int
    default: 0
  routes:
    description: Whether to tell public subnets, which have a route to an internet gateway, from private ones.
    type: bool
    default: false
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The default VPC
  vpc_info:
    region: ap-northeast-2
    zones_at_least: 2
  register: network
"""

RETURN = r"""
vpc_id: {type: str, returned: success, description: The id of the VPC.}
cidr_block: {type: str, returned: success, description: The IPv4 addresses of the VPC.}
account_id: {type: str, returned: success, description: The account that is called.}
zones: {type: list, elements: str, returned: success, description: The availability zones of the subnets.}
subnet_ids: {type: list, elements: str, returned: success, description: "The subnets, by availability zone."}
public_subnet_ids:
  description: Those with a route to an internet gateway.
  returned: with O(routes)
  type: list
  elements: str
private_subnet_ids:
  description: Those without a route to an internet gateway.
  returned: with O(routes)
  type: list
  elements: str
api_calls: {type: int, returned: success, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("vpc_info", DOCUMENTATION)
