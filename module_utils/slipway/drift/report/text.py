"""The report on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from .report import Report, shown

_LONGEST = 160


def text(report: Report) -> str:
    """All findings by service, what is worst first."""
    lines = [*_findings(report), *(f"{host}: not checked: {why}" for host, why in report.errors.items())]
    end = (
        f"{report.environment}: {report.summary} ({len(report.services)} services, {report.resources} resources, "
        f"{report.api_calls} calls, {report.seconds:.1f} s)"
    )
    lines += report.repairs
    return "\n".join([*lines, *(f"note: {one}" for one in report.notes), end])


def _findings(report: Report) -> Iterator[str]:
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in report.ordered:
        groups.setdefault(one.services, []).append(one)
    for services, findings in groups.items():
        yield ", ".join(services)
        for one in findings:
            yield from finding_lines(one)
        yield ""


def finding_lines(one: Finding) -> Iterator[str]:
    """One finding, in a few lines."""
    level = f"{one.severity} {one.state}" if one.state == "drift" else one.state
    yield f"  {level}: {one.resource}: {one.what}"
    if one.field and one.state != "unreadable":
        yield f"      described: {_cut(shown(one.expected))}"
        yield f"      there is:  {_cut(shown(one.found))}"
    if one.since or one.by:
        yield f"      {' '.join(part for part in (f'since {one.since}' if one.since else '', _by(one)) if part)}"
    if one.reason:
        yield f"      because: {one.reason}"
    if one.remedy and one.state != "ignored":
        yield f"      -> {one.remedy}"
    if one.repair:
        yield f"      or {one.repair}{f'  # {one.interrupts}' if one.interrupts else ''}"


def _by(one: Finding) -> str:
    return f"by {one.by}" if one.by else ""


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
