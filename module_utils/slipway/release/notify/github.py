"""One open issue for each thing that goes wrong: opened, commented on, and closed when it is over.

The API is https://docs.github.com/en/rest/issues/issues.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ...aws.errors import SlipwayError
from . import markdown
from .http import Http
from .message import Notice

WHO = "GitHub issue"
_PAGE = 100
# An open issue that is older than a thousand others is not looked for.
_PAGES = 10
_MOVED = "the repository was renamed: correct service_notify_github_issue"
_REMEDIES = {
    301: _MOVED,
    307: _MOVED,
    308: _MOVED,
    401: "the token is not valid any more: make a new one, and store it",
    403: "the token needs the permission Issues: write (in GitHub Actions, permissions: issues: write)",
    404: "check service_notify_github_issue (owner/name), and that the token may read the repository",
    410: "switch the issues of the repository on, or remove service_notify_github_issue",
}


@dataclass(frozen=True)
class Letter:
    """What is told in an issue.

    Attributes:
        marker: the line that says what an issue is about; a person does not see it.
        title: the title of an issue that is opened.
        body: its body, with the marker in it.
        comment: the same as a comment on an issue that is open.
    """

    marker: str
    title: str
    body: str
    comment: str


class Issues:
    """The issues of one repository.

    Args:
        api: the address of the API.
        repository: `owner/name`.
        token: the token; it goes into a header and nowhere else.
    """

    def __init__(self, api: str, repository: str, token: str) -> None:
        self._base = f"{api.rstrip('/')}/repos/{repository}/issues"
        self._http = Http(
            WHO,
            {
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )

    def tell_failure(self, told: Notice) -> str:
        """Comment on the service's open issue, or open one; says which."""
        return self.report(_letter(told))

    def tell_rollback(self, told: Notice) -> str:
        """Comment on the service's open issue: a rollback mends the service and not the release."""
        return self.comment(_letter(told))

    def tell_success(self, told: Notice) -> str:
        """Close the service's open issues with a comment; says which, or nothing."""
        return self.close(_letter(told))

    def report(self, letter: Letter) -> str:
        """Comment on the open issue, or open one; says which."""
        done = self.comment(letter)
        if done:
            return done
        made = self._send("POST", "", {"title": letter.title, "body": letter.body})
        return f"opened issue {made.get('number', '')}".rstrip()

    def comment(self, letter: Letter) -> str:
        """Comment on the open issue; says which, or nothing where there is none."""
        found = self._open(letter.marker)
        if found:
            self._comment(found[0], letter)
        return f"commented on issue {found[0]}" if found else ""

    def close(self, letter: Letter) -> str:
        """Close the open issues with a comment; says which, or nothing."""
        found = self._open(letter.marker)
        for number in found:
            self._comment(number, letter)
            self._send("PATCH", f"/{number}", {"state": "closed", "state_reason": "completed"})
        return f"closed issue {', '.join(map(str, found))}" if found else ""

    def _open(self, mark: str) -> list[int]:
        """Numbers of the open issues that carry the marker."""
        for page in range(1, _PAGES + 1):
            issues = self._send("GET", f"?state=open&per_page={_PAGE}&page={page}")
            found = [
                int(one["number"])
                for one in issues
                if "pull_request" not in one and mark in str(one.get("body") or "").splitlines()
            ]
            if found or len(issues) < _PAGE:
                return found
        return []

    def _comment(self, number: int, letter: Letter) -> None:
        self._send("POST", f"/{number}/comments", {"body": letter.comment})

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        text = self._http.send(method, self._base + path, body=body, remedies=_REMEDIES)
        try:
            return json.loads(text)
        except ValueError:
            remedy = "check GITHUB_API_URL: what answers there is not GitHub's API"
            raise SlipwayError("the answer is no JSON", where=WHO, remedy=remedy) from None


def _letter(told: Notice) -> Letter:
    return Letter(markdown.marker(told), markdown.title(told), markdown.issue(told), markdown.report(told))
