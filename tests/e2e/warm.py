"""ansible-playbook without its start: a process that has imported it, and forks for each run.

A third of a run's CPU is the import of Ansible, Slipway and botocore's models, and the tests make some hundred runs.
What is forked is the command's own `main`, with the arguments, environment and standard output of a new process.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from demo.embedded_aws import ROOT

_CONTROLLERS = ROOT / "module_utils" / "slipway" / "controller"


@dataclass
class Warm:
    """The process, for as long as the tests run: it ends with its standard input."""

    requests: socket.socket
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, environment: Mapping[str, str]) -> Warm:
        """Start it."""
        ours, its = socket.socketpair()
        command = [sys.executable, "-m", "tests.e2e.warm"]
        with its:
            return cls(ours, subprocess.Popen(command, cwd=ROOT, env=environment, stdin=its.fileno()))

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], output: IO[str], timeout: float) -> int:
        """Run it to its end, and answer its exit code; it is killed, with all its processes, when it takes longer."""
        ours, its = socket.socketpair()
        with ours:
            with its:
                socket.send_fds(self.requests, [b"."], [its.fileno(), output.fileno()])
            ours.settimeout(timeout)
            with ours.makefile("rw") as connection:
                connection.write(json.dumps({"arguments": arguments, "environment": environment}) + "\n")
                connection.flush()
                pid = int(connection.readline())
                try:
                    return int(connection.readline())
                except TimeoutError:
                    os.killpg(pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(list(arguments), timeout) from None


def main() -> None:
    """Import all, and serve until whoever started this is gone."""
    sys.path.insert(0, str(ROOT / "module_utils"))
    from ansible.cli.playbook import main as playbook

    for file in _CONTROLLERS.glob("*.py"):
        importlib.import_module(f"slipway.controller.{file.stem}")
    importlib.import_module("ansible.plugins.filter.core")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=os.dup(0)) as requests:
        while files := socket.recv_fds(requests, 1, 2)[1]:
            if os.fork() == 0:
                _handle(socket.socket(fileno=files[0]), files[1], playbook)
            for descriptor in files:
                os.close(descriptor)


def _handle(connection: socket.socket, output: int, playbook: Any) -> None:
    """Fork once more, so that this process can tell how the other one ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile() as lines:
        request = json.loads(lines.readline())
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(request["environment"], output)
        sys.exit(playbook(["ansible-playbook", *request["arguments"]]))
    connection.sendall(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    # Whoever asked may have given up.
    with suppress(BrokenPipeError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(environment: Mapping[str, str], output: int) -> None:
    """What a new process of its own would be."""
    from ansible import constants
    from ansible.utils.path import cleanup_tmp_file

    os.setsid()
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environment)
    # Of the one that was forked from, this one would remove them at its end.
    atexit.unregister(cleanup_tmp_file)
    constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(dir=Path(constants.DEFAULT_LOCAL_TMP).parent)
    atexit.register(cleanup_tmp_file, constants.DEFAULT_LOCAL_TMP, warn=True)


if __name__ == "__main__":
    main()
