"""AWS's protocols, as far as the layer has to read and write them: JSON 1.x, query and XML. No I/O."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/")
_RPC = re.compile(r"^/service/[^/]+/operation/([^/]+)$")
_NAMES = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}


@dataclass(frozen=True)
class Call:
    """One API call: what was asked, and in which protocol."""

    service: str
    operation: str
    region: str
    protocol: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As scenarios and counts name it."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True)
class Reply:
    """An answer of the layer's own."""

    status: int
    body: bytes
    content_type: str


def read_call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Tell which API call a request is."""
    scope = _SCOPE.search(headers.get("authorization", ""))
    region, service = scope.groups() if scope else ("", "unsigned")
    service = _NAMES.get(service, service)
    if name := headers.get("x-amz-target"):
        return Call(service, name.rpartition(".")[2], region, "json", json.loads(body or b"{}"))
    path, query = urlsplit(target).path, urlsplit(target).query
    if rpc := _RPC.match(path):
        return Call(service, rpc[1], region, "cbor")
    form = body.decode("utf-8", "replace") if "x-www-form-urlencoded" in headers.get("content-type", "") else query
    fields = {key: values[0] for key, values in parse_qs(form, keep_blank_values=True).items()}
    if action := fields.get("Action"):
        return Call(service, action, region, "query", fields)
    return Call(service, f"{method} {path}", region, "rest")


def members(parameters: Mapping[str, Any], prefix: str) -> list[dict[str, str]]:
    """Read a list of structures out of a query: `Targets.member.1.Id=...`."""
    found: dict[int, dict[str, str]] = {}
    pattern = re.compile(rf"{re.escape(prefix)}\.member\.(\d+)(?:\.(.+))?$")
    for key, value in parameters.items():
        if matched := pattern.match(key):
            found.setdefault(int(matched[1]), {})[matched[2] or ""] = value
    return [found[number] for number in sorted(found)]


def answer_json(data: Mapping[str, Any]) -> Reply:
    """An answer of a JSON API."""
    return Reply(200, json.dumps(data).encode(), "application/x-amz-json-1.1")


def answer_xml(operation: str, inner: str) -> Reply:
    """An answer of ELBv2."""
    namespace = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
    text = (
        f'<{operation}Response xmlns="{namespace}"><{operation}Result>{inner}</{operation}Result>'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return Reply(200, text.encode(), "text/xml")


def error(call: Call, code: str, message: str, status: int = 400) -> Reply:
    """An error, as the call's protocol has it."""
    if call.protocol == "json":
        return Reply(status, json.dumps({"__type": code, "message": message}).encode(), "application/x-amz-json-1.1")
    if call.protocol == "cbor":
        # A map of two texts; every text here is shorter than 65,536 bytes.
        body = b"\xa2" + b"".join(_cbor_text(text) for text in ("__type", code, "message", message))
        return Reply(status, body, "application/cbor")
    kind = "Sender" if status < 500 else "Receiver"
    inner = f"<Error><Type>{kind}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    if call.service == "ec2":
        inner = f"<Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
        return Reply(status, f"<Response>{inner}<RequestID>{uuid.uuid4()}</RequestID></Response>".encode(), "text/xml")
    text = f"<ErrorResponse>{inner}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    return Reply(status, text.encode(), "text/xml")


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data
