"""A notice as a message of Slack: https://docs.slack.dev/reference/block-kit/blocks. Pure."""

from __future__ import annotations

from typing import Any

from ..evidence import Cause
from .message import Notice, facts, headline

# Characters that a block takes.
HEADER = 150
SECTION = 3_000
_FIELD = 1_900
_FIELDS = 10
# <!channel> would call everybody.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SIGNS = {"succeeded": "\u2705", "rolled_back": "\u21a9\ufe0f", "failed": "\u274c", "interrupted": "\u26a0\ufe0f"}


def payload(told: Notice) -> dict[str, Any]:
    """The body of the webhook: blocks, and the text that a notification on a phone shows."""
    title = f"{_SIGNS[told.record.verdict]} {headline(told)}"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(title, HEADER)}},
        {
            "type": "section",
            "fields": [
                mrkdwn(f"*{label}*\n{escaped(value, _FIELD)}") for label, value in list(facts(told).items())[:_FIELDS]
            ],
        },
    ]
    blocks += [{"type": "section", "text": mrkdwn(_cause(cause))} for cause in told.causes]
    return {"text": escaped(title, SECTION), "blocks": blocks}


def mrkdwn(text: str) -> dict[str, str]:
    """A text in Slack's markup."""
    return {"type": "mrkdwn", "text": text}


def _cause(cause: Cause) -> str:
    times = f" ({cause.count} times)" if cause.count > 1 else ""
    title = f"*Cause*: {escaped(cause.title, 500)}{times}"
    remedy = f"\n*Remedy*: {escaped(cause.remedy, 500)}" if cause.remedy else ""
    room = SECTION - len(title) - len(remedy) - len("\n```\n\n```")
    evidence, block = "\n".join(cause.evidence).replace("```", "'''"), ""
    if evidence:
        block = f"\n```\n{escaped(evidence, room)}\n```"
    return f"{title}{block}{remedy}"


def escaped(text: str, longest: int) -> str:
    """The text without the characters that mean something to Slack, no longer than it takes."""
    parts = [_ESCAPES.get(char, char) for char in text[: longest + 1]]
    if sum(map(len, parts)) <= longest:
        return "".join(parts)
    while sum(map(len, parts)) >= longest:
        parts.pop()
    return f"{''.join(parts)}\u2026"


def cut(text: str, longest: int) -> str:
    """The text, no longer than that."""
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"
