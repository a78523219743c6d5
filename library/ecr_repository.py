"""Module: an ECR repository."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repository
short_description: Manage an Amazon ECR repository
description:
  - Creates, updates and deletes a private repository with its scanning, tag immutability, encryption and policies.
  - An option that is omitted is not managed.
options:
  name: {type: str, required: true, description: The name of the repository.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  image_tag_mutability:
    description: Whether a tag can be moved to another image.
    type: str
    choices: [MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]
  image_tag_mutability_exclusion_filters:
    description: The tags that are excluded from O(image_tag_mutability).
    type: list
    elements: dict
    suboptions:
      filter_type: {type: str, choices: [WILDCARD], default: WILDCARD, description: The kind of filter.}
      filter: {type: str, required: true, description: "A tag, with * for any characters."}
  scan_on_push: {type: bool, description: Whether each pushed image is scanned for vulnerabilities.}
  encryption_configuration:
    description: How images are encrypted at rest; it cannot be changed after creation.
    type: dict
    suboptions:
      encryption_type: {type: str, required: true, choices: [AES256, KMS, KMS_DSSE], description: The encryption.}
      kms_key: {type: str, description: The ARN of the KMS key; by default the AWS managed key.}
  lifecycle_policy:
    description: The rules by which images expire. An empty list removes the policy.
    type: list
    elements: dict
    suboptions:
      priority: {type: int, required: true, description: "The rules apply in this order, lowest first."}
      description: {type: str, description: What the rule is for.}
      tag_status: {type: str, required: true, choices: [tagged, untagged, any], description: Which images.}
      tag_pattern_list: {type: list, elements: str, description: "Only tags that match all of these, with *."}
      tag_prefix_list: {type: list, elements: str, description: Only tags that begin with all of these.}
      storage_class: {type: str, choices: [standard, archive], description: Only images of this class.}
      count_type:
        description: What is counted.
        type: str
        required: true
        choices: [imageCountMoreThan, sinceImagePushed, sinceImagePulled, sinceImageTransitioned]
      count_unit: {type: str, choices: [days], description: "The unit of O(lifecycle_policy[].count_number)."}
      count_number: {type: int, required: true, description: How many images or days.}
      action: {type: str, choices: [expire, transition], default: expire, description: What happens to them.}
      target_storage_class: {type: str, choices: [archive], description: Where a transition leads.}
  repository_policy:
    description: Who else may use the repository. An empty list removes the policy.
    type: list
    elements: dict
    suboptions:
      sid: {type: str, description: An identifier of the statement.}
      effect: {type: str, choices: [Allow, Deny], default: Allow, description: Whether it allows or denies.}
      principals:
        description: Whom the statement speaks of.
        type: dict
        suboptions:
          aws: {type: list, elements: str, description: "Accounts, users and roles by ARN or account id."}
          service: {type: list, elements: str, description: AWS services.}
          federated: {type: list, elements: str, description: Identity providers.}
          canonical_user: {type: list, elements: str, description: Canonical user ids.}
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
  force: {type: bool, default: false, description: Delete the repository even when it holds images.}
  tags: {type: dict, description: All tags of the repository; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A repository whose release tags never move and which keeps the last 30 images
  ecr_repository:
    region: ap-northeast-2
    name: voj-backend
    image_tag_mutability: IMMUTABLE_WITH_EXCLUSION
    image_tag_mutability_exclusion_filters: [{filter: latest}]
    scan_on_push: true
    lifecycle_policy:
      - {priority: 1, tag_status: any, count_type: imageCountMoreThan, count_number: 30}
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the repository.}
uri: {type: str, returned: when it exists, description: Where images are pushed to and pulled from.}
registry_id: {type: str, returned: when it exists, description: The account of the registry.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("ecr_repository", DOCUMENTATION)
