"""The report in every form: what is in it, and that no value breaks out of its place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from slipway.drift.finding import Finding
from slipway.drift.report.html import html
from slipway.drift.report.junit import junit
from slipway.drift.report.markdown import markdown
from slipway.drift.report.report import Report
from slipway.drift.report.text import text
from slipway.drift.report.write import as_json, summarised, written

NASTY = "</code><script>alert(1)</script> | ``a`b`` \\| **x** [y](z) & \x00\r\n<img src=x onerror=alert(2)> 한국어"
FINDINGS = (
    Finding(
        ("shop",), "drift", "critical", "security_group", "shop", "ingress[tcp/22]", found={"cidr_ipv4": "0.0.0.0/0"},
        what="ingress[tcp/22] was added", remedy="deploy shop", repair="drift -e repair=true",
        by="arn:aws:iam::123456789012:user/kim (AuthorizeSecurityGroupIngress)",
        since="2026-11-20T22:14:03.120Z",
    ),
    Finding(
        ("shop", "blog"), "drift", "high", "ecs_service", "main/shop", "task_definition", "a:1", "a:2", "another one",
        "deploy shop", repair="drift -e confirm=ecs_service:main/shop", interrupts="it begins a new deployment",
    ),
    Finding(("blog",), "pending", "medium", "ecs_task_definition", "blog", "memory", "2048", "1024", "another one"),
    Finding(("shop",), "unreadable", "high", "iam_role", "shop", what="may not be looked at", reason="AccessDenied"),
    Finding(("shop",), "ignored", "low", "log_group", "/shop", "retention_in_days", 30, 7, reason="we know"),
)  # fmt: skip
REPORT = Report(
    "prod", "2026-11-21T09:30:00.000Z", 1.25, ["shop", "blog", "wiki", "cafe"], 42, 17, FINDINGS,
    {"cafe": "its description is wrong"}, ["a note"],
    [{"kind": "log_group", "name": "/shop", "verb": "create", "fields": [], "services": ["shop"]}],
)  # fmt: skip
BAD = replace(
    REPORT,
    environment=NASTY,
    findings=[
        replace(one, services=(NASTY,), name=NASTY, field=NASTY, expected=NASTY, found=[NASTY], what=NASTY,
                remedy=NASTY, since=NASTY, by=NASTY, reason=NASTY, repair=NASTY, interrupts=NASTY)
        for one in FINDINGS
    ],
    errors={NASTY: NASTY},
    notes=[NASTY],
)  # fmt: skip
CLEAN = replace(REPORT, findings=(), errors={}, notes=(), repaired=())


def test_the_summary_counts() -> None:
    assert REPORT.summary == (
        "2 drifted (1 critical, 1 high), 1 unreadable, 1 not deployed yet, 1 ignored, 1 not checked"
    )
    assert (REPORT.status, CLEAN.status, CLEAN.summary) == ("incomplete", "clean", "all is as described")


def test_the_text() -> None:
    lines = text(REPORT).splitlines()
    assert "  critical drift: security_group shop: ingress[tcp/22] was added" in lines
    assert "      or drift -e confirm=ecs_service:main/shop  # it begins a new deployment" in lines
    assert "made again: log_group /shop" in lines
    assert lines[-1] == f"prod: {REPORT.summary} (4 services, 42 resources, 17 calls, 1.2 s)"


def test_json_is_whole() -> None:
    for report in (REPORT, BAD):
        read: dict[str, Any] = json.loads(as_json(report))
        assert [Finding.of(one) for one in read["findings"]] == [
            Finding.of(json.loads(json.dumps(one.result()))) for one in report.ordered
        ]
        assert read["repaired"] == [dict(one) for one in report.repaired]


# What https://github.com/testmoapp/junitxml says: element -> attributes it needs, and what may stand in it.
JUNIT = {
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, {"testcase"}),
    "testcase": ({"name", "classname"}, {"failure", "error", "skipped"}),
    "failure": ({"message", "type"}, set[str]()),
    "error": ({"message"}, set[str]()),
    "skipped": ({"message"}, set[str]()),
}


@pytest.mark.parametrize("report", [REPORT, BAD, CLEAN], ids=["usual", "nasty", "clean"])
def test_junit_has_the_structure_of_the_schema(report: Report) -> None:
    suite = ElementTree.fromstring(junit(report))  # noqa: S314 - our own
    for element in suite.iter():
        needed, within = JUNIT[element.tag]
        assert needed <= element.attrib.keys()
        assert {one.tag for one in element} <= within
        assert len(element) <= 1 or element.tag == "testsuite"
    count = {name: len(list(suite.iter(name))) for name in ("testcase", "failure", "error", "skipped")}
    told = {name: int(suite.attrib[key]) for name, key in (("testcase", "tests"), ("failure", "failures"))}
    told |= {"error": int(suite.attrib["errors"]), "skipped": int(suite.attrib["skipped"])}
    assert count == told
    assert float(suite.attrib["time"]) == 1.25


def test_junit_tells_the_clean_ones_too() -> None:
    suite = ElementTree.fromstring(junit(REPORT))  # noqa: S314 - our own
    assert [one.attrib["classname"] for one in suite if not len(one)] == ["wiki"]
    assert len(list(ElementTree.fromstring(junit(CLEAN)))) == 4  # noqa: S314 - our own


def rows(document: str) -> list[list[str]]:
    """The cells of the table, as GitHub splits them."""
    lines = [line for line in document.splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]


@pytest.mark.parametrize("report", [REPORT, BAD], ids=["usual", "nasty"])
def test_markdown_is_one_row_a_finding(report: Report) -> None:
    document = markdown(report)
    cells = rows(document)
    assert len(cells) == 2 + len(report.findings)
    assert {len(row) for row in cells} == {7}
    assert "\r" not in document
    # Outside of code there is no tag but ours.
    unescaped = re.sub(r"\\[\\`*_\[\]>|~#@]", "", document)
    prose = re.sub(r"(?s)(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", unescaped)
    assert re.findall(r"<(?!/?sub>)", prose) == []
    assert "[y](z)" not in prose


def test_markdown_says_how_to_put_it_right() -> None:
    assert markdown(REPORT).count("\n$ drift -e ") == 2
    assert markdown(CLEAN).startswith("## Drift in prod: all is as described\n")


class Page(HTMLParser):
    """The tags of a page, and the text of those with an id or a class."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.mark.parametrize("report", [REPORT, BAD, CLEAN], ids=["usual", "nasty", "clean"])
def test_the_page_has_no_tag_of_a_value_and_asks_nobody(report: Report) -> None:
    page = Page(html(report))
    assert page.count("script") == page.count("style") == 1
    assert page.count("img") == page.count("link") == page.count("iframe") == 0
    assert page.count("article") == len(report.findings)
    names = {name for _, attributes in page.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href", "action", "background"}]
    assert "url(" not in html(report)


def test_the_files_are_whole_or_not_there(tmp_path: Path) -> None:
    files = written(REPORT, tmp_path / "a" / "b")
    assert [file.name for file in files] == ["drift.json", "drift.xml", "drift.md", "drift.html"]
    assert sorted(file.name for file in (tmp_path / "a" / "b").iterdir()) == sorted(file.name for file in files)


def test_the_summary_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert not summarised(REPORT)
    file = tmp_path / "summary.md"
    file.write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    assert summarised(REPORT)
    assert file.read_text() == f"# Before\n{markdown(REPORT)}"
    file.write_text("")
    assert summarised(replace(REPORT, findings=FINDINGS * 2000))
    assert 800_000 < file.stat().st_size <= 1_000_000 + 100
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert not summarised(REPORT)
