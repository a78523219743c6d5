"""What people are told of drift: what is new, worse, or resolved since they were told last. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..release.notify import markdown, slack
from ..release.notify.channels import Mail
from ..release.notify.github import Letter
from ..release.notify.message import as_subject
from .finding import SEVERITIES, Finding, rank
from .history import Changes
from .report.report import MARKS
from .report.text import finding_lines

# Findings that one message shows; the rest is counted.
_SHOWN = 20
# Blocks that a message of Slack takes, its header and its end left out.
_BLOCKS = 40
# SNS takes 256 KiB, and a character has three bytes at most here: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_TEXT = 60_000


@dataclass(frozen=True)
class Notice:
    """One message to one channel.

    Attributes:
        environment: the inventory's deployment_environment.
        changes: what is told.
        present: every finding of the check, by key: what became of one that is no alarm any more.
        left: how many alarms there are now, those told before included.
        started_at: when the check began, ISO 8601 in UTC.
        run_url: the page of the CI run that checked; empty where there is none.
    """

    environment: str
    changes: Changes
    present: Mapping[str, Finding]
    left: int
    started_at: str
    run_url: str = ""

    @property
    def shown(self) -> list[tuple[str, Finding]]:
        """What is new or worse, what is worst first."""
        told = [("new", one) for one in self.changes.new] + [("worse", one) for one in self.changes.worse]
        return sorted(told, key=lambda item: rank(item[1]))[:_SHOWN]

    @property
    def hidden(self) -> int:
        """How many new or worse findings do not fit."""
        return max(0, len(self.changes.new) + len(self.changes.worse) - _SHOWN)


def headline(told: Notice) -> str:
    """It in one line."""
    found = [*told.changes.new, *told.changes.worse]
    severities = Counter(one.severity for one in found if one.state == "drift")
    worst = ", ".join(f"{severities[one]} {one}" for one in SEVERITIES if severities[one])
    counts = {"new": told.changes.new, "worse": told.changes.worse, "resolved": told.changes.resolved}
    parts = [f"{len(those)} {word}" for word, those in counts.items() if those]
    end = f"; {told.left} in all" if told.left else "; nothing is left"
    return f"[{told.environment}] drift: {', '.join(parts)}{f' ({worst})' if worst else ''}{end}"


def text(told: Notice) -> str:
    """All of it, as plain text."""
    lines = [headline(told), ""]
    for word, one in told.shown:
        first, *more = finding_lines(one)
        lines += [f"{word}: {first.strip()} [{', '.join(one.services)}]", *more]
    lines += _rest(told)
    lines += [f"resolved: {line}" for line in _resolved(told)]
    lines += ["", f"checked: {told.started_at}"]
    lines += [f"run: {told.run_url}"] if told.run_url else []
    return "\n".join(lines)[:_TEXT]


def mail(told: Notice) -> Mail:
    """It as a message of SNS."""
    found = sorted([*told.changes.new, *told.changes.worse], key=lambda one: SEVERITIES.index(one.severity))
    attributes = {"kind": "drift", "environment": told.environment}
    attributes |= {"severity": found[0].severity} if found else {}
    once = f"{told.environment} {told.started_at}"
    return Mail(as_subject(headline(told)), text(told), attributes, "drift", once)


def payload(told: Notice) -> dict[str, Any]:
    """It as a message of Slack."""
    title = f"{_sign(told)} {headline(told)}"
    header = {"type": "header", "text": {"type": "plain_text", "text": slack.cut(title, slack.HEADER)}}
    blocks = [_block(_of_slack(word, one)) for word, one in told.shown]
    rest = [*_rest(told), *(f"resolved: {line}" for line in _resolved(told))]
    if rest:
        blocks.append(_block(slack.escaped(_unfenced(rest), slack.SECTION)))
    end = f"{told.started_at} {told.run_url}".strip()
    context = {"type": "context", "elements": [slack.mrkdwn(slack.escaped(end, slack.SECTION))]}
    return {"text": slack.escaped(title, slack.SECTION), "blocks": [header, *blocks[:_BLOCKS], context]}


def letter(told: Notice) -> Letter:
    """It as an issue of GitHub: one for an environment, open as long as there is drift."""
    where = told.environment or "-"
    report = "\n".join([f"### {markdown.escaped(headline(told))}", "", *markdown.fenced(text(told))])
    marker = f"<!-- slipway drift: {where} -->"
    closing = "Slipway closes this issue when all is as described again."
    title = f"[{where}] drift: something is not as described"[: markdown.TITLE]
    return Letter(marker, title, f"{marker}\n{report}\n\n{closing}", report)


def _resolved(told: Notice) -> Iterator[str]:
    for key in told.changes.resolved:
        now = told.present.get(key)
        if now is None:
            yield key
        else:
            yield f"{key}: {f'left alone: {now.reason}' if now.state == 'ignored' else 'waits for the next deploy'}"


def _rest(told: Notice) -> list[str]:
    return [f"and {told.hidden} more: ansible-playbook drift.yml shows all"] if told.hidden else []


def _of_slack(word: str, one: Finding) -> str:
    first, *more = finding_lines(one)
    mark = MARKS[one.severity] if one.state == "drift" else "\u2754"
    title = f"{mark} *{word}*: {slack.escaped(first.strip(), 500)}\n_{slack.escaped(', '.join(one.services), 300)}_"
    if not more:
        return title
    room = slack.SECTION - len(title) - len("\n```\n\n```")
    return f"{title}\n```\n{slack.escaped(_unfenced(line.strip() for line in more), room)}\n```"


def _unfenced(lines: Iterable[str]) -> str:
    return "\n".join(lines).replace("```", "'''")


def _block(text: str) -> dict[str, Any]:
    return {"type": "section", "text": slack.mrkdwn(text)}


def _sign(told: Notice) -> str:
    if not told.changes.new and not told.changes.worse:
        return "\u2705" if not told.left else "\u2139\ufe0f"
    return "\u26a0\ufe0f"
