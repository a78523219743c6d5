#!/usr/bin/python
"""Module: an Elastic IP address."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elastic_ip
short_description: Manage an Elastic IP address
description:
  - Allocates an address, gives it to an instance, and finds it again by its tags.
  - A released address is gone for good, so V(absent) has to be meant.
options:
  name: {type: str, required: true, description: "The address's Name, by which this task calls it."}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  identity:
    description: The tags by which the address is found again, as a map. By default its tag C(Name).
    type: dict
  instance:
    description:
      - The instance that has it, by its O(name) in M(ec2_instance) or by its id. An address that another one has moves
        at once. Omitted, it is left where it is.
    type: str
  tags: {type: dict, description: "All tags of the address, besides those of O(identity)."}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The address of the machine
  elastic_ip:
    region: ap-northeast-2
    name: prod-homu
    instance: prod-homu
"""

RETURN = r"""
id: {type: str, returned: when it exists, description: "The id of the allocation, eipalloc-..."}
public_ip: {type: str, returned: when it exists, description: The address.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("elastic_ip", DOCUMENTATION)
