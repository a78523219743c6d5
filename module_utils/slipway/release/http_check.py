"""The last word of a release: the service answers through its load balancer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from ..aws.clients import refuse_other_hosts
from ..aws.errors import SlipwayError

Report = Callable[[str], None]
_EVERY = 2.0
_ATTEMPT = urllib3.Timeout(connect=5, read=10)
_SHOWN = 500


def check_answer(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of load_balancer_check.

    Raises:
        SlipwayError: no expected answer came within `timeout` seconds.
    """
    if check:
        return {"changed": False, "url": options["url"], "status": 0, "body": "", "seconds": 0.0}
    started, last = time.monotonic(), ""
    while True:
        status, body, problem = _ask(options)
        elapsed = time.monotonic() - started
        if not problem:
            return {
                "changed": False,
                "url": options["url"],
                "status": status,
                "body": body[:_SHOWN],
                "seconds": round(elapsed, 1),
            }
        if elapsed > options["timeout"]:
            raise SlipwayError(
                f"{options['url']} {problem}, {options['timeout']} s long",
                where="load balancer",
                remedy="check the health check path, the container's port and its logs",
            )
        if problem != last:
            last = problem
            report(f"{options['url']} {problem}")
        time.sleep(_EVERY)


def _ask(options: Mapping[str, Any]) -> tuple[int, str, str]:
    """Status, body, and what is wrong with them."""
    try:
        answer = request(options["url"], options.get("connect_to"))
    except HTTPError as error:
        cause = getattr(error, "reason", None) or error
        return 0, "", f"does not answer ({type(cause).__name__})"
    body = answer.data.decode("utf-8", errors="replace")
    problem = ""
    if answer.status not in options["status"]:
        problem = f"answers {answer.status}"
    elif options.get("body") and not re.search(options["body"], body):
        problem = f"answers {answer.status} without {options['body']!r}"
    return answer.status, body, problem


def request(url: str, connect_to: str | None) -> urllib3.BaseHTTPResponse:
    """GET a URL; with `connect_to`, at that host (or base URL) in the place of the URL's own.

    The name of a new domain may not be known everywhere yet: then the load balancer is asked by its own name, and told
    whom the request is for. Redirects are not followed: they would lead away from what is checked.
    """
    target = urlsplit(url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    name = target.hostname or ""
    port = target.port or (443 if target.scheme == "https" else 80)
    options: dict[str, Any] = {"timeout": _ATTEMPT, "retries": False}
    if connect_to and "://" in connect_to:
        # An emulator serves every load balancer at one address, and tells listeners by the port of the Host header.
        base = urlsplit(connect_to)
        refuse_other_hosts(base.hostname or "")
        headers = {"Host": f"{name}:{port}"}
        with urllib3.connection_from_url(f"{base.scheme}://{base.netloc}", **options) as pool:
            return pool.urlopen("GET", base.path.rstrip("/") + path, headers=headers, redirect=False)
    host = connect_to or name
    refuse_other_hosts(host)
    kind: type[urllib3.HTTPConnectionPool] = urllib3.HTTPConnectionPool
    if target.scheme == "https":
        kind = urllib3.HTTPSConnectionPool
        options |= {"server_hostname": name, "assert_hostname": name}
    with kind(host, port, **options) as pool:
        return pool.urlopen("GET", path, headers={"Host": target.netloc}, redirect=False)
