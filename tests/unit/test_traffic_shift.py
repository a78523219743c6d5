"""Moving requests by weighted records: the decisions as tables, and whole moves against Route 53's own rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from demo.embedded_aws import ROOT
from slipway.aws.errors import AwsError, SlipwayError
from slipway.engine.options import argument_spec, documentation_of, validated
from slipway.release.traffic_shift import Shift, shift
from slipway.release.traffic_shift_decision import (
    Move,
    Record,
    Side,
    changes,
    judge,
    longest_ttl,
    remaining,
    serves_alone,
    share,
)
from slipway.release.traffic_shift_gate import Gate, SideFailedError, Watch
from tests.unit.fake_aws import FakeAws

DOMAIN = "api.homu.kr"
ALIAS = {"HostedZoneId": "ZWKZPGTI48KDX", "DNSName": "homu-1.elb.amazonaws.com", "EvaluateTargetHealth": True}
SPELLED = {"AliasTarget": {**ALIAS, "DNSName": "dualstack.Homu-1.elb.amazonaws.com."}}
FARGATE = Side("fargate", "homu", {"AliasTarget": ALIAS})
COMPOSE = Side("compose", "homu-compose", {"TTL": 60, "ResourceRecords": [{"Value": "203.0.113.5"}]})
UP = Move(DOMAIN, COMPOSE, FARGATE)
DOWN = Move(DOMAIN, FARGATE, COMPOSE)
TXT = {"Name": f"{DOMAIN}.", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"v"'}]}


def weights(fargate: int | None, compose: int | None) -> list[dict[str, Any]]:
    given = ((FARGATE, fargate), (COMPOSE, compose))
    return [side.weighted(DOMAIN, weight) for side, weight in given if weight is not None]


@pytest.mark.parametrize(
    ("records", "percent"),
    [
        ([], None),
        ([TXT], None),
        ([COMPOSE.simple(DOMAIN)], 0),
        ([FARGATE.simple(DOMAIN), TXT], 100),
        (weights(0, 100), 0),
        (weights(10, 90), 10),
        (weights(100, 0), 100),
        (weights(255, 255), 50),
        (weights(1, 255), 1),
        (weights(255, 1), 99),
        (weights(None, 100), 0),
        (weights(7, None), 100),
        # All weights 0: every record is as good as the other.
        (weights(0, 0), 50),
        (weights(0, None), 100),
        (weights(None, 0), 0),
    ],
)
def test_the_share_of_the_new_side(records: list[Record], percent: int | None) -> None:
    assert share(records, UP) == percent
    assert share(records, DOWN) == (None if percent is None else 100 - percent)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"Type": "AAAA", "TTL": 60}, "of the type AAAA"),
        ({"Type": "CNAME", "TTL": 60}, "of the type CNAME"),
        ({"Type": "A", "SetIdentifier": "seoul", "Region": "ap-northeast-2"}, "seoul is not weighted"),
        ({"Type": "A", "SetIdentifier": "other", "Weight": 1}, "weighted record other"),
        (
            {"Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]},
            "leads to 192.0.2.1: neither to compose",
        ),
        ({"Type": "A", "AliasTarget": {**ALIAS, "DNSName": "x.elb.amazonaws.com"}}, "leads to x.elb.amazonaws.com"),
    ],
)
def test_records_of_somebody_else_are_left_alone(record: Record, told: str) -> None:
    with pytest.raises(SlipwayError, match=told) as refused:
        share([{"Name": f"{DOMAIN}.", **record}], UP)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("steps", "now", "left"),
    [
        ([10, 50, 100], 0, [10, 50, 100]),
        # The step that stood when the move was interrupted is watched again.
        ([10, 50, 100], 10, [10, 50, 100]),
        ([10, 50, 100], 30, [50, 100]),
        ([10, 50, 100], 50, [50, 100]),
        ([10, 50, 100], 100, [100]),
        ([50, 10, 50], 0, [10, 50, 100]),
        ([100], 40, [100]),
        ([25], 0, [25, 100]),
    ],
)
def test_the_steps_that_are_left(steps: list[int], now: int, left: list[int]) -> None:
    assert remaining(steps, now) == left


def test_a_simple_record_becomes_weighted_in_one_batch() -> None:
    simple = {**COMPOSE.simple(DOMAIN), "TTL": 3600}
    batch = changes([simple, TXT], UP.at(10))
    assert [one["Action"] for one in batch] == ["DELETE", "CREATE", "CREATE"]
    assert batch[0]["ResourceRecordSet"] == simple, "a deletion names the record exactly as it is"
    assert [one["ResourceRecordSet"]["Weight"] for one in batch[1:]] == [90, 10]
    assert [one["ResourceRecordSet"]["SetIdentifier"] for one in batch[1:]] == ["homu-compose", "homu"]


def test_at_the_end_there_is_one_record_again() -> None:
    batch = changes(weights(100, 0), UP.only(FARGATE))
    assert [one["Action"] for one in batch] == ["DELETE", "DELETE", "CREATE"]
    assert batch[2]["ResourceRecordSet"] == {"Name": f"{DOMAIN}.", "Type": "A", "AliasTarget": ALIAS}
    kept = Move(DOMAIN, COMPOSE, FARGATE, weight=80)
    batch = changes(weights(100, 0), kept.only(FARGATE))
    assert [(one["Action"], one["ResourceRecordSet"].get("Weight")) for one in batch] == [("DELETE", 0), ("UPSERT", 80)]


@pytest.mark.parametrize(
    "records",
    [
        weights(10, 90),
        [{**one, **SPELLED} if "AliasTarget" in one else one for one in weights(10, 90)],
    ],
)
def test_what_is_so_already_is_not_written(records: list[Record]) -> None:
    assert changes(records, UP.at(10)) == []


def test_a_record_with_another_address_is_put_right() -> None:
    other = {**COMPOSE.weighted(DOMAIN, 90), "ResourceRecords": [{"Value": "192.0.2.9"}]}
    batch = changes([*weights(10, None), other], UP.at(10))
    assert [(one["Action"], one["ResourceRecordSet"]) for one in batch] == [("UPSERT", COMPOSE.weighted(DOMAIN, 90))]


def test_one_side_serves_alone() -> None:
    assert serves_alone([FARGATE.simple(DOMAIN), TXT], FARGATE)
    assert serves_alone(weights(5, None), FARGATE)
    assert not serves_alone(weights(100, 0), FARGATE)
    assert not serves_alone([COMPOSE.simple(DOMAIN)], FARGATE)


def test_the_longest_ttl() -> None:
    assert longest_ttl([{**COMPOSE.simple(DOMAIN), "TTL": 3600}], alias=60) == 3600
    assert longest_ttl([*weights(10, 90), {**TXT, "TTL": 9999}], alias=60) == 60
    assert longest_ttl([], alias=60) == 0


@pytest.mark.parametrize(
    ("answers", "seconds", "found"),
    [
        ("", 0, "wait"),
        ("++", 60, "wait"),
        ("+++", 60, "good"),
        ("+++", 59, "wait"),
        # One bad answer is an accident, and the good ones are counted anew.
        ("++-++", 60, "wait"),
        ("++-+++", 60, "good"),
        ("+++--", 5, "wait"),
        ("+++---", 5, "bad"),
        ("---", 0, "bad"),
        # Three in the past were judged then.
        ("---+++", 60, "good"),
        # It never has three good ones in a row.
        ("+-+-++-++-++", 89, "wait"),
        ("+-+-++-++-++", 90, "bad"),
        ("+++", 90, "good"),
    ],
)
def test_when_a_side_is_good(answers: str, seconds: float, found: str) -> None:
    seen = [one == "+" for one in answers]
    assert judge(seen, seconds, wanted=3, pause=60, patience=30) == found


class Route53(FakeAws):
    """Takes change batches by Route 53's rules, and remembers what each one left."""

    def __init__(self, records: Sequence[Record]) -> None:
        super().__init__()
        self.records = [dict(one) for one in records]
        self.history: list[dict[str, int]] = []
        self.broken = ""

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        if operation == self.broken:
            raise AwsError("not now", code="AccessDenied", operation=operation)
        if operation == "ListResourceRecordSets":
            return {"ResourceRecordSets": list(self.records), "IsTruncated": False}
        if operation == "GetChange":
            return {"ChangeInfo": {"Status": "INSYNC"}}
        assert operation == "ChangeResourceRecordSets"
        self._change(params["ChangeBatch"]["Changes"])
        return {"ChangeInfo": {"Id": "/change/C1", "Status": "PENDING"}}

    def _change(self, batch: Sequence[Mapping[str, Any]]) -> None:
        records = list(self.records)
        for one in batch:
            record = dict(one["ResourceRecordSet"])
            key = (record["Type"], record.get("SetIdentifier"))
            there = [item for item in records if (item["Type"], item.get("SetIdentifier")) == key]
            if one["Action"] == "DELETE":
                assert there == [record], "DELETE takes only what is there, exactly"
            if one["Action"] == "CREATE":
                assert not there, "CREATE takes only what is not there"
            records = [item for item in records if item not in there]
            if one["Action"] != "DELETE":
                records.append(record)
        mine = [one for one in records if one["Type"] == "A"]
        assert mine, "the name has an answer at every moment"
        assert len({"SetIdentifier" in one for one in mine}) == 1, "simple and weighted records exclude each other"
        self.records = records
        self.history.append({one.get("SetIdentifier", "simple"): one.get("Weight", -1) for one in mine})


