"""The load itself: what it counts as failed, and what not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.lab.load import Load, load

_BODY = json.dumps({"version": "v1"}).encode()
_GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
Serve = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def serving(serve: Serve) -> Iterator[int]:
    """Serve on loopback; `serve` is told the number of the request on its connection."""
    ready, ended = Event(), Event()
    ports: list[int] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        try:
            while not writer.is_closing():
                await reader.readuntil(b"\r\n\r\n")
                number += 1
                await serve(number, writer)
                await writer.drain()
        except (EOFError, OSError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        while not ended.is_set():
            await asyncio.sleep(0.02)
        server.close()

    thread = Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    ready.wait(5)
    try:
        yield ports[0]
    finally:
        ended.set()
        thread.join(5)


def asked(serve: Serve, number: int = 40, rate: float = 400) -> Load:
    """Ask a server until so many requests had an end."""
    with serving(serve) as port, load("127.0.0.1", port=port, rate=rate, connections=4) as running:
        while len(running.answers) + len(running.failed) < number:
            Event().wait(0.01)
    return running


async def good(_number: int, writer: asyncio.StreamWriter) -> None:
    writer.write(_GOOD)


async def closes_at_rest(_number: int, writer: asyncio.StreamWriter) -> None:
    writer.write(_GOOD)
    await writer.drain()
    writer.close()


async def resets(number: int, writer: asyncio.StreamWriter) -> None:
    if number == 3:
        writer.transport.abort()
    else:
        writer.write(_GOOD)


async def stops_short(number: int, writer: asyncio.StreamWriter) -> None:
    writer.write(_GOOD[:-3] if number == 3 else _GOOD)
    if number == 3:
        await writer.drain()
        writer.close()


async def refuses(number: int, writer: asyncio.StreamWriter) -> None:
    writer.write(_GOOD.replace(b"200 OK", b"503 Service Unavailable") if number == 3 else _GOOD)


def test_every_answer_counts_on_connections_that_stay_open() -> None:
    running = asked(good)
    assert running.failed == []
    assert running.opened == 4
    assert running.versions == ["v1"]
    assert running.count("POST /visits") > 0
    assert 100 < running.rate <= 500


def test_a_connection_that_is_closed_at_rest_is_no_failure() -> None:
    # At rest for long enough, so that a busy machine tells of the close before the next request is sent.
    running = asked(closes_at_rest, rate=20)
    assert running.failed == []
    assert running.opened > 20


@pytest.mark.parametrize(("serve", "told"), [(resets, ""), (stops_short, "IncompleteRead"), (refuses, "503")])
def test_a_request_without_a_whole_good_answer_has_failed(serve: Serve, told: str) -> None:
    running = asked(serve)
    assert running.answers
    assert len(running.failed) >= 4
    assert told in running.failed[0]


def test_a_server_that_is_not_there() -> None:
    with serving(good) as port:
        pass
    with load("127.0.0.1", port=port, rate=100, connections=2) as running:
        while len(running.failed) < 4:
            Event().wait(0.01)
    assert running.answers == []
    assert "ConnectionRefusedError" in running.failed[0]
