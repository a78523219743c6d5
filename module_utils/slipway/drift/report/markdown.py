"""The report as Markdown: for a job summary, a merge request, a chat."""

from __future__ import annotations

import re

from .report import MARKS, Report, shown

_LONGEST = 120
_SPECIAL = re.compile(r"([\\`*_\[\]>|~#@])")


def markdown(report: Report) -> str:
    """A heading, a table of the findings, and how to put them right."""
    lines = [f"## Drift in {_cell(report.environment)}: {report.summary}", ""]
    if report.findings:
        lines += ["| | service | resource | field | described | there is | since |", "|---|---|---|---|---|---|---|"]
        lines += [
            f"| {MARKS[one.severity] if one.state == 'drift' else one.state} | {_cell(', '.join(one.services))} "
            f"| {_cell(one.resource)} | {_cell(one.field or one.what)} | {_code(one.expected)} | {_code(one.found)} "
            f"| {_cell(' '.join(part for part in (one.since, one.by) if part))} |"
            for one in report.ordered
        ]
        lines.append("")
    lines += [f"- **{_cell(host)}** was not checked: {_cell(why)}" for host, why in report.errors.items()]
    lines += [f"- {_cell(one)}" for one in (*report.repairs, *report.notes)]
    commands = list(
        dict.fromkeys(_line(one.repair or one.remedy) for one in report.drifted if one.repair or one.remedy)
    )
    if commands:
        fence = _fence("\n".join(commands), 3)
        lines += ["To put it right:", "", f"{fence}console", *(f"$ {one}" for one in commands), fence]
    counted = f"{len(report.services)} services, {report.resources} resources, {report.api_calls} calls"
    return "\n".join([*lines, "", f"<sub>{report.started_at}: {counted}, {report.seconds:.1f} s</sub>", ""])


def _cell(text: str) -> str:
    """Text that is nothing but text, wherever it stands: https://github.github.com/gfm/#backslash-escapes."""
    return _SPECIAL.sub(r"\\\1", _line(text).replace("&", "&amp;").replace("<", "&lt;"))


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(value: object) -> str:
    if value is None:
        return ""
    text = _line(shown(value))
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    # In a table even code has its bars escaped: https://github.github.com/gfm/#tables-extension-
    fence, space = _fence(short, 1), " " if short[:1] == "`" or short[-1:] == "`" else ""
    return f"{fence}{space}{short.replace('|', chr(92) + '|') or ' '}{space}{fence}"


def _fence(text: str, least: int) -> str:
    """Backticks, more of them than anywhere in the text."""
    return "`" * max(least, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