class Scripted(Gate):
    """A side is good unless the script says at which look it is not."""

    def __init__(self, aws: Route53, bad: Mapping[str, Callable[[int], bool]]) -> None:
        super().__init__(aws, {}, {}, {})
        self.bad, self.looks = bad, {"fargate": 0, "compose": 0}

    def watch(self, side: Side, *, wanted: int, pause: float = 0) -> Watch:
        self.looks[side.name] += 1
        if side.name in self.bad and self.bad[side.name](self.looks[side.name]):
            raise SideFailedError("answers 500 (9 of 12 answers good)", where=side.name, remedy="look at its logs")
        return Watch([True] * wanted)


def run(
    records: Sequence[Record],
    move: Move = UP,
    *,
    check: bool = False,
    bad: Mapping[str, Callable[[int], bool]] | None = None,
    broken: str = "",
    **options: Any,
) -> tuple[dict[str, Any], Route53, list[str]]:
    aws, lines = Route53(records), list[str]()
    given = {"zone": "Z0123456789ABCDEF", "steps": [10, 50, 100], "answers": 12, **options}
    one = Shift(aws, given, move, Scripted(aws, bad or {}), lines.append)
    aws.broken = broken
    try:
        return one.run(check=check), aws, lines
    except SlipwayError as error:
        return {"error": str(error), "changed": one.changed}, aws, lines


