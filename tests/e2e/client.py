"""A client of a deployed service that asks all the time, and remembers every request that was not answered."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_EVERY = 0.2


@dataclass
class Answers:
    """What the client got.

    Attributes:
        good: how many requests were answered with 200.
        last: the body of the last good answer.
        bad: every other answer, or its absence.
    """

    good: int = 0
    last: str = ""
    bad: list[str] = field(default_factory=list)

    def await_one(self, seconds: float = 30) -> None:
        """Wait until one more request was answered, whatever the answer."""
        before, deadline = self.good + len(self.bad), time.monotonic() + seconds
        while self.good + len(self.bad) == before:
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(_EVERY / 2)


@contextmanager
def asking(url: str, host: str) -> Iterator[Answers]:
    """Ask for a URL, as a client of that host would, until the block ends."""
    answers, ended = Answers(), Event()

    def ask() -> None:
        while not ended.wait(_EVERY):
            request = urllib.request.Request(url, headers={"Host": host})
            try:
                with _direct.open(request, timeout=10) as answer:
                    answers.last = answer.read().decode().strip()
                    answers.good += 1
            except urllib.error.HTTPError as error:
                answers.bad.append(f"{error.code}: {error.read()[:200]!r}")
            except OSError as error:
                answers.bad.append(repr(error))

    client = Thread(target=ask, daemon=True)
    client.start()
    try:
        yield answers
    finally:
        ended.set()
        client.join(15)
