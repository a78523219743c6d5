"""Calls to chat and issue services: patient for a moment, and silent about the address, which may be a secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from ...aws.clients import is_loopback, refuse_other_hosts
from ...aws.errors import SlipwayError

_TIMEOUT = (5, 10)
_RETRY = Retry(
    total=3,
    # An answer that did not come may have been given all the same: nobody is told twice.
    read=False,
    backoff_factor=0.3,
    backoff_max=5,
    retry_after_max=10,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)
# They write whole addresses, and Ansible writes what is logged to its log file.
_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")
# What Slack says of a failure; nothing that could be a part of an address or a token.
_WORD = re.compile(r"[a-z]{2,20}(_[a-z]{1,20}){0,5}")
_LATER = "nothing is wrong here: look at the release's record, or wait for the next notice"


class Http:
    """Requests to one service; every failure is a SlipwayError that names the host and not the path."""

    def __init__(self, who: str, headers: dict[str, str] | None = None) -> None:
        self._who = who
        self._headers = {"User-Agent": "slipway", **(headers or {})}

    def send(self, method: str, url: str, *, body: Any = None, remedies: dict[int, str] | None = None) -> str:
        """The body of a good answer.

        Raises:
            SlipwayError: no answer, or no good one.
        """
        host = self._host(url)
        try:
            with _unlogged(), requests.Session() as session:
                session.mount(f"{urlsplit(url).scheme}://", HTTPAdapter(max_retries=_RETRY))
                # Without an auth of our own, requests would take one from ~/.netrc.
                session.auth = _as_it_is
                answer = session.request(
                    method, url, json=body, headers=self._headers, timeout=_TIMEOUT, allow_redirects=False
                )
                text, status = answer.text, answer.status_code
        except (requests.RequestException, UnicodeError) as error:
            # The error quotes the address.
            raise self._failure(*_silence(error, host)) from None
        if 200 <= status < 300:
            return text
        remedy = (remedies or {}).get(status) or (_LATER if status == 429 or status >= 500 else "")
        raise self._failure(f"{host} answered {status}{_said(text)}", remedy)

    def _host(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, scheme = parts.hostname or "", parts.scheme
        except ValueError:
            host = scheme = ""
        if not host or not (scheme == "https" or (scheme == "http" and is_loopback(host))):
            raise self._failure("its address is no https:// URL", "store the whole URL in the secret")
        refuse_other_hosts(host)
        return host

    def _failure(self, what: str, remedy: str) -> SlipwayError:
        return SlipwayError(what, where=self._who, remedy=remedy)


@contextmanager
def _unlogged() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _silence(error: Exception, host: str) -> tuple[str, str]:
    """What happened, and what to do, from the kind of the error alone."""
    match error:
        case requests.exceptions.ProxyError():
            return f"the proxy does not let {host} be reached", "check HTTPS_PROXY and NO_PROXY"
        case requests.exceptions.SSLError():
            return f"{host} has no certificate that can be trusted", "check the network, and REQUESTS_CA_BUNDLE"
        case requests.exceptions.ReadTimeout():
            return f"{host} did not answer within {_TIMEOUT[1]} s", _LATER
        case requests.exceptions.ConnectTimeout() | requests.exceptions.ConnectionError():
            return f"no connection to {host}", "check the network, the proxy and the address"
    return f"the request to {host} failed ({type(error).__name__})", "check the address"


def _said(text: str) -> str:
    """What the service says of the failure in a word, such as `invalid_payload`."""
    word = text.strip()
    return f": {word}" if _WORD.fullmatch(word) else ""
