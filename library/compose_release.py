#!/usr/bin/python
"""A release of a service on a machine; the work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_release
short_description: Bring a service on a machine with Docker Compose to its description
description:
  - Renders the service's containers, sidecars, proxy and timers from its description, compares them with what the
    machine has, and changes nothing where nothing is different.
  - A new release starts beside the one that serves, and gets the requests only when it is healthy; then the old one
    ends. No request is lost.
  - When a release fails, what served before still serves, and the task fails with the causes, each with its evidence
    and what to do.
  - Values of secrets are read by whoever deploys, and sent to the machine over the connection's standard input alone.
  - Check mode only reads, and the diff has what a run would change; of a secret only that its value is another one.
options:
  service: {type: dict, required: true, description: "The completed description, as M(service_description) returns it."}
  image: {type: str, required: true, description: "The image by its digest, as M(ecr_image) returns it."}
  tag: {type: str, description: "The image's tag, for people."}
  digest: {type: str, description: The image's digest.}
  commit: {type: str, description: The commit that the image was built from.}
attributes:
  check_mode:
    support: full
    description: Nothing is written; the result is what a run would do.
  diff_mode:
    support: full
    description: Shows the files of the release before and after.
  action:
    support: full
    description: Runs on the control node, in Ansible's own process, and connects to the machine by its variables.
author:
  - Slipway contributors (@slipway)
"""

EXAMPLES = r"""
- name: The release
  compose_release:
    service: "{{ _service_description.service }}"
    image: "{{ _release_image.image }}"
    tag: "{{ _release_image.tag }}"
    digest: "{{ _release_image.digest }}"
"""

RETURN = r"""
id: {type: str, returned: always, description: The id of the release that is described.}
before: {type: str, returned: always, description: "What served before, such as V(shop:0a1b2c3d4e5f); empty for none."}
serving: {type: str, returned: always, description: "What serves now, in the same form."}
reasons: {type: list, elements: str, returned: always, description: What was different.}
url: {type: str, returned: always, description: Where the service is.}
web: {type: int, returned: success, description: How many containers serve.}
answer:
  type: dict
  returned: where the service was asked
  description: The answer through the proxy.
  contains:
    url: {type: str, description: What was asked for.}
    status: {type: int, description: The status code.}
    body: {type: str, description: The beginning of the body.}
reason: {type: str, returned: failure, description: "What failed, in one line."}
causes:
  description: Why it failed, the most telling cause first.
  type: list
  elements: dict
  returned: failure
  contains:
    code: {type: str, description: "Its class, such as V(image_not_found); V(unknown) where nothing tells."}
    title: {type: str, description: The cause in one sentence.}
    evidence: {type: list, elements: str, description: What shows it, and the last log lines.}
    remedy: {type: str, description: What to do about it.}
    count: {type: int, description: How many containers show it.}
rollback:
  description: What was done for what served before.
  type: dict
  returned: failure
  contains:
    action: {type: str, description: "V(already), V(rolled_back), V(stopped), V(none) or V(failed)."}
    msg: {type: str, description: What serves now, in a sentence.}
    serving: {type: str, description: What serves now.}
seconds: {type: float, returned: always, description: How long it took.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""


def main() -> None:
    """Say that the action plugin is missing: this file is only run without it."""
    from ansible.module_utils.basic import AnsibleModule

    AnsibleModule(argument_spec={"service": {"type": "dict"}}, supports_check_mode=True).fail_json(
        msg="compose_release runs as an action plugin: run it from the project's root"
    )


if __name__ == "__main__":
    main()
