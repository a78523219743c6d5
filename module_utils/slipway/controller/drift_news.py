"""What a drift check leaves behind: a history for the next one, and what people are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..drift.history import Changes, History, changes, remembered, save
from ..drift.report.report import Report
from ..drift.telling import channels_of, found, tell, unseen
from .action import InProcessAction


def kept_and_told(
    action: InProcessAction,
    report: Report,
    options: Mapping[str, Any],
    file: Path,
    before: History,
    inventory: Iterable[str],
    services: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    settled: bool = True,
) -> tuple[Report, Changes]:
    """Write down what was found, and tell people what they don't know yet.

    Args:
        action: the action that checks.
        report: what it found.
        options: its options.
        file: where the history is.
        before: what it has.
        inventory: every host of the inventory, whatever --limit leaves of it.
        services: the completed descriptions of those that were checked, by host.
        settled: whether nothing was being released, and everything was looked for: else nothing is said to be over.

    Returns:
        The report, with a note of what could not be told; and what is new, worse or resolved since the last check.

    Raises:
        SlipwayError: the history can't be written.
    """
    everybody = set(inventory)
    hidden = unseen(report, everybody) if settled else everybody
    news = changes(found(report), before.findings, hidden)
    if action.check():
        return report, news
    after = History(remembered(found(report), before.findings, hidden), before.told)
    # First, so that nobody is told the same each time because it can't be written down.
    save(file, after)
    if not options["notify"]:
        return report, news
    told = tell(report, channels_of(services), before, hidden)
    save(file, replace(after, told=told.told))
    for line in told.sent:
        action.report(line)
    return replace(report, notes=[*report.notes, *told.notes]), news
