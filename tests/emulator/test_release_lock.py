"""The lock of a release, with real processes that live, end and are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.release.history import latest
from slipway.release.lock import look
from slipway.release.process import Process
from tests.emulators.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
TABLE, SERVICE = "slipway-locks", "prod/voj"
# The owner is the process itself, as ansible-playbook is for its worker's action.
OWNER = """
import json, os, sys
sys.path.insert(0, "module_utils")
from slipway.aws.clients import Aws, Connection
from slipway.release.holding import hold
# A client with an open socket, as a worker has that observed something before.
Aws(Connection("ap-northeast-2")).identity()
options = {"region": "ap-northeast-2", "cluster": "prod", "service": "voj", "table": "slipway-locks", "timeout": 20}
options |= {"state": "acquired", "kind": "release", "who": "minji", "tag": "sha-1"}
result = hold(options, check=False, report=lambda line: print(line, file=sys.stderr), owner=os.getpid())
print(json.dumps(result["lock"]), flush=True)
if sys.stdin.readline() == "release\\n":
    hold({**options, "state": "released", "lock": result["lock"]}, check=False, report=print, owner=os.getpid())
    print("released", flush=True)
    sys.stdin.readline()
"""

pytestmark = [pytest.mark.aws("dynamodb", "ecs", "sts")]


@contextmanager
def owner(emulator: Emulator) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A process that holds the lock, and its lock."""
    environment = {**os.environ, **emulator.environment(), "PYTHONPATH": os.environ["PYTHONPATH"]}
    command = [sys.executable, "-c", OWNER]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def soon(done: Callable[[], bool], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def aws_of(emulator: Emulator) -> Aws:
    return Aws(Connection("ap-northeast-2", endpoint_url=emulator.endpoint))


def test_a_killed_release_gives_its_lock_back(emulator: Emulator) -> None:
    aws = aws_of(emulator)
    with owner(emulator) as (process, lock):
        held = look(aws, TABLE, SERVICE)
        assert held is not None
        assert (held.token, held.process) == (lock["token"], Process.of(process.pid))
        keeper = Process.of(lock["keeper_pid"])
        assert not keeper.is_gone()
        # Of its own session, and with none of our files.
        assert os.getsid(keeper.pid) == keeper.pid
        files = {fd.readlink().name for fd in Path(f"/proc/{keeper.pid}/fd").iterdir()}
        assert files == {"null"}
        process.send_signal(signal.SIGKILL)
        soon(lambda: look(aws, TABLE, SERVICE) is None, "the lock stays")
        soon(keeper.is_gone, "the keeper stays")
    (kept,) = latest(aws, TABLE, SERVICE)
    assert (kept.verdict, kept.who, kept.tag) == ("interrupted", "minji", "sha-1")
    assert kept.started_at == held.record.started_at


def test_a_released_lock_leaves_nothing(emulator: Emulator) -> None:
    aws = aws_of(emulator)
    with owner(emulator) as (process, lock):
        keeper = Process.of(lock["keeper_pid"])
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("release\n")
        process.stdin.flush()
        assert process.stdout.readline() == "released\n"
        assert keeper.is_gone()
        assert look(aws, TABLE, SERVICE) is None
    assert latest(aws, TABLE, SERVICE) == []


def test_the_second_release_follows_the_first(emulator: Emulator) -> None:
    aws = aws_of(emulator)
    with owner(emulator) as (first, lock):
        assert first.stdin is not None
        first.stdin.write("release\n")
        first.stdin.flush()
        with owner(emulator) as (_, other):
            assert other["token"] != lock["token"]
            held = look(aws, TABLE, SERVICE)
            assert held is not None
            assert held.token == other["token"]
    soon(lambda: look(aws, TABLE, SERVICE) is None, "the lock stays")


def test_both_are_killed_and_the_next_needs_no_person(emulator: Emulator) -> None:
    aws = aws_of(emulator)
    with owner(emulator) as (process, lock):
        keeper = Process.of(lock["keeper_pid"])
        os.kill(keeper.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        soon(keeper.is_gone, "the keeper stays")
    assert look(aws, TABLE, SERVICE) is not None
    begun = time.monotonic()
    with owner(emulator) as (_, other):
        assert time.monotonic() - begun < 10
        held = look(aws, TABLE, SERVICE)
        assert held is not None
        assert held.token == other["token"]
        assert [record.verdict for record in latest(aws, TABLE, SERVICE)] == ["interrupted"]
    soon(lambda: look(aws, TABLE, SERVICE) is None, "the lock stays")
