"""Why a release failed: the causes in what was observed, each with its evidence and what to do. Pure."""

from __future__ import annotations

from ..evidence import Cause, Evidence
from .checks import read_answer, read_digests
from .deployment import read_deployment
from .events import read_events
from .facts import Facts
from .rest import gone, rest
from .signs import Sign, causes
from .targets import read_targets
from .tasks import read_tasks, role_signs

__all__ = ["diagnose"]

# A task that does not live explains why its target has no connection.
_TASK_DIES = frozenset(
    {"image_not_found", "image_architecture", "image_pull_denied", "image_rate_limit", "secret_key_not_found",
     "secret_not_found", "kms_denied", "secret_denied", "execution_role", "log_group_missing", "network_configuration",
     "network_to_endpoints", "storage_full", "volume", "command_not_found", "out_of_memory", "exit_code",
     "container_start"}
)  # fmt: skip


def diagnose(evidence: Evidence) -> list[Cause]:
    """The causes of a failure, the most telling first; empty where nothing is wrong.

    What was observed and is understood by no rule is the cause `unknown`, with AWS's own words.
    """
    facts = Facts(evidence)
    if lost := gone(facts):
        return causes([lost])
    tasks = list(read_tasks(facts))
    # That a task was stopped for its target's health says nothing of the reason: the targets and events do.
    stopped = [sign for sign in tasks if sign.code == "target_health_check"]
    signs = [sign for sign in tasks if sign.code != "target_health_check"]
    dying = any(sign.code in _TASK_DIES for sign in signs)
    signs += role_signs(facts)
    signs += (one for one in read_targets(facts, stopped=stopped) if not (dying and _is_consequence(one)))
    signs += read_events(facts, unwell=sum(1 for sign in signs if sign.code == "container_health_check"))
    signs += [*read_deployment(facts), *read_answer(facts), *read_digests(facts)]
    return causes([*signs, *rest(facts, signs)])


def _is_consequence(one: Sign) -> bool:
    return one.code == "port_mismatch" or "no answer in time" in one.title
