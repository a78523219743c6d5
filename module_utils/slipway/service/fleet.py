"""What two services of one inventory may not share: each would undo the other's deploy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .findings import Finding

# variable -> the variables that together have to be unique
UNIQUE: dict[str, tuple[str, ...]] = {
    "service_ecs_service": ("service_cluster", "service_ecs_service"),
    "service_task_family": ("service_task_family",),
    "service_target_group": ("service_target_group",),
    "service_listener_rule_priority": ("service_load_balancer", "service_listener_rule_priority"),
}
_PLACE = ("service_region", "service_account_id")
COMPARED = (*_PLACE, "service_name", *dict.fromkeys(name for names in UNIQUE.values() for name in names))


def collisions(host: str, own: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """What this host shares with another and may not; a value is None where the inventory omits it."""
    for variable, names in UNIQUE.items():
        mine = _key(host, own, names)
        for other, variables in others.items():
            if mine == _key(other, variables, names):
                value = " / ".join(mine[len(_PLACE) :])
                yield Finding((variable,), f"{value} is {other}'s too", "give each of the two its own")


def _key(host: str, variables: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    name = variables.get("service_name") or host
    fallback = {"service_listener_rule_priority": "100", **dict.fromkeys(_PLACE, "")}
    return tuple(str(variables.get(key) or fallback.get(key, name)) for key in (*_PLACE, *names))
