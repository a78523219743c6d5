"""The lock of a release, against a table that holds one item as DynamoDB does."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from slipway.aws.errors import AwsError, SlipwayError
from slipway.release import history, holding
from slipway.release import lock as locking
from slipway.release.lock import Lock, acquire, look, release, renew
from slipway.release.process import Process
from slipway.release.record import Record
from tests.unit.fake_aws import FakeAws

SERVICE, TABLE = "prod/voj", "releases"
HERE = Process.of(os.getpid())
ELSEWHERE = Process(4711, "another-machine")
MINE = Record(SERVICE, who="minji", started_at="2026-11-21T00:02:00.000Z", tag="sha-2")
OTHER = Record(SERVICE, who="joon", started_at="2026-11-21T00:01:00.000Z", tag="sha-1", revision="voj:1")


def refused(code: str) -> AwsError:
    return AwsError(code, code=code, operation="")


class Table(FakeAws):
    """One table, with the conditions that a lock needs."""

    def __init__(self, *, exists: bool = True) -> None:
        super().__init__()
        self.exists = exists
        self.items: dict[str, dict[str, Any]] = {}
        self.each_look: Callable[[], None] = lambda: None
        self.lose_answers_of: set[str] = set()

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        if operation == "DescribeServices":
            deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "td:1", "rolloutState": "COMPLETED"}
            return {"services": [{"status": "ACTIVE", "deployments": [deployment]}]}
        if operation == "CreateTable":
            self.exists = True
        elif operation == "DescribeTable" and self.exists:
            attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("service", "item")]
            schema = [{"AttributeName": "service", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}]
            described = {"TableStatus": "ACTIVE", "AttributeDefinitions": attributes, "KeySchema": schema}
            return {"Table": {**described, "TableArn": "arn:table"}}
        if not self.exists:
            raise refused("ResourceNotFoundException")
        if operation in ("PutItem", "UpdateItem", "DeleteItem", "GetItem"):
            return self._item(operation, params)
        return {}

    def _item(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        key = (params.get("Item") or params.get("Key") or {})["item"]["S"]
        if operation == "GetItem":
            self.each_look()
            return {"Item": self.items[key]} if key in self.items else {}
        self._check(params, self.items.get(key))
        if operation == "PutItem":
            self.items[key] = params["Item"]
        elif operation == "DeleteItem":
            del self.items[key]
        else:
            self.beat()
        if operation in self.lose_answers_of:
            self.lose_answers_of.remove(operation)
            self._check(params, self.items.get(key))
        return {}

    @staticmethod
    def _check(params: dict[str, Any], there: dict[str, Any] | None) -> None:
        values = params.get("ExpressionAttributeValues", {})
        for part in filter(None, params.get("ConditionExpression", "").split(" AND ")):
            if part.startswith("attribute_not_exists"):
                holds = there is None
            else:
                name = part.split(" = ")[0].removeprefix("#")
                holds = there is not None and there[name] == values[f":{name}"]
            if not holds:
                raise refused("ConditionalCheckFailedException")

    def held_by(self, record: Record, process: Process = ELSEWHERE) -> Lock:
        lock = Lock(TABLE, "theirs", record, process)
        self.items["lock"] = lock.item()
        return lock

    def beat(self) -> None:
        """Somebody raises the lock's number."""
        self.items["lock"]["renewal"] = {"N": str(int(self.items["lock"]["renewal"]["N"]) + 1)}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    fake = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
    monkeypatch.setattr(locking, "time", fake)
    monkeypatch.setattr(history, "time", fake)
    return now


def take(table: Table, told: list[str] | None = None, timeout: float = 300) -> Lock:
    return acquire(table, TABLE, MINE, HERE, timeout=timeout, report=(told if told is not None else list[str]()).append)


def test_the_first_release_makes_the_table(clock: list[float]) -> None:
    table = Table(exists=False)
    lock = take(table)
    found = look(table, TABLE, SERVICE)
    assert found == lock
    assert (found.record, found.process) == (MINE, HERE)
    assert table.calls["dynamodb:CreateTable"] == 1


