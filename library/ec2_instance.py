#!/usr/bin/python
"""Module: an EC2 instance."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_instance
short_description: Manage one Amazon EC2 instance
description:
  - Makes an instance with its root volume, finds it again by its tags, and brings it to its description.
  - An instance is never replaced. What AWS cannot change in place is refused, with what differs.
  - An instance that runs is stopped only with O(allow_stop). One that was found stopped is started.
  - An option that is omitted is not managed.
options:
  name: {type: str, required: true, description: "The instance's Name, by which other tasks call it."}
  state:
    description: Whether it should exist. V(absent) terminates it, and its root volume is gone with it.
    type: str
    choices: [present, absent]
    default: present
  identity:
    description: The tags by which the instance is found again, as a map. By default its tag C(Name).
    type: dict
  instance_type:
    description: The instance type. Another one needs O(allow_stop), because the instance is stopped for it.
    type: str
  allow_stop: {type: bool, default: false, description: Whether the instance may be stopped for a change.}
  image_id: {type: str, description: The image. It cannot be changed after the instance was made.}
  image_parameter:
    description:
      - The public parameter of AWS Systems Manager that names the image of a new instance, where there is no
        O(image_id). That a newer image came out is no difference.
    type: str
  key_name: {type: str, description: The key pair. It cannot be changed after the instance was made.}
  subnet_id:
    description:
      - The subnet. It cannot be changed after the instance was made. By default a new one is in a default subnet.
    type: str
  security_groups:
    description: The security groups, by name or id.
    type: list
    elements: str
  instance_profile: {type: str, description: The name of the instance profile.}
  termination_protection: {type: bool, description: Whether AWS refuses to terminate it.}
  user_data: {type: str, description: What a new instance runs when it first starts. No secret may be here.}
  metadata_options:
    description: How the instance's metadata can be asked for.
    type: dict
    suboptions:
      http_endpoint: {type: str, choices: [enabled, disabled], description: Whether it can be asked for at all.}
      http_tokens: {type: str, choices: [optional, required], description: "V(required) is IMDSv2 and nothing else."}
      http_put_response_hop_limit: {type: int, description: "1 keeps containers from it, 2 lets them ask."}
      http_protocol_ipv6: {type: str, choices: [enabled, disabled], description: Whether it has an IPv6 address.}
      instance_metadata_tags: {type: str, choices: [enabled, disabled], description: Whether tags are in it.}
  root_volume:
    description: The root volume. It grows without a stop, and never shrinks; the file system grows at the next start.
    type: dict
    suboptions:
      size_gib: {type: int, description: Its size in GiB.}
      volume_type: {type: str, description: "Its type, for example gp3."}
      iops: {type: int, description: Its IOPS.}
      throughput: {type: int, description: Its throughput in MiB/s.}
      encrypted: {type: bool, description: Whether it is encrypted; this cannot be changed.}
      kms_key_id: {type: str, description: The ARN of the key that encrypts it; this cannot be changed.}
  tags: {type: dict, description: "All tags of the instance, besides those of O(identity)."}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The machine
  ec2_instance:
    region: ap-northeast-2
    name: prod-homu
    instance_type: t3.small
    image_parameter: /aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id
    security_groups: [prod-homu]
    metadata_options: {http_tokens: required}
    root_volume: {size_gib: 20, volume_type: gp3, encrypted: true}
"""

RETURN = r"""
id: {type: str, returned: when it exists, description: "The id of the instance, i-..."}
private_ip: {type: str, returned: when it exists, description: Its private address.}
image_id: {type: str, returned: when it exists, description: The image that it was made from.}
vpc_id: {type: str, returned: when it exists, description: The VPC that it is in.}
availability_zone: {type: str, returned: when it exists, description: The availability zone that it is in.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("ec2_instance", DOCUMENTATION)
