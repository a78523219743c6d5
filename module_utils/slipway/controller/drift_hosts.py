"""The host side of a drift check: what is on the machines themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible.errors import AnsibleError

from ..aws.errors import SlipwayError
from ..compose.machine import Machine
from ..compose.program import packed
from ..drift import tasks
from ..drift.check import ignores_of
from ..drift.finding import Finding, State
from ..drift.host_machine import of_machine
from ..drift.host_place import Place
from ..drift.host_repair import KIND, offered, restoration
from ..drift.host_service import in_progress, of_service
from ..drift.host_tasks import of_role
from ..drift.judge import left_alone
from ..engine.parallel import side_by_side
from ..machine.fingerprint import fingerprint
from .action import InProcessAction
from .drift_subjects import Subject, inventory
from .reach import Reached, reach

Known = Mapping[str, Mapping[str, Mapping[str, Any]]]
# The variable by which a host says how the role's check ended.
OBSERVED = "_drift_observed"


@dataclass
class HostsChecked:
    """What came of the look at the machines.

    Attributes:
        looked: how many machines and services on them were looked at.
        errors: by inventory host, what kept it from being checked.
        repaired: what was put back before this was found: kind, name, verb, fields and services.
    """

    findings: list[Finding] = field(default_factory=list)
    looked: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    repaired: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class _Asked:
    """A machine, what of it is described, and what it answers."""

    name: str
    machine: Subject | None = None
    services: list[Subject] = field(default_factory=list)
    channel: Reached | None = None
    look: Mapping[str, Any] = field(default_factory=dict)
    same_program: bool = True
    problem: str = ""


def on_machines(
    action: InProcessAction,
    every: Sequence[Subject],
    known: Known,
    task_vars: Mapping[str, Any],
    repair: frozenset[str] | None = None,
) -> HostsChecked:
    """Look at every machine that something is described for, side by side.

    Args:
        action: the action that asks.
        every: what is described.
        known: what was applied last, as drift_baseline_info returned it.
        task_vars: the action's variables.
        repair: what may be interrupted to be put back; None where nothing is to be put back at all.
    """
    asked: dict[str, _Asked] = {}
    for one in every:
        if one.way == "fargate" or one.description is None:
            continue
        name = one.host if one.way == "machine" else str(one.description["machine"])
        machine = asked.setdefault(name, _Asked(name))
        if one.way == "machine":
            machine.machine = one
        else:
            machine.services.append(one)
    for machine in asked.values():
        _reached(action, machine, task_vars)
    side_by_side(lambda name: _look(asked[name]), list(asked))
    checked = HostsChecked()
    for machine in asked.values():
        found = _judged(machine, known, task_vars)
        if repair is not None and _restored(action, machine, found.findings, repair, checked):
            _look(machine)
            found = _judged(machine, known, task_vars)
        _close(machine)
        checked.findings += found.findings
        checked.looked += found.looked
        checked.errors |= found.errors
        checked.notes += found.notes
    return checked


def _reached(action: InProcessAction, asked: _Asked, task_vars: Mapping[str, Any]) -> None:
    # Here and not side by side: the inventory's variables are computed on the way.
    observed = _observed(asked.name, task_vars)
    if observed.get("unreachable"):
        asked.problem = str(observed.get("error"))
        return
    try:
        asked.channel = reach(action, asked.name, task_vars)
    except SlipwayError as error:
        asked.problem = str(error)


def _look(asked: _Asked) -> None:
    if asked.channel is None:
        return
    try:
        # It only reads, and leaves nothing there.
        machine = Machine(asked.name, asked.channel, packed(), check=True)
        asked.look = machine.look(None, closely=True)
        asked.same_program = not machine.changed
    except SlipwayError as error:
        asked.problem = str(error)


def _close(asked: _Asked) -> None:
    if asked.channel is not None:
        asked.channel.close()


def _restored(
    action: InProcessAction, asked: _Asked, findings: Sequence[Finding], repair: frozenset[str], checked: HostsChecked
) -> bool:
    """Put back what drifted of the services of a machine; answer whether anything was touched."""
    touched = False
    if asked.channel is None or asked.problem:
        return False
    for one in asked.services:
        name = str((one.description or {})["name"])
        seen = asked.look["services"].get(name) or {}
        own = [found for found in findings if found.kind == KIND and found.name == name]
        confirmed = f"{KIND} {name}" in repair
        chosen = restoration(own, seen, confirmed=confirmed) if not in_progress(seen) else None
        if not chosen:
            continue
        if not action.check():
            try:
                machine = Machine(asked.name, asked.channel, packed(), check=False)
                answer = machine.call("restore", service=name, containers=list(chosen.containers))
            except SlipwayError as error:
                checked.notes.append(f"{KIND} {name} was not put right: {error}")
                continue
            touched = True
            checked.notes += [f"{KIND} {name}: {left} has other values: deploy it" for left in answer["left"]]
            checked.notes += [f"{KIND} {name}: {failed} does not start" for failed in answer["failed"]]
        told = {"kind": KIND, "name": name, "verb": "update", "fields": list(chosen.fields), "services": [one.host]}
        checked.repaired.append(told)
    return touched


def _judged(asked: _Asked, known: Known, task_vars: Mapping[str, Any]) -> HostsChecked:
    checked = HostsChecked()
    problems: dict[str, list[str]] = defaultdict(list)
    if asked.machine:
        checked.looked += 1
        error = _role_error(asked.name, _observed(asked.name, task_vars), is_told=bool(asked.problem))
        problems[asked.name] += [error] if error else []
        checked.findings += _ignored(asked.machine, _of_role(asked.machine, known, task_vars))
        if not asked.problem:
            checked.findings += _ignored(asked.machine, _of_machine(asked.machine, asked.look, task_vars))
    for one in asked.services:
        checked.looked += 1
        if asked.problem or known.get(one.host, {}).get("compose", {}).get("under_way"):
            continue
        seen = (asked.look["services"] or {}).get(str((one.description or {})["name"]))
        checked.findings += _ignored(one, _of_service(one, asked, seen, known, task_vars))
        trying = in_progress(seen)
        if trying:
            checked.notes.append(f"{one.host}: its containers were not compared: release {trying} is on its way")
    if asked.problem:
        for host in [asked.name] * bool(asked.machine) + [one.host for one in asked.services]:
            problems[host].append(asked.problem)
    checked.errors |= {host: "; ".join(said) for host, said in problems.items() if said}
    command = f"ansible-playbook drift.yml -i {inventory(task_vars)} -e repair=true"
    checked.findings = list(offered(checked.findings, command))
    return checked


def _of_role(subject: Subject, known: Known, task_vars: Mapping[str, Any]) -> Iterator[Finding]:
    prepared = str(known.get(subject.host, {}).get("machine", {}).get("prepared") or "")
    state: State = "drift" if prepared == fingerprint(subject.description or {}) else "pending"
    remedy = f"ansible-playbook provision.yml -i {inventory(task_vars)} --limit {subject.host} --tags host"
    yield from of_role(subject.host, tasks.SEEN, state=state, remedy=remedy)


def _of_machine(subject: Subject, look: Mapping[str, Any], task_vars: Mapping[str, Any]) -> list[Finding]:
    apply = f"ansible-playbook provision.yml -i {inventory(task_vars)} --limit {subject.host} --tags host"
    place = Place("machine", subject.host, subject.host, subject.host, apply)
    names = [str(one["name"]) for one in subject.result.get("services") or ()]
    port = int(task_vars["hostvars"][subject.host].get("ansible_port") or 22)
    return of_machine(place, look, subject.description or {}, names, port)


def _of_service(
    subject: Subject, asked: _Asked, seen: Mapping[str, Any] | None, known: Known, task_vars: Mapping[str, Any]
) -> list[Finding]:
    described = subject.description or {}
    apply = f"ansible-playbook deploy.yml -i {inventory(task_vars)} --limit {subject.host}"
    place = Place("compose_service", str(described["name"]), subject.host, asked.name, apply)
    was_released = bool(known.get(subject.host, {}).get("compose", {}).get("applied"))
    return of_service(place, described, seen, same_program=asked.same_program, was_released=was_released)


def _ignored(subject: Subject, found: Iterator[Finding] | Sequence[Finding]) -> Iterator[Finding]:
    ignores = ignores_of((subject.description or {})["drift_ignore"])
    yield from (left_alone(one, ignores, date.today()) for one in found)


def _observed(machine: str, task_vars: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return dict(task_vars["hostvars"][machine].get(OBSERVED) or {})
    except (AnsibleError, KeyError):
        return {}


def _role_error(machine: str, observed: Mapping[str, Any], *, is_told: bool) -> str:
    """Why nobody knows whether the machine is as the role prepares it."""
    if observed.get("error"):
        # That it can't be reached is said once.
        return "" if is_told and observed.get("unreachable") else str(observed["error"])
    if not observed.get("ended"):
        return "" if is_told else "the role machine was not looked at: run drift.yml as it is"
    if not any(one.host == machine for one in tasks.SEEN):
        return "what the role machine would change was not seen: is the callback plugin drift_tasks there?"
    return ""
