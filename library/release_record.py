"""Module: the record that a release leaves."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_record
short_description: Keep the record of a release
description:
  - Writes who released what, and what came of it, into the DynamoDB table of releases.
  - The table is made where there is none.
  - A record of the same release is replaced. It is no change of what is deployed, so C(changed) is always false.
options:
  table: {type: str, default: slipway-releases, description: The DynamoDB table.}
  service: {type: str, required: true, description: "The cluster and the ECS service, as C(cluster/service)."}
  started_at: {type: str, description: "When it began, as M(release_lock) returned it. By default now."}
  kind: {type: str, choices: [release, rollback], default: release, description: What it was.}
  verdict:
    description: What came of it. V(rolled_back) means that it failed, and that what served before serves again.
    type: str
    required: true
    choices: [succeeded, failed, rolled_back, interrupted]
  who: {type: str, description: Who asked for it. By default the CI run or the caller.}
  commit: {type: str, description: The commit that the image was built from.}
  tag: {type: str, description: The image tag.}
  digest: {type: str, description: The image digest.}
  revision: {type: str, description: "What was to be deployed, as C(family:revision)."}
  seconds: {type: float, description: How long it took. By default the seconds since O(started_at).}
  cause: {type: str, description: Why it failed.}
  cause_code: {type: str, description: The class of that cause.}
  serving: {type: str, description: "What serves now, as C(family:revision)."}
  once:
    description: >-
      Whether nothing is written when the service's last record says that the same serves already. So a run that
      released nothing leaves no record.
    type: bool
    default: false
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The record
  release_record:
    region: ap-northeast-2
    service: voj-prod/voj-backend-api
    verdict: succeeded
    tag: sha-1a2b3c4
    revision: voj-backend-prod:12
    serving: voj-backend-prod:12
"""

RETURN = r"""
record: {type: dict, returned: success, description: The record with every field.}
is_new: {type: bool, returned: success, description: Whether it is written; false only with O(once).}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("release_record", DOCUMENTATION)
