"""Observe, plan, apply: order, references, check mode, and what a call may tolerate or retry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import AwsError, SlipwayError
from slipway.engine import render
from slipway.engine.compare import Difference
from slipway.engine.kind import Kind, Known, Options, Reference
from slipway.engine.observe import Request
from slipway.engine.plan import Call, Desired, Live, Output, resolve
from slipway.engine.run import Outcome, run


class Shelf(Aws):
    """An AWS of a few dictionaries: what is put there, and in which order."""

    def __init__(self) -> None:
        super().__init__(Connection("test-1"))
        self.things: dict[str, dict[str, Any]] = {}
        self.log: list[str] = []
        self.failures: list[str] = []

    def identity(self) -> dict[str, Any]:
        return {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        if self.failures:
            raise AwsError("no", code=self.failures.pop(0), operation=operation)
        name = f"{service}/{params['name']}"
        self.log.append(f"{operation} {name}")
        if operation == "Delete":
            del self.things[name]
            return {}
        self.things[name] = {**self.things.get(name, {}), **params}
        return {"arn": f"arn:{name}"}


class Thing(Kind):
    """A kind with one field, and another kind that refers to it."""

    def __init__(self, name: str, after: tuple[str, ...] = ()) -> None:
        self.kind_name = name
        type(self).after = after

    def references(self, options: Options) -> Iterable[Reference]:
        if "of" in options:
            yield "base", options["of"]

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        assert isinstance(aws, Shelf)
        return {
            name: Live(aws.things[f"{self.name}/{name}"], {"arn": f"arn:{self.name}/{name}"})
            for name in wanted
            if f"{self.name}/{name}" in aws.things
        }

    def desired(self, options: Options, known: Known) -> Desired:
        fields = {key: value for key, value in options.items() if key not in {"name", "state", "of", "call"}}
        if "of" in options:
            fields["base_arn"] = known.output("base", options["of"], "arn", "of")
        return Desired(options["name"], fields, options.get("call", {}), options.get("state") == "absent")

    def create(self, desired: Desired) -> Sequence[Call]:
        params = {"name": desired.name, **desired.fields}
        return [Call(self.name, "Create", params, lambda answer: answer, every=0.01, **desired.settings)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        return [Call(self.name, "Update", {"name": desired.name, **desired.fields})]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        return [Call(self.name, "Delete", {"name": desired.name})]


class Base(Thing):
    name = "base"
    create_only = frozenset({"size"})
    exists = frozenset({"Exists"})


class User(Thing):
    name = "user"


KINDS: dict[str, Kind] = {"base": Base("base"), "user": User("user", after=("base",))}


def go(aws: Shelf, *wanted: tuple[str, dict[str, Any]], check: bool = False) -> list[Outcome]:
    requests = [Request(KINDS[kind], options) for kind, options in wanted]
    return run(aws, requests, KINDS, check=check, report=lambda _: None)


def test_what_others_refer_to_is_made_first_and_removed_last() -> None:
    aws = Shelf()
    go(aws, ("user", {"name": "u", "of": "b"}), ("base", {"name": "b"}))
    assert aws.log == ["Create base/b", "Create user/u"]
    assert aws.things["user/u"]["base_arn"] == "arn:base/b"
    absent = {"state": "absent"}
    go(aws, ("base", {"name": "b", **absent}), ("user", {"name": "u", **absent}))
    assert aws.log[2:] == ["Delete user/u", "Delete base/b"]


def test_check_mode_writes_nothing_and_names_what_is_not_known_yet() -> None:
    aws = Shelf()
    outcomes = go(aws, ("base", {"name": "b"}), ("user", {"name": "u", "of": "b"}), check=True)
    assert aws.log == []
    assert [one.plan.verb for one in outcomes] == ["create", "create"]
    assert outcomes[1].plan.found == [Difference("base_arn", None, Output("arn", of="base b"))]
    assert "known once it is applied" in render.diff(outcomes[1])["after"]


def test_a_reference_to_nothing_is_refused_before_anything_is_written() -> None:
    aws = Shelf()
    with pytest.raises(SlipwayError, match="no base named 'gone'"):
        go(aws, ("base", {"name": "b"}), ("user", {"name": "u", "of": "gone"}))
    assert aws.log == []


def test_a_field_that_cannot_change_is_refused_before_anything_is_written() -> None:
    aws = Shelf()
    go(aws, ("base", {"name": "b", "size": 1}))
    with pytest.raises(SlipwayError, match="size cannot be changed"):
        go(aws, ("base", {"name": "other"}), ("base", {"name": "b", "size": 2}))
    assert aws.log == ["Create base/b"]


def test_one_resource_described_twice_is_refused() -> None:
    with pytest.raises(SlipwayError, match="twice"):
        go(Shelf(), ("base", {"name": "b"}), ("base", {"name": "b"}))


def test_retry_and_tolerate() -> None:
    aws = Shelf()
    aws.failures = ["NotYet", "NotYet"]
    go(aws, ("base", {"name": "b", "call": {"retry": frozenset({"NotYet"})}}))
    assert "base/b" in aws.things
    aws.failures = ["AlreadyDone"]
    go(aws, ("base", {"name": "c", "call": {"tolerate": frozenset({"AlreadyDone"})}}))
    aws.failures = ["Other"]
    with pytest.raises(SlipwayError) as failure:
        go(aws, ("base", {"name": "d"}))
    assert failure.value.where == "base d"


def test_a_wait_that_never_ends_ends() -> None:
    settings = {"until": lambda _: False, "patience": 0.05, "progress": "waiting for it"}
    with pytest.raises(SlipwayError, match="waiting for it"):
        go(Shelf(), ("base", {"name": "b", "call": settings}))


def test_again_is_no_change() -> None:
    aws = Shelf()
    wanted = [("base", {"name": "b", "colour": "red"}), ("user", {"name": "u", "of": "b"})]
    go(aws, *wanted)
    assert [one.plan.verb for one in go(aws, *wanted)] == ["none", "none"]
    ([outcome]) = go(aws, ("base", {"name": "b", "colour": "blue"}))
    assert render.summary(outcome, check=False).startswith("updated: base b: colour")
    assert aws.log == ["Create base/b", "Create user/u", "Update base/b"]


def test_what_is_removed_is_removed_in_the_opposite_order() -> None:
    aws = Shelf()
    go(aws, ("base", {"name": "a"}), ("base", {"name": "b"}))
    go(aws, ("base", {"name": "a", "state": "absent"}), ("base", {"name": "b", "state": "absent"}))
    assert aws.log[2:] == ["Delete base/b", "Delete base/a"]


def test_an_output_that_nothing_made_yet_is_an_error_for_people() -> None:
    with pytest.raises(SlipwayError, match="needs base b") as failure:
        resolve({"Ids": [Output("id", of="base b")]}, {})
    assert failure.value.remedy == "move base b before it"


def test_an_output_is_given_in_the_form_that_a_call_takes() -> None:
    assert resolve({"Ids": Output("ids", form=sorted)}, {"ids": ["b", "a"]}) == {"Ids": ["a", "b"]}


def test_what_another_made_meanwhile_is_brought_on() -> None:
    class Raced(Shelf):
        """Somebody creates the role between our look and our call."""

        def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
            if operation == "Create" and f"{service}/{params['name']}" not in self.things:
                self.things[f"{service}/{params['name']}"] = {"name": params["name"], "colour": "red"}
                raise AwsError("it is there", code="Exists", operation=operation)
            return super().call(service, operation, **params)

    aws = Raced()
    ([outcome]) = go(aws, ("base", {"name": "b", "colour": "blue"}))
    assert outcome.plan.verb == "update"
    assert aws.things["base/b"]["colour"] == "blue"
    ([outcome]) = go(Raced(), ("base", {"name": "b", "colour": "red"}))
    assert outcome.plan.verb == "none"
    assert outcome.outputs["arn"] == "arn:base/b"
