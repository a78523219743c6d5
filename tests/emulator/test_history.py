"""The records of releases, kept in a table that the first of them makes."""

from __future__ import annotations

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.release.history import latest, write
from slipway.release.record import Record
from tests.emulators.emulator import Emulator

TABLE = "slipway-history"


def record(minute: int, service: str = "prod/voj", **more: object) -> Record:
    return Record.of({"service": service, "started_at": f"2026-11-21T00:{minute:02}:00.000Z", **more})


@pytest.mark.aws("dynamodb")
def test_records_are_kept_and_listed_newest_first(emulator: Emulator) -> None:
    aws = Aws(Connection("ap-northeast-2", endpoint_url=emulator.endpoint))
    assert latest(aws, TABLE, "prod/voj") == []
    full = record(
        2,
        kind="rollback",
        verdict="rolled_back",
        who="minji",
        commit="1a2b3c4",
        tag="sha-1a2b3c4",
        digest="sha256:aa",
        revision="voj:12",
        seconds=12.5,
        cause="the image is missing",
        cause_code="image_not_found",
        serving="voj:11",
    )
    for one in (record(1, verdict="succeeded"), full, record(3), record(4, service="prod/voj-2")):
        write(aws, TABLE, one)
    assert latest(aws, TABLE, "prod/voj") == [record(3), full, record(1, verdict="succeeded")]
    assert latest(aws, TABLE, "prod/voj", limit=2) == [record(3), full]
    write(aws, TABLE, record(2), only_new=True)
    write(aws, TABLE, record(3, verdict="failed"))
    assert latest(aws, TABLE, "prod/voj", limit=2) == [record(3, verdict="failed"), full]
    emulator.client("dynamodb").delete_table(TableName=TABLE)
