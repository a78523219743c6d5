"""Signs of a cause, one for each task, target or event that shows it, and their grouping into causes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..evidence import Cause

LOG_LINES = 10
_LINES = 4

# The most telling first: what keeps a task from starting, what ends it, what finds it unwell, what keeps it from a
# place to run, what was seen from outside, and at last what only says that it did not work.
ORDER = (
    "service_gone", "image_not_found", "image_architecture", "image_pull_denied", "image_rate_limit",
    "secret_key_not_found", "secret_not_found", "kms_denied", "secret_denied",
    "execution_role", "task_role", "log_group_missing", "network_configuration", "network_to_endpoints",
    "storage_full", "volume", "command_not_found", "out_of_memory", "exit_code", "container_start",
    "port_mismatch", "container_health_check", "target_health_check", "load_balancer_detached",
    "quota", "capacity", "spot_interruption", "platform", "deployment_configuration",
    "infrastructure_role", "hook_failed", "alarm", "http_check", "digest_mismatch", "stopped_by_hand", "replaced",
    "timeout", "unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Sign:
    """One task, target or event that shows a cause.

    Attributes:
        line: what shows it, in AWS's own words.
        details: what belongs to it, such as the last log lines: shown once for the whole cause.
        counts: how many it stands for; 0 where it is another view of what is counted already, such as an event.
    """

    code: str
    title: str
    line: str = ""
    remedy: str = ""
    details: tuple[str, ...] = ()
    counts: int = 1


def causes(signs: Iterable[Sign]) -> list[Cause]:
    """One cause for each code and title, the most telling first; of the same class the more frequent first."""
    groups: dict[tuple[str, str], list[Sign]] = {}
    for sign in signs:
        groups.setdefault((sign.code, sign.title), []).append(sign)
    found = [_cause(group) for group in groups.values()]
    return sorted(found, key=lambda cause: (ORDER.index(cause.code), -cause.count))


def _cause(group: list[Sign]) -> Cause:
    first = group[0]
    lines = list(dict.fromkeys(sign.line for sign in group if sign.line))
    details = next((sign.details for sign in group if sign.details), ())
    more = [f"... and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
    evidence = (*lines[:_LINES], *more, *details)
    return Cause(first.code, first.title, evidence, first.remedy, max(1, sum(sign.counts for sign in group)))