def test_it_is_given_back_by_its_token_alone(clock: list[float]) -> None:
    table = Table()
    lock = take(table)
    assert not release(table, TABLE, SERVICE, "another")
    assert release(table, TABLE, SERVICE, lock.token)
    assert not release(table, TABLE, SERVICE, lock.token)
    assert look(table, TABLE, SERVICE) is None


def test_renewing_tells_whether_it_is_ours(clock: list[float]) -> None:
    table = Table()
    lock = take(table)
    assert renew(table, lock)
    found = look(table, TABLE, SERVICE)
    assert found is not None
    assert found.renewal == 2
    table.held_by(OTHER)
    assert not renew(table, lock)


def test_a_write_whose_answer_was_lost_counts(clock: list[float]) -> None:
    table = Table()
    table.lose_answers_of.add("PutItem")
    assert take(table) == look(table, TABLE, SERVICE)


def test_the_second_waits_for_the_end_of_the_first(clock: list[float]) -> None:
    table = Table()
    table.held_by(OTHER)
    begun = clock[0]

    def live() -> None:
        if clock[0] - begun > 100:
            table.items.clear()
        elif int(clock[0] - begun) % 15 == 0:
            table.beat()

    table.each_look = live
    told: list[str] = []
    assert take(table, told).record == MINE
    assert told[0] == (
        "waiting for the release of sha-1 by joon, since 2026-11-21T00:01:00.000Z "
        "(process 4711 on another-machine); 0 of 300 s"
    )
    assert [line.rpartition("; ")[2] for line in told] == ["0 of 300 s", "30 of 300 s", "60 of 300 s", "90 of 300 s"]
    assert set(table.items) == {"lock"}, "a release that ended was recorded as interrupted"


@pytest.mark.parametrize("timeout", [0, 20, 120])
def test_it_is_refused_in_time_with_who_holds_it(clock: list[float], timeout: int) -> None:
    table = Table()
    table.held_by(OTHER)
    begun = clock[0]
    table.each_look = lambda: table.beat() if int(clock[0] - begun) % 15 == 14 else None
    with pytest.raises(SlipwayError) as caught:
        take(table, timeout=timeout)
    assert caught.value.where == SERVICE
    assert "the release of sha-1 by joon, since 2026-11-21T00:01:00.000Z" in caught.value.what
    assert timeout <= clock[0] - begun <= max(timeout, 15) + 1


def test_a_dead_process_of_this_machine_is_replaced_at_once(clock: list[float]) -> None:
    table = Table()
    gone = Process(HERE.pid, HERE.place, "born before")
    table.held_by(Record(SERVICE, who="joon", started_at=OTHER.started_at), gone)
    begun, told = clock[0], list[str]()
    assert take(table, told).record == MINE
    assert clock[0] == begun
    assert told == [f"the lock of a release that is no more is taken over: the release by joon, since "
                    f"{OTHER.started_at} (process {HERE.pid} on {HERE.place.partition('/')[0]})"]  # fmt: skip


@pytest.mark.parametrize("timeout", [0, 20, 300])
def test_a_lock_that_nobody_renews_is_taken_over_after_its_lease(clock: list[float], timeout: int) -> None:
    table = Table()
    table.held_by(OTHER)
    begun = clock[0]
    lock = take(table, timeout=timeout)
    assert lock == look(table, TABLE, SERVICE)
    assert 60 <= clock[0] - begun <= 61
    kept = history.plain(table.items[f"release#{OTHER.started_at}"])
    assert kept == {
        "service": SERVICE,
        "item": f"release#{OTHER.started_at}",
        "started_at": OTHER.started_at,
        "kind": "release",
        "verdict": "interrupted",
        "who": "joon",
        "tag": "sha-1",
        "revision": "voj:1",
        "seconds": 0.0,
        "cause": "the release was killed before its end",
        "cause_code": "interrupted",
    }


def test_what_was_recorded_of_the_dead_release_stays(clock: list[float]) -> None:
    table = Table()
    name = f"release#{OTHER.started_at}"
    table.items[name] = {"verdict": {"S": "failed"}}
    table.held_by(OTHER)
    take(table)
    assert table.items[name] == {"verdict": {"S": "failed"}}


