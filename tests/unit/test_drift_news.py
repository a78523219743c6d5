"""What a check leaves behind: in check mode nothing, and nobody is told what can't be written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from slipway.aws.errors import SlipwayError
from slipway.controller.action import InProcessAction
from slipway.controller.drift_news import kept_and_told
from slipway.drift.finding import Finding
from slipway.drift.history import Changes, History, load
from slipway.drift.report.report import Report
from slipway.release.notify import channels
from tests.e2e.recording import Answer, Recording, recording

DRIFT = Finding(("shop",), "drift", "high", "thing", "a", "size", since="now")
SERVICES: list[tuple[str, dict[str, Any]]] = [("shop", {"region": "x", "notify_slack_webhook": "ssm:/slack"})]


class Action:
    """As much of an action as is used."""

    def __init__(self, *, check: bool = False) -> None:
        self.lines: list[str] = []
        self._check = check

    def check(self) -> bool:
        return self._check

    def report(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    with recording(lambda _: Answer()) as server:
        monkeypatch.setattr(channels, "read", lambda *_: server.url)
        yield server


def kept(
    file: Path, *found: Finding, action: Action | None = None, notify: bool = True, settled: bool = True
) -> tuple[Report, Changes]:
    report = Report("prod", "now", 1.0, ["shop"], 1, 1, found)
    given = cast("InProcessAction", action or Action())
    options = {"notify": notify}
    return kept_and_told(given, report, options, file, load(file), ["shop"], SERVICES, settled=settled)


def test_it_is_told_once_and_known_from_then_on(tmp_path: Path, slack: Recording) -> None:
    file, action = tmp_path / "drift.json", Action()
    _, news = kept(file, DRIFT, action=action)
    assert (news.new, action.lines) == ((DRIFT,), ["Slack ssm:/slack (x): sent"])
    assert not kept(file, DRIFT)[1]
    assert len(slack.requests) == 1
    # While something is being released nothing is said to be over.
    assert not kept(file, settled=False)[1]
    assert len(slack.requests) == 1
    assert kept(file)[1].resolved == ("thing a size",)
    assert len(slack.requests) == 2


def test_in_check_mode_nothing_is_written_and_nobody_is_told(tmp_path: Path, slack: Recording) -> None:
    file = tmp_path / "drift.json"
    assert kept(file, DRIFT, action=Action(check=True))[1].new == (DRIFT,)
    assert not file.exists()
    assert slack.requests == []


def test_a_check_by_hand_tells_nobody_and_the_next_scheduled_one_does(tmp_path: Path, slack: Recording) -> None:
    file = tmp_path / "drift.json"
    kept(file, DRIFT, notify=False)
    assert slack.requests == []
    assert load(file) == History(load(file).findings, {})
    kept(file, DRIFT)
    assert len(slack.requests) == 1


def test_nobody_is_told_each_time_what_cannot_be_written_down(tmp_path: Path, slack: Recording) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SlipwayError, match="can't be written"):
        kept_and_told(
            cast("InProcessAction", Action()),
            Report("prod", "now", 1.0, ["shop"], 1, 1, [DRIFT]),
            {"notify": True},
            tmp_path / "file" / "drift.json",
            History(),
            ["shop"],
            SERVICES,
        )
    assert slack.requests == []
