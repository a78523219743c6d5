"""The small process that keeps a release's lock while ansible-playbook lives, and gives it back when that is killed."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from ..aws.clients import Aws, Connection, forget_clients
from ..aws.errors import SlipwayError
from .history import write
from .lock import LEASE, RENEW, Lock, release, renew
from .process import Process

_LOOK = 0.5
_PATIENCE = 2.0


def start(connection: Connection, lock: Lock, owner: Process) -> int:
    """Start a keeper that ends with its owner, or with `stop`; its pid.

    It is a child of nobody: forked twice, in a session of its own, with no file of ours.

    Raises:
        OSError: this machine has no room for a process more.
    """
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        # A renewal that is given up late would come after the lease.
        _become_keeper(its, lambda: keep(Aws(connection, impatient=True), lock, owner))
    os.close(its)
    os.waitpid(child, 0)
    with os.fdopen(ours, "rb") as answer:
        said = answer.read()
    if not said:
        # A lock that nobody renews would be taken over in the middle of the release.
        raise OSError("the process that keeps the lock did not start")
    return int(said)


def _become_keeper(tell: int, work: Callable[[], None]) -> NoReturn:
    try:
        if os.fork():
            os._exit(0)
        os.setsid()
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(one, signal.SIG_DFL)
        os.write(tell, str(os.getpid()).encode())
        # Before the files are closed under them, and never afterwards: a number closed twice may be another's by then.
        gc.disable()
        forget_clients()
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir("/")
        work()
    finally:
        # Nothing of Ansible's own end must run here.
        os._exit(0)


def keep(aws: Aws, lock: Lock, owner: Process) -> None:
    """Renew the lock until its owner is gone, or the lock is."""
    renewed = time.monotonic()
    while not owner.is_gone():
        if time.monotonic() - renewed >= RENEW:
            # Not to be asked again at once where AWS does not answer.
            renewed = time.monotonic()
            with suppress(SlipwayError):
                if not renew(aws, lock):
                    return
        time.sleep(_LOOK)
    deadline = time.monotonic() + LEASE
    while time.monotonic() < deadline:
        with suppress(SlipwayError):
            _give_back(aws, lock)
            return
        time.sleep(_PATIENCE)


def _give_back(aws: Aws, lock: Lock) -> None:
    # Whoever holds the lock now has written the record: renewing tells.
    if renew(aws, lock):
        if lock.leaves_record:
            write(aws, lock.table, lock.interrupted(), only_new=True)
        release(aws, lock.table, lock.record.service, lock.token)


def stop(pid: int) -> None:
    """End a keeper."""
    try:
        # A keeper leads its session: another process that was given its number would hardly.
        if not pid or os.getsid(pid) != pid:
            return
        os.kill(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return
    keeper, deadline = Process.of(pid), time.monotonic() + _PATIENCE
    while not keeper.is_gone() and time.monotonic() < deadline:
        time.sleep(0.01)
