"""The log of one container of one task: line by line as it comes, or its end. What looks like a secret is not in it.

The name of its stream: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from .redaction import redacted

# Pages of one look: a container that floods its log must not keep the wait from looking at the task.
_PAGES = 20
NO_STREAM = "ResourceNotFoundException"


@dataclass
class ContainerLog:
    """Reads on from where it was read last, or the last lines.

    Attributes:
        problem: why it cannot be read; empty while it can.
    """

    aws: Aws
    group: str = ""
    stream: str = ""
    problem: str = ""
    _token: str = field(default="", repr=False)

    def news(self) -> Iterator[str]:
        """The lines since the last look; none when it cannot be read, and then `problem` says why."""
        for _ in range(_PAGES):
            if self.problem or not self.stream:
                return
            answer = self._page()
            for event in answer.get("events") or ():
                yield from lines(event) or [""]
            # The end is where the same token comes back; an empty page is not yet the end.
            last, self._token = self._token, answer.get("nextForwardToken") or self._token
            if last == self._token:
                return

    def _page(self) -> dict[str, Any]:
        token = {"nextToken": self._token} if self._token else {}
        try:
            return self._events(startFromHead=True, **token)
        except AwsError as error:
            if not error.is_passing:
                self.problem = str(error)
            return {}

    def last_lines(self, limit: int) -> list[str]:
        """The end of the log.

        Raises:
            AwsError: it cannot be read.
        """
        answer = self._events(startFromHead=False, limit=limit)
        return [line for event in answer.get("events") or () for line in lines(event)][-limit:]

    def _events(self, **params: Any) -> dict[str, Any]:
        try:
            return self.aws.call("logs", "GetLogEvents", logGroupName=self.group, logStreamName=self.stream, **params)
        except AwsError as error:
            # The stream is made with the first line.
            if error.code == NO_STREAM:
                return {}
            raise


def lines(event: Mapping[str, Any]) -> list[str]:
    """The lines of one event of CloudWatch Logs, as they may be shown."""
    return [redacted(line) for line in str(event.get("message") or "").rstrip().splitlines()]


def log_of(aws: Aws, container: Mapping[str, Any], task_arn: str) -> ContainerLog:
    """The log of a container, by its definition; one that is not in CloudWatch Logs cannot be read."""
    configuration = container.get("logConfiguration") or {}
    driver, options = configuration.get("logDriver"), configuration.get("options") or {}
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if driver != "awslogs" or not group or not prefix:
        where = f"goes through the log driver {driver}" if driver not in (None, "awslogs") else "goes nowhere"
        return ContainerLog(aws, problem=f"the log of the container {container['name']} {where}")
    region = options.get("awslogs-region") or aws.region
    there = aws if region == aws.region else Aws(replace(aws.connection, region=region), impatient=aws.impatient)
    return ContainerLog(there, group, f"{prefix}/{container['name']}/{task_arn.rpartition('/')[2]}")
