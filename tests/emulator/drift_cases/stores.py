"""Log groups, parameters and tables."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.model import Document, Scene, To, World

LOGS, PARAMETER, TABLE = "log_group", "ssm_parameter", "dynamodb_table"
_NAMED = "its name: another name is another resource"
GROUP = "/slipway/drift"


def _log_tag(value: str) -> Any:
    return lambda world: world.logs.tag_resource(
        resourceArn=world.arn("logs", f"log-group:{GROUP}"), tags={"Service": value}
    )


def _retention(world: World, document: Document) -> None:
    world.logs.put_retention_policy(logGroupName=GROUP, **document)


def _log_group_anew(world: World, document: Document) -> None:
    """What AWS fixes at creation: somebody made another one of the same name."""
    world.logs.delete_log_group(logGroupName=GROUP)
    world.logs.create_log_group(logGroupName=GROUP, **document)


KEY, OTHER_KEY = (f"arn:aws:kms:ap-northeast-2:000000000000:key/{name}" for name in ("one", "two"))
_LOG = ("logGroups", 0)
LOG_GROUPS = (
    Scene(
        LOGS,
        lambda _: {
            "name": GROUP,
            "retention_in_days": 30,
            "kms_key_id": KEY,
            "deletion_protection_enabled": True,
            "bearer_token_authentication_enabled": True,
            "tags": {"Service": "drift"},
        },
        {
            "retention_in_days": To(7, expected=30),
            "kms_key_id": OTHER_KEY,
            "deletion_protection_enabled": False,
            "bearer_token_authentication_enabled": False,
            "tags": To(
                do=_log_tag("other"), undo=_log_tag("drift"), at="tags.Service", expected="drift", found="other"
            ),
        },
        read=lambda _: {"retentionInDays": 30},
        put=_retention,
        answer=("DescribeLogGroups", _LOG),
        unkept={
            name: {
                "kms_key_id": "has no AssociateKmsKey",
                "deletion_*": "has no PutLogGroupDeletionProtection",
                "bearer_*": "has no PutBearerTokenAuthentication",
            }
            for name in ("ministack", "moto")
        },
        refused={key: ["kms_key_id", "deletion_*", "bearer_*"] for key in ("ministack", "moto")},
        title="basics",
    ),
    Scene(
        LOGS,
        lambda _: {"name": GROUP, "log_group_class": "STANDARD"},
        {"log_group_class": "INFREQUENT_ACCESS"},
        read=lambda _: {"logGroupClass": "STANDARD"},
        put=_log_group_anew,
        answer=("DescribeLogGroups", _LOG),
        unkept={"moto": {"log_group_class": "does not tell it"}},
        title="class",
    ),
)
NAME = "/drift/KEY"


def _parameter_tag(value: str) -> Any:
    return lambda world: world.ssm.add_tags_to_resource(
        ResourceType="Parameter", ResourceId=NAME, Tags=[{"Key": "Service", "Value": value}]
    )


def _put_parameter(world: World, document: Document) -> None:
    world.ssm.put_parameter(Name=NAME, Overwrite=True, **document)


_WHOLE = {
    "Type": "SecureString",
    "Value": "one",
    "Description": "a key",
    "KeyId": KEY,
    "AllowedPattern": ".*",
    "Tier": "Standard",
    "DataType": "text",
}
PARAMETERS = (
    Scene(
        PARAMETER,
        lambda _: {
            "name": NAME,
            "value": "one",
            "type": "SecureString",
            "description": "a key",
            "key_id": KEY,
            "allowed_pattern": ".*",
            "tier": "Standard",
            "data_type": "text",
            "tags": {"Service": "drift"},
        },
        {
            "value": To("two", expected="(sensitive)", found="(sensitive)"),
            "description": "the key",
            "key_id": OTHER_KEY,
            "allowed_pattern": "^[a-z]+$",
            "tier": "Advanced",
            "data_type": "aws:ec2:image",
            "tags": To(
                do=_parameter_tag("other"),
                undo=_parameter_tag("drift"),
                at="tags.Service",
                expected="drift",
                found="other",
            ),
        },
        read=lambda _: _WHOLE,
        put=_put_parameter,
        pascal=True,
        answer=("DescribeParameters", ("Parameters", 0)),
        title="basics",
    ),
    Scene(
        PARAMETER,
        lambda _: {"name": NAME, "value": "one", "type": "String"},
        {"type": "StringList"},
        read=lambda _: {"Type": "String", "Value": "one"},
        put=_put_parameter,
        pascal=True,
        title="type",
    ),
)
_TABLE = "drift"


def _table_tag(value: str) -> Any:
    return lambda world: world.dynamodb.tag_resource(
        ResourceArn=world.arn("dynamodb", f"table/{_TABLE}"), Tags=[{"Key": "Service", "Value": value}]
    )


def _protection(value: bool) -> Any:
    return lambda world: world.dynamodb.update_table(TableName=_TABLE, DeletionProtectionEnabled=value)


def _backups(value: bool) -> Any:
    setting = {"PointInTimeRecoveryEnabled": value}
    return lambda world: world.dynamodb.update_continuous_backups(
        TableName=_TABLE, PointInTimeRecoverySpecification=setting
    )


def _table_anew(world: World, document: Document) -> None:
    """What AWS fixes at creation: somebody made another one of the same name."""
    world.dynamodb.delete_table(TableName=_TABLE)
    keys = [("HASH", document["partition"]), ("RANGE", document["sort"])]
    world.dynamodb.create_table(
        TableName=_TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key["name"], "KeyType": kind} for kind, key in keys],
        AttributeDefinitions=[{"AttributeName": key["name"], "AttributeType": key["type"]} for _, key in keys],
    )


TABLES = (
    Scene(
        TABLE,
        lambda _: {
            "name": _TABLE,
            "partition_key": {"name": "service"},
            "deletion_protection_enabled": True,
            "point_in_time_recovery": True,
            "tags": {"Service": "drift"},
        },
        {
            "deletion_protection_enabled": To(do=_protection(False), undo=_protection(True), found=False),
            "point_in_time_recovery": To(do=_backups(False), undo=_backups(True), found=False),
            "tags": To(
                do=_table_tag("other"), undo=_table_tag("drift"), at="tags.Service", expected="drift", found="other"
            ),
        },
        title="basics",
    ),
    Scene(
        TABLE,
        lambda _: {
            "name": _TABLE,
            "partition_key": {"name": "service", "type": "S"},
            "sort_key": {"name": "at", "type": "N"},
        },
        {
            "partition_key.name": To("other", api=("partition", "name")),
            "partition_key.type": To("N", api=("partition", "type")),
            "sort_key.name": To("other", api=("sort", "name")),
            "sort_key.type": To("S", api=("sort", "type")),
        },
        read=lambda _: {"partition": {"name": "service", "type": "S"}, "sort": {"name": "at", "type": "N"}},
        put=_table_anew,
        title="key",
    ),
)
SCENES = (*LOG_GROUPS, *PARAMETERS, *TABLES)
NO_FIELDS = {LOGS: {"name": _NAMED}, PARAMETER: {"name": _NAMED}, TABLE: {"name": _NAMED}}
