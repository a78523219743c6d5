"""The last word of a release: the service answers through its load balancer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import get_default_verify_paths
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util.ssl_match_hostname import CertificateError

from ..aws.clients import refuse_other_hosts
from ..aws.errors import SlipwayError
from ..step import Report
from .diagnosis import diagnose
from .evidence import Evidence, render
from .redaction import redacted

_EVERY = 2.0
_ATTEMPT = urllib3.Timeout(connect=5, read=10)
_SHOWN = 500

_LOOK = "check the path that is asked (service_http_check_path), the container's port and its logs"
_CODES = "check service_http_check_path and service_http_check_status, and the application's logs"
_BODY = "check what the application answers there, and service_http_check_body"
# What an ALB itself answers: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/
# load-balancer-troubleshooting.html
_REMEDIES = {
    301: "check service_http_redirect and the URL's scheme: redirects are not followed",
    302: "a redirect is not followed: choose a health check path that answers without a login",
    500: "the application fails there: look at its logs",
    404: "check the path, and that the listener's rule has this domain: an unknown one is answered with 404",
    502: "the container broke the connection off: check its port, that it listens on 0.0.0.0, and its logs",
    503: "no task is registered and healthy: check the tasks, the health check path and its matcher",
    504: "the container did not answer in time: check its security group, its port and its logs",
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with an answer, or with its absence."""

    what: str
    remedy: str


def check_answer(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of load_balancer_check; no expected answer within `timeout` seconds is a result with `failed`.

    Raises:
        SlipwayError: `body` is no regular expression.
    """
    if check:
        return {"changed": False, "url": options["url"], "status": 0, "body": "", "seconds": 0.0}
    wanted = _pattern(options)
    started, last = time.monotonic(), None
    while True:
        status, body, problem = _ask(options, wanted)
        elapsed = time.monotonic() - started
        if problem is None:
            return {
                "changed": False,
                "url": options["url"],
                "status": status,
                "body": redacted(body[:_SHOWN]),
                "seconds": round(elapsed, 1),
            }
        if elapsed > options["timeout"]:
            return _failure(options, status, body, problem, elapsed)
        if problem != last:
            last = problem
            report(f"{options['url']} {problem.what}")
        time.sleep(_EVERY)


def _failure(options: Mapping[str, Any], status: int, body: str, problem: Problem, elapsed: float) -> dict[str, Any]:
    body = redacted(body[:_SHOWN])
    lasting = f"{problem.what}, {options['timeout']} s long"
    got = {"url": options["url"], "status": status, "body": body, "problem": lasting, "remedy": problem.remedy}
    causes = diagnose(Evidence(answer=got))
    return {
        "failed": True,
        "changed": False,
        "url": options["url"],
        "status": status,
        "body": body,
        "problem": problem.what,
        "remedy": problem.remedy,
        "seconds": round(elapsed, 1),
        "causes": [cause.result() for cause in causes],
        "msg": f"load balancer: {options['url']} {lasting}\n{render(causes)}",
    }


def _pattern(options: Mapping[str, Any]) -> re.Pattern[str]:
    try:
        return re.compile(options.get("body") or "")
    except re.error as error:
        raise SlipwayError(
            f"{options['body']!r} is no regular expression: {error}",
            where="load_balancer_check.body",
            remedy="see: https://docs.python.org/3/library/re.html",
        ) from error


def _ask(options: Mapping[str, Any], wanted: re.Pattern[str]) -> tuple[int, str, Problem | None]:
    """Status, body, and what is wrong with them."""
    try:
        answer = request(options["url"], options.get("connect_to"))
    except HTTPError as error:
        return 0, "", _silence(error, str(options.get("connect_to") or urlsplit(options["url"]).hostname))
    body = answer.data.decode("utf-8", errors="replace")
    if answer.status not in options["status"]:
        to = answer.headers.get("Location")
        what = f"answers {answer.status}{f' (to {to})' if to else ''}"
        return answer.status, body, Problem(what, _REMEDIES.get(answer.status, _CODES))
    if not wanted.search(body):
        return answer.status, body, Problem(f"answers {answer.status} without {wanted.pattern!r}", _BODY)
    return answer.status, body, None


def _silence(error: HTTPError, host: str) -> Problem:
    """Why there is no answer, from the kind of the error."""
    cause = getattr(error, "reason", None) or error
    match cause:
        case SSLError() | CertificateError():
            why = getattr(cause.args[0] if cause.args else cause, "verify_message", "") or str(cause)
            what = f"has no certificate that can be trusted: {why.rstrip('.')}"
            return Problem(what, "check that the certificate is issued, is for this domain, and is on the listener")
        case NameResolutionError():
            remedy = "check the DNS record; a new one takes a few minutes to be known everywhere"
            return Problem(f"does not answer: the name {host} is not known", remedy)
        case NewConnectionError():
            return Problem(f"does not answer: {host} refuses connections", "check that the listener is there")
        case ConnectTimeoutError():
            remedy = (
                "check that the load balancer's security group lets this machine in, and that its subnets are public"
            )
            return Problem(f"does not answer: no connection to {host}", remedy)
        case ReadTimeoutError():
            return Problem("does not answer: the connection is made and nothing comes", _LOOK)
    return Problem(f"does not answer ({type(cause).__name__})", _LOOK)


def request(url: str, connect_to: str | None) -> urllib3.BaseHTTPResponse:
    """GET a URL; with `connect_to`, at that host, with a port or not, or base URL, in the place of the URL's own.

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
    address = urlsplit(f"//{connect_to}") if connect_to else target
    host, port = address.hostname or name, address.port or port
    # A machine of the service's own may be in a private network.
    refuse_other_hosts(host, private=True)
    kind: type[urllib3.HTTPConnectionPool] = urllib3.HTTPConnectionPool
    if target.scheme == "https":
        kind = urllib3.HTTPSConnectionPool
        options |= {"server_hostname": name, "assert_hostname": name, "ca_certs": _authorities()}
    with kind(host, port, **options) as pool:
        return pool.urlopen("GET", path, headers={"Host": target.netloc}, redirect=False)


def _authorities() -> str | None:
    """None for the system's own; a Python of python.org has none on macOS."""
    system = get_default_verify_paths()
    return None if system.cafile or system.capath else certifi.where()
