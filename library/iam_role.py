"""Module: an IAM role."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_role
short_description: Manage an IAM role
description:
  - Creates, updates and deletes a role with its trust, its policies and its tags.
  - An option that is omitted is not managed.
  - Policies are compared by their meaning, not by their text.
  - Deleting a role removes its policies and takes it out of its instance profiles first.
options:
  name: {type: str, required: true, description: The name of the role.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  path: {type: str, description: "The path, for example /service/; it cannot be changed after creation."}
  description: {type: str, description: What the role is for. An empty text removes it.}
  max_session_duration: {type: int, description: "How long a session may last, 3600 to 43200 seconds."}
  permissions_boundary: {type: str, description: The ARN of the policy that bounds the role. An empty text removes it.}
  assume_role_policy:
    description: Who may assume the role. A new role needs it.
    type: list
    elements: dict
    suboptions:
      sid: {type: str, description: An identifier of the statement.}
      effect: {type: str, choices: [Allow, Deny], default: Allow, description: Whether it allows or denies.}
      actions: {type: list, elements: str, description: "Actions, for example ecr:BatchGetImage."}
      not_actions: {type: list, elements: str, description: All actions but these.}
      principals:
        description: Whom the statement speaks of.
        type: dict
        suboptions:
          aws: {type: list, elements: str, description: "Accounts, users and roles by ARN or account id."}
          service: {type: list, elements: str, description: "AWS services, for example ecs-tasks.amazonaws.com."}
          federated: {type: list, elements: str, description: Identity providers.}
      conditions:
        description: All of them must be true.
        type: list
        elements: dict
        suboptions:
          operator: {type: str, required: true, description: "For example StringEquals."}
          key: {type: str, required: true, description: "For example aws:SourceAccount."}
          values: {type: list, elements: str, required: true, description: One of them must match.}
  managed_policies:
    description:
      - All managed policies of the role, by ARN.
      - One of AWS's own can be given by what follows C(policy/) in its ARN,
        such as C(service-role/AmazonECSTaskExecutionRolePolicy).
      - An empty list detaches all.
    type: list
    elements: str
  inline_policies:
    description: All inline policies of the role. An empty list removes all.
    type: list
    elements: dict
    suboptions:
      name: {type: str, required: true, description: The name of the policy.}
      statements:
        description: What it allows and denies.
        type: list
        elements: dict
        required: true
        suboptions:
          sid: {type: str, description: An identifier of the statement.}
          effect: {type: str, choices: [Allow, Deny], default: Allow, description: Whether it allows or denies.}
          actions: {type: list, elements: str, description: "Actions, for example ecr:BatchGetImage."}
          not_actions: {type: list, elements: str, description: All actions but these.}
          resources: {type: list, elements: str, description: ARNs.}
          not_resources: {type: list, elements: str, description: All resources but these.}
          conditions:
            description: All of them must be true.
            type: list
            elements: dict
            suboptions:
              operator: {type: str, required: true, description: "For example StringEquals."}
              key: {type: str, required: true, description: "For example aws:SourceAccount."}
              values: {type: list, elements: str, required: true, description: One of them must match.}
  purge_inline_policies:
    description: Whether inline policies that O(inline_policies) does not name are removed.
    type: bool
    default: true
  tags: {type: dict, description: All tags of the role; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A role for ECS tasks that may read one bucket
  iam_role:
    name: voj-backend-task
    assume_role_policy:
      - principals: {service: [ecs-tasks.amazonaws.com]}
        actions: ["sts:AssumeRole"]
    inline_policies:
      - name: audio
        statements:
          - actions: ["s3:GetObject"]
            resources: ["arn:aws:s3:::voj-audio/*"]
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the role.}
id: {type: str, returned: when it exists, description: "The stable and unique id of the role, AROA..."}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("iam_role", DOCUMENTATION)
