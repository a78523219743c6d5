"""What load balancers, target groups, listeners and rules share: names, batches, attributes and tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..engine.compare import Difference
from ..engine.kind import Options
from ..engine.plan import Call, Live, Output
from . import tags
from .names import is_arn

# Option (or group.option) -> the attribute's key and the type of its value.
Attributes = Mapping[str, tuple[str, type]]
# Option (or group.option) -> lowest and highest value.
Ranges = Mapping[str, tuple[int, int]]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_BATCH = 20


def refuse_bad_name(kind: str, name: str) -> None:
    """Refuse a name that AWS does not take.

    Raises:
        SlipwayError: the name is too long, or has other characters than letters, digits and hyphens.
    """
    if not _NAME.fullmatch(name) or (kind == "elb_load_balancer" and name.startswith("internal-")):
        raise SlipwayError(
            f"{name!r} ({len(name)} characters) is no name that AWS takes",
            where=f"{kind} {name}",
            remedy="use 1 to 32 letters, digits and hyphens, no hyphen at either end, and not internal- at the start",
        )


def refuse_out_of_range(where: str, options: Options, ranges: Ranges) -> None:
    """Refuse numbers that AWS does not take, before anything is half made.

    Raises:
        SlipwayError: a number is too low or too high.
    """
    for path, (low, high) in ranges.items():
        value = _at(options, path)
        if value is not None and not low <= value <= high:
            raise SlipwayError(f"{path} is {value}", where=where, remedy=f"use {low} to {high}")


def refuse_empty(where: str, options: Options, names: Iterable[str], *, new: bool = False) -> None:
    """Refuse options that must say something: of a new resource also those that were omitted.

    Raises:
        SlipwayError: some are empty, or lacking.
    """
    for name in names:
        value = options.get(name)
        if value in ([], "") or (new and value is None):
            what = f"{name} is empty" if value is not None else f"{name} is needed for a new one"
            raise SlipwayError(what, where=where, remedy=f"give {name}")


def load_balancer_name(name_or_arn: str) -> str:
    """The name of a load balancer given by name or by ARN (...:loadbalancer/app/NAME/ID)."""
    return name_or_arn.split("/")[-2] if is_arn(name_or_arn) else name_or_arn


def listener_key(options: Options) -> str:
    """How a listener is named: load balancer:port."""
    return f"{load_balancer_name(options['load_balancer'])}:{options['port']}"


def describe_named(
    aws: Aws, operation: str, result: str, field: str, missing: str, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Those of the named that exist. The API refuses the whole batch when one is missing: then all are listed."""
    # A name that AWS would not take has nothing behind it; `desired` says what is wrong with it.
    wanted = [name for name in names if _NAME.fullmatch(name)]
    found: list[dict[str, Any]] = []
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        try:
            found.extend(aws.pages("elbv2", operation, result, Names=batch))
        except AwsError as error:
            if error.code != missing:
                raise
            if len(wanted) == 1:
                return []
            return [item for item in aws.pages("elbv2", operation, result) if item[field] in wanted]
    return found


def tags_of(aws: Aws, arns: Iterable[str]) -> dict[str, dict[str, str]]:
    """The tags of each ARN, twenty a call."""
    wanted = list(arns)
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(wanted), _BATCH):
        answer = aws.call("elbv2", "DescribeTags", ResourceArns=wanted[start : start + _BATCH])
        found.update({item["ResourceArn"]: tags.from_pairs(item["Tags"]) for item in answer["TagDescriptions"]})
    return found


def with_tags(aws: Aws, lives: Mapping[str, Live], wanted: Mapping[str, Options]) -> dict[str, Live]:
    """The same resources, with the tags of those whose options manage them."""
    managed = {key: live.outputs["arn"] for key, live in lives.items() if wanted[key].get("tags") is not None}
    found = tags_of(aws, managed.values())
    return {
        key: Live({**live.fields, "tags": found.get(managed[key], {})}, live.outputs) if key in managed else live
        for key, live in lives.items()
    }


def tag_calls(arn: str, found: Sequence[Difference], fields: Mapping[str, Any]) -> list[Call]:
    """The calls that end the differences of tags."""
    given, gone = tags.changes(found, fields)
    calls, what = [], {"ResourceArns": [arn]}
    if given:
        calls.append(Call("elbv2", "AddTags", {**what, "Tags": tags.to_pairs(given)}))
    if gone:
        calls.append(Call("elbv2", "RemoveTags", {**what, "TagKeys": gone}))
    return calls


def attribute_options(table: Attributes) -> frozenset[str]:
    """The options that stand for attributes."""
    return frozenset(path.partition(".")[0] for path in table)


def attribute_fields(table: Attributes, pairs: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """Attributes in the words of the options."""
    values = {pair["Key"]: pair.get("Value", "") for pair in pairs}
    fields: dict[str, Any] = {}
    for path, (key, kind) in table.items():
        if values.get(key):
            group, _, member = path.rpartition(".")
            target = fields.setdefault(group, {}) if group else fields
            target[member] = values[key] == "true" if kind is bool else kind(values[key])
    return fields


def attribute_call(
    operation: str, resource: tuple[str, str | Output], table: Attributes, fields: Mapping[str, Any]
) -> list[Call]:
    """The call that sets the attributes among the fields; `resource` is the parameter that names it, and its ARN."""
    pairs = [
        {"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)}
        for path, (key, _) in table.items()
        if (value := _at(fields, path)) is not None
    ]
    return [Call("elbv2", operation, {resource[0]: resource[1], "Attributes": pairs})] if pairs else []


def _at(fields: Mapping[str, Any], path: str) -> Any:
    group, _, member = path.rpartition(".")
    return ((fields.get(group) or {}) if group else fields).get(member)