def test_a_lock_that_moves_between_look_and_take_over_is_left(clock: list[float]) -> None:
    table = Table()
    table.held_by(OTHER)
    begun = clock[0]
    answer = table.answer

    def late(operation: str, params: dict[str, Any]) -> Any:
        # The holder wakes up just before it would be replaced.
        if "#renewal" in params.get("ConditionExpression", "") and clock[0] - begun < 100:
            table.beat()
        return answer(operation, params)

    table.answer = late  # type: ignore[method-assign]
    take(table)
    assert clock[0] - begun >= 120


def options(**more: Any) -> dict[str, Any]:
    given = {"table": TABLE, "cluster": "prod", "service": "voj", "timeout": 5, "kind": "release"}
    return {**given, "region": "ap-northeast-2", "state": "acquired", **more}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> Table:
    made = Table()
    monkeypatch.setattr(holding, "Aws", lambda _: made)
    return made


def test_the_step_says_what_was_before_and_gives_back(table: Table) -> None:
    result = holding.hold(options(who="minji", started_at="x"), check=False, report=list[str]().append)
    assert result["changed"] is False
    assert result["before"] == {"deployment_id": "ecs-svc/1", "task_definition": "td:1", "rollout_state": "COMPLETED"}
    assert (result["started_at"], result["who"], result["lock"]["keeper_pid"]) == ("x", "minji", 0)
    assert result["lock"]["service"] == SERVICE
    told: list[str] = []
    holding.hold(options(state="released", lock=result["lock"]), check=False, report=told.append)
    assert (table.items, told) == ({}, [])
    # As after an attempt whose answer was lost.
    holding.hold(options(state="released", lock=result["lock"]), check=False, report=told.append)
    assert told == []
    other = table.held_by(OTHER)
    holding.hold(options(state="released", lock=result["lock"]), check=False, report=told.append)
    assert told == [f"the lock was not ours any more, and now there is {other}: it may have run beside this one"]


def test_a_lock_that_cannot_be_given_back_fails_no_release(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> bool:
        raise AwsError("https://dynamodb does not answer", code="ReadTimeoutError", operation="DeleteItem")

    lock = holding.hold(options(), check=False, report=list[str]().append)["lock"]
    monkeypatch.setattr(holding, "release", away)
    told: list[str] = []
    assert holding.hold(options(state="released", lock=lock), check=False, report=told.append)["lock"] == {}
    assert told == [
        "the lock could not be given back now, and ends by itself within 60 s: https://dynamodb does not answer"
    ]


def test_a_lock_that_nobody_would_keep_is_not_held(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    # The child ends before it has a child of its own.
    monkeypatch.setattr("slipway.release.keeper._become_keeper", lambda *_: os._exit(0))
    with pytest.raises(SlipwayError, match="can't start a process: the process that keeps the lock did not start"):
        holding.hold(options(), check=False, report=list[str]().append, owner=os.getpid())
    assert table.items == {}


def test_check_mode_only_says_who_holds_it(table: Table) -> None:
    other = table.held_by(OTHER)
    told: list[str] = []
    result = holding.hold(options(), check=True, report=told.append)
    assert result["lock"] == {}
    assert told == [f"under way: {other}"]
    assert not {"dynamodb:PutItem", "dynamodb:DeleteItem"} & set(table.calls)
    table.exists = False
    assert holding.hold(options(), check=True, report=told.append)["lock"] == {}
    assert holding.hold(options(state="released", lock={"token": "theirs"}), check=True, report=told.append)


def test_a_lock_that_was_never_taken_is_not_given_back(table: Table) -> None:
    table.held_by(OTHER)
    assert holding.hold(options(state="released", lock={}), check=False, report=list[str]().append)["lock"] == {}
    assert set(table.items) == {"lock"}


def test_a_lock_is_not_kept_by_a_step_that_fails(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any) -> Any:
        raise refused("AccessDeniedException")

    monkeypatch.setattr(holding, "describe", denied)
    with pytest.raises(AwsError, match="AccessDenied"):
        holding.hold(options(), check=False, report=list[str]().append)
    assert table.items == {}
