"""The one place that makes AWS clients.

Models and clients are loaded once in the process that imports this module, so that forks inherit them; no socket is
opened before a call, because an open socket must not be shared across forks.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import xform_name
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.utils import is_valid_endpoint_url

from .errors import (
    NOT_EMULATED,
    UNKNOWN_OPERATION,
    AwsError,
    SlipwayError,
    from_botocore,
    from_client_error,
    from_unreadable,
)
from .shapes import LOADER

LOOPBACK_ONLY = "SLIPWAY_LOOPBACK_ONLY"
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 10},
    connect_timeout=10,
    read_timeout=60,
    max_pool_connections=16,
    user_agent_extra="slipway",
)
# For calls that must not take ten attempts to say no: the first one, which tells whether AWS can be reached at all, and
# those that are made again and again while something is waited for. They take 30 s at the most.
_IMPATIENT = Config(
    retries={"mode": "standard", "max_attempts": 3},
    connect_timeout=3,
    read_timeout=6,
    max_pool_connections=16,
    user_agent_extra="slipway",
)


@dataclass(frozen=True)
class Connection:
    """Where and as whom to call AWS; an absent profile or endpoint means botocore's own choice."""

    region: str
    profile: str | None = None
    endpoint_url: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Connection:
        """The connection that a module's options describe.

        Raises:
            SlipwayError: no region was given, or the endpoint is no URL.
        """
        region = options.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        endpoint = options.get("endpoint_url") or os.environ.get("AWS_ENDPOINT_URL") or None
        if endpoint and not (is_valid_endpoint_url(str(endpoint)) and "://" in str(endpoint)):
            raise SlipwayError(
                f"{endpoint!r} is no URL",
                where="aws_endpoint_url",
                remedy="write one such as http://127.0.0.1:4566, or remove it (and AWS_ENDPOINT_URL) for AWS itself",
            )
        at_home = is_loopback(urlsplit(endpoint or "").hostname or "")
        # An emulator is no business of the profile that a person works with.
        profile = options.get("profile") or (None if at_home else os.environ.get("AWS_PROFILE")) or None
        if not region:
            region = _configured_region(profile)
        if not region:
            raise SlipwayError(
                "no AWS region was given",
                where="service_region",
                remedy="set service_region in the description (for example ap-northeast-2), or export AWS_REGION",
            )
        return cls(str(region), str(profile) if profile else None, str(endpoint) if endpoint else None)


@lru_cache
def _session(profile: str | None) -> botocore.session.Session:
    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", LOADER)
    session.register("before-send", _refuse_request)
    return session


def _refuse_request(**event: Any) -> None:
    refuse_other_hosts(urlsplit(event["request"].url).hostname or "")


def refuse_other_hosts(host: str, *, private: bool = False) -> None:
    """Let nothing but this machine be called where the environment says so; with `private`, nothing of the internet.

    Raises:
        SlipwayError: the host is another one.
    """
    if os.environ.get(LOOPBACK_ONLY) == "1" and not (is_loopback(host) or (private and _is_private(host))):
        raise SlipwayError(
            f"a call to {host} was refused",
            where=LOOPBACK_ONLY,
            remedy="only addresses of this machine are allowed",
        )


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # Link-local addresses hand out the credentials of a real account.
    return address.is_private and not address.is_link_local


def _configured_region(profile: str | None) -> str | None:
    try:
        region = _session(profile).get_config_variable("region")
    except BotoCoreError as error:
        raise from_botocore(error, "sts", "GetCallerIdentity", "") from error
    return str(region) if region else None


_clients: dict[tuple[Connection, str, bool], BaseClient] = {}
_lock = Lock()


def _client(connection: Connection, service: str, impatient: bool = False) -> BaseClient:
    key = (connection, service, impatient)
    # Clients may be used by several threads, but a session may not make them in several threads.
    with _lock:
        if key not in _clients:
            _clients[key] = _session(connection.profile).create_client(
                service,
                region_name=connection.region,
                endpoint_url=connection.endpoint_url,
                config=_IMPATIENT if impatient else _CONFIG,
                aws_access_key_id=_emulator_key(connection),
                aws_secret_access_key=_emulator_key(connection),
            )
        return _clients[key]


def forget_clients() -> None:
    """Forget the clients that a fork was given: two processes must not share an open socket."""
    _clients.clear()


def _emulator_key(connection: Connection) -> str | None:
    """An emulator on this machine takes any key: a person needs none for it, and their real ones stay at home."""
    host = urlsplit(connection.endpoint_url or "").hostname or ""
    if connection.profile or "AWS_ACCESS_KEY_ID" in os.environ or not is_loopback(host):
        return None
    return "test"


