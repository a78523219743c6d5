"""A notice as GitHub's Markdown: an issue, its comments, a job summary. Pure."""

from __future__ import annotations

import re

from ..evidence import Cause
from .message import Notice, facts, headline

# https://docs.github.com/en/rest/issues/issues: a body of 65,536 characters, a title of 256.
BODY = 60_000
TITLE = 250
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._:/-]+")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


def marker(told: Notice) -> str:
    """The line that says which service an issue is about; a person does not see it."""
    return f"<!-- slipway: {told.environment or '-'} {told.record.service} -->"


def title(told: Notice) -> str:
    """The title of an issue: of the service, because later failures are told in the same issue."""
    where = f"[{told.environment}] {told.name}" if told.environment else told.name
    return f"{where}: releases fail"[:TITLE]


def issue(told: Notice) -> str:
    """The body of an issue."""
    closing = "Slipway closes this issue with the next release that succeeds."
    return f"{marker(told)}\n{report(told)}\n\n{closing}"


def report(told: Notice) -> str:
    """The whole report: a comment, a job summary, the inner part of an issue."""
    lines = [f"### {escaped(headline(told))}", "", "| | |", "|---|---|"]
    lines += [f"| {label} | {_cell(value)} |" for label, value in facts(told).items()]
    for cause in told.causes:
        lines += ["", *_cause(cause)]
    return "\n".join(lines)[:BODY]


def _cause(cause: Cause) -> list[str]:
    times = f" ({cause.count} times)" if cause.count > 1 else ""
    lines = [f"**Cause**: {escaped(cause.title)}{times}"]
    if cause.evidence:
        lines += ["", *fenced("\n".join(cause.evidence)[: BODY // 4])]
    if cause.remedy:
        lines += ["", f"**Remedy**: {escaped(cause.remedy)}"]
    return lines


def fenced(text: str) -> list[str]:
    """A text as it is: nothing in it means anything to Markdown."""
    # A fence is longer than any run of backticks in it.
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return [f"{fence}text", text, fence]


def _cell(value: str) -> str:
    # The address of a CI run stays one that can be clicked.
    return " ".join(word if _ADDRESS.fullmatch(word) else escaped(word) for word in value.split())


def escaped(text: str) -> str:
    """A text in one line in which nothing means anything to Markdown."""
    # Who is named in a log line is not to be called by it.
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("@", "@\u200b")
