"""Each machine is asked once; one that does not answer, or was not looked at, is never said to be clean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.controller import drift_hosts
from slipway.controller.drift_hosts import HostsChecked, on_machines
from slipway.controller.drift_subjects import Subject
from slipway.drift import tasks
from slipway.machine.fingerprint import fingerprint
from tests.unit.test_compose_render import described
from tests.unit.test_drift_hosts import OPTIONS, looked, seen

BOX: dict[str, Any] = {"open_ports": [], "drift_ignore": []}
ENDED = {"_drift_observed": {"ended": True}}


class Channel:
    """The way to a machine."""

    def close(self) -> None:
        """Let go of it."""


class FakeMachine:
    """Answers with a look, and remembers what it was asked to restore."""

    restored: list[dict[str, Any]]
    looks: dict[str, Any]

    def __init__(self, name: str, *_: Any, check: bool) -> None:
        self.name, self.check, self.changed = name, check, False

    def look(self, services: Any, *, closely: bool) -> Any:
        assert self.check
        assert (services, closely) == (None, True)
        if isinstance(self.looks[self.name], Exception):
            raise self.looks[self.name]
        return self.looks[self.name]

    def call(self, verb: str, **request: Any) -> dict[str, Any]:
        assert not self.check
        self.restored.append({"verb": verb, **request})
        self.looks[self.name] = {**looked(), "services": {"shop": seen()}}
        return {"left": [".env"], "failed": []}


class Action:
    """What asks."""

    def __init__(self, check: bool = False) -> None:
        self._check = check

    def check(self) -> bool:
        return self._check


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeMachine]]:
    made = type("Made", (FakeMachine,), {"restored": [], "looks": {"box": {**looked(), "services": {"shop": seen()}}}})
    monkeypatch.setattr(drift_hosts, "Machine", made)
    monkeypatch.setattr(drift_hosts, "reach", lambda *_: Channel())
    tasks.SEEN.clear()
    tasks.note("box", "Look", {"changed": False})
    yield made
    tasks.SEEN.clear()


def check(repair: Any = None, *, check_mode: bool = False, **hostvars: Any) -> HostsChecked:
    service = described(**OPTIONS)
    every = [
        Subject("shop", "compose", service, "", {}),
        Subject("web", "fargate", {"name": "web"}, "", {}),
        Subject("box", "machine", BOX, "", {"services": [service]}),
    ]
    known = {"box": {"machine": {"prepared": fingerprint(BOX)}}, "shop": {"compose": {"applied": {}}}}
    task_vars = {"hostvars": {"box": ENDED, **hostvars}, "inventory_dir": "/x/inventories/prod"}
    return on_machines(Action(check_mode), every, known, task_vars, repair)  # type: ignore[arg-type]


@pytest.mark.usefixtures("machines")
def test_a_machine_and_its_service_are_looked_at_once() -> None:
    checked = check()
    assert (checked.looked, checked.findings, checked.errors, checked.notes) == (2, [], {}, [])


@pytest.mark.parametrize(
    ("observed", "error"),
    [
        ({}, "was not looked at"),
        ({"error": "Configure Docker: no space left"}, "Configure Docker: no space left"),
    ],
)
@pytest.mark.usefixtures("machines")
def test_a_role_that_was_not_looked_at_to_its_end_is_an_error(observed: dict[str, Any], error: str) -> None:
    checked = check(box={"_drift_observed": observed})
    assert list(checked.errors) == ["box"]
    assert error in checked.errors["box"]


@pytest.mark.usefixtures("machines")
def test_a_role_that_nobody_watched_is_an_error() -> None:
    tasks.SEEN.clear()
    assert "callback plugin drift_tasks" in check().errors["box"]


def test_a_machine_that_does_not_answer_is_an_error_of_all_that_is_on_it(machines: type[FakeMachine]) -> None:
    machines.looks["box"] = SlipwayError("gave no answer")
    checked = check()
    assert checked.errors == {"box": "gave no answer", "shop": "gave no answer"}
    unreachable = check(box={"_drift_observed": {"unreachable": True, "error": "box does not let us in"}})
    assert unreachable.errors == {"box": "box does not let us in", "shop": "box does not let us in"}


@pytest.mark.parametrize(("options", "state"), [({}, "drift"), ({"journal_max_size": "1G"}, "pending")])
def test_a_role_or_description_that_moved_on_is_pending(
    machines: type[FakeMachine], monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], state: str
) -> None:
    before = fingerprint(BOX)
    monkeypatch.setattr(drift_hosts, "fingerprint", lambda _: fingerprint({**BOX, **options}))
    assert (fingerprint({**BOX, **options}) == before) is (state == "drift")
    tasks.note("box", "Limit the journal", {"changed": True})
    (one,) = check().findings
    assert (one.state, one.field, one.services) == (state, "Limit the journal", ("box",))
    assert one.repair == (
        "ansible-playbook drift.yml -i prod -e repair=true -e confirm=machine:box" if state == "drift" else ""
    )


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_drifted_is_restored_and_looked_at_again(machines: type[FakeMachine], check_mode: bool) -> None:
    machines.looks["box"]["services"]["shop"]["unit"]["enabled"] = False
    assert [one.field for one in check().findings] == ["unit.enabled"]
    assert machines.restored == []
    checked = check(frozenset[str](), check_mode=check_mode)
    told = {"kind": "compose_service", "name": "shop", "verb": "update", "fields": ["unit.enabled"]}
    assert checked.repaired == [{**told, "services": ["shop"]}]
    if check_mode:
        assert ([one.field for one in checked.findings], machines.restored) == (["unit.enabled"], [])
    else:
        assert (checked.findings, checked.notes) == ([], ["compose_service shop: .env has other values: deploy it"])
        assert machines.restored == [{"verb": "restore", "service": "shop", "containers": []}]
