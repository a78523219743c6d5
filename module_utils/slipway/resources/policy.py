"""IAM policy documents: typed statements in the options, JSON at the API; equal when they mean the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

VERSION = "2012-10-17"
# AWS stores an account id as the ARN of its root user.
_ACCOUNT = re.compile(r"^arn:[^:]+:iam::(\d{12}):root$")
_PRINCIPALS = {
    "aws": "AWS",
    "service": "Service",
    "federated": "Federated",
    "canonical_user": "CanonicalUser",
}


def to_document(statements: Iterable[Mapping[str, Any]]) -> str:
    """The policy's JSON, the same text for the same meaning."""
    body = [_to_statement(item) for item in statements]
    return json.dumps({"Version": VERSION, "Statement": body}, sort_keys=True, separators=(",", ":"))


def statements(items: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The statements of the options in the one form in which they are compared."""
    return sorted((_canonical(item) for item in items or ()), key=repr)


def from_document(document: str | Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The statements of a policy that AWS returned (JSON, URL-encoded JSON, or a map)."""
    if not document:
        return []
    body = document
    if isinstance(body, str):
        body = json.loads(body if body.lstrip().startswith("{") else unquote(body))
    return statements(_from_statement(item) for item in _as_list(body.get("Statement")))


def _canonical(item: Mapping[str, Any]) -> dict[str, Any]:
    principals = {
        kind: sorted(_ACCOUNT.sub(r"\1", str(one)) for one in _as_list(who))
        for kind, who in (item.get("principals") or {}).items()
        if who
    }
    conditions = sorted(
        (
            {
                "operator": one["operator"],
                "key": one["key"],
                "values": sorted(map(str, _as_list(one["values"]))),
            }
            for one in item.get("conditions") or ()
        ),
        key=repr,
    )
    whole = {
        "sid": item.get("sid") or "",
        "effect": item.get("effect") or "Allow",
        "principals": principals,
        "actions": sorted(map(str, _as_list(item.get("actions")))),
        "not_actions": sorted(map(str, _as_list(item.get("not_actions")))),
        "resources": sorted(map(str, _as_list(item.get("resources")))),
        "not_resources": sorted(map(str, _as_list(item.get("not_resources")))),
        "conditions": conditions,
    }
    return {name: value for name, value in whole.items() if value}


def _to_statement(item: Mapping[str, Any]) -> dict[str, Any]:
    one = _canonical(item)
    body: dict[str, Any] = {"Effect": one["effect"]}
    if "sid" in one:
        body["Sid"] = one["sid"]
    if "principals" in one:
        body["Principal"] = {_PRINCIPALS[kind]: _plain(who) for kind, who in one["principals"].items()}
    names = {
        "actions": "Action",
        "not_actions": "NotAction",
        "resources": "Resource",
        "not_resources": "NotResource",
    }
    body.update({name: _plain(one[option]) for option, name in names.items() if option in one})
    for condition in one.get("conditions", ()):
        body.setdefault("Condition", {}).setdefault(condition["operator"], {})[condition["key"]] = _plain(
            condition["values"]
        )
    return body


def _from_statement(item: Mapping[str, Any]) -> dict[str, Any]:
    principal = item.get("Principal") or {}
    if principal == "*":
        principal = {"AWS": "*"}
    lower = {name: option for option, name in _PRINCIPALS.items()}
    return {
        "sid": item.get("Sid"),
        "effect": item.get("Effect"),
        "principals": {lower.get(kind, kind): who for kind, who in principal.items()},
        "actions": item.get("Action"),
        "not_actions": item.get("NotAction"),
        "resources": item.get("Resource"),
        "not_resources": item.get("NotResource"),
        "conditions": [
            {"operator": operator, "key": key, "values": values}
            for operator, keys in (item.get("Condition") or {}).items()
            for key, values in keys.items()
        ],
    }


def _plain(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
