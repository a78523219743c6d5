#!/usr/bin/python
"""Module: an instance profile of IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: instance_profile
short_description: Manage an IAM instance profile
description:
  - Makes the profile that gives a role to an EC2 instance.
options:
  name: {type: str, required: true, description: The name of the profile.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  role: {type: str, description: The name of its role. An instance profile has one at the most.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: What the machine may do
  instance_profile:
    region: ap-northeast-2
    name: prod-homu
    role: prod-homu
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the profile.}
id: {type: str, returned: when it exists, description: The id of the profile.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("instance_profile", DOCUMENTATION)
