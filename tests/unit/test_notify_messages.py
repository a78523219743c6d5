"""Each message is made from the record alone, fits where it goes, and means nothing that it should not."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.release.evidence import Cause
from slipway.release.notify import markdown, message, slack
from slipway.release.notify.message import Notice
from slipway.release.record import Record

DIGEST = "sha256:" + "0123456789abcdef" * 4
CAUSE = Cause(
    "exit_code",
    "the container api ended with exit code 1",
    ["KeyError: 'JWT_SECRET'", "Essential container in task exited"],
    "add JWT_SECRET to service_secrets",
    3,
)


def record(**changes: Any) -> Record:
    given: dict[str, Any] = {
        "service": "voj-prod/voj-backend-api",
        "started_at": "2026-11-21T07:00:00.000Z",
        "verdict": "rolled_back",
        "who": "kim",
        "commit": "1a2b3c4",
        "tag": "sha-1a2b3c4",
        "digest": DIGEST,
        "revision": "voj-backend-prod:12",
        "seconds": 72.4,
        "cause": "the container api ended with exit code 1",
        "cause_code": "exit_code",
        "serving": "voj-backend-prod:11",
    }
    return Record(**(given | changes))


def told(causes: tuple[Cause, ...] = (CAUSE,), run_url: str = "", **changes: Any) -> Notice:
    return Notice("voj-backend", "prod", record(**changes), causes, run_url)


@pytest.mark.parametrize(
    ("verdict", "kind", "events"),
    [
        ("failed", "release", {"failure"}),
        ("interrupted", "release", {"failure"}),
        ("rolled_back", "release", {"rollback"}),
        ("succeeded", "release", {"success"}),
        ("succeeded", "rollback", {"rollback", "success"}),
        ("failed", "rollback", {"failure", "rollback"}),
        ("interrupted", "rollback", {"failure", "rollback"}),
        ("rolled_back", "rollback", {"rollback"}),
    ],
)
def test_what_is_told(verdict: str, kind: str, events: set[str]) -> None:
    one = record(verdict=verdict, kind=kind)
    assert {event for event in ("failure", "rollback", "success") if message.is_wanted(one, [event])} == events
    assert not message.is_wanted(one, [])


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "release of sha-1a2b3c4 failed and was rolled back; voj-backend-prod:11 serves"),
        ({"serving": ""}, "release of sha-1a2b3c4 failed and was rolled back"),
        ({"verdict": "failed"}, "release of sha-1a2b3c4 failed; voj-backend-prod:11 serves"),
        ({"verdict": "failed", "serving": ""}, "release of sha-1a2b3c4 failed; nothing serves"),
        ({"verdict": "interrupted"}, "release of sha-1a2b3c4 was interrupted"),
        ({"verdict": "succeeded"}, "release of sha-1a2b3c4 succeeded"),
        ({"verdict": "succeeded", "kind": "rollback"}, "rollback to sha-1a2b3c4 succeeded"),
        ({"verdict": "succeeded", "tag": ""}, "release of voj-backend-prod:12 succeeded"),
        ({"verdict": "interrupted", "tag": "", "revision": ""}, "release was interrupted"),
    ],
)
def test_the_headline(changes: dict[str, Any], line: str) -> None:
    assert message.headline(told(**changes)) == f"[prod] voj-backend: {line}"


def test_the_text_has_everything() -> None:
    text = message.text(told(run_url="https://github.example/voj/api/actions/runs/7"))
    assert text == (
        "[prod] voj-backend: release of sha-1a2b3c4 failed and was rolled back; voj-backend-prod:11 serves\n\n"
        "Service: voj-prod/voj-backend-api\n"
        "Version: sha-1a2b3c4 (sha256:0123456789ab)\n"
        "Revision: voj-backend-prod:12\n"
        "Commit: 1a2b3c4\n"
        "Asked for by: kim\n"
        "Started: 2026-11-21T07:00:00.000Z\n"
        "Took: 72 s\n"
        "Serves now: voj-backend-prod:11\n"
        "Run: https://github.example/voj/api/actions/runs/7\n\n"
        "cause: the container api ended with exit code 1 (3 times)\n"
        "    KeyError: 'JWT_SECRET'\n"
        "    Essential container in task exited\n"
        "  -> add JWT_SECRET to service_secrets"
    )


def test_what_serves_after_an_interrupted_release_is_not_known() -> None:
    assert "Serves now" not in message.facts(told(verdict="interrupted", serving=""))
    assert message.facts(told(verdict="failed", serving=""))["Serves now"] == "nothing"


def test_the_cause_of_the_record_stands_in_for_causes() -> None:
    made = message.notice("a", "", record(), [], {})
    assert made.causes == (Cause("exit_code", "the container api ended with exit code 1"),)
    assert message.notice("a", "", record(cause=""), [], {}).causes == ()


def test_only_the_first_causes_and_lines_are_told() -> None:
    many = [{"code": "x", "title": str(number), "evidence": ["line"] * 50} for number in range(9)]
    causes = message.notice("a", "", record(), many, {}).causes
    assert [cause.title for cause in causes] == ["0", "1", "2"]
    assert len(causes[0].evidence) == 10


def test_the_page_of_the_run_is_known_in_github_actions_only() -> None:
    env = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "voj/api", "GITHUB_RUN_ID": "7"}
    assert message.notice("a", "", record(), [], env).run_url == "https://github.com/voj/api/actions/runs/7"
    del env["GITHUB_RUN_ID"]
    assert message.notice("a", "", record(), [], env).run_url == ""


@pytest.mark.parametrize("tag", ["sha-1", "릴리스-2", "x" * 128, "two\nlines\tand\x07a bell"])
def test_a_subject_of_sns(tag: str) -> None:
    subject = message.subject(told(tag=tag))
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert subject.startswith("[prod] voj-backend: release of ")


# --- Slack ------------------------------------------------------------------------------------------------


def test_a_message_of_slack() -> None:
    made = slack.payload(told())
    assert made["text"].endswith("failed and was rolled back; voj-backend-prod:11 serves")
    header, fields, cause = made["blocks"]
    assert header["text"]["type"] == "plain_text"
    assert {"type": "mrkdwn", "text": "*Revision*\nvoj-backend-prod:12"} in fields["fields"]
    assert cause["text"]["text"] == (
        "*Cause*: the container api ended with exit code 1 (3 times)\n"
        "```\nKeyError: 'JWT_SECRET'\nEssential container in task exited\n```\n"
        "*Remedy*: add JWT_SECRET to service_secrets"
    )


@pytest.mark.parametrize("filling", ["x", "&", "<", "가", "`"])
def test_a_message_of_slack_fits(filling: str) -> None:
    long = Cause("x", filling * 9_000, [filling * 900] * 10, filling * 9_000)
    made = slack.payload(told((long,) * 3, tag=filling * 500, who=filling * 9_000, run_url="https://x/" + "y" * 99))
    header, fields, *causes = made["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(fields["fields"]) <= 10
    assert len(causes) == 3
    assert all(len(block["text"]["text"]) <= 3_000 for block in causes)


def test_a_log_line_calls_nobody_in_slack() -> None:
    nasty = Cause("x", "<!channel> & <https://evil.example|click>", ["``` <!here>"])
    made = str(slack.payload(told((nasty,), who="<@U123>")))
    assert "<" not in made
    assert ">" not in made
    assert made.count("```") == 2


# --- GitHub -----------------------------------------------------------------------------------------------


def test_the_report_in_markdown() -> None:
    assert markdown.report(told()).splitlines() == [
        r"### \[prod\] voj-backend: release of sha-1a2b3c4 failed and was rolled back; voj-backend-prod:11 serves",
        "",
        "| | |",
        "|---|---|",
        "| Service | voj-prod/voj-backend-api |",
        "| Version | sha-1a2b3c4 (sha256:0123456789ab) |",
        "| Revision | voj-backend-prod:12 |",
        "| Commit | 1a2b3c4 |",
        "| Asked for by | kim |",
        "| Started | 2026-11-21T07:00:00.000Z |",
        "| Took | 72 s |",
        "| Serves now | voj-backend-prod:11 |",
        "",
        "**Cause**: the container api ended with exit code 1 (3 times)",
        "",
        "```text",
        "KeyError: 'JWT_SECRET'",
        "Essential container in task exited",
        "```",
        "",
        r"**Remedy**: add JWT\_SECRET to service\_secrets",
    ]


def test_the_address_of_a_run_can_be_clicked() -> None:
    run = "https://github.example/voj_team/api/actions/runs/7"
    lines = markdown.report(told(who=f"kim_s {run}", run_url=run)).splitlines()
    assert f"| Asked for by | kim\\_s {run} |" in lines
    assert f"| Run | {run} |" in lines


def test_an_issue_is_found_by_its_first_line() -> None:
    assert markdown.issue(told()).splitlines()[0] == "<!-- slipway: prod voj-prod/voj-backend-api -->"
    assert markdown.marker(told()) != markdown.marker(told(service="voj-prod/voj-backend"))
    assert markdown.title(told()) == "[prod] voj-backend: releases fail"


def test_a_log_line_has_no_markdown() -> None:
    nasty = Cause("x", "@kim <b> | [a](http://evil.example)\n# big", ["````", "<!-- slipway: prod a/b -->", "@lee"])
    lines = markdown.report(told((nasty,))).splitlines()
    assert "**Cause**: @\u200bkim \\<b\\> \\| \\[a\\](http://evil.example) # big" in lines
    assert lines[-5:] == ["`````text", "````", "<!-- slipway: prod a/b -->", "@lee", "`````"]


def test_a_report_fits() -> None:
    long = Cause("x", "x" * 9_000, ["y" * 90_000], "z" * 9_000)
    assert len(markdown.issue(told((long,) * 3))) < 65_536
    assert len(markdown.title(Notice("n" * 300, "prod", record()))) <= 256
