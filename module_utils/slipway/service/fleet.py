"""What two services of one inventory may not share: each would undo the other's deploy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .findings import Finding
from .target import Target

# variable -> the variables that together have to be unique
UNIQUE: dict[str, tuple[str, ...]] = {
    "service_ecs_service": ("service_cluster", "service_ecs_service"),
    "service_task_family": ("service_task_family",),
    "service_target_group": ("service_target_group",),
    "service_listener_rule_priority": ("service_load_balancer", "service_listener_rule_priority"),
}
# The same of the services of one machine.
UNIQUE_ON_A_MACHINE: dict[str, tuple[str, ...]] = {
    "service_name": ("service_machine", "service_name"),
    "service_domain": ("service_machine", "service_domain"),
}
_BY_TARGET: dict[Target, dict[str, tuple[str, ...]]] = {"fargate": UNIQUE, "compose": UNIQUE_ON_A_MACHINE}
_PLACE = ("service_region", "service_account_id")
COMPARED = (
    *_PLACE,
    "service_name",
    *dict.fromkeys(name for unique in _BY_TARGET.values() for names in unique.values() for name in names),
)
_NO_DEFAULT = (*_PLACE, "service_machine", "service_domain")


def collisions(
    host: str, own: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]], target: Target = "fargate"
) -> Iterator[Finding]:
    """What this host shares with another of the same target and may not; what the inventory omits is None."""
    for variable, names in _BY_TARGET[target].items():
        mine = _key(host, own, names)
        for other, variables in others.items():
            if mine == _key(other, variables, names):
                yield _collision(variable, mine[len(_PLACE) :], other)


def _collision(variable: str, values: tuple[str, ...], other: str) -> Finding:
    if variable == "service_domain" and not values[-1]:
        what = f"is missing, and {other} has none either: without a domain, one service has all requests of a machine"
        return Finding((variable,), what, "give each service of the machine a domain of its own")
    return Finding((variable,), f"{' / '.join(values)} is {other}'s too", "give each of the two its own")


def _key(host: str, variables: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    name = variables.get("service_name") or host
    fallback = {"service_listener_rule_priority": "100", **dict.fromkeys(_NO_DEFAULT, "")}
    return tuple(str(variables.get(key) or fallback.get(key, name)) for key in (*_PLACE, *names))
