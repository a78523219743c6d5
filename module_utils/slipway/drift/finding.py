"""What a drift check found: one field of one resource, or the whole of it. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

# drift: somebody changed it. pending: the description moved on, and was not deployed. unreadable: nobody may look.
# ignored: drift that the description says to leave alone.
State = Literal["drift", "pending", "unreadable", "ignored"]
Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")


@dataclass(frozen=True)
class Finding:
    """One thing that is not as described.

    Attributes:
        services: the inventory hosts whose descriptions it belongs to; several share a load balancer or a cluster.
        name: of the resource, among its kind.
        field: the path within the resource, in the words of its module's options; empty for the whole resource.
        expected: what was described; None where nothing was.
        found: what is there; None where nothing is.
        what: it in one line, for a person.
        remedy: the command that puts it right.
        since: when it was changed, or first seen, as ISO 8601 in UTC; empty where nobody knows.
        by: who changed it, as CloudTrail has it.
        reason: why it is ignored, cannot be read, or cannot be put back.
        repair: the command that puts this alone right; empty where none does.
        interrupts: what that does to those who are served; empty where it is safe.
    """

    services: tuple[str, ...]
    state: State
    severity: Severity
    kind: str
    name: str
    field: str = ""
    expected: Any = None
    found: Any = None
    what: str = ""
    remedy: str = ""
    since: str = ""
    by: str = ""
    reason: str = ""
    repair: str = ""
    interrupts: str = ""

    @property
    def resource(self) -> str:
        """Kind and name, for a person."""
        return f"{self.kind} {self.name}"

    @property
    def key(self) -> str:
        """What makes it the same finding in the next check, whatever the value is by then."""
        return f"{self.resource} {self.field}".rstrip()

    def result(self) -> dict[str, Any]:
        """The finding as part of an Ansible result, or of a JSON file."""
        return {**asdict(self), "services": list(self.services)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Finding:
        """A finding from its stored form; what a later version added is left out."""
        known = {one.name for one in fields(cls)}
        given = {key: value for key, value in values.items() if key in known}
        return cls(**{**given, "services": tuple(values["services"])})


def rank(finding: Finding) -> tuple[int, int, str]:
    """The order in which a person reads findings: what is worst first."""
    states: tuple[State, ...] = ("drift", "unreadable", "pending", "ignored")
    return states.index(finding.state), SEVERITIES.index(finding.severity), finding.key