SIMPLE, WHOLE = [COMPOSE.simple(DOMAIN), TXT], {"simple": -1}


def at(fargate: int) -> dict[str, int]:
    return {"homu-compose": 100 - fargate, "homu": fargate}


@pytest.mark.parametrize(
    ("records", "history"),
    [
        (SIMPLE, [at(10), at(50), at(100), WHOLE]),
        (weights(0, 100), [at(10), at(50), at(100), WHOLE]),
        (weights(10, 90), [at(50), at(100), WHOLE]),
        (weights(30, 70), [at(50), at(100), WHOLE]),
        (weights(50, 50), [at(100), WHOLE]),
        (weights(100, 0), [WHOLE]),
        ([TXT], [WHOLE]),
        ([FARGATE.simple(DOMAIN)], []),
    ],
)
def test_a_move_from_wherever_the_weights_are(records: list[Record], history: list[dict[str, int]]) -> None:
    result, aws, _ = run(records)
    assert aws.history == history
    assert [one for one in aws.records if one["Type"] == "A"] == [FARGATE.simple(DOMAIN)]
    assert (result["changed"], result["percent"], result["went_back"]) == (bool(history), 100, False)
    again, aws, _ = run(aws.records)
    assert (again["changed"], aws.history) == (False, [])
    assert "already" in again["msg"]
    back, aws, _ = run(aws.records, DOWN)
    assert (back["changed"], aws.history) == (True, [at(90), at(50), at(0), WHOLE])
    assert [one for one in aws.records if one["Type"] == "A"] == [COMPOSE.simple(DOMAIN)]


