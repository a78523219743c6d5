"""Module: a security group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: security_group
short_description: Manage an Amazon EC2 security group
description:
  - Creates, updates and deletes a security group with its rules and tags.
  - An option that is omitted is not managed.
  - New rules are authorised before old ones are revoked, so that traffic which stays allowed never stops.
options:
  name: {type: str, required: true, description: The name of the group.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  vpc_id:
    description: The VPC that it belongs to. By default a new group is made in the default VPC.
    type: str
  description:
    description: What the group is for; it cannot be changed after creation. By default the name.
    type: str
  ingress:
    description:
      - All rules for incoming traffic, each with one source; others are revoked. An empty list revokes all.
    type: list
    elements: dict
    suboptions:
      description: {type: str, description: What the rule is for.}
      ip_protocol:
        description: "tcp, udp, icmp, icmpv6, the number of a protocol, or -1 for all."
        type: str
        required: true
      from_port: {type: int, description: "The first port, or the ICMP type (-1 is all)."}
      to_port: {type: int, description: "The last port, or the ICMP code (-1 is all). By default the first port."}
      cidr_ipv4: {type: str, description: "IPv4 addresses, for example 10.0.0.0/16."}
      cidr_ipv6: {type: str, description: "IPv6 addresses, for example ::/0."}
      prefix_list_id: {type: str, description: "A prefix list, for example pl-0a1b2c3d."}
      source_security_group:
        description: What is in another security group, by its name or id. The group's own name means itself.
        type: str
  egress:
    description:
      - All rules for outgoing traffic, each with one destination; others are revoked. An empty list revokes all.
      - When it is omitted, a new group lets everything out, which is AWS's own default.
    type: list
    elements: dict
    suboptions:
      description: {type: str, description: What the rule is for.}
      ip_protocol:
        description: "tcp, udp, icmp, icmpv6, the number of a protocol, or -1 for all."
        type: str
        required: true
      from_port: {type: int, description: "The first port, or the ICMP type (-1 is all)."}
      to_port: {type: int, description: "The last port, or the ICMP code (-1 is all). By default the first port."}
      cidr_ipv4: {type: str, description: "IPv4 addresses, for example 10.0.0.0/16."}
      cidr_ipv6: {type: str, description: "IPv6 addresses, for example ::/0."}
      prefix_list_id: {type: str, description: "A prefix list, for example pl-0a1b2c3d."}
      source_security_group:
        description: To what is in another security group, by its name or id. The group's own name means itself.
        type: str
  tags: {type: dict, description: All tags of the group; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The tasks are reached from the load balancer only
  security_group:
    region: ap-northeast-2
    name: voj-backend
    vpc_id: vpc-0a1b2c3d
    ingress:
      - {ip_protocol: tcp, from_port: 8000, source_security_group: voj-backend-alb}
"""

RETURN = r"""
id: {type: str, returned: when it exists, description: "The id of the group, sg-..."}
arn: {type: str, returned: when it exists, description: The ARN of the group.}
vpc_id: {type: str, returned: when it exists, description: The VPC that it belongs to.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("security_group", DOCUMENTATION)
