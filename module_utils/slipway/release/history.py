"""The records of releases: one DynamoDB table for all services, which the first release makes.

An item's key is the service and what the item is: `lock`, or `release#` and when the release began.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..engine.observe import Request
from ..engine.run import run
from ..resources.dynamodb_table import DynamodbTable
from .record import Record

NO_TABLE = "ResourceNotFoundException"
NOT_SO = "ConditionalCheckFailedException"
# Seconds until a new table can be used.
_PATIENCE = 60.0
_PREFIX = "release#"
_KEY = {"partition_key": {"name": "service", "type": "S"}, "sort_key": {"name": "item", "type": "S"}}
_NEW = "attribute_not_exists(#item)"


def key_of(cluster: str, service: str) -> str:
    """What names a service of ECS in the table, of its records and of its lock."""
    return f"{cluster}/{service}"


def write(aws: Aws, table: str, record: Record, *, only_new: bool = False) -> None:
    """Keep a record; one of the same release is replaced, or with `only_new` left as it is.

    Raises:
        SlipwayError: AWS refused it.
    """
    values = {key: value for key, value in record.result().items() if value != ""}
    item = stored({**values, "item": f"{_PREFIX}{record.started_at}"})
    condition: dict[str, Any] = {}
    if only_new:
        condition = {"ConditionExpression": _NEW, "ExpressionAttributeNames": {"#item": "item"}}
    try:
        with_table(aws, table, "PutItem", Item=item, **condition)
    except AwsError as error:
        if error.code != NOT_SO:
            raise


def latest(aws: Aws, table: str, service: str, limit: int = 20) -> list[Record]:
    """The service's last records, newest first; none where there is no table.

    Raises:
        AwsError: AWS refused the question.
    """
    records: list[Record] = []
    start: dict[str, Any] = {}
    while len(records) < limit:
        try:
            answer = aws.call(
                "dynamodb",
                "Query",
                TableName=table,
                KeyConditionExpression="#service = :service AND begins_with(#item, :prefix)",
                ExpressionAttributeNames={"#service": "service", "#item": "item"},
                ExpressionAttributeValues=stored({":service": service, ":prefix": _PREFIX}),
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit - len(records),
                **start,
            )
        except AwsError as error:
            if error.code == NO_TABLE:
                return []
            raise
        records += [Record.of(plain(item)) for item in answer["Items"]]
        if not answer.get("LastEvaluatedKey"):
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    return records


def with_table(aws: Aws, table: str, operation: str, **params: Any) -> dict[str, Any]:
    """A call on the table, which is made where there is none.

    Raises:
        SlipwayError: AWS refused it.
    """
    deadline = 0.0
    while True:
        try:
            return aws.call("dynamodb", operation, TableName=table, **params)
        except AwsError as error:
            # A table that was made a moment ago, by us or by somebody else, is not known everywhere at once.
            if error.code != NO_TABLE or (deadline and time.monotonic() > deadline):
                raise
        if deadline:
            time.sleep(1)
        else:
            _make_table(aws, table)
            deadline = time.monotonic() + _PATIENCE


def _make_table(aws: Aws, table: str) -> None:
    kind = DynamodbTable()
    run(aws, [Request(kind, {"name": table, **_KEY})], {kind.name: kind}, check=False, report=lambda _: None)


def stored(values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Values as DynamoDB keeps them: texts and numbers."""
    return {key: {"S": value} if isinstance(value, str) else {"N": str(value)} for key, value in values.items()}


def plain(item: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """An item's texts and numbers."""
    return {key: float(value["N"]) if "N" in value else value.get("S", "") for key, value in item.items()}
