#!/usr/bin/python
"""Module: an answer through a load balancer."""

from __future__ import annotations

DOCUMENTATION = r"""
module: load_balancer_check
short_description: Check that a service answers through its load balancer
description:
  - Asks a URL until it answers as expected. Certificates are verified, and redirects are not followed.
options:
  url: {type: str, required: true, description: "The URL, for example https://api.voj-audiobook.com/api/v1/health."}
  connect_to:
    description:
      - The host to ask in the place of the URL's own, with a port or not, for example the load balancer's DNS name
        while a new domain is not known everywhere. The request and its certificate are still the URL's.
      - A base URL is for an emulator, which serves all load balancers at one address.
    type: str
  status: {type: list, elements: int, default: [200], description: The expected status codes.}
  body: {type: str, description: A regular expression that the body has to contain.}
  timeout: {type: int, default: 60, description: The seconds after which no expected answer is a failure.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The service answers
  load_balancer_check:
    url: https://api.voj-audiobook.com/api/v1/health
    body: '"status": ?"ok"'
"""

RETURN = r"""
url: {type: str, returned: always, description: The URL that was asked.}
status: {type: int, returned: always, description: The status code of the last answer; 0 for none, and in check mode.}
body: {type: str, returned: always, description: The first 500 characters of the body.}
seconds: {type: float, returned: always, description: How long it took.}
problem: {type: str, returned: failure, description: What was wrong with the last answer, or with its absence.}
remedy: {type: str, returned: failure, description: What to do about it.}
causes:
  description: Both as a cause; see M(ecs_deployment_wait).
  type: list
  elements: dict
  returned: failure
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("load_balancer_check", DOCUMENTATION)
