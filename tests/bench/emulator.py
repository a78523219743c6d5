"""The emulator under the benchmark, seen through the counting server."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from .counting import CALLS_PATH
from .process import BenchError, server

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Emulator:
    """Where the tools send their calls, and the count of them."""

    kind: str
    endpoint: str

    def reset_calls(self) -> None:
        """Start counting again."""
        urllib3.request("DELETE", f"{self.endpoint}{CALLS_PATH}")

    def calls(self) -> dict[str, int]:
        """Answer the calls since the last reset, by operation."""
        answer = urllib3.request("GET", f"{self.endpoint}{CALLS_PATH}")
        operations: dict[str, int] = answer.json()["operations"]
        return operations


@contextmanager
def emulator(kind: str, port: int, logs: Path) -> Iterator[Emulator]:
    """Bring up `moto`, `ministack`, or the counting server in front of an emulator's address."""
    endpoint = f"http://127.0.0.1:{port}"
    _require_free(port)
    with ExitStack() as running:
        upstream = running.enter_context(_ministack(port + 1, logs)) if kind == "ministack" else kind
        command = [sys.executable, "-m", "tests.bench.counting", "--port", str(port)]
        if kind != "moto":
            command += ["--upstream", upstream]
        env = os.environ | {"PYTHONPATH": str(ROOT), "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
        running.enter_context(server(command, env, logs / "counting.log", f"{endpoint}{CALLS_PATH}"))
        yield Emulator(kind, endpoint)


@contextmanager
def _ministack(port: int, logs: Path) -> Iterator[str]:
    _require_free(port)
    upstream = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        # Containers would only add noise: nothing here is sent to them.
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
    }
    with server([sys.executable, "-m", "ministack"], env, logs / "ministack.log", f"{upstream}/_ministack/health"):
        yield upstream


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BenchError(f"port {port} of 127.0.0.1 is taken: choose another with --port") from error