def preload(services: tuple[str, ...]) -> None:
    """Load the models of these services, so that every fork has them.

    They stay for good, so the garbage collector need not look at them: not while they are loaded, and not in the forks.
    """
    gc.disable()
    # A profile that does not exist is told by the first call, where it can be told well.
    with suppress(BotoCoreError):
        for service in services:
            _session(os.environ.get("AWS_PROFILE") or None).create_client(
                service,
                region_name="us-east-1",
                aws_access_key_id="preload",
                aws_secret_access_key="preload",  # noqa: S106 - never used: no call is made
                config=_CONFIG,
            )
    gc.enable()
    gc.freeze()


def _is_a_page(response: Mapping[str, Any]) -> bool:
    """Whether somebody in between answered with HTML, of which botocore makes an empty answer of a JSON API."""
    if set(response) != {"ResponseMetadata"}:
        return False
    headers = response["ResponseMetadata"].get("HTTPHeaders") or {}
    # An emulator calls an empty answer HTML, too.
    return "html" in headers.get("content-type", "") and int(headers.get("content-length") or 0) > len("{}")


class Aws:
    """Calls AWS as data: a service, an operation of its API, and its parameters.

    Attributes:
        calls: how often each `service:Operation` was called; a page is a call.
        impatient: whether a call that is not answered is given up soon, because it will be made again.
    """

    def __init__(self, connection: Connection, *, impatient: bool = False) -> None:
        self.connection = connection
        self.impatient = impatient
        self.calls: Counter[str] = Counter()
        self._identity: dict[str, Any] | None = None

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """One API call.

        Raises:
            AwsError: AWS refused it or did not answer, after botocore's retries.
        """
        return self._call(service, operation, params, impatient=self.impatient)

    def _call(self, service: str, operation: str, params: Mapping[str, Any], *, impatient: bool) -> dict[str, Any]:
        self._count(service, operation)
        with self._errors(service, operation):
            client = _client(self.connection, service, impatient)
            response: dict[str, Any] = getattr(client, xform_name(operation))(**params)
        if _is_a_page(response):
            raise from_unreadable(service, operation, self._endpoint(service))
        return response

    @contextmanager
    def _errors(self, service: str, operation: str) -> Iterator[None]:
        """Whatever botocore raises, as an AwsError."""
        try:
            yield
        except ClientError as error:
            raise from_client_error(error, service, operation) from error
        except BotoCoreError as error:
            raise from_botocore(error, service, operation, self._endpoint(service)) from error
        except ResponseParserError:
            # It quotes the answer, which may hold a secret.
            raise from_unreadable(service, operation, self._endpoint(service)) from None

    @property
    def is_emulated(self) -> bool:
        """Whether somebody else answers in the place of AWS."""
        return self.connection.endpoint_url is not None

    def lacks(self, error: AwsError) -> bool:
        """Whether a call failed because there is no such operation here: AWS itself says that in so many words."""
        return error.code in (NOT_EMULATED if self.is_emulated else UNKNOWN_OPERATION)

    def pages(self, service: str, operation: str, result: str, /, **params: Any) -> list[Any]:
        """Every item of a paged list.

        Raises:
            AwsError: as for `call`.
        """
        items: list[Any] = []
        with self._errors(service, operation):
            paginator = _client(self.connection, service, self.impatient).get_paginator(xform_name(operation))
            for page in paginator.paginate(**params):
                self._count(service, operation)
                if _is_a_page(page):
                    raise from_unreadable(service, operation, self._endpoint(service))
                items.extend(page.get(result) or [])
        return items

    def identity(self) -> dict[str, Any]:
        """Account, Arn and UserId of the caller, asked once.

        Raises:
            AwsError: no credentials, an expired token, or nobody answers.
        """
        if self._identity is None:
            self._identity = self._call("sts", "GetCallerIdentity", {}, impatient=True)
        return self._identity

    @property
    def account(self) -> str:
        """The account id of the caller."""
        return str(self.identity()["Account"])

    @property
    def region(self) -> str:
        """The region of this connection."""
        return self.connection.region

    @property
    def partition(self) -> str:
        """aws, aws-cn or aws-us-gov, as the caller's ARN says."""
        return str(self.identity()["Arn"]).split(":")[1]

    def _count(self, service: str, operation: str) -> None:
        with _lock:
            self.calls[f"{service}:{operation}"] += 1

    def _endpoint(self, service: str) -> str:
        return self.connection.endpoint_url or f"https://{service}.{self.region}.amazonaws.com"
