"""The report as one page that needs nothing else: for a browser, a phone, an attachment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ..finding import SEVERITIES
from .report import Report, shown

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*Z$")


def html(report: Report) -> str:
    """The page."""
    return _page().render(report=report, filters=list(_filters(report)))


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "moment": _moment}
    return environment.get_template("page.html.j2")


def _moment(text: str) -> str:
    """A moment as a person reads it: to the minute."""
    match = _MOMENT.match(text)
    return f"{match[1]} {match[2]} UTC" if match else text


def _filters(report: Report) -> Iterator[tuple[str, str, list[str]]]:
    """Name, label and values of what a person may choose by."""
    findings = report.ordered
    severities = {one.severity for one in findings}
    yield "service", "Service", sorted({name for one in findings for name in one.services})
    yield "severity", "Severity", [one for one in SEVERITIES if one in severities]
    yield "state", "State", list(dict.fromkeys(one.state for one in findings))
