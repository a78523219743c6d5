"""Drift, pending, unreadable and ignored told apart, over resources of a made-up kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import AwsError
from slipway.drift import check as checking
from slipway.drift.applied import Applied
from slipway.drift.check import Checked, Described, check, ignores_of
from slipway.drift.finding import Finding
from slipway.drift.judge import Ignore, hidden, left_alone
from slipway.drift.shared import agree, joined
from slipway.engine.compare import Difference, Rules
from slipway.engine.kind import Kind, Known, Options, Reference
from slipway.engine.plan import Call, Desired, Live

HERE = Connection("test-1")
World = dict[str, dict[str, Any]]


class Cloud(Aws):
    """An AWS of one dictionary; `hidden` may not be looked at."""

    world: ClassVar[World] = {}
    hidden: frozenset[str] = frozenset()
    down = False
    # What CloudTrail answers; None where it may not be asked.
    events: ClassVar[list[dict[str, Any]] | None] = None
    asked: ClassVar[list[dict[str, Any]]] = []

    def identity(self) -> dict[str, Any]:
        if self.down:
            raise AwsError("nobody knows who calls", code="ExpiredToken", operation="GetCallerIdentity")
        return {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        self.asked.append(params)
        if self.events is None:
            raise AwsError("may not look", code="AccessDenied", operation=operation, service=service)
        return {"Events": self.events}


class Thing(Kind):
    """A kind of resource whose options are its fields; `of` refers to another one."""

    name = "thing"
    rules = Rules(unordered={"rules": "id"}, sensitive=frozenset({"password"}))

    def references(self, options: Options) -> Iterable[Reference]:
        if "of" in options:
            yield "thing", options["of"]

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        assert isinstance(aws, Cloud)
        aws.calls["test:Look"] += 1
        for name in wanted:
            if name in aws.hidden:
                raise AwsError(f"may not look at {name}", code="AccessDenied", operation="Look", service="test")
        return {name: Live(aws.world[name], {"arn": f"arn:{name}"}) for name in wanted if name in aws.world}

    def desired(self, options: Options, known: Known) -> Desired:
        fields = {key: value for key, value in options.items() if key not in {"name", "of"}}
        if "of" in options:
            fields["of_arn"] = known.output("thing", options["of"], "arn", "of")
        return Desired(options["name"], fields)

    def create(self, desired: Desired) -> Sequence[Call]:
        return [Call("test", "Create", {})]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        return [Call("test", "Update", {})]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        return [Call("test", "Delete", {})]


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> type[Cloud]:
    mine: type[Cloud] = type("Mine", (Cloud,), {"world": {}, "asked": []})
    monkeypatch.setattr(checking, "Aws", mine)
    return mine


def thing(name: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return "thing", {"name": name, **fields}


def described(*resources: Any, applied: Sequence[Any] | None = None, host: str = "shop", **more: Any) -> Described:
    known = None if applied is None else Applied([*applied])
    return Described(host, HERE, resources, known, remedy=f"deploy {host}", **more)


def looked(*hosts: Described) -> Checked:
    return check(hosts, {"thing": Thing()}, {})


def told(checked: Checked) -> list[tuple[str, str, str]]:
    return [(one.state, one.name, one.field) for one in checked.findings]


def test_nothing_differs(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 1}
    checked = looked(described(thing("a", size=1), applied=[thing("a", size=1)]))
    assert told(checked) == []
    assert (checked.resources, checked.api_calls) == (1, 1)


def test_what_somebody_changed_is_drift(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7}
    checked = looked(described(thing("a", size=1), applied=[thing("a", size=1)]))
    (one,) = checked.findings
    assert (one.state, one.key, one.expected, one.found) == ("drift", "thing a size", 1, 7)
    assert one.remedy == "deploy shop"


def test_what_only_the_description_changed_is_pending(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 1}
    checked = looked(described(thing("a", size=2), applied=[thing("a", size=1)]))
    assert told(checked) == [("pending", "a", "size")]


def test_a_field_that_both_changed_is_drift_from_what_was_applied(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7, "colour": "red"}
    checked = looked(described(thing("a", size=2, colour="blue"), applied=[thing("a", size=1, colour="red")]))
    assert told(checked) == [("drift", "a", "size"), ("pending", "a", "colour")]
    assert checked.findings[0].expected == 1


def test_drift_that_the_new_description_agrees_with_is_drift_still(cloud: type[Cloud]) -> None:
    """Somebody did by hand what the description asks for by now: it was no release all the same."""
    cloud.world["a"] = {"size": 2}
    checked = looked(described(thing("a", size=2), applied=[thing("a", size=1)]))
    assert told(checked) == [("drift", "a", "size")]


@pytest.mark.parametrize(
    ("applied", "state"), [([thing("a", size=1)], "drift"), ([], "pending"), (None, "pending")],
    ids=["it was made", "it was not", "nobody knows"],
)  # fmt: skip
def test_a_resource_that_is_not_there(applied: Any, state: str) -> None:
    assert told(looked(described(thing("a", size=1), applied=applied))) == [(state, "a", "")]


def test_without_a_release_on_record_nobody_is_said_to_have_changed_anything(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7}
    assert told(looked(described(thing("a", size=1)))) == [("pending", "a", "size")]


def test_what_refers_to_an_absent_resource_says_nothing_of_its_own(cloud: type[Cloud]) -> None:
    cloud.world["b"] = {"of_arn": "arn:old"}
    both = (thing("a"), thing("b", of="a"))
    assert told(looked(described(*both, applied=both))) == [("drift", "a", "")]


def test_what_may_not_be_looked_at_costs_nothing_else(cloud: type[Cloud]) -> None:
    cloud.world |= {"a": {"size": 1}, "b": {"size": 2}, "c": {"size": 1, "of_arn": "arn:a"}}
    cloud.hidden = frozenset({"a"})
    all_three = (thing("a", size=1), thing("b", size=1), thing("c", size=1, of="a"))
    checked = looked(described(*all_three, applied=all_three))
    assert told(checked) == [("unreadable", "a", ""), ("drift", "b", "size")]
    assert checked.findings[0].reason == "may not look at a"


def test_nobody_knows_who_calls(cloud: type[Cloud]) -> None:
    cloud.down = True
    checked = looked(described(thing("a"), host="shop"), described(thing("b"), host="blog"))
    assert checked.findings == []
    assert set(checked.errors) == {"shop", "blog"}


def test_a_shared_resource_is_told_once(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7}
    one = thing("a", size=1)
    checked = looked(described(one, applied=[one], host="shop"), described(one, applied=[one], host="blog"))
    assert [finding.services for finding in checked.findings] == [("shop", "blog")]
    assert (checked.resources, checked.api_calls) == (1, 1)


def test_two_descriptions_of_one_resource(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 1}
    shop = described(thing("a", size=1), applied=[thing("a", size=1)], host="shop")
    blog = described(thing("a", size=2), applied=[thing("a", size=2)], host="blog")
    assert told(looked(shop, blog)) == [("pending", "a", "(description)")]


def test_what_is_no_longer_described_and_still_there(cloud: type[Cloud]) -> None:
    cloud.world |= {"a": {}, "old": {"size": 1}}
    checked = looked(described(thing("a"), applied=[thing("a"), thing("old", size=1), thing("gone")]))
    assert [(one.state, one.name, one.what) for one in checked.findings] == [
        ("pending", "old", "is there, and no longer described")
    ]


def test_secrets_are_not_shown(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"password": "old", "environment": {"DATABASE_URL": "postgresql://u:hunter2@db/x"}}
    given = thing("a", password="new", environment={"DATABASE_URL": "x"})
    text = repr(looked(described(given, applied=[given])).findings)
    assert "hunter2" not in text
    assert "'new'" not in text
    assert hidden("environment.API_TOKEN", "abc") == "********"
    assert hidden("size", "abc") == "abc"


HIDDEN: list[tuple[str, Any, Any]] = [
    ("tags.db_password", "abc", "********"),
    ("containers[api].environment[API_TOKEN].value", "abc", "********"),
    ("containers[api].environment[API_TOKEN]", {"name": "API_TOKEN", "value": "abc"}, "********"),
    ("containers[api].environment", [{"name": "API_TOKEN", "value": "abc"}], "********"),
    ("containers[api].environment[STAGE].value", "abc", "abc"),
    ("containers[api].environment[STAGE]", {"name": "STAGE", "value": "abc"}, "abc"),
    # A reference is none.
    ("containers[api].secrets[DB_PASSWORD].value_from", "abc", "abc"),
    ("containers[api].command", ["--token=abc"], "********"),
]


@pytest.mark.parametrize(("path", "value", "shown"), HIDDEN, ids=[one[0] for one in HIDDEN])
def test_what_looks_like_a_secret_by_its_name(path: str, value: Any, shown: str) -> None:
    text = repr(hidden(path, value))
    assert shown in text
    assert ("abc" in text) is (shown == "abc")


def test_who_changed_it_and_when_is_asked_of_cloudtrail(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7}
    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    told_by = {"userIdentity": {"arn": "arn:aws:iam::000000000000:user/kim"}}
    cloud.events = [
        {"EventName": "DescribeThings", "EventTime": at, "ReadOnly": "true"},
        {"EventName": "ModifyThing", "EventTime": at, "ReadOnly": "false", "CloudTrailEvent": json.dumps(told_by)},
    ]
    checked = looked(described(thing("a", size=1), applied=[thing("a", size=1)]))
    (one,) = checked.findings
    assert one.since == "2026-11-20T09:30:00.000Z"
    assert one.by == "arn:aws:iam::000000000000:user/kim (ModifyThing)"
    assert checked.notes == []
    assert cloud.asked[0]["LookupAttributes"] == [{"AttributeKey": "ResourceName", "AttributeValue": "arn:a"}]


def test_without_the_permission_to_ask_cloudtrail_there_is_a_note(cloud: type[Cloud]) -> None:
    cloud.world |= {"a": {"size": 7}, "b": {"size": 7}}
    both = (thing("a", size=1), thing("b", size=1))
    checked = looked(described(*both, applied=both))
    assert [one.by for one in checked.findings] == ["", ""]
    assert checked.notes == ["CloudTrail can't be asked who changed it: may not look"]
    assert len(cloud.asked) == 1


def test_cloudtrail_is_not_asked_where_nothing_drifted(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 1}
    looked(described(thing("a", size=2), applied=[thing("a", size=1)]))
    assert cloud.asked == []


DRIFT = Finding(("shop",), "drift", "medium", "thing", "a", "rules[x].size", what="rules[x].size is another one")
IGNORED: list[tuple[str, dict[str, str], bool]] = [
    ("the field", {"resource": "thing a", "field": "rules[x].size"}, True),
    ("any field", {"resource": "thing a"}, True),
    ("a pattern", {"resource": "thing *", "field": "rules*"}, True),
    ("another field", {"resource": "thing a", "field": "size"}, False),
    ("another resource", {"resource": "thing b"}, False),
    ("until today", {"resource": "*", "until": "2026-11-21"}, True),
    ("until yesterday", {"resource": "*", "until": "2026-11-20"}, False),
]


@pytest.mark.parametrize(("entry", "is_ignored"), [one[1:] for one in IGNORED], ids=[one[0] for one in IGNORED])
def test_what_is_left_alone(entry: dict[str, str], is_ignored: bool) -> None:
    (ignore,) = ignores_of([{"reason": "we know", **entry}])
    found = left_alone(DRIFT, [ignore], date(2026, 11, 21))
    assert (found.state == "ignored") is is_ignored
    assert found.reason.startswith("we know") is is_ignored
    assert ("until 2026-11-20" in found.what) is (entry.get("until") == "2026-11-20")


def test_only_drift_is_left_alone() -> None:
    pending = Finding(("shop",), "pending", "high", "thing", "a")
    assert left_alone(pending, [Ignore("*", "we know")], date(2026, 11, 21)) is pending


def role(host: str, *policies: str, purge: bool = False, **more: Any) -> Options:
    given = [{"name": name, "statements": [{"actions": [f"{host}:*"]}]} for name in policies]
    return {"name": "shared", "inline_policies": given, "purge_inline_policies": purge, **more}


PARTS: list[tuple[str, Options, Options, bool]] = [
    ("the same", role("a", "x"), role("a", "x"), True),
    ("parts", role("a", "x"), role("b", "y"), True),
    ("parts, one of them common", role("a", "x", "z"), role("a", "y", "x"), True),
    ("a part in two ways", role("a", "x"), role("b", "x"), False),
    ("another field in two ways", role("a", "x", path="/a/"), role("b", "y", path="/b/"), False),
    ("all of it in two ways", role("a", "x", purge=True), role("b", "y", purge=True), False),
]


@pytest.mark.parametrize(("one", "other", "is_so"), [case[1:] for case in PARTS], ids=[case[0] for case in PARTS])
def test_whether_two_descriptions_of_one_resource_agree(one: Options, other: Options, is_so: bool) -> None:
    assert agree(one, other) is agree(other, one) is is_so
    names = {item["name"] for options in (one, other) for item in options["inline_policies"]}
    if is_so:
        assert {item["name"] for item in joined(one, other)["inline_policies"]} == names


def test_each_service_has_its_part_of_a_shared_resource(cloud: type[Cloud]) -> None:
    rules = {host: [{"id": host, "to": 1}] for host in ("shop", "blog")}
    both = [
        described(given := thing("a", rules=rules[host], purge_rules=False), applied=[given], host=host)
        for host in ("shop", "blog")
    ]
    cloud.world["a"] = {"rules": [*rules["blog"], *rules["shop"]], "purge_rules": False}
    for order in (both, both[::-1]):
        assert told(looked(*order)) == []
    cloud.world["a"] = {"rules": [{"id": "blog", "to": 2}, *rules["shop"]], "purge_rules": False}
    for order in (both, both[::-1]):
        assert told(looked(*order)) == [("drift", "a", "rules[blog].to")]
