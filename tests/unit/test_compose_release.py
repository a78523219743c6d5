"""The steps of a release in their order; and that one which fails leaves what served before as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.compose.machine import Machine
from slipway.compose.release import Run, carry_out, go_back_to, planned
from slipway.compose.rollback import left_behind, target
from slipway.release.record import Record
from tests.unit.fake_machine import PROGRAM, Answer, FakeChannel, refused
from tests.unit.test_compose_plan import container, serving
from tests.unit.test_compose_render import described, rendered

OLD = "0" * 12
GOOD = {
    "containers": [{"service": "web-1", "state": "running", "health": None, "restarts": 0}],
    "answers": [{"service": "web-1", "status": 200}],
}
CRASHED = {
    "containers": [{"service": "web-1", "state": "exited", "exit_code": 3}],
    "answers": [{"service": "web-1", "status": None, "error": "its container does not run"}],
    "logs": {"web-1": ["boom"]},
}
MIGRATION = {"command": ["migrate"], "timeout": 60}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipway.compose.release.time.sleep", lambda _: None)


class Stage:
    """A release of one service to a machine that answers as the test says."""

    def __init__(self, has: dict[str, Any] | None = None, *, asked: dict[str, Any] | None = None, **changes: Any):
        self.service = described(**changes)
        self.wanted = rendered(**changes)
        self.has = has or {}
        self.asked = asked or {"url": "http://box/health", "status": 200, "body": "ok"}
        self.told: list[str] = []
        self.channel = FakeChannel({"probe": GOOD})

    def run(self, goes_back: bool = True, answers: dict[str, Answer] | None = None, **more: Answer) -> dict[str, Any]:
        self.channel.answers |= {"look": {"services": {"shop": self.has}}, **(answers or {}), **more}
        machine = Machine("box", self.channel, PROGRAM, check=False)
        has, found = planned(machine, self.wanted)
        login = {"host": "registry", "username": "AWS", "password": "x"}
        run = Run(machine, self.service, self.wanted, login, lambda: self.asked, self.told.append, goes_back)
        return carry_out(run, has, found)

    @property
    def verbs(self) -> list[str]:
        return self.channel.verbs[1:]

    def requests(self, verb: str) -> list[dict[str, Any]]:
        return [request for name, request in self.channel.calls if name == verb]


def old() -> dict[str, Any]:
    """A machine on which another release serves."""
    return {**serving(rendered(service_environment={"A": "old"})), "current": OLD}


def test_a_release_in_its_order() -> None:
    stage = Stage(old())
    result = stage.run()
    assert stage.verbs == ["prepare", "start", "probe", "probe", "switch", "settle"]
    assert (result["changed"], result.get("failed")) == (True, None)
    (prepared,) = stage.requests("prepare")
    assert prepared["release"] == json.loads(json.dumps(stage.wanted))
    assert prepared["registry"]["username"] == "AWS"
    assert stage.requests("switch") == [{"service": "shop", "id": stage.wanted["id"]}]


def test_nothing_is_asked_where_nothing_is_different() -> None:
    wanted = rendered()
    stage = Stage(serving(wanted, containers=[container(wanted["id"], "web-1")], base_hash=None, timers={}))
    result = stage.run()
    assert stage.verbs == []
    assert (result["changed"], result["answer"]["status"]) == (False, 200)


def test_settings_start_no_container() -> None:
    wanted = rendered(service_deregistration_delay=7)
    has = serving(wanted, containers=[container(wanted["id"], "web-1")], base_hash=None, timers={})
    stage = Stage(has)
    assert stage.run()["changed"]
    assert stage.verbs == ["prepare", "switch", "settle"]


def test_the_migration_runs_before_the_start_and_is_told_as_it_runs() -> None:
    answers = iter(
        [{"running": True, "log": ["one"]}, {"exit_code": 0, "timed_out": False, "log": ["one", "two"]}],
    )
    stage = Stage(old(), service_migration=MIGRATION)
    stage.run(task=lambda _: next(answers))
    assert stage.verbs[:4] == ["prepare", "task", "task", "start"]
    assert [line for line in stage.told if "|" in line] == ["shop | one", "shop | two"]


def test_a_migration_that_fails_starts_nothing() -> None:
    stage = Stage(old(), service_migration=MIGRATION)
    result = stage.run(task={"exit_code": 1, "timed_out": False, "log": ["no such column"]})
    assert stage.verbs == ["prepare", "task", "discard"]
    assert result["failed"]
    assert result["causes"][0]["code"] == "exit_code"
    assert result["rollback"]["serving"] == f"shop:{OLD}"


def test_what_an_interrupted_release_left_is_removed_first() -> None:
    has = {**old(), "candidate": {"id": "f" * 12, "until": 0}}
    stage = Stage(has)
    stage.run()
    assert stage.verbs[:2] == ["discard", "prepare"]
    assert stage.requests("discard") == [{"service": "shop", "id": "f" * 12}]
    same = Stage()
    same.has = {**old(), "candidate": {"id": same.wanted["id"], "until": 0}}
    same.run()
    assert "discard" not in same.verbs


def broken(answers: dict[str, Answer]) -> tuple[Stage, dict[str, Any]]:
    stage = Stage(old())
    return stage, stage.run(answers=answers)


@pytest.mark.parametrize(
    ("answers", "code", "verbs"),
    [
        ({"probe": CRASHED}, "exit_code", ["prepare", "start", "probe", "discard"]),
        (
            {"prepare": refused("cannot_pull", "x cannot be pulled: manifest unknown")},
            "image_not_found",
            ["prepare", "discard"],
        ),
        ({"prepare": refused("machine", "no space left on device")}, "disk_full", ["prepare", "discard"]),
        (
            {"start": {"addresses": {}, "failed": {"web-1": 'exec: "x": executable file not found'}}},
            "command_not_found",
            ["prepare", "start", "discard"],
        ),
    ],
)
def test_a_failure_before_the_switch_discards_the_candidate(
    answers: dict[str, Answer], code: str, verbs: list[str]
) -> None:
    stage, result = broken(answers)
    assert stage.verbs == verbs
    assert result["failed"]
    assert result["causes"][0]["code"] == code
    assert result["rollback"] == {
        "action": "already",
        "msg": f"shop:{OLD}, which served all the time",
        "serving": f"shop:{OLD}",
    }
    assert "switch" not in stage.verbs


BAD = {
    "failed": True,
    "url": "http://box/health",
    "status": 502,
    "body": "",
    "msg": "load balancer: http://box/health answers 502",
    "causes": [{"code": "http_check", "title": "it answers 502", "evidence": [], "remedy": "look", "count": 1}],
}


def test_a_bad_answer_after_the_switch_goes_back() -> None:
    stage = Stage(old(), asked=BAD)
    result = stage.run()
    assert stage.verbs[-3:] == ["switch", "switch", "discard"]
    assert [one["id"] for one in stage.requests("switch")] == [stage.wanted["id"], OLD]
    assert result["rollback"]["action"] == "rolled_back"
    assert result["causes"][0]["code"] == "http_check"
    assert "settle" not in stage.verbs


def test_a_first_release_that_fails_leaves_nothing() -> None:
    stage = Stage({}, asked=BAD)
    result = stage.run()
    assert [one["id"] for one in stage.requests("switch")] == [stage.wanted["id"], None]
    assert stage.verbs[-1] == "discard"
    assert (result["rollback"]["action"], result["serving"]) == ("stopped", "")


def test_nothing_is_gone_back_to_where_nobody_wants_it() -> None:
    stage = Stage(old(), asked=BAD)
    result = stage.run(goes_back=False)
    assert len(stage.requests("switch")) == 1
    assert result["serving"] == f"shop:{stage.wanted['id']}"


def test_workers_that_do_not_start_are_gone_back_from() -> None:
    answers = iter([refused("not_running", "mail does not start"), {}])
    stage = Stage(old())
    result = stage.run(settle=lambda _: next(answers))
    assert stage.verbs[-7:] == ["settle", "start", "probe", "probe", "switch", "settle", "discard"]
    assert [one["id"] for one in stage.requests("start")] == [stage.wanted["id"], OLD]
    assert (result["failed"], result["serving"], result["rollback"]["action"]) == (True, f"shop:{OLD}", "rolled_back")


def test_a_worker_that_does_not_stay_is_gone_back_from() -> None:
    stage = Stage(old(), service_workers={"mail": {"command": ["nope"]}})
    crashed = container(stage.wanted["id"], "mail", state="restarting", exit_code=127, restarts=2)
    looks = iter([stage.has, {**stage.has, "containers": [crashed]}])
    logs = {"logs": {"mail": ["sh: nope: not found"]}}
    result = stage.run(look=lambda _: {"services": {"shop": next(looks)}}, logs=logs)
    assert stage.verbs[-6:] == ["start", "probe", "probe", "switch", "settle", "discard"]
    assert result["reason"] == "the worker mail does not stay"
    assert result["causes"][0]["code"] == "command_not_found"
    assert "the container mail did not find its command" in result["causes"][0]["title"]
    assert result["serving"] == f"shop:{OLD}"


def test_how_a_worker_ended_is_waited_for_while_it_is_started_again() -> None:
    stage = Stage(old(), service_workers={"mail": {"command": ["nope"]}})
    down = container(stage.wanted["id"], "mail", state="restarting", exit_code=None)
    looks = iter(
        [stage.has, *[{**stage.has, "containers": [{**down, "exit_code": code}]} for code in (None,) * 5 + (127,)]]
    )
    result = stage.run(look=lambda _: {"services": {"shop": next(looks)}})
    assert (result["reason"], result["causes"][0]["code"]) == ("the worker mail does not stay", "command_not_found")
    assert next(looks, None) is None


def test_a_first_release_whose_worker_does_not_stay_stays() -> None:
    stage = Stage({}, service_workers={"mail": {"command": ["nope"]}})
    crashed = container(stage.wanted["id"], "mail", state="restarting", exit_code=1)
    looks = iter([{}, {"containers": [crashed]}])
    result = stage.run(look=lambda _: {"services": {"shop": next(looks)}})
    assert result["rollback"]["action"] == "none"
    assert result["serving"] == f"shop:{stage.wanted['id']}"


def test_a_way_back_that_fails_is_told() -> None:
    def switch(request: Any) -> dict[str, Any]:
        return {} if request["id"] != OLD else refused("not_running", "it does not run")

    stage = Stage(old(), asked=BAD)
    result = stage.run(switch=switch)
    assert result["rollback"]["action"] == "failed"
    assert "it does not run" in result["rollback"]["msg"]


def test_going_back_is_a_release_without_the_preparing() -> None:
    stage = Stage(old())
    machine = Machine("box", stage.channel, PROGRAM, check=False)
    stage.channel.answers["look"] = {"services": {}}
    run = Run(machine, stage.service, stage.wanted, None, lambda: stage.asked, stage.told.append)
    run.before = OLD
    result = go_back_to(run)
    assert stage.verbs == ["start", "probe", "probe", "switch", "settle"]
    assert result["changed"]


A, B, C = "a" * 12, "b" * 12, "c" * 12
HAS = {
    "current": C,
    "previous": [B, A],
    "desired": {"service": "shop"},
    "releases": [
        {"id": A, "tag": "v1", "digest": "sha256:111aaaaaaa"},
        {"id": B, "tag": "v2", "digest": "sha256:222bbbbbbb"},
        {"id": C, "tag": "v2", "digest": "sha256:333ccccccc"},
        {"id": "d" * 12, "tag": "never-served", "digest": ""},
    ],
}


@pytest.mark.parametrize(
    ("to", "expected", "serves"),
    [
        ("", B, False),
        ("v1", A, False),
        ("v2", C, True),
        (A, A, False),
        (f"shop:{B}", B, False),
        ("bbbbbbb", B, False),
        ("sha256:222bbbbbbb", B, False),
        ("222bbbb", B, False),
        (C, C, True),
    ],
)
def test_what_is_gone_back_to(to: str, expected: str, serves: bool) -> None:
    found = target(HAS, to)
    assert (found.identity, found.serves) == (expected, serves)


@pytest.mark.parametrize(
    ("has", "to", "told"),
    [
        ({}, "", "nothing was released yet"),
        ({**HAS, "previous": []}, "", "no release before the one"),
        (HAS, "v9", "no release v9"),
        (HAS, "never-served", "no release never-served"),
        (HAS, "aaa", "no release aaa"),
    ],
)
def test_what_cannot_be_gone_back_to(has: dict[str, Any], to: str, told: str) -> None:
    with pytest.raises(SlipwayError, match=told) as failure:
        target(has, to)
    assert failure.value.remedy


def record(serving: str, kind: Any = "release", verdict: Any = "succeeded", revision: str = "") -> Record:
    revision = f"shop:{revision or serving}"
    return Record("box/shop", "x", kind=kind, verdict=verdict, serving=f"shop:{serving}", revision=revision)


@pytest.mark.parametrize(
    ("newest_first", "left", "goal"),
    [
        ([record(C), record(B), record(A)], set(), B),
        # From C back to B; again, it goes to A, and not to C.
        ([record(B, "rollback"), record(C), record(B), record(A)], {C}, A),
        # What is released again is as good as any.
        ([record(C), record(B, "rollback"), record(C), record(B)], set(), B),
        ([record(B, verdict="failed"), record(C), record(B)], set(), B),
        # What failed after it was switched to is on the machine, too.
        ([record(C, verdict="rolled_back", revision=B), record(C), record(A)], {B}, A),
        ([], set(), B),
    ],
)
def test_going_back_again_goes_further(newest_first: list[Record], left: set[str], goal: str) -> None:
    assert left_behind(newest_first) == left
    current = newest_first[0].serving.rpartition(":")[2] if newest_first and left else C
    has = {**HAS, "current": current, "previous": [one for one in (C, B, A) if one != current]}
    assert target(has, "", left).identity == goal
