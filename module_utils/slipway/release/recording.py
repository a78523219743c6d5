"""The record that a release leaves, and who asked for it."""

from __future__ import annotations

import getpass
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from os import environ
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import SlipwayError
from ..resources.names import last_part
from ..step import Report
from .history import latest, write
from .record import Record

# After these the record's `serving` is known to serve.
_SERVES = frozenset({"succeeded", "rolled_back"})
_FIELDS = ("kind", "verdict", "commit", "tag", "digest", "revision", "cause", "cause_code", "serving")


def now() -> str:
    """This moment, as a record's `started_at`."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """A moment as a record's `started_at`: texts of this form sort as the moments do."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def who(aws: Aws, environment: Mapping[str, str] = environ) -> str:
    """The person or CI run that asks.

    GitHub: https://docs.github.com/en/actions/reference/workflows-and-actions/variables;
    GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    if environment.get("GITHUB_ACTIONS") == "true" and environment.get("GITHUB_ACTOR"):
        return f"{environment['GITHUB_ACTOR']} {github_run_url(environment)}".strip()
    if environment.get("GITLAB_CI") and environment.get("GITLAB_USER_LOGIN"):
        return f"{environment['GITLAB_USER_LOGIN']} {environment.get('CI_JOB_URL', '')}".strip()
    caller = last_part(str(aws.identity()["Arn"])).rpartition(":")[2]
    user = _local_user()
    return f"{caller} ({user})" if user and user != caller else caller


def github_run_url(environment: Mapping[str, str]) -> str:
    """The page of the run of GitHub Actions that this is; empty where it is none."""
    parts = [environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container may run as a number that has no name.
        return ""


def record(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of release_record.

    Raises:
        SlipwayError: `started_at` is no moment, or AWS refused the record.
    """
    aws = Aws(Connection.of(options))
    started_at = options.get("started_at") or now()
    seconds = options.get("seconds")
    if seconds is None:
        seconds = round(max(0.0, time.time() - _moment(started_at)), 1)
    values = {key: options[key] for key in _FIELDS if options.get(key) is not None}
    asked = options.get("who") or who(aws)
    kept = Record.of(
        {"service": options["service"], "started_at": started_at, "who": asked, "seconds": seconds, **values}
    )
    is_new = not (options.get("once") and _is_the_last(aws, options["table"], kept))
    if is_new and not check:
        write(aws, options["table"], kept)
    return {"changed": False, "record": kept.result(), "is_new": is_new, "api_calls": sum(aws.calls.values())}


def _is_the_last(aws: Aws, table: str, record: Record) -> bool:
    """Whether what serves is recorded already: a run that released nothing is no release."""
    return any(
        last.verdict in _SERVES and last.serving == record.serving
        for last in latest(aws, table, record.service, limit=1)
    )


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise SlipwayError(
            f"{text!r} is no moment",
            where="release_record.started_at",
            remedy="give it as release_lock returned it, such as 2026-11-21T07:30:00.000Z",
        ) from error
