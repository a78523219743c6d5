#!/usr/bin/python
"""Module: what serves now, of many services."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_status
short_description: Show what serves now, for many services in one table
description:
  - Shows the version, tasks, targets, alarms and the last release of each service, and what is under way.
  - >-
    It only reads, in batches. Services of several accounts and regions are asked for by their own connections, which
    their descriptions name. What cannot be read is told in the notes, and the rest is shown.
options:
  services:
    description: The completed descriptions, as M(service_description) returns them.
    type: list
    elements: dict
    required: true
  releases: {type: int, default: 0, description: How many of the last releases of each service to list.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Show what serves
  release_status:
    services: "{{ ansible_play_hosts | map('extract', hostvars, ['_service_description', 'service']) }}"
  run_once: true
"""

RETURN = r"""
table: {type: str, returned: success, description: The table as text.}
services:
  description: The same as data, in the order of O(services). What is not known is null or empty.
  type: list
  elements: dict
  returned: success
  contains:
    name: {type: str, description: The service.}
    deployed: {type: bool, description: Whether there is an ECS service.}
    version: {type: str, description: The tag of the image that serves.}
    digest: {type: str, description: Its digest.}
    revision: {type: str, description: The task definition that serves.}
    running_count: {type: int, description: How many tasks run.}
    desired_count: {type: int, description: How many tasks should run.}
    healthy_targets: {type: int, description: How many targets of the load balancer are healthy.}
    targets: {type: int, description: How many targets there are.}
    verdict: {type: str, description: The verdict of the last release.}
    kind: {type: str, description: "V(release) or V(rollback)."}
    released_at: {type: str, description: When the last release started.}
    who: {type: str, description: Who asked for it.}
    alarms: {type: int, description: How many alarms the description names.}
    alarms_in_alarm: {type: int, description: How many of them are in ALARM.}
    notes: {type: list, elements: str, description: "What is under way, and what could not be read."}
    releases: {type: list, elements: dict, description: "The last releases, the newest first."}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("release_status", DOCUMENTATION)
