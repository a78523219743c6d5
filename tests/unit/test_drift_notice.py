"""What people are told of drift: each channel once, only of what is news to it, over a real receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from slipway.drift import telling
from slipway.drift.finding import Finding, Severity, State
from slipway.drift.history import Changes, History
from slipway.drift.notice import Notice, headline, letter, mail, payload, text
from slipway.drift.report.report import Report
from slipway.drift.telling import Told, channels_of, tell, unseen
from slipway.release.notify import channels
from tests.e2e.recording import Answer, Recording, recording

INVENTORY = ["shop", "web", "box"]
NOTHING = History()


def finding(name: str, *services: str, severity: Severity = "high", state: State = "drift", **more: Any) -> Finding:
    return Finding(services or ("shop",), state, severity, "thing", name, "size", what="size is another one", **more)


def report(*findings: Finding, services: Sequence[str] = INVENTORY, errors: dict[str, str] | None = None) -> Report:
    return Report("prod", "2026-11-21T07:00:00.000Z", 1.0, services, 3, 9, findings, errors or {})


def service(name: str | None = "/slack", **more: Any) -> dict[str, Any]:
    return {"region": "ap-northeast-2", "profile": None, "notify_slack_webhook": name and f"ssm:{name}", **more}


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    """Every reference is the path of one receiver; `/down` is one that answers 500."""
    with recording(lambda request: Answer(410 if "down" in request.path else 200)) as server:
        monkeypatch.setattr(channels, "read", lambda _, reference, __: server.url + reference.partition(":")[2])
        yield server


def check(found: Report, services: dict[str, dict[str, Any]], history: History = NOTHING) -> tuple[Told, History]:
    """One check after another, as the controller does it."""
    told = tell(found, channels_of(services.items()), history, unseen(found, INVENTORY))
    return told, replace(history, told=told.told)


def titles(server: Recording) -> list[str]:
    found = [request.body["text"] for request in server.requests]
    server.requests.clear()
    return found


def test_each_channel_is_told_once_of_what_concerns_it(slack: Recording) -> None:
    services = {"shop": service(), "web": service(), "other": service("/other"), "none": service(None)}
    first = report(
        finding("a", "shop"), finding("b", "web"), finding("c", "shop", "web"), services=[*INVENTORY, "other"]
    )
    told, history = check(first, services)
    assert told.sent == ["Slack ssm:/slack (ap-northeast-2): sent"]
    (request,) = slack.requests
    assert request.path == "/slack"
    assert titles(slack) == ["⚠️ [prod] drift: 3 new (3 high); 3 in all"]
    # Nothing changed: nobody hears anything.
    told, history = check(first, services, history)
    assert (told.sent, titles(slack)) == ([], [])
    worse = report(finding("a", severity="critical"), finding("c", "shop", "web"))
    told, history = check(worse, services, history)
    assert titles(slack) == ["⚠️ [prod] drift: 1 worse, 1 resolved (1 critical); 2 in all"]
    told, history = check(report(), services, history)
    assert titles(slack) == ["✅ [prod] drift: 2 resolved; nothing is left"]
    assert check(report(), services, history)[0].sent == []


def test_a_message_that_was_not_sent_is_sent_by_the_next_check(slack: Recording) -> None:
    down = {"shop": service("/down")}
    told, history = check(report(finding("a"), finding("b")), down)
    (note,) = told.notes
    assert note.startswith("a notice was not sent, and will be by the next check: Slack: 127.0.0.1 answered 410: ok")
    assert titles(slack) == ["⚠️ [prod] drift: 2 new (2 high); 2 in all"]
    # What came and went meanwhile is no news.
    told, history = check(report(finding("b")), down, history)
    assert titles(slack) == ["⚠️ [prod] drift: 1 new (1 high); 1 in all"]
    assert len(told.notes) == 1
    assert check(report(), down, history)[0] == Told([], [], {"Slack ssm:/down (ap-northeast-2)": {}})


def test_one_channel_that_fails_keeps_nothing_from_the_other(slack: Recording) -> None:
    services = {"shop": service("/down"), "web": service()}
    found = report(finding("a", "shop", "web"))
    told, history = check(found, services)
    assert (len(told.notes), told.sent) == (1, ["Slack ssm:/slack (ap-northeast-2): sent"])
    told, _ = check(found, services, history)
    assert (len(told.notes), told.sent) == (1, [])


def test_what_waits_for_a_deploy_or_is_left_alone_is_no_news(slack: Recording) -> None:
    quiet = report(finding("a", state="pending"), finding("b", state="ignored"))
    assert check(quiet, {"shop": service()})[0] == Told([], [], {"Slack ssm:/slack (ap-northeast-2)": {}})
    _, history = check(report(finding("a"), finding("b")), {"shop": service()})
    titles(slack)
    left = report(finding("a", state="pending"), finding("b", state="ignored", reason="OPS-7"))
    check(left, {"shop": service()}, history)
    resolved = slack.requests[0].body["blocks"][1]["text"]["text"]
    assert resolved == "resolved: thing a size: waits for the next deploy\nresolved: thing b size: left alone: OPS-7"


def test_what_was_not_looked_at_is_not_resolved(slack: Recording) -> None:
    services = {"shop": service(), "web": service()}
    _, history = check(report(finding("a", "shop"), finding("b", "web")), services)
    titles(slack)
    # With --limit shop, and where web can't be checked.
    _, history = check(report(finding("a", "shop"), services=["shop"]), {"shop": service()}, history)
    assert titles(slack) == []
    _, history = check(report(finding("a", "shop"), errors={"web": "no\n  -> why"}), services, history)
    assert titles(slack) == ["⚠️ [prod] drift: 1 new; 3 in all"]
    _, history = check(report(finding("a", "shop")), services, history)
    assert titles(slack) == ["ℹ️ [prod] drift: 2 resolved; 1 in all"]


def test_a_machine_concerns_what_runs_on_it(slack: Recording) -> None:
    check(report(finding("a", "box")), {"shop": service(machine="box"), "web": service("/web", machine=None)})
    assert [request.path for request in slack.requests] == ["/slack"]


def test_two_accounts_have_two_channels_of_the_same_name() -> None:
    services = {"a": service(), "b": service(profile="other"), "c": service(notify_github_issue="voj/api")}
    services["d"] = service(None, notify_github_issue="voj/api", profile="other")
    assert {one.name: set(one.hosts) for one in channels_of(services.items())} == {
        "Slack ssm:/slack (ap-northeast-2)": {"a", "c"},
        "Slack ssm:/slack (ap-northeast-2 other)": {"b"},
        "GitHub issue voj/api": {"c", "d"},
    }


def test_an_issue_is_open_as_long_as_there_is_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dict[str, Any]] = []

    def github(request: Any) -> Answer:
        match request.method, request.path.partition("?")[0].rpartition("/")[2]:
            case "GET", _:
                return Answer(200, json.dumps([one for one in opened if one["state"] == "open"]))
            case "POST", "issues":
                opened.append({"number": 1, "state": "open", **request.body})
            case "PATCH", "1":
                opened[0]["state"] = "closed"
        return Answer(200, '{"number": 1}')

    services = {"shop": {"notify_github_issue": "voj/api", "region": "x"}}
    with recording(github) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", "ghs_hunter2")
        told, history = check(report(finding("a")), services)
        assert told.sent == ["GitHub issue voj/api: opened issue 1"]
        told, history = check(report(finding("a"), finding("b")), services, history)
        assert told.sent == ["GitHub issue voj/api: commented on issue 1"]
        told, history = check(report(finding("b")), services, history)
        assert told.sent == ["GitHub issue voj/api: commented on issue 1"]
        told, history = check(report(), services, history)
        assert told.sent == ["GitHub issue voj/api: closed issue 1"]
    assert opened[0]["title"] == "[prod] drift: something is not as described"
    assert opened[0]["body"].splitlines()[0] == "<!-- slipway drift: prod -->"


def notice(*found: Finding, worse: Sequence[Finding] = (), resolved: Sequence[str] = (), run_url: str = "") -> Notice:
    changes = Changes(found, tuple(worse), tuple(resolved))
    present = {one.key: one for one in [*found, *worse]}
    return Notice("prod", changes, present, len(present), "2026-11-21T07:00:00.000Z", run_url)


OPEN = Finding(
    ("shop", "web"),
    "drift",
    "critical",
    "security_group",
    "shop-alb",
    "ingress[0.0.0.0/0]",
    None,
    {"from_port": 22},
    "ingress[0.0.0.0/0] was added, and nobody described it",
    "ansible-playbook deploy.yml -i prod --limit shop",
    "2026-11-20T01:00:00.000Z",
    "arn:aws:iam::1:user/kim (AuthorizeSecurityGroupIngress)",
)


def test_the_text_says_it_all() -> None:
    told = notice(
        finding("a", state="unreadable", reason="may not"), OPEN, resolved=["thing c"], run_url="https://ci/1"
    )
    assert text(told) == (
        "[prod] drift: 2 new, 1 resolved (1 critical); 2 in all\n"
        "\n"
        "new: critical drift: security_group shop-alb: ingress[0.0.0.0/0] was added, and nobody described it "
        "[shop, web]\n"
        "      described: nothing\n"
        "      there is:  {from_port: 22}\n"
        "      since 2026-11-20T01:00:00.000Z by arn:aws:iam::1:user/kim (AuthorizeSecurityGroupIngress)\n"
        "      -> ansible-playbook deploy.yml -i prod --limit shop\n"
        "new: unreadable: thing a: size is another one [shop]\n"
        "      because: may not\n"
        "resolved: thing c\n"
        "\n"
        "checked: 2026-11-21T07:00:00.000Z\n"
        "run: https://ci/1"
    )


def test_a_mail_can_be_filtered_by_what_is_worst() -> None:
    sent = mail(notice(finding("a"), worse=[OPEN]))
    assert sent.subject == "[prod] drift: 1 new, 1 worse (1 critical, 1 high); 2 in all"
    assert sent.attributes == {"kind": "drift", "environment": "prod", "severity": "critical"}
    assert mail(notice(resolved=["a"])).attributes == {"kind": "drift", "environment": "prod"}


def test_a_message_fits_where_it_goes_and_means_nothing_that_it_should_not() -> None:
    nasty = "<!channel> ``` | @kim \\" * 300
    told = notice(*(finding(f"{number}", found=nasty, reason=nasty) for number in range(99)), resolved=[nasty] * 99)
    sent = payload(told)
    assert len(sent["blocks"]) == 23
    assert len(sent["blocks"][0]["text"]["text"]) <= 150
    for block in sent["blocks"][1:-1]:
        assert block["type"] == "section"
        assert len(block["text"]["text"]) <= 3000
        assert "<!channel>" not in block["text"]["text"]
        assert block["text"]["text"].count("```") in {0, 2}
    assert "and 79 more" in sent["blocks"][21]["text"]["text"]
    assert len(mail(told).text.encode()) < 256 * 1024
    body = letter(told).body
    assert len(body) < 65_536
    fence = next(line for line in body.splitlines() if line.startswith("```")).removesuffix("text")
    assert body.splitlines().count(fence) == 1


def test_nothing_left_is_said() -> None:
    assert headline(notice(resolved=["a", "b"])) == "[prod] drift: 2 resolved; nothing is left"


def test_what_a_host_could_not_be_checked_for_is_told() -> None:
    (one,) = telling.found(report(errors={"web": "web: no such key\n  -> add it"}))
    assert (one.key, one.reason, one.remedy) == ("drift_check web", "web: no such key", "add it")
