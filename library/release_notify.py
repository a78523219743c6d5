#!/usr/bin/python
"""Module: telling people of a release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_notify
short_description: Tell people of a release by Slack, SNS, a GitHub issue and GitHub's job summary
description:
  - Each way is off unless it is configured. Which releases are told of is O(notify_on).
  - >-
    A notice that cannot be sent is a warning, and listed in RV(failed_notices). The task does not fail for it, because
    a release is what it is, told or not.
  - A service has one open GitHub issue at most. Later failures are comments on it, and the next release that succeeds
    closes it, whether or not O(notify_on) has V(success).
  - Secrets are read when they are needed, and shown nowhere.
options:
  record: {type: dict, required: true, description: "The release, as M(release_record) returns it."}
  causes:
    description: Why it failed, as M(ecs_deployment_wait) returns it. By default what the record says.
    type: list
    elements: dict
    default: []
  name: {type: str, required: true, description: The name of the service.}
  environment: {type: str, description: "The environment that it belongs to, such as V(prod)."}
  notify_on:
    description:
      - Which releases are told of.
      - V(failure) is a release that failed or was interrupted; V(rollback) is one that was rolled back, and every
        rollback that a person asked for; V(success) is one that succeeded.
    type: list
    elements: str
    choices: [failure, rollback, success]
    default: [failure, rollback]
  notify_slack_webhook:
    description: A reference to the secret that is the URL of a Slack incoming webhook.
    type: str
  notify_sns_topic: {type: str, description: The ARN of an SNS topic.}
  notify_github_issue: {type: str, description: "The GitHub repository, C(owner/name), that has the issues."}
  notify_github_token:
    description: A reference to the secret that is the token for those issues. By default E(GITHUB_TOKEN).
    type: str
  notify_github_summary:
    description: Whether the report is added to the job summary, where E(GITHUB_STEP_SUMMARY) names its file.
    type: bool
    default: true
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Tell people of it
  release_notify:
    region: ap-northeast-2
    record: "{{ _fargate_record.record }}"
    causes: "{{ _fargate_deployment.causes | default([]) }}"
    name: voj-backend
    environment: prod
    notify_slack_webhook: ssm:/voj/prod/SLACK_WEBHOOK
    notify_github_issue: voj/voj-backend
"""

RETURN = r"""
sent: {type: list, elements: str, returned: success, description: "What was sent, or in check mode would be."}
failed_notices: {type: list, elements: str, returned: success, description: What could not be sent, and why.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("release_notify", DOCUMENTATION)
