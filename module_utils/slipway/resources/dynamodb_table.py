"""DynamoDB tables: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live
from . import tags
from .names import arn

_GONE = frozenset({"ResourceNotFoundException"})
# A table that changes takes no other change for a moment.
_BUSY = frozenset({"ResourceInUseException", "ContinuousBackupsUnavailableException"})
_KEYS = {"partition_key": "HASH", "sort_key": "RANGE"}
_FIELDS = (*_KEYS, "deletion_protection_enabled", "point_in_time_recovery")
_PATIENCE = 180.0


class DynamodbTable(Kind):
    """A table with its key, paid by request; what else a table may have is not managed."""

    name = "dynamodb_table"
    exists = frozenset({"ResourceInUseException"})
    create_only = frozenset(_KEYS)
    rules = Rules(
        defaults={"deletion_protection_enabled": False, "point_in_time_recovery": False},
        whole=frozenset({"tags"}),
    )

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeTable takes one table; tags and backups are read only where the options manage them."""
        lives = side_by_side(lambda name: _look(aws, name, wanted[name]), list(wanted))
        return {name: live for name, live in zip(wanted, lives, strict=True) if live is not None}

    def desired(self, options: Options, known: Known) -> Desired:
        """The key, the protection and the backups."""
        fields = {key: options[key] for key in _FIELDS if key in options}
        if "tags" in options:
            fields["tags"] = {key: str(value) for key, value in options["tags"].items()}
        settings = {"arn": arn(known.aws, "dynamodb", f"table/{options['name']}")}
        return Desired(options["name"], fields, settings, absent=options.get("state") == "absent")

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateTable, until it can be used, then what CreateTable does not take.

        Raises:
            SlipwayError: no key was given.
        """
        if not desired.fields.get("partition_key"):
            remedy = "give partition_key: the attribute that items are found by"
            raise SlipwayError("a table is created with its key", where=f"{self.name} {desired.name}", remedy=remedy)
        keys = {option: desired.fields[option] for option in _KEYS if desired.fields.get(option)}
        params: dict[str, Any] = {
            "TableName": desired.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": key["name"], "AttributeType": key["type"]} for key in keys.values()
            ],
            "KeySchema": [{"AttributeName": key["name"], "KeyType": _KEYS[option]} for option, key in keys.items()],
        }
        if desired.fields.get("tags"):
            params["Tags"] = tags.to_pairs(desired.fields["tags"])
        if desired.fields.get("deletion_protection_enabled"):
            params["DeletionProtectionEnabled"] = True
        made = {"arn": desired.settings["arn"]}
        calls = [Call("dynamodb", "CreateTable", params, lambda _: made), _when_active(desired.name)]
        return [*calls, _backups(desired)] if desired.fields.get("point_in_time_recovery") else calls

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """One call for each setting that differs."""
        changed = changed_options(found)
        calls = []
        if "deletion_protection_enabled" in changed:
            calls += [_protection(desired), _when_active(desired.name)]
        if "point_in_time_recovery" in changed:
            calls.append(_backups(desired))
        given, gone = tags.changes(found, desired.fields)
        resource = {"ResourceArn": desired.settings["arn"]}
        if given:
            calls.append(Call("dynamodb", "TagResource", {**resource, "Tags": tags.to_pairs(given)}, retry=_BUSY))
        if gone:
            calls.append(Call("dynamodb", "UntagResource", {**resource, "TagKeys": gone}, retry=_BUSY))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteTable, until it is gone; a protection against it is lifted only where the options say so."""
        calls = []
        lifted = desired.fields.get("deletion_protection_enabled") is False
        if lifted and live.fields["deletion_protection_enabled"]:
            calls += [_protection(desired), _when_active(desired.name)]
        calls.append(
            Call("dynamodb", "DeleteTable", {"TableName": desired.name}, tolerate=_GONE, retry=_BUSY, patience=60)
        )
        gone = Call(
            "dynamodb",
            "DescribeTable",
            {"TableName": desired.name},
            tolerate=_GONE,
            until=lambda _: False,
            patience=_PATIENCE,
        )
        return [*calls, gone]


def _look(aws: Aws, name: str, options: Options) -> Live | None:
    try:
        table = aws.call("dynamodb", "DescribeTable", TableName=name)["Table"]
    except AwsError as error:
        if error.among(_GONE):
            return None
        raise
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    names = {one["KeyType"]: one["AttributeName"] for one in table["KeySchema"]}
    fields: dict[str, Any] = {
        option: {"name": names[role], "type": types[names[role]]} for option, role in _KEYS.items() if role in names
    }
    fields["deletion_protection_enabled"] = bool(table.get("DeletionProtectionEnabled"))
    if options.get("point_in_time_recovery") is not None:
        answer = aws.call("dynamodb", "DescribeContinuousBackups", TableName=name)["ContinuousBackupsDescription"]
        recovery = answer.get("PointInTimeRecoveryDescription") or {}
        fields["point_in_time_recovery"] = recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
    if options.get("tags") is not None:
        pairs = aws.pages("dynamodb", "ListTagsOfResource", "Tags", ResourceArn=table["TableArn"])
        fields["tags"] = tags.from_pairs(pairs)
    return Live(fields, {"arn": table["TableArn"]})


def _when_active(name: str) -> Call:
    return Call(
        "dynamodb",
        "DescribeTable",
        {"TableName": name},
        # A table that was made a moment ago may not be known everywhere yet.
        retry=_GONE,
        until=lambda answer: answer["Table"]["TableStatus"] == "ACTIVE",
        patience=_PATIENCE,
        every=1.0,
    )


def _protection(desired: Desired) -> Call:
    wanted = bool(desired.fields["deletion_protection_enabled"])
    params = {"TableName": desired.name, "DeletionProtectionEnabled": wanted}
    return Call("dynamodb", "UpdateTable", params, retry=_BUSY)


def _backups(desired: Desired) -> Call:
    enabled = {"PointInTimeRecoveryEnabled": bool(desired.fields["point_in_time_recovery"])}
    params = {"TableName": desired.name, "PointInTimeRecoverySpecification": enabled}
    return Call("dynamodb", "UpdateContinuousBackups", params, retry=_BUSY, patience=_PATIENCE)
