"""A service's description, checked and completed: a pure function of its variables and its argument spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .completion import completed, shortened
from .findings import Finding
from .parts import PART_RULES, check_parts_shape
from .relations import RELATIONS, check_answer, check_container, check_intervals, check_policy
from .rules import check_bounds
from .shape import Options, check_shape, with_defaults, without_nulls
from .target import (
    Target,
    check_fargate_only,
    check_git,
    check_machine_domain,
    check_replicas,
    options_of,
)
from .variables import VARIABLE_RULES

PREFIX = "service_"
Rule = Callable[[Mapping[str, Any]], Iterator[Finding]]
_SHARED: tuple[Rule, ...] = (check_bounds, *VARIABLE_RULES)
# What only the other target uses is ignored, so that moving a service is a change of its group.
RULES: dict[Target, tuple[Rule, ...]] = {
    "fargate": (*_SHARED, *RELATIONS, check_fargate_only),
    "compose": (
        *_SHARED,
        *(check_answer, check_intervals, check_container, check_policy),
        *(check_replicas, check_machine_domain, check_git, *PART_RULES),
    ),
}


@dataclass(frozen=True)
class Checked:
    """What a description comes to.

    Attributes:
        service: the completed description, keys without `service_`; empty when something is wrong.
        findings: everything that is wrong.
    """

    service: dict[str, Any]
    findings: tuple[Finding, ...]


class _Sound(dict[str, Any]):
    """A completed description in which what is broken can't be read."""

    def __init__(self, service: Mapping[str, Any], broken: set[str]) -> None:
        super().__init__(service)
        self._broken = {shortened(name) for name in broken}

    def __getitem__(self, key: str) -> Any:
        if key in self._broken:
            raise _BrokenError
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As of a dict; what is broken is absent."""
        return default if key in self._broken else super().get(key, default)


class _BrokenError(Exception):
    """A rule asked for a value that is already known to be wrong."""


def check(variables: Mapping[str, Any], options: Options, host: str, target: Target = "fargate") -> Checked:
    """Check the variables of one host, and complete them for what it runs on.

    A rule that needs what has the wrong type is left out; every other rule still runs, so one run tells all.
    """
    options = options_of(options, target)
    given = without_nulls(variables, options)
    findings = [*check_shape(given, options), *check_parts_shape(given)]
    broken = {str(finding.path[0]) for finding in findings}
    sound = {name: value for name, value in given.items() if name not in broken}
    lenient = {name: {**spec, "required": False} if name in broken else spec for name, spec in options.items()}
    service = completed(with_defaults(sound, lenient), host, target)
    for rule in RULES[target]:
        findings += _judged(rule, _Sound(service, broken))
    return Checked({} if findings else service, tuple(findings))


def _judged(rule: Rule, service: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        yield from rule(service)
    except _BrokenError:
        return
