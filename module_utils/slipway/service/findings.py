"""What is wrong with a description, said so that a person can put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from os.path import commonprefix

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
    """The remedy for a name that nobody knows; what all names begin with says nothing about likeness."""
    names = list(known)
    shared = commonprefix([name, *(known_name for known_name in names if known_name[:4] == name[:4])])
    shared = shared[: shared.rfind("_") + 1]
    close = get_close_matches(
        name.removeprefix(shared), [n.removeprefix(shared) for n in names], n=1, cutoff=0.7
    )
    match = next((n for n in names if close and n.removeprefix(shared) == close[0]), None)
    return f"did you mean {match}?" if match else ""
