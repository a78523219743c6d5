"""What the benchmark prints, and what it writes for later."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from .stack import Stack
from .tools import Run

OWN = "slipway"
# What Slipway promises against the modules of amazon.aws and community.aws.
RIVAL = "amazon.aws"
FASTER, FEWER = 8.0, 3.0


@dataclass(frozen=True)
class Measured:
    """The no-op runs of one tool on one stack."""

    tool: str
    stack: Stack
    runs: tuple[Run, ...]

    @property
    def wall(self) -> float:
        """Median wall seconds."""
        return median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """Median CPU seconds of the tool's processes; the emulator's are not in it."""
        return median(run.cpu for run in self.runs)

    @property
    def calls(self) -> int:
        """Median number of API calls."""
        return round(median(run.total_calls for run in self.runs))

    @property
    def changes(self) -> tuple[str, ...]:
        """What any of the runs reported as changed: a no-op has none."""
        return tuple(dict.fromkeys(change for run in self.runs for change in run.changes))

    def tasks(self) -> list[tuple[str, float]]:
        """Median milliseconds of each task, in the order of the playbook."""
        each = zip(*(run.tasks for run in self.runs), strict=True)
        return [(same[0][0], 1000 * median(seconds for _, seconds in same)) for same in each]


@dataclass
class Results:
    """Everything measured in one run of the benchmark."""

    emulator: str
    measured: list[Measured] = field(default_factory=list)
    growth: list[Measured] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def of(self, tool: str) -> Measured | None:
        """Answer the measurement of one tool, if it was measured."""
        return next((measured for measured in self.measured if measured.tool == tool), None)


@dataclass(frozen=True)
class Verdict:
    """The promise, and what was measured of it."""

    faster: float
    fewer: float
    own_changes: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether it was kept."""
        return self.faster >= FASTER and self.fewer >= FEWER and not self.own_changes


def verdict(results: Results) -> Verdict | None:
    """Compare Slipway with its rival, when both were measured."""
    own, rival = results.of(OWN), results.of(RIVAL)
    if not own or not rival:
        return None
    changes = [own.changes, *(entry.changes for entry in results.growth if entry.tool == OWN)]
    return Verdict(rival.wall / own.wall, rival.calls / own.calls, tuple(dict.fromkeys(sum(changes, ()))))


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out rows, the first of them the heading: text to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    ]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def _comparison(results: Results) -> list[str]:
    own = results.of(OWN)
    rows = [["no-op of the stack", "wall s", "CPU s", "API calls", "wall ratio", "calls ratio", "changed"]]
    for entry in results.measured:
        ratios = [f"{entry.wall / own.wall:.1f}x", f"{entry.calls / own.calls:.1f}x"] if own else ["-", "-"]
        numbers = [f"{entry.wall:.2f}", f"{entry.cpu:.2f}", str(entry.calls)]
        rows.append([entry.tool, *numbers, *ratios, str(len(entry.changes))])
    return table(rows)


def _growth(results: Results) -> list[str]:
    entries = [*results.measured, *results.growth]
    sizes = sorted({entry.stack.services for entry in entries})
    rows = [["growth", *(f"{size} service{'s' * (size > 1)}" for size in sizes)]]
    for tool in dict.fromkeys(entry.tool for entry in results.measured):
        found = {entry.stack.services: entry for entry in entries if entry.tool == tool}
        cells = [f"{found[size].wall:.1f} s {found[size].calls:4d} calls" if size in found else "-" for size in sizes]
        rows.append([tool, *cells])
    return table(rows)


def _tasks(measured: Measured) -> list[str]:
    rows = [[f"tasks of {measured.tool}", "ms"]]
    return table(rows + [[name, f"{milliseconds:.0f}"] for name, milliseconds in measured.tasks()])


def text(results: Results) -> str:
    """Render the tables and the verdict."""
    stack = results.measured[0].stack
    lines = [
        f"{stack.resources} resources ({stack.services} service{'s' * (stack.services > 1)}), "
        f"{results.emulator} on loopback, medians of {len(results.measured[0].runs)} runs",
        "",
        *_comparison(results),
    ]
    if results.growth:
        lines += ["", *_growth(results)]
    for entry in [*results.measured, *results.growth]:
        lines += [f"not a no-op: {entry.tool}, {entry.stack.resources} resources: {change}" for change in entry.changes]
    lines += results.left_out
    if own := results.of(OWN):
        lines += ["", *_tasks(own)]
    if judged := verdict(results):
        lines += [
            "",
            f"{'met' if judged.met else 'MISSED'}: {judged.faster:.1f}x faster than {RIVAL} "
            f"(at least {FASTER:.0f}x), {judged.fewer:.1f}x fewer API calls (at least {FEWER:.0f}x)",
        ]
    return "\n".join(lines)


def write_json(results: Results, path: Path) -> None:
    """Write all that was measured, run by run."""
    judged = verdict(results)
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "system": platform.platform()}
    content = {
        "emulator": results.emulator,
        "machine": machine,
        "measured": [_as_json(entry) for entry in results.measured],
        "growth": [_as_json(entry) for entry in results.growth],
        "left_out": results.left_out,
        "verdict": {**asdict(judged), "met": judged.met} if judged else None,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _as_json(entry: Measured) -> dict[str, object]:
    return {
        "tool": entry.tool,
        "services": entry.stack.services,
        "resources": entry.stack.resources,
        "wall_s": round(entry.wall, 3),
        "cpu_s": round(entry.cpu, 3),
        "calls": entry.calls,
        "tasks_ms": [[name, round(milliseconds, 1)] for name, milliseconds in entry.tasks()],
        "runs": [
            {"wall_s": run.wall, "cpu_s": run.cpu, "calls": dict(run.calls), "changes": list(run.changes)}
            for run in entry.runs
        ],
    }
