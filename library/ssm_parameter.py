#!/usr/bin/python
"""Module: a parameter of SSM Parameter Store."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_parameter
short_description: Manage a parameter of AWS Systems Manager Parameter Store
description:
  - Creates, updates and deletes a parameter.
  - An option that is omitted is not managed, and keeps its value when another one changes.
  - The value is never shown; O(value) under C(--diff) says only that it differs.
options:
  name: {type: str, required: true, description: "The name, for example /voj/prod/S3_BUCKET_NAME."}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  value: {type: str, description: The value; required unless O(state=absent).}
  type:
    description: The type. By default String for a new parameter; it stays what it is otherwise.
    type: str
    choices: [String, StringList, SecureString]
  description: {type: str, description: What the parameter is for.}
  key_id: {type: str, description: "The KMS key of a SecureString: id, alias or ARN."}
  allowed_pattern: {type: str, description: A regular expression that the value has to match.}
  tier:
    description: Standard holds 4 KB; Advanced holds 8 KB and costs.
    type: str
    choices: [Standard, Advanced, Intelligent-Tiering]
  data_type: {type: str, choices: [text, "aws:ec2:image", "aws:ssm:integration"], description: What the value is.}
  tags: {type: dict, description: All tags of the parameter; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The name of a bucket
  ssm_parameter:
    region: ap-northeast-2
    name: /voj/prod/S3_BUCKET_NAME
    value: voj-audiobooks-prod

- name: A secret that the playbook gets from its vault
  ssm_parameter:
    region: ap-northeast-2
    name: /voj/prod/API_KEY
    type: SecureString
    value: "{{ vaulted_api_key }}"
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the parameter.}
version: {type: int, returned: when it exists, description: The version of its value.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("ssm_parameter", DOCUMENTATION)
