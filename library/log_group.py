"""Module: a CloudWatch log group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: log_group
short_description: Manage an Amazon CloudWatch log group
description:
  - Creates, updates and deletes a log group with its retention, encryption, class, protection and tags.
  - An option that is omitted is not managed.
options:
  name: {type: str, required: true, description: The name of the log group.}
  state:
    description:
      - Whether it should exist. Its log events are deleted with it.
      - A log group whose deletion is protected is deleted only with O(deletion_protection_enabled=false).
    type: str
    choices: [present, absent]
    default: present
  retention_in_days:
    description: Days after which log events expire, or V(never).
    type: str
    choices:
      - never
      - "1"
      - "3"
      - "5"
      - "7"
      - "14"
      - "30"
      - "60"
      - "90"
      - "120"
      - "150"
      - "180"
      - "365"
      - "400"
      - "545"
      - "731"
      - "1096"
      - "1827"
      - "2192"
      - "2557"
      - "2922"
      - "3288"
      - "3653"
  kms_key_id:
    description: The ARN of the KMS key that encrypts log events from now on; with V(""), CloudWatch's own key does.
    type: str
  log_group_class:
    description: What can be done with the log events, and at which price. It cannot be changed after creation.
    type: str
    choices: [STANDARD, INFREQUENT_ACCESS, DELIVERY]
  deletion_protection_enabled: {type: bool, description: Whether the log group cannot be deleted.}
  bearer_token_authentication_enabled:
    description: Whether log events may be sent with a bearer token in place of a signature.
    type: bool
  tags: {type: dict, description: All tags of the log group; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A log group that keeps a month
  log_group:
    region: ap-northeast-2
    name: /ecs/voj-backend
    retention_in_days: 30
    deletion_protection_enabled: true
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the log group.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("log_group", DOCUMENTATION)
