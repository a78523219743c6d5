"""Since when, and what is new: the file that a check leaves for the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.aws.errors import SlipwayError
from slipway.drift.finding import Finding, Severity, State
from slipway.drift.history import Changes, History, Seen, changes, default_file, load, remembered, save, with_since


def finding(name: str, severity: Severity = "medium", state: State = "drift", since: str = "") -> Finding:
    return Finding(("shop",), state, severity, "thing", name, "size", since=since)


def seen(severity: str = "medium", state: str = "drift", *services: str) -> Seen:
    return Seen("then", severity, state, services or ("shop",))


def test_what_was_saved_is_known_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "state" / "drift.json"
    assert load(file) == History()
    history = History({"thing a size": seen()}, {"Slack ssm:/a": {"thing a size": seen("low", "drift", "shop", "web")}})
    save(file, history)
    assert load(file) == history
    assert [one.name for one in file.parent.iterdir()] == ["drift.json"]


def test_since_is_when_it_was_changed_or_first_seen() -> None:
    known = {"thing a size": seen()}
    assert with_since(finding("a"), known, "now").since == "then"
    assert with_since(finding("b"), known, "now").since == "now"
    assert with_since(finding("a", since="CloudTrail"), known, "now").since == "CloudTrail"


def test_what_is_new_worse_and_resolved() -> None:
    known = {f"thing {name} size": seen() for name in "abc"}
    found = [finding("a"), finding("b", "critical"), finding("d")]
    assert changes(found, known) == Changes((finding("d"),), (finding("b", "critical"),), ("thing c size",))
    assert not changes([finding("a"), finding("b"), finding("c")], known)


def test_less_severe_is_no_change() -> None:
    assert not changes([finding("a", "low")], {"thing a size": seen("critical")})


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, "drift", "new"),
        (None, "unreadable", "new"),
        (None, "pending", ""),
        (None, "ignored", ""),
        ("pending", "drift", "new"),
        ("ignored", "drift", "new"),
        ("drift", "unreadable", ""),
        ("drift", "ignored", "resolved"),
        ("drift", "pending", "resolved"),
        ("unreadable", None, "resolved"),
        ("pending", None, ""),
    ],
)
def test_only_what_somebody_has_to_act_upon_is_news(before: str | None, after: State | None, told: str) -> None:
    known = {"thing a size": seen(state=before)} if before else {}
    news = changes([finding("a", state=after)] if after else [], known)
    assert {"new": bool(news.new), "resolved": bool(news.resolved)} == {
        "new": told == "new",
        "resolved": told == "resolved",
    }


def test_what_nobody_looked_at_is_not_resolved_and_stays_known() -> None:
    known = {
        "thing a size": seen(),
        "thing b size": seen("low", "drift", "web"),
        "thing c size": seen("low", "drift", "shop", "web"),
    }
    assert changes([], known, {"web"}).resolved == ("thing a size",)
    assert set(remembered([], known, {"web"})) == {"thing b size", "thing c size"}
    assert changes([], known).resolved == ("thing a size", "thing b size", "thing c size")
    assert remembered([finding("d", since="now")], known) == {"thing d size": Seen("now", "medium", "drift", ("shop",))}


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": 2, "findings": {}, "told": {}}', '{"format": 1, "findings": [1], "told": {}}']
)
def test_a_file_that_is_no_history_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "drift.json"
    file.write_text(text)
    with pytest.raises(SlipwayError, match="is no history of drift checks"):
        load(file)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SlipwayError, match="can't be written"):
        save(tmp_path / "file" / "drift.json", History())


def test_where_it_is_kept() -> None:
    assert default_file("prod", {"STATE_DIRECTORY": "/var/lib/slipway"}) == Path("/var/lib/slipway/drift-prod.json")
    assert default_file("prod", {"XDG_STATE_HOME": "/x"}) == Path("/x/slipway/drift-prod.json")
    assert default_file("prod", {}) == Path.home() / ".local/state/slipway/drift-prod.json"
