"""What is wrong with a description, said so that a person can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]
Locate = Callable[[Path], str | None]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        path: the variable, then the keys and list positions below it.
        problem: what is wrong, without any value that could be a secret.
        remedy: what to do about it.
    """

    path: Path
    problem: str
    remedy: str = ""

    @property
    def variable(self) -> str:
        """The path as a person writes it: `service_task_policy[0].actions`."""
        text = str(self.path[0])
        for part in self.path[1:]:
            text += f"[{part}]" if isinstance(part, int) else f".{part}"
        return text


def render(service: str, findings: Iterable[Finding], locate: Locate) -> str:
    """All findings as one message."""
    found = list(findings)
    count = "1 thing is" if len(found) == 1 else f"{len(found)} things are"
    lines = [f"{count} wrong in the description of {service}; nothing was touched."]
    for finding in found:
        where = locate(finding.path)
        lines.append(f"{finding.variable}: {finding.problem}" + (f"  ({where})" if where else ""))
        if finding.remedy:
            lines.append(f"  -> {finding.remedy}")
    return "\n".join(lines)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The remedy for a name that nobody knows; a prefix that all names have says nothing about likeness."""
    tails = {known_name.removeprefix("service_"): known_name for known_name in known}
    close = get_close_matches(name.removeprefix("service_"), tails, n=1, cutoff=0.7)
    return f"did you mean {tails[close[0]]}?" if close else ""
