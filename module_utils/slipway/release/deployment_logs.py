"""What the containers of a deployment log: new error lines as they come, and the last lines of those that failed.

The number of calls does not depend on the number of tasks: one search a log group and look
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html), and the last lines of a
few containers that stand for all that failed alike.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..resources.ecs_deployments import newest_first
from .container_log import NO_STREAM, ContainerLog, lines, log_of

Task = Mapping[str, Any]
# How many streams one search may name.
_STREAMS = 100
# Pages of one search: a service that floods its log must not keep the wait from looking at the deployment.
_PAGES = 3
_LAST = 20
# Tails of each way to fail, and reads in all: a line may come after its task was seen to stop.
_ALIKE, _READS = 2, 12
_SHOWN = 5
# Lines come to CloudWatch Logs late and in no strict order.
_OVERLAP = 30_000
_HOUR = timedelta(hours=1)
_ERROR = re.compile(r"\b(error|exception|fatal|critical|panic|traceback)\b|[a-z](Error|Exception)\b", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+")


class DeploymentLogs:
    """The logs of a deployment's tasks, read on from look to look."""

    def __init__(self, aws: Aws, since: datetime | None) -> None:
        self._aws = aws
        an_hour_ago = datetime.now(tz=UTC) - _HOUR
        self._from = _milliseconds(max(since or an_hour_ago, an_hour_ago))
        self._next: dict[str, int] = {}
        self._known: dict[str, set[Any]] = {}
        self._told: set[str] = set()
        self._errors: list[str] = []
        self._lines: dict[str, deque[str]] = {}
        self._read: set[str] = set()
        self._reads = 0

    def errors(self) -> list[str]:
        """New error lines since they were asked for last, each kind of line once."""
        new, self._errors = self._errors, []
        more = [f"... and {len(new) - _SHOWN} more kinds of error lines"] if len(new) > _SHOWN else []
        return new[:_SHOWN] + more

    def tails(self) -> dict[str, list[str]]:
        """The last lines, by `<container>/<task id>`."""
        return {key: list(kept) for key, kept in self._lines.items() if kept}

    def read_news(self, tasks: Iterable[Task], definition: Mapping[str, Any]) -> None:
        """Search the groups for what came since the last look.

        Raises:
            AwsError: a log group can't be read.
        """
        groups: dict[str, dict[str, tuple[ContainerLog, str]]] = {}
        for task in newest_first(tasks):
            for key, log in _logs(self._aws, task, definition):
                if key not in self._read:
                    groups.setdefault(log.group, {}).setdefault(log.stream, (log, key))
        for group, streams in groups.items():
            chosen = dict(list(streams.items())[:_STREAMS])
            self._search(group, chosen)

    def _search(self, group: str, streams: Mapping[str, tuple[ContainerLog, str]]) -> None:
        aws = next(iter(streams.values()))[0].aws
        token: dict[str, str] = {}
        start = last = self._next.get(group, self._from)
        known, seen = self._known.get(group, set()), set[Any]()
        for _ in range(_PAGES):
            try:
                answer = aws.call(
                    "logs",
                    "FilterLogEvents",
                    logGroupName=group,
                    logStreamNames=sorted(streams),
                    startTime=start,
                    **token,
                )
            except AwsError as error:
                # A stream is made with its first line, moments after its task is seen to run.
                if error.code == NO_STREAM:
                    return
                raise
            for event in answer.get("events") or ():
                last = max(last, int(event.get("timestamp") or 0))
                identity = event.get("eventId") or (event["logStreamName"], event.get("timestamp"), event["message"])
                seen.add(identity)
                if identity not in known and event["logStreamName"] in streams:
                    self._note(event, streams[event["logStreamName"]][1])
            if not answer.get("nextToken"):
                last = max(self._from, last - _OVERLAP)
                break
            token = {"nextToken": answer["nextToken"]}
        # Whatever the next search can find again was found by this one.
        self._next[group], self._known[group] = last, seen

    def _note(self, event: Mapping[str, Any], key: str) -> None:
        for text in lines(event):
            self._lines.setdefault(key, deque(maxlen=_LAST)).append(text)
            kind = _NUMBERS.sub("", text)
            if _ERROR.search(text) and kind not in self._told:
                self._told.add(kind)
                self._errors.append(f"{key.partition('/')[0]}: {text.strip()}")

    def read_tails(self, tasks: Iterable[Task], definition: Mapping[str, Any], *, living: bool = False) -> None:
        """The last lines of the containers of tasks that stopped, or that still run: a few that stand for all.

        Raises:
            AwsError: a log group can't be read.
        """
        alike: Counter[Any] = Counter()
        for task in tasks:
            if (task.get("lastStatus") != "STOPPED") != living:
                continue
            for key, log in _logs(self._aws, task, definition):
                way = _way_to_fail(task, key)
                alike[way] += 1
                if alike[way] <= _ALIKE and key not in self._read and self._reads < _READS:
                    self._tail(key, log)

    def _tail(self, key: str, log: ContainerLog) -> None:
        self._reads += 1
        if found := log.last_lines(_LAST):
            self._read.add(key)
            self._lines[key] = deque(found, maxlen=_LAST)


def _logs(aws: Aws, task: Task, definition: Mapping[str, Any]) -> Iterator[tuple[str, ContainerLog]]:
    """`<container>/<task id>` and the log of each container of a task that began to run."""
    if not task.get("startedAt"):
        return
    arn = str(task["taskArn"])
    for container in definition.get("containerDefinitions") or ():
        log = log_of(aws, container, arn)
        if log.stream and not log.problem:
            yield f"{container['name']}/{arn.rpartition('/')[2]}", log


def _way_to_fail(task: Task, key: str) -> tuple[Any, ...]:
    name = key.partition("/")[0]
    container: Task = next((one for one in task.get("containers") or () if one.get("name") == name), {})
    return name, container.get("exitCode"), container.get("reason"), task.get("stopCode")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