def test_what_is_told() -> None:
    result, _, lines = run(SIMPLE)
    assert result["msg"] == "all requests of api.homu.kr go to fargate"
    assert result["steps"] == [{"percent": step, "answers": 12, "good": 12} for step in (10, 50, 100)]
    assert lines == [
        "fargate: 12 of 12 answers good",
        "compose: 3 of 3 answers good",
        "10 % of the requests go to fargate: watching it for 60 s",
        "10 % of the requests go to fargate: 12 of 12 answers good",
        "50 % of the requests go to fargate: watching it for 60 s",
        "50 % of the requests go to fargate: 12 of 12 answers good",
        "all of the requests go to fargate: watching it for 60 s",
        "all of the requests go to fargate: 12 of 12 answers good",
    ]
    assert result["diff"] == {
        "before": "api.homu.kr. A -> 203.0.113.5\n",
        "after": "api.homu.kr. A -> homu-1.elb.amazonaws.com\n",
    }


def test_the_first_step_outlasts_what_clients_were_told_before() -> None:
    _, _, lines = run([{**COMPOSE.simple(DOMAIN), "TTL": 3600}])
    assert [line.rpartition("for ")[2] for line in lines if "watching" in line] == ["3600 s", "60 s", "60 s"]
    _, _, lines = run(SIMPLE, pause=5, steps=[100])
    assert [line.rpartition("for ")[2] for line in lines if "watching" in line] == ["5 s"]


def test_the_described_weight_stays() -> None:
    move = Move(DOMAIN, COMPOSE, FARGATE, weight=80)
    result, aws, _ = run(weights(None, 80), move)
    assert aws.history == [at(10), at(50), at(100), {"homu": 80}]
    assert run(aws.records, move)[1].history == []
    assert result["percent"] == 100


# Look 1 of the new side is before anything is moved; look 2 is at the first step.
@pytest.mark.parametrize(
    ("look", "history", "told"),
    [
        (2, [at(10), WHOLE], "That was at 10 %"),
        (3, [at(10), at(50), WHOLE], "That was at 50 %"),
        (4, [at(10), at(50), at(100), WHOLE], "That was at 100 %"),
    ],
)
def test_a_new_side_that_fails_is_gone_back_from(look: int, history: list[dict[str, int]], told: str) -> None:
    result, aws, lines = run(SIMPLE, bad={"fargate": lambda one: one == look})
    assert aws.history == history
    assert [one for one in aws.records if one["Type"] == "A"] == [COMPOSE.simple(DOMAIN)]
    assert (result["failed"], result["changed"], result["went_back"], result["percent"]) == (True, True, True, 0)
    for part in ("fargate: answers 500", "look at its logs", told, "go to compose again", "repair fargate"):
        assert part in result["msg"]
    assert lines[-1] == "fargate fails: all requests go back to compose"


def test_a_new_side_that_does_not_answer_gets_nothing() -> None:
    result, aws, _ = run(SIMPLE, bad={"fargate": lambda _: True})
    assert (result["failed"], result["changed"], result["went_back"], aws.history) == (True, False, False, [])
    assert "Nothing was moved." in result["msg"]


def test_an_interrupted_move_is_gone_back_from_when_the_new_side_fails_since() -> None:
    result, aws, _ = run(weights(50, 50), bad={"fargate": lambda _: True})
    assert (result["went_back"], aws.history) == (True, [WHOLE])


def test_without_the_old_side_nothing_begins() -> None:
    result, aws, _ = run(SIMPLE, bad={"compose": lambda _: True})
    assert "compose: answers 500" in result["error"]
    assert "nothing to go back to" in result["error"]
    assert (result["changed"], aws.history) == (False, [])


