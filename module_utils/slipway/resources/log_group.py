"""Log groups: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live
from . import tags
from .names import arn

_CREATE = input_shape("logs", "CreateLogGroup")
_BATCH = 50
_NEVER = "never"
# Two changes of one log group at the same time: the second one has to wait a moment.
_BUSY = frozenset({"OperationAbortedException"})
_GONE = frozenset({"ResourceNotFoundException"})
_SWITCHES = {
    "deletion_protection_enabled": "PutLogGroupDeletionProtection",
    "bearer_token_authentication_enabled": "PutBearerTokenAuthentication",
}
_FIELDS = ("retention_in_days", "kms_key_id", "log_group_class", *_SWITCHES, "tags")


class LogGroup(Kind):
    """A log group with its retention, encryption, class, protection and tags."""

    name = "log_group"
    exists = frozenset({"ResourceAlreadyExistsException"})
    create_only = frozenset({"log_group_class"})
    rules = Rules(
        defaults={
            "retention_in_days": _NEVER,
            "log_group_class": "STANDARD",
            **dict.fromkeys(_SWITCHES, False),
        },
        whole=frozenset({"tags"}),
    )

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeLogGroups, fifty names at a time; tags only of those whose options manage them."""
        groups: dict[str, dict[str, Any]] = {}
        for names in batched(wanted, _BATCH):
            found = aws.pages("logs", "DescribeLogGroups", "logGroups", logGroupIdentifiers=list(names))
            groups.update({group["logGroupName"]: group for group in found if group["logGroupName"] in names})
        lives = side_by_side(lambda name: _live(aws, groups[name], wanted[name]), list(groups))
        return dict(zip(groups, lives, strict=True))

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateLogGroup, and the settings that have calls of their own."""
        fields = {key: options[key] for key in _FIELDS if key in options}
        if fields.get("retention_in_days", _NEVER) != _NEVER:
            fields["retention_in_days"] = int(fields["retention_in_days"])
        if "tags" in fields:
            fields["tags"] = {key: str(value) for key, value in fields["tags"].items()}
        settings = {"arn": arn(known.aws, "logs", f"log-group:{options['name']}")}
        return Desired(options["name"], fields, settings, absent=options.get("state") == "absent")

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateLogGroup, then what it does not take."""
        params = to_api(_CREATE, {**desired.fields, "log_group_name": desired.name})
        params = {key: value for key, value in params.items() if value not in ("", {})}
        known = {"arn": desired.settings["arn"]}
        calls = [Call("logs", "CreateLogGroup", params, lambda _: known, retry=_BUSY)]
        if desired.fields.get("retention_in_days", _NEVER) != _NEVER:
            calls.append(_retention(desired))
        if desired.fields.get("bearer_token_authentication_enabled"):
            calls.append(_switch(desired, "bearer_token_authentication_enabled"))
        return calls

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """One call for each setting that differs."""
        changed, name = changed_options(found), {"logGroupName": desired.name}
        calls = []
        if "retention_in_days" in changed:
            calls.append(_retention(desired))
        if "kms_key_id" in changed and desired.fields["kms_key_id"]:
            params = {**name, "kmsKeyId": desired.fields["kms_key_id"]}
            calls.append(Call("logs", "AssociateKmsKey", params, retry=_BUSY))
        elif "kms_key_id" in changed:
            calls.append(Call("logs", "DisassociateKmsKey", name, retry=_BUSY))
        calls.extend(_switch(desired, option) for option in _SWITCHES if option in changed)
        given, gone = tags.changes(found, desired.fields)
        resource = {"resourceArn": desired.settings["arn"]}
        if given:
            calls.append(Call("logs", "TagResource", {**resource, "tags": given}))
        if gone:
            calls.append(Call("logs", "UntagResource", {**resource, "tagKeys": gone}))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteLogGroup; a protection against it is lifted only where the options say so."""
        calls = []
        lifted = desired.fields.get("deletion_protection_enabled") is False
        if lifted and live.fields.get("deletion_protection_enabled"):
            calls.append(_switch(desired, "deletion_protection_enabled"))
        params = {"logGroupName": desired.name}
        return [*calls, Call("logs", "DeleteLogGroup", params, tolerate=_GONE, retry=_BUSY)]


def _live(aws: Aws, group: Mapping[str, Any], options: Options) -> Live:
    # Older answers have only `arn`, which ends with the streams' wildcard.
    group_arn = group.get("logGroupArn") or str(group["arn"]).removesuffix(":*")
    fields: dict[str, Any] = from_api(_CREATE, group)
    for option, key in (
        ("retention_in_days", "retentionInDays"),
        ("bearer_token_authentication_enabled", "bearerTokenAuthenticationEnabled"),
    ):
        if group.get(key) is not None:
            fields[option] = group[key]
    if options.get("tags") is not None:
        fields["tags"] = tags.own(aws.call("logs", "ListTagsForResource", resourceArn=group_arn).get("tags"))
    return Live(fields, {"arn": group_arn})


def _retention(desired: Desired) -> Call:
    params, days = {"logGroupName": desired.name}, desired.fields["retention_in_days"]
    if days == _NEVER:
        return Call("logs", "DeleteRetentionPolicy", params, retry=_BUSY)
    return Call("logs", "PutRetentionPolicy", {**params, "retentionInDays": days}, retry=_BUSY)


def _switch(desired: Desired, option: str) -> Call:
    key = "deletionProtectionEnabled" if option.startswith("deletion") else "bearerTokenAuthenticationEnabled"
    params = {"logGroupIdentifier": desired.name, key: bool(desired.fields[option])}
    return Call("logs", _SWITCHES[option], params, retry=_BUSY)
