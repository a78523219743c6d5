"""A notice as a message of Slack: https://docs.slack.dev/reference/block-kit/blocks. Pure."""

from __future__ import annotations

from typing import Any

from ..evidence import Cause
from .message import Notice, facts, headline

# Characters that a block takes.
_HEADER = 150
_SECTION = 3_000
_FIELD = 1_900
_FIELDS = 10
# <!channel> would call everybody.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SIGNS = {"succeeded": "\u2705", "rolled_back": "\u21a9\ufe0f", "failed": "\u274c", "interrupted": "\u26a0\ufe0f"}


def payload(told: Notice) -> dict[str, Any]:
    """The body of the webhook: blocks, and the text that a notification on a phone shows."""
    title = f"{_SIGNS[told.record.verdict]} {headline(told)}"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(title, _HEADER)}},
        {
            "type": "section",
            "fields": [
                _mrkdwn(f"*{label}*\n{_escaped(value, _FIELD)}") for label, value in list(facts(told).items())[:_FIELDS]
            ],
        },
    ]
    blocks += [{"type": "section", "text": _mrkdwn(_cause(cause))} for cause in told.causes]
    return {"text": _escaped(title, _SECTION), "blocks": blocks}


def _mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _cause(cause: Cause) -> str:
    times = f" ({cause.count} times)" if cause.count > 1 else ""
    title = f"*Cause*: {_escaped(cause.title, 500)}{times}"
    remedy = f"\n*Remedy*: {_escaped(cause.remedy, 500)}" if cause.remedy else ""
    room = _SECTION - len(title) - len(remedy) - len("\n```\n\n```")
    evidence, block = "\n".join(cause.evidence).replace("```", "'''"), ""
    if evidence:
        block = f"\n```\n{_escaped(evidence, room)}\n```"
    return f"{title}{block}{remedy}"


def _escaped(text: str, longest: int) -> str:
    """The text without the characters that mean something to Slack, no longer than it takes."""
    parts = [_ESCAPES.get(char, char) for char in text[: longest + 1]]
    if sum(map(len, parts)) <= longest:
        return "".join(parts)
    while sum(map(len, parts)) >= longest:
        parts.pop()
    return f"{''.join(parts)}\u2026"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"
