"""Module: an Amazon DynamoDB table."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamodb_table
short_description: Manage an Amazon DynamoDB table
description:
  - Creates, updates and deletes a table that is paid by request, with its key, protection and tags.
  - It is for tables that tools keep their state in. Indexes, streams, replicas and throughput are not managed.
  - An option that is omitted is not managed.
options:
  name: {type: str, required: true, description: The name of the table.}
  state:
    description:
      - Whether it should exist. Its items are deleted with it.
      - A table whose deletion is protected is deleted only with O(deletion_protection_enabled=false).
    type: str
    choices: [present, absent]
    default: present
  partition_key:
    description: The attribute that items are found by. It is needed to create the table, and cannot be changed.
    type: dict
    suboptions:
      name: {type: str, required: true, description: The attribute's name.}
      type:
        description: Whether its values are texts (V(S)), numbers (V(N)) or bytes (V(B)).
        type: str
        choices: [S, N, B]
        default: S
  sort_key:
    description: The attribute that the items of one partition key are sorted by. It cannot be changed.
    type: dict
    suboptions:
      name: {type: str, required: true, description: The attribute's name.}
      type:
        description: Whether its values are texts (V(S)), numbers (V(N)) or bytes (V(B)).
        type: str
        choices: [S, N, B]
        default: S
  deletion_protection_enabled: {type: bool, description: Whether the table cannot be deleted.}
  point_in_time_recovery:
    description: Whether the table can be restored to any second of the last 35 days.
    type: bool
  tags: {type: dict, description: All tags of the table; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The table that keeps the records of releases
  dynamodb_table:
    region: ap-northeast-2
    name: slipway-releases
    partition_key:
      name: service
    sort_key:
      name: item
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the table.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("dynamodb_table", DOCUMENTATION)
