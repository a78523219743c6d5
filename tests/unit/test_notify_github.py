"""A service has one open issue at most: a failure opens it, the next one comments on it, a success closes it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from slipway.aws.errors import SlipwayError
from slipway.release.notify import markdown
from slipway.release.notify.github import Issues
from slipway.release.notify.message import Notice
from slipway.release.record import Record
from tests.e2e.recording import Answer, Recording, Request, recording

TOKEN = "ghp_hunter2hunter2"
VOJ = Notice("voj-backend", "prod", Record("voj-prod/voj", "2026-11-21T07:00:00Z", verdict="failed", tag="v2"))
HOMU = Notice("homu-backend", "prod", Record("homu-prod/homu", "2026-11-21T07:00:00Z", verdict="failed"))


class GitHub:
    """As much of the API as is used; list answers have the newest first."""

    def __init__(self, *others: dict[str, Any]) -> None:
        self.issues: list[dict[str, Any]] = list(others)
        self.comments: list[tuple[int, str]] = []

    def __call__(self, request: Request) -> Answer:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["accept"] == "application/vnd.github+json"
        url = urlsplit(request.path)
        path = url.path.removeprefix("/repos/voj/api/issues")
        match request.method, path.strip("/").split("/"):
            case "GET", [""]:
                query = parse_qs(url.query)
                assert query["state"] == ["open"]
                size, page = int(query["per_page"][0]), int(query["page"][0])
                listed = [one for one in reversed(self.issues) if one["state"] == "open"]
                return Answer(200, json.dumps(listed[(page - 1) * size : page * size]))
            case "POST", [""]:
                made = {"number": len(self.issues) + 1, "state": "open", **request.body}
                self.issues.append(made)
                return Answer(201, json.dumps(made))
            case "POST", [number, "comments"]:
                self.comments.append((int(number), request.body["body"]))
                return Answer(201, "{}")
            case "PATCH", [number]:
                issue = next(one for one in self.issues if one["number"] == int(number))
                issue.update(request.body)
                return Answer(200, json.dumps(issue))
        return Answer(404, "{}")


def issues(server: Recording) -> Issues:
    return Issues(server.url, "voj/api", TOKEN)


def test_the_life_of_an_issue() -> None:
    github = GitHub()
    with recording(github) as server:
        assert issues(server).tell_success(VOJ) == ""
        assert issues(server).tell_failure(VOJ) == "opened issue 1"
        assert issues(server).tell_failure(HOMU) == "opened issue 2"
        assert issues(server).tell_failure(VOJ) == "commented on issue 1"
        assert issues(server).tell_rollback(VOJ) == "commented on issue 1"
        assert [one["state"] for one in github.issues] == ["open", "open"]
        assert issues(server).tell_success(VOJ) == "closed issue 1"
        assert issues(server).tell_success(VOJ) == ""
        assert issues(server).tell_rollback(VOJ) == ""
        assert [one["state"] for one in github.issues] == ["closed", "open"]
        assert github.issues[0]["state_reason"] == "completed"
        assert issues(server).tell_failure(VOJ) == "opened issue 3"
    assert [number for number, _ in github.comments] == [1, 1, 1]
    assert github.issues[0]["title"] == "[prod] voj-backend: releases fail"
    assert "release of v2 failed" in github.issues[0]["body"]


def test_issues_of_people_and_pull_requests_are_left_alone() -> None:
    mark = markdown.marker(VOJ)
    others = [
        {"number": 1, "state": "open", "body": None},
        {"number": 2, "state": "open", "body": f"what does {mark} mean?"},
        {"number": 3, "state": "open", "body": mark, "pull_request": {}},
        {"number": 4, "state": "closed", "body": mark},
    ]
    with recording(GitHub(*others)) as server:
        assert issues(server).tell_success(VOJ) == ""
        assert issues(server).tell_failure(VOJ) == "opened issue 5"


def test_an_issue_is_found_behind_many_others_and_after_a_person_edited_it() -> None:
    edited = {"number": 1, "state": "open", "body": f"Look at this!\r\n{markdown.marker(VOJ)}\r\nIt fails."}
    others = [{"number": number, "state": "open", "body": "other"} for number in range(2, 252)]
    with recording(GitHub(edited, *others)) as server:
        assert issues(server).tell_failure(VOJ) == "commented on issue 1"
    assert [request.method for request in server.requests] == ["GET", "GET", "GET", "POST"]


def test_two_issues_are_both_closed() -> None:
    body = markdown.issue(VOJ)
    with recording(GitHub(*({"number": n, "state": "open", "body": body} for n in (1, 2)))) as server:
        assert issues(server).tell_success(VOJ) == "closed issue 2, 1"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(401, '{"message": "Bad credentials"}'), "the token is not valid any more"),
        (Answer(403, '{"message": "Resource not accessible by integration"}'), "Issues: write"),
        (Answer(404, '{"message": "Not Found"}'), "check service_notify_github_issue"),
        (Answer(410, '{"message": "Issues are disabled"}'), "switch the issues of the repository on"),
        (Answer(301, "", (("Location", "https://elsewhere.example"),)), "the repository was renamed"),
        (Answer(422, f'{{"message": "{TOKEN}"}}'), "answered 422"),
        (Answer(200, "<html>"), "check GITHUB_API_URL"),
    ],
)
def test_what_github_refuses_has_a_remedy(answer: Answer, told: str) -> None:
    with recording(lambda _: answer) as server, pytest.raises(SlipwayError) as caught:
        issues(server).tell_failure(VOJ)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_token_that_is_none_is_not_told() -> None:
    with recording(GitHub()) as server, pytest.raises(SlipwayError) as caught:
        Issues(server.url, "voj/api", "hunter2\nhunter2").tell_failure(VOJ)
    assert "hunter2" not in str(caught.value)
    assert not server.requests