def test_an_old_side_that_broke_during_the_move_does_not_hold_it_up() -> None:
    result, aws, lines = run(weights(50, 50), bad={"compose": lambda _: True})
    assert aws.history == [at(100), WHOLE]
    assert (result["changed"], result["percent"]) == (True, 100)
    assert any("there is nothing to go back to" in line for line in lines)


def test_when_neither_side_answers_the_weights_stay() -> None:
    result, aws, _ = run(SIMPLE, bad={"fargate": lambda one: one == 3, "compose": lambda one: one > 1})
    assert aws.history == [at(10), at(50)]
    assert (result["failed"], result["went_back"], result["percent"]) == (True, False, 50)
    assert "compose does not answer either" in result["msg"]
    assert "fargate keeps 50 % of the requests" in result["msg"]


@pytest.mark.parametrize("bad", [False, True])
def test_check_mode_writes_nothing(bad: bool) -> None:
    result, aws, _ = run(SIMPLE, check=True, bad={"fargate": lambda _: bad})
    assert aws.history == []
    assert result["changed"] is not bad
    assert result.get("failed", False) is bad
    assert ("would give fargate 10 %, then 50 %, then 100 %" in result["msg"]) is not bad
    finished, _, _ = run([FARGATE.simple(DOMAIN)], check=True)
    assert finished["changed"] is False


@pytest.mark.parametrize("records", [SIMPLE, weights(50, 50)])
def test_a_call_that_aws_refuses_says_where_the_requests_are(records: list[Record]) -> None:
    result, aws, _ = run(records, broken="ChangeResourceRecordSets")
    assert aws.history == []
    assert ("fargate has 50 % of the requests" in result["error"]) is (records is not SIMPLE)


def test_a_way_back_that_aws_refuses_is_told_with_the_reason() -> None:
    class Late(Route53):
        def answer(self, operation: str, params: dict[str, Any]) -> Any:
            if len(self.history) == 2:
                self.broken = "ChangeResourceRecordSets"
            return super().answer(operation, params)

    aws = Late(SIMPLE)
    one = Shift(
        aws,
        {"zone": "Z0123456789ABCDEF", "steps": [10, 50, 100], "answers": 12},
        UP,
        Scripted(aws, {"fargate": lambda look: look == 3}),
        lambda _: None,
    )
    with pytest.raises(SlipwayError) as failure:
        one.run(check=False)
    for part in (
        "answers 500",
        "the way back failed",
        "fargate has 50 % of the requests",
        "run the same command again",
    ):
        assert part in str(failure.value)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"steps": []}, "no steps from 1 to 100"),
        ({"steps": [0, 50]}, "no steps from 1 to 100"),
        ({"steps": [101]}, "no steps from 1 to 100"),
        ({"pause": -1}, "no less than 0"),
        ({"answers": 0}, "1 answer is the least"),
        ({"compose": {"set_identifier": "homu"}}, "both sides have the same"),
    ],
)
def test_options_without_a_meaning(changed: dict[str, Any], told: str) -> None:
    options = {"steps": [10, 100], "answers": 12, "fargate": {"set_identifier": "homu"}}
    with pytest.raises(SlipwayError, match=told):
        shift({**options, "compose": {"set_identifier": "homu-compose"}, **changed}, check=True, report=print)


@pytest.mark.parametrize("said", ["25,50", "25, 50", ["25", 50], [25, 50]])
def test_steps_as_a_person_writes_them(said: Any) -> None:
    given = {"zone": "homu.kr", "name": DOMAIN, "to": "fargate", "url": f"https://{DOMAIN}/health", "steps": said}
    given["fargate"] = {"set_identifier": "homu", "load_balancer": "a", "cluster": "c", "service": "s"}
    given["compose"] = {"set_identifier": "homu-compose", "address": "203.0.113.5"}
    spec = argument_spec(documentation_of(ROOT / "library" / "traffic_shift.py"))
    options, _ = validated("traffic_shift", spec, given)
    assert options["steps"] == [25, 50]
    assert (options["compose"]["ttl"], options["answers"], options["status"]) == (60, 12, [200])
