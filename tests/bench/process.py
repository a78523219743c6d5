"""Running commands: measured ones, and the servers that stay up behind them."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

# A proxy that nobody listens at: a call that misses the emulator fails and never reaches AWS.
NOWHERE = "http://127.0.0.1:9"


class BenchError(Exception):
    """The benchmark cannot go on; the message says what to do."""


@dataclass(frozen=True)
class Finished:
    """What a command did and what it cost; `peak` is the memory of its largest process, in MB."""

    code: int
    output: str
    wall: float
    cpu: float
    peak: float = 0.0


def environment(endpoint: str, region: str) -> dict[str, str]:
    """Give a tool the emulator and nothing of the user's own AWS, Ansible or terraform settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "ANSIBLE_", "TF_", "SLIPWAY_")) and not name.lower().endswith("_proxy")
    }
    proxies = {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"}
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **proxies,
        **{name.lower(): value for name, value in proxies.items()},
    }


def measure(command: Sequence[str], env: Mapping[str, str], directory: Path) -> Finished:
    """Run a command to its end; CPU seconds include the processes that it started and waited for."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=env, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return Finished(
            process.returncode, output.read(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
        )


@contextmanager
def server(command: Sequence[str], env: Mapping[str, str], log: Path, ready: str) -> Iterator[None]:
    """Keep a server up, from the moment that it answers at `ready` until the end of the block."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            _wait_until_ready(process, ready, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchError(f"the emulator ended before it answered at {ready}; its output is in {log}")
        try:
            urllib3.request("GET", ready, timeout=2, retries=False)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise BenchError(f"the emulator did not answer at {ready} within 60 s; its output is in {log}")
