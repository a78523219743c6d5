#!/usr/bin/python
"""Does the world still match the description? The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: drift_check
short_description: Compare everything that is described with what is there
description:
  - For all hosts of the play at once, whose descriptions M(service_description) registered as C(_service_description)
    and M(machine_description) as C(_machine_description), and whose resources are in C(_drift_described),
    C(_drift_on_machine) and C(_machine_aws_drift).
  - A difference is what check mode of a deploy finds. It is drift where the last release applied something else than
    what is there, and pending where only the description is another one.
  - Nothing is changed on AWS, unless O(repair) is set.
options:
  environment: {type: str, required: true, description: The name of the environment.}
  baseline: {type: dict, required: true, description: "The C(hosts) that M(drift_baseline_info) returned."}
  api_calls: {type: int, default: 0, description: The API calls that the check took before this task.}
  report_dir:
    description: Where to write the report, as C(drift.json), C(drift.xml) (JUnit), C(drift.md) and C(drift.html).
    type: str
  history:
    description: >-
      The file that keeps what was found, so that the next check knows since when, and what is new. By default
      C(drift-<environment>.json) in E(STATE_DIRECTORY) or in the folder C(slipway) of E(XDG_STATE_HOME).
    type: str
  notify:
    description: >-
      Whether the channels of the descriptions (C(service_notify_*)) are told of what is new, worse or resolved since
      they were told last. A check by hand tells the person who waits for it, and nobody else.
    type: bool
    default: false
  repair:
    description:
      - Puts what drifted back to what the last release applied, by the plans of a deploy, and looks again. What is
        pending, ignored or unreadable stays as it is, and so does a service that is being released.
      - What interrupts a service is put back only where O(confirm) names it. What was added by hand is removed.
    type: bool
    default: false
  confirm:
    description: >-
      The resources that may be put back although it interrupts their service, each as C(kind:name). The report says
      which ones need it, and why.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: O(history) is not written, nobody is told, and O(repair) only says what it would do.
  diff_mode:
    support: none
    description: There is nothing to show.
  action:
    support: full
    description: Runs on the control node, in Ansible's own process.
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: The check
  drift_check:
    environment: prod
    baseline: "{{ _drift_baseline.hosts }}"
  run_once: true
"""

RETURN = r"""
status: {type: str, returned: always, description: "V(clean), V(drift), or V(incomplete)."}
summary: {type: str, returned: always, description: The result in one line.}
findings:
  description: What is not as described, the worst first.
  type: list
  elements: dict
  returned: always
  contains:
    services: {type: list, elements: str, description: The hosts that describe the resource.}
    state: {type: str, description: "V(drift), V(pending), V(unreadable) or V(ignored)."}
    severity: {type: str, description: "V(critical), V(high), V(medium) or V(low)."}
    kind: {type: str, description: "The kind of resource, which is the name of its module."}
    name: {type: str, description: The name of the resource.}
    field: {type: str, description: Its field; empty for the whole resource.}
    expected: {type: raw, description: What is described.}
    found: {type: raw, description: What is there.}
    what: {type: str, description: It in one line.}
    remedy: {type: str, description: The command that puts it right.}
    since: {type: str, description: "When it was changed, or first seen."}
    by: {type: str, description: Who changed it.}
    reason: {type: str, description: "Why it is ignored, can't be read, or can't be put back."}
    repair: {type: str, description: The command that puts this alone right.}
    interrupts: {type: str, description: What that does to those who are served.}
news:
  description: >-
    What is C(new), C(worse) and C(resolved) since the last check, of what somebody has to do something about: drift,
    and what could not be looked at.
  type: dict
  returned: success
repaired:
  description: What was put right; in check mode, what would be. What is found is told as it is afterwards.
  type: list
  elements: dict
  returned: always
  contains:
    kind: {type: str, description: The kind of resource.}
    name: {type: str, description: Its name.}
    verb: {type: str, description: "V(create), V(update) or V(delete)."}
    fields: {type: list, elements: str, description: The fields that were put back.}
    services: {type: list, elements: str, description: The hosts that describe it.}
notes: {type: list, elements: str, returned: always, description: What else a person should know.}
errors: {type: dict, returned: always, description: "By host, why it could not be checked."}
resources: {type: int, returned: always, description: How many resources were looked at.}
files: {type: list, elements: str, returned: always, description: The files that were written.}
api_calls: {type: int, returned: always, description: How many API calls the check took.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"environment": {"type": "str"}}, supports_check_mode=True).fail_json(
        msg="drift_check runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
