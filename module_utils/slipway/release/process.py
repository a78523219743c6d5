"""Processes: whether the one that began something is still there to end it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import socket
import sys
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_DEAD = frozenset("ZX")


@dataclass(frozen=True)
class Process:
    """A process of some machine.

    Attributes:
        place: the machine since its last start, and where on it the pid counts: a container has pids of its own.
        born: when it was started, by the machine's own count; a pid is given again, but not with this.
    """

    pid: int
    place: str
    born: str = ""

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process of this machine that has this pid now."""
        return cls(pid, here(), _look(pid)[1])

    def is_gone(self) -> bool:
        """Whether it is known to have ended; of another machine's nobody knows."""
        if not self.pid or self.place != here():
            return False
        alive, born = _look(self.pid)
        return not alive or born != self.born


def here() -> str:
    """What tells this machine, and this set of pids on it, from every other."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(Path("/proc/self/ns/pid").readlink().name)
    return "/".join(parts if len(parts) > 1 else [*parts, f"{uuid.getnode():x}"])


def _look(pid: int) -> tuple[bool, str]:
    """Whether it is alive, and when it was started."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False, ""
    except PermissionError:
        pass
    try:
        # The name, in brackets, may hold blanks: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return not Path("/proc/self/stat").exists(), ""
    return words[0] not in _DEAD, words[19]


def end_with_parent() -> None:
    """A worker of an ansible-playbook that was killed must not go on changing things that nobody watches."""
    parent = multiprocessing.parent_process()
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:
        os._exit(1)
