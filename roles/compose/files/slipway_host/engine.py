"""The Docker engine, asked over its socket: quicker than its client, and a login stays out of files and arguments.

https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from slipway_host.errors import HostError

SOCKET = "/run/docker.sock"
NOT_FOUND = 404
REFUSED = 400


class EngineError(HostError):
    """The engine refused a call."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__("docker", what, "`journalctl -u docker` on the machine has more.")
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("docker", timeout=seconds)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    """One engine."""

    def __init__(self, path: str = SOCKET) -> None:
        self.path = path

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = 60,
    ) -> Any:
        """Make one call, and answer what came: an object, a list, or nothing."""
        address = f"{path}?{urlencode(query)}" if query else path
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection = _Connection(self.path, seconds)
        try:
            connection.request(method, address, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(0, f"the Docker engine does not answer: {error}") from None
        finally:
            connection.close()
        if response.status >= REFUSED:
            raise EngineError(response.status, _message(content))
        return json.loads(content) if content.strip() else None

    def found(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Look for one object; nothing where it is absent."""
        try:
            return self.call("GET", path, query=query)
        except EngineError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def has_image(self, name: str) -> bool:
        """Say whether an image is here."""
        return self.found(f"/images/{quote(name, safe='/:@')}/json") is not None

    def pull(self, name: str, login: Mapping[str, str] | None) -> None:
        """Get an image from its registry."""
        headers = {}
        if login:
            told = {"username": login["username"], "password": login["password"], "serveraddress": login["host"]}
            headers["X-Registry-Auth"] = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
        repository, separator, tag = name.partition("@")
        if not separator:
            repository, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
        # Between two lines of its progress; a whole pull may take as long as it needs.
        connection = _Connection(self.path, 300)
        try:
            connection.request(
                "POST", f"/images/create?{urlencode({'fromImage': repository, 'tag': tag})}", None, headers
            )
            response = connection.getresponse()
            failed = response.status >= REFUSED
            content = response.read() if failed else b""
            while not failed:
                line = response.readline()
                if not line:
                    break
                # The engine has answered 200 already when a layer fails.
                if b'"error"' in line:
                    failed, content = True, line
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(0, f"the Docker engine does not answer: {error}") from None
        finally:
            connection.close()
        if failed:
            remedy = "Is the image in its registry, and may this machine read it? Is there room on the disk?"
            raise HostError("cannot_pull", f"{name} cannot be pulled: {_message(content)}", remedy, image=name)


def _message(content: bytes) -> str:
    try:
        told = json.loads(content)
        return str(told.get("message") or told["error"])
    except (ValueError, KeyError, AttributeError):
        return content.decode(errors="replace").strip()[:500] or "it says nothing"
