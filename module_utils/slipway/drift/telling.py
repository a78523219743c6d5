"""Telling people of drift: each channel once, and only of what it was not told yet.

What a channel was told is kept in the history, and kept as it was when a message could not be sent: what came and went
meanwhile is then no news, and what stayed is told by the next check.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws.errors import SlipwayError
from ..release.notify import channels
from ..release.notify.channels import SLACK, SNS
from ..release.notify.github import WHO as GITHUB
from ..release.recording import github_run_url
from .finding import Finding
from .history import History, Seen, alarms, changes, remembered
from .notice import Notice, letter, mail, payload
from .report.report import Report

Service = Mapping[str, Any]
# Each kind of channel, and the option of a description that names where to.
_TARGETS = {SLACK: "notify_slack_webhook", SNS: "notify_sns_topic", GITHUB: "notify_github_issue"}


@dataclass(frozen=True)
class Channel:
    """Somewhere that people read, and whose news they want to have there.

    Attributes:
        options: of the description that names it: where to, and as whom.
        hosts: the inventory hosts whose news go there.
    """

    kind: str
    name: str
    options: Service
    hosts: frozenset[str]


@dataclass(frozen=True)
class Told:
    """What came of it.

    Attributes:
        sent: one line for each message.
        notes: what could not be sent, and why.
        told: what each channel knows now, for the next check.
    """

    sent: Sequence[str]
    notes: Sequence[str]
    told: Mapping[str, Mapping[str, Seen]]


def channels_of(services: Iterable[tuple[str, Service]]) -> list[Channel]:
    """The channels of these hosts; one that several of them name is one channel."""
    found: dict[str, Channel] = {}
    for host, service in services:
        # What is wrong with a machine concerns what runs on it.
        hosts = frozenset(filter(None, (host, service.get("machine"))))
        for kind, option in _TARGETS.items():
            if not service.get(option):
                continue
            # Another account may have a secret of the same name.
            place = (
                ""
                if kind == GITHUB
                else f" ({service.get('region')} {service.get('profile') or ''})".replace(" )", ")")
            )
            name = f"{kind} {service[option]}{place}"
            before = found.get(name)
            found[name] = Channel(
                kind, name, before.options if before else service, (before.hosts if before else frozenset()) | hosts
            )
    return list(found.values())


def unseen(report: Report, inventory: Iterable[str]) -> set[str]:
    """The hosts of the inventory that were not looked at, or not wholly: what was known of them still stands."""
    hidden = {host for one in report.findings if one.state == "unreadable" for host in one.services}
    return set(inventory) - (set(report.services) - hidden - set(report.errors))


def found(report: Report) -> list[Finding]:
    """All findings; a host that could not be checked is one, too."""
    return [*report.findings, *(_not_checked(host, why, report) for host, why in report.errors.items())]


def _not_checked(host: str, why: str, report: Report) -> Finding:
    # The first line says it; the others are the remedy.
    reason, _, remedy = why.partition("\n")
    return Finding(
        (host,),
        "unreadable",
        "high",
        "drift_check",
        host,
        what="could not be checked",
        remedy=remedy.strip().removeprefix("->").strip(),
        since=report.started_at,
        reason=reason,
    )


def tell(report: Report, to: Sequence[Channel], history: History, hidden: Iterable[str]) -> Told:
    """Send each channel what is new to it."""
    sent: list[str] = []
    notes: list[str] = []
    told = dict(history.told)
    everything, hidden = found(report), set(hidden)
    present = {one.key: one for one in everything}
    for channel in to:
        known = history.told.get(channel.name, {})
        concerning = [one for one in alarms(everything) if channel.hosts & set(one.services)]
        news = changes(concerning, known, hidden)
        after = remembered(concerning, known, hidden)
        if news:
            notice = Notice(
                report.environment, news, present, len(after), report.started_at, github_run_url(os.environ)
            )
            try:
                done = _SENDERS[channel.kind](channel.options, notice)
            except SlipwayError as error:
                notes.append(_unsent(str(error) if error.where == channel.kind else f"{channel.kind}: {error}"))
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, the check itself is over and is told
                notes.append(_unsent(f"{channel.kind}: {type(error).__name__}, where Slipway expected something else"))
                continue
            sent += [f"{channel.name}: {done}"] if done else []
        told[channel.name] = after
    return Told(sent, notes, told)


def _unsent(why: str) -> str:
    return f"a notice was not sent, and will be by the next check: {why}"


def _slack(options: Service, notice: Notice) -> str:
    channels.post_to_slack(options, payload(notice))
    return "sent"


def _sns(options: Service, notice: Notice) -> str:
    channels.publish(options, mail(notice))
    return "sent"


def _issue(options: Service, notice: Notice) -> str:
    issues = channels.issues(options)
    return issues.report(letter(notice)) if notice.left else issues.close(letter(notice))


_SENDERS: Mapping[str, Callable[[Service, Notice], str]] = {SLACK: _slack, SNS: _sns, GITHUB: _issue}
