"""What is told of a release, whichever way it goes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..evidence import Cause, render
from ..record import Record
from ..recording import github_run_url

# SNS takes ASCII only, without control characters, and less than 100 of them; a message of 256 KiB at most:
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_SUBJECT = 99
_TEXT = 200_000
_DIGEST = len("sha256:") + 12
_EVIDENCE = 10
_CAUSES = 3


@dataclass(frozen=True)
class Notice:
    """A release that somebody is told of.

    Attributes:
        name: the service's name, as its description has it.
        environment: the environment that it belongs to, such as `prod`.
        record: the release.
        causes: why it failed, the most telling first.
        run_url: the page of the CI run that released; empty where there is none.
    """

    name: str
    environment: str
    record: Record
    causes: tuple[Cause, ...] = ()
    run_url: str = ""


def notice(
    name: str, environment: str, record: Record, causes: Collection[Mapping[str, object]], env: Mapping[str, str]
) -> Notice:
    """A notice from the results of the tasks before, and the environment of the CI run."""
    found = tuple(_cause(one) for one in list(causes)[:_CAUSES])
    if not found and record.cause:
        found = (Cause(record.cause_code or "unknown", record.cause),)
    return Notice(name, environment, record, found, github_run_url(env))


def _cause(values: Mapping[str, object]) -> Cause:
    evidence = values.get("evidence") or ()
    lines = evidence if isinstance(evidence, (list, tuple)) else (evidence,)
    return Cause(
        str(values.get("code") or "unknown"),
        str(values.get("title") or "no reason was given"),
        [str(line) for line in lines][:_EVIDENCE],
        str(values.get("remedy") or ""),
        int(str(values.get("count") or 1)),
    )


def is_wanted(record: Record, notify_on: Collection[str]) -> bool:
    """Whether a release of this kind and verdict is one that people want to be told of."""
    events = {
        "failure": record.verdict in {"failed", "interrupted"},
        "rollback": record.verdict == "rolled_back" or record.kind == "rollback",
        "success": record.verdict == "succeeded",
    }
    return any(events[event] for event in notify_on)


def headline(told: Notice) -> str:
    """One line: which service, and what became of it."""
    record = told.record
    where = f"[{told.environment}] {told.name}" if told.environment else told.name
    what = record.tag or record.revision
    subject = f"{'rollback to' if record.kind == 'rollback' else 'release of'} {what}" if what else record.kind
    return f"{where}: {subject} {_ending(record)}"


def _ending(record: Record) -> str:
    match record.verdict:
        case "succeeded":
            return "succeeded"
        case "rolled_back":
            return f"failed and was rolled back{f'; {record.serving} serves' if record.serving else ''}"
        case "interrupted":
            return "was interrupted"
    return f"failed; {f'{record.serving} serves' if record.serving else 'nothing serves'}"


def facts(told: Notice) -> dict[str, str]:
    """What is known of the release, by what it is called; nothing that is empty."""
    record = told.record
    version = f"{record.tag} ({record.digest[:_DIGEST]})" if record.tag and record.digest else record.tag
    # What served when a release was interrupted, nobody looked at.
    nothing = "" if record.verdict == "interrupted" else "nothing"
    known = {
        "Service": record.service,
        "Version": version or record.digest[:_DIGEST],
        "Revision": record.revision,
        "Commit": record.commit,
        "Asked for by": record.who,
        "Started": record.started_at,
        "Took": f"{record.seconds:.0f} s" if record.seconds else "",
        "Serves now": record.serving or nothing,
        "Run": told.run_url,
    }
    return {label: value for label, value in known.items() if value}


def text(told: Notice) -> str:
    """All of it, as plain text."""
    lines = [headline(told), ""]
    lines += [f"{label}: {value}" for label, value in facts(told).items()]
    if told.causes:
        lines += ["", render(told.causes)]
    return "\n".join(lines)[:_TEXT]


def subject(told: Notice) -> str:
    """The headline as SNS takes a subject."""
    return as_subject(headline(told))


def as_subject(line: str) -> str:
    """A line as SNS takes a subject."""
    plain = "".join(char if " " <= char <= "~" else "?" for char in line)
    return plain if len(plain) <= _SUBJECT else f"{plain[: _SUBJECT - 3]}..."
