"""A load of requests over connections that stay open, with every request that was not answered, and who answered when.

A connection that the server closed while nothing was asked is opened again, as every client's pool does. A request
that was sent and got no whole answer has failed: nothing is sent a second time.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

# What a visitor of examples/homu does: looks, looks at the number, and is counted.
VISITOR = ("GET /", "GET /visits", "GET /", "POST /visits")
_TIMEOUT = 15.0
_SHOWN = 5


class BadAnswerError(Exception):
    """An answer that is none."""


@dataclass(frozen=True)
class Answer:
    """One whole answer with status 200: when it came, how long it took, who gave it."""

    at: float
    seconds: float
    request: str
    version: str


@dataclass
class Load:
    """What the client got so far."""

    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    answers: list[Answer] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    opened: int = 0

    @property
    def rate(self) -> float:
        """Requests a second, answered or not."""
        return (len(self.answers) + len(self.failed)) / ((self.ended or time.monotonic()) - self.began)

    @property
    def versions(self) -> list[str]:
        """Who answered, in the order of the first answers."""
        return list(dict.fromkeys(answer.version for answer in self.answers))

    def span(self, version: str) -> tuple[float, float]:
        """The seconds of the first and the last answer of a version."""
        times = [answer.at - self.began for answer in self.answers if answer.version == version]
        return min(times), max(times)

    def count(self, request: str) -> int:
        """How many of one kind were answered."""
        return sum(answer.request == request for answer in self.answers)

    def slowest(self) -> float:
        """The longest that an answer took."""
        return max(answer.seconds for answer in self.answers)

    def await_more(self, number: int = 1, seconds: float = 30) -> None:
        """Wait until so many more requests were answered."""
        goal, end = len(self.answers) + number, time.monotonic() + seconds
        while len(self.answers) < goal:
            assert time.monotonic() < end, f"nobody answers: {self.failed[-_SHOWN:]}"
            time.sleep(0.02)

    def await_version(self, version: str, seconds: float = 60) -> None:
        """Wait until this version answers."""
        end = time.monotonic() + seconds
        while not (self.answers and self.answers[-1].version == version):
            assert time.monotonic() < end, f"{self.versions} answered, {version} did not"
            time.sleep(0.02)

    def __str__(self) -> str:
        """One line of it all."""
        spans = {version: self.span(version) for version in self.versions}
        told = ", ".join(f"{version} from {first:.1f} s to {last:.1f} s" for version, (first, last) in spans.items())
        what = Counter(self.failed).most_common(_SHOWN)
        slow = f"{1000 * self.slowest():.0f} ms" if self.answers else "-"
        return f"{len(self.failed)} of {len(self.answers)} failed {what}, {self.rate:.0f}/s, slowest {slow}, {told}"


class _Client:
    """All connections, on one event loop."""

    def __init__(self, address: str, port: int, host: str, rate: float, connections: int, requests: tuple[str, ...]):
        self.load = Load()
        self._address, self._port, self._host = address, port, host
        self._every, self._connections = connections / rate, connections
        self._requests = requests
        self._stop = Event()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        asyncio.run(self._run())
        self.load.ended = time.monotonic()

    async def _run(self) -> None:
        await asyncio.gather(*(self._visitor(number) for number in range(self._connections)))

    async def _visitor(self, number: int) -> None:
        """One connection: on time where it can be, and at once where it is late."""
        due = time.monotonic() + self._every * number / self._connections
        connection = _Connection(self.load, self._address, self._port, self._host)
        while not self._stop.is_set():
            # Who waited for long does not make up for all of it: that would be a flood.
            due = max(due, time.monotonic() - 2 * self._every)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += self._every
            await connection.ask(self._requests[number % len(self._requests)])
            number += 1
        connection.close()


class _Connection:
    """One connection that is opened when it is needed, and stays open."""

    def __init__(self, load: Load, address: str, port: int, host: str) -> None:
        self._load, self._address, self._port, self._host = load, address, port, host
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: str) -> None:
        """Send a request, and note what came of it."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(_TIMEOUT):
                reader, writer = await self._open()
                version = await self._exchange(reader, writer, request)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError, BadAnswerError) as error:
            self._load.failed.append(f"{request}: {error!r}")
            self.close()
        else:
            now = time.monotonic()
            self._load.answers.append(Answer(now, now - started, request, version))

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams and (self._streams[0].at_eof() or self._streams[0].exception()):
            self.close()
        if not self._streams:
            self._load.opened += 1
            self._streams = await asyncio.open_connection(self._address, self._port)
        return self._streams

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str) -> str:
        """Send a request, and read the answer to its last byte."""
        body = "" if request.startswith("GET") else "Content-Length: 0\r\n"
        writer.write(f"{request} HTTP/1.1\r\nHost: {self._host}\r\n{body}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        if "content-length" not in headers:
            raise BadAnswerError(f"{status} without a length")
        content = await reader.readexactly(int(headers["content-length"]))
        if status != "200":
            raise BadAnswerError(f"{status}: {content[:120]!r}")
        if headers.get("connection", "").lower() == "close":
            self.close()
        answer: Any = json.loads(content)
        return str(answer["version"])

    def close(self) -> None:
        """Close it, if it is open."""
        if self._streams:
            with suppress(OSError):
                self._streams[1].close()
        self._streams = None


@contextmanager
def load(
    address: str,
    *,
    port: int = 80,
    host: str = "",
    rate: float = 240,
    connections: int = 24,
    requests: tuple[str, ...] = VISITOR,
) -> Iterator[Load]:
    """Ask at a steady rate until the block ends.

    Args:
        address: where the connections go to.
        port: the port there.
        host: whom they ask for; by default the address.
        rate: requests a second over all connections.
        connections: how many stay open.
        requests: what each connection asks for, in turns.
    """
    client = _Client(address, port, host or address, rate, connections, requests)
    thread = Thread(target=client.run, daemon=True)
    thread.start()
    try:
        yield client.load
    finally:
        client.stop()
        thread.join(_TIMEOUT + 5)
