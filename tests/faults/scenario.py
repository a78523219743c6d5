"""Faults as data: which calls a rule meets, and what it does to them. No I/O.

A scenario is `{"name", "source", "seed", "rules": [...]}`. A rule:

    match    the call, such as `ecs:DescribeServices`; `*` and `?` stand for anything; or a list of those
    where    parameters that the call must have (JSON APIs and query APIs)
    calls    {"from": 2, "to": 4}: only those of the calls met, counted from 1
    seconds  {"from": 0, "to": 5}: only within this time since the scenario was started
    share    0.3: only this share of the calls, by the scenario's seed
    fault    throttle, error, deny, reset, slow, stale, pages, answer, launch, probe or stop, each with its own keys:

    throttle                                   as AWS throttles the call's protocol
    error    code, message, status             an error answer
    deny     message                           AccessDenied
    reset    after                             the connection is reset: before the call is made, or `after: true` it
    slow     delay                             seconds that the answer comes late
    stale    age, missing                      what was true `age` seconds ago; `missing` answers for what is newer
    pages                                      one item a page
    answer   edits: [{"path", "where", "set"}] changes the answer of a JSON API: `tasks[].containers[]`
    launch   reason                            (match `layer:Launch`) the service scheduler cannot place a task
    probe    answer                            (match `layer:Probe`) what health checks get: code, `timeout` or other;
                                               `where: {deployment: new}` for tasks that were launched since it began
    stop     code, reason                      (match `layer:Task`) a running task of a service is stopped
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

FAULTS = frozenset("throttle error deny reset slow stale pages answer launch probe stop".split())
_KEYS = frozenset("match where calls seconds share fault".split())
_OWN = {
    "error": {"code", "message", "status"},
    "deny": {"message"},
    "reset": {"after"},
    "slow": {"delay"},
    "stale": {"age", "missing"},
    "answer": {"edits"},
    "launch": {"reason"},
    "probe": {"answer"},
    "stop": {"code", "reason"},
}


@dataclass
class Rule:
    """One rule, and how many calls it has met."""

    data: Mapping[str, Any]
    chance: random.Random
    met: int = 0

    @property
    def fault(self) -> str:
        """What it does."""
        return str(self.data["fault"])

    def meets(self, name: str, parameters: Mapping[str, Any], elapsed: float) -> bool:
        """Whether it is for this call; every call that it looks at counts."""
        wanted = self.data.get("match", "*")
        patterns = [wanted] if isinstance(wanted, str) else wanted
        if not any(fnmatchcase(name, one) for one in patterns):
            return False
        if not contains(parameters, self.data.get("where") or {}):
            return False
        window = self.data.get("seconds") or {}
        if not float(window.get("from", 0)) <= elapsed <= float(window.get("to", "inf")):
            return False
        self.met += 1
        calls = self.data.get("calls") or {}
        if not int(calls.get("from", 1)) <= self.met <= float(calls.get("to", "inf")):
            return False
        # Drawn for every call, so that the same calls get the same faults.
        return self.chance.random() < float(self.data.get("share", 1))


@dataclass
class Scenario:
    """The rules that are in force since `started`."""

    name: str
    rules: list[Rule] = field(default_factory=list)
    started: float = 0.0

    def for_call(self, name: str, parameters: Mapping[str, Any], now: float) -> list[Rule]:
        """The rules that meet a call."""
        return [rule for rule in self.rules if rule.meets(name, parameters, now - self.started)]


def load(data: Mapping[str, Any], now: float) -> Scenario:
    """Make a scenario of its data.

    Raises:
        ValueError: it is not understood.
    """
    rules = []
    for number, rule in enumerate(data.get("rules") or (), 1):
        fault = rule.get("fault")
        if fault not in FAULTS:
            raise ValueError(f"{data.get('name')}: rule {number} has the fault {fault!r}: choose of {sorted(FAULTS)}")
        if unknown := set(rule) - _KEYS - _OWN.get(fault, set()):
            raise ValueError(f"{data.get('name')}: rule {number} has unknown keys: {sorted(unknown)}")
        # No secret: the same draws every time.
        rules.append(Rule(rule, random.Random(f"{data.get('seed', 1)}:{number}")))  # noqa: S311
    return Scenario(str(data.get("name", "")), rules, now)


def contains(value: Any, wanted: Any) -> bool:
    """Whether a value has all that is wanted of it; a text may be a pattern, a list has to have one such item each."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(contains(value.get(key), one) for key, one in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(contains(item, one) for item in value) for one in wanted)
    if isinstance(wanted, str) and isinstance(value, str):
        return fnmatchcase(value, wanted)
    return bool(value == wanted)


def edit(answer: Any, edits: Sequence[Mapping[str, Any]]) -> Any:
    """Change an answer in place: at each `path`, what has `where`, gets `set`."""
    for one in edits:
        for found in _at(answer, [part for part in str(one.get("path", "")).split(".") if part]):
            if isinstance(found, dict) and contains(found, one.get("where") or {}):
                found.update(one["set"])
    return answer


def _at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    if not path:
        yield value
        return
    name, is_list = path[0].removesuffix("[]"), path[0].endswith("[]")
    inner = value.get(name) if isinstance(value, dict) else None
    if inner is None:
        return
    for item in inner if is_list else [inner]:
        yield from _at(item, path[1:])
