"""serve: what systemd runs. It brings a service up, and sees to it every few seconds that all is as it should be."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from slipway_host import containers, files, paths, releasing, sidecars, state
from slipway_host.compose import Project
from slipway_host.engine import Engine, EngineError
from slipway_host.errors import HostError
from slipway_host.leaving import stop_all

ROUND_SECONDS = 5.0
# A controller that checks through the proxy has this long before the switch is settled without it.
SETTLE_SECONDS = 300
# After so many rounds in a row that did not succeed, systemd starts this program again.
ROUNDS_FAILED = 3
STOP_WAITS = 15


class Serve:
    """One service, for as long as the machine runs."""

    def __init__(self, engine: Engine, service: str) -> None:
        self.engine = engine
        self.service = service
        self.stopped = threading.Event()

    def main(self) -> int:
        """Run until systemd says stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        failed = 0 if self._round() else 1
        if failed and not self._reaches_docker():
            return 1
        notify("READY=1")
        program = _version()
        while not self.stopped.wait(ROUND_SECONDS):
            if _version() != program:
                say("this program is new: starting it again in place")
                os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606
            failed = 0 if self._round() else failed + 1
            if failed >= ROUNDS_FAILED:
                return 1
        return self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopped.set()

    def _round(self) -> bool:
        """Bring everything right; skip it while a verb works on the service."""
        try:
            with files.locked(self.service, 0):
                self._converge()
            self._later()
        except HostError as error:
            if error.code == "busy" or (isinstance(error, EngineError) and error.status == 0):
                # A verb works, or the engine restarts: containers run on meanwhile.
                return error.code == "busy" or self._ready
            say(f"{error.what}. {error.remedy}")
            return False
        return True

    _ready = False

    def _reaches_docker(self) -> bool:
        try:
            self.engine.call("GET", "/_ping", seconds=5)
        except EngineError as error:
            # It answers "OK", which is no JSON: only whether it answers matters.
            return error.status != 0
        except ValueError:
            return True
        return True

    def _converge(self) -> None:
        now = state.load(self.service)
        if now is None:
            return
        failed = []
        base = Project(self.service, paths.BASE)
        if base.exists and not sidecars.run(self.engine, base):
            say(f"starting {base.name}")
            try:
                sidecars.up(base)
            except HostError as error:
                # The release may serve without: that is better than nothing.
                failed.append(error.what)
        if now.current:
            failed += self._release(now)
        self._ready = True
        if failed:
            notify("STATUS=" + "; ".join(failed).replace("\n", " ")[:200])
            raise HostError("not_running", "; ".join(failed), "It is tried again.")
        notify(f"STATUS=release {now.current or 'none'}")

    def _release(self, now: state.State) -> list[str]:
        document = state.known(self.service, str(now.current))
        project = Project(self.service, document["id"])
        # Workers of a release that is not settled yet still run in the one before.
        services = [*document["web"], *([] if now.leaving else document["workers"])]
        failed = containers.have(self.engine, project, services, releasing.RUNS)
        if releasing.point(self.service, document):
            say(f"{paths.HOSTS}: {paths.host_name(self.service)} leads to release {document['id']} again")
        return [f"{name} does not start: {error}" for name, error in failed.items()]

    def _later(self) -> None:
        """Do what a controller would have done, had it not been ended."""
        now = state.load(self.service)
        if now is None:
            return
        moment = time.time()
        if now.candidate and moment > float(now.candidate["until"]):
            say(f"release {now.candidate['id']} was tried and nobody came back: it is discarded")
            releasing.discard(self.engine, {"service": self.service, "id": now.candidate["id"]})
        if now.leaving and now.current:
            drain = float(state.known(self.service, now.current)["drain_seconds"])
            if moment > (now.switched_at or 0) + drain + SETTLE_SECONDS:
                say(f"release {now.current} serves and nobody settled it: the one before is stopped")
                request = {"service": self.service, "id": now.current}
                releasing.settle(self.engine, request, start_unit=False)

    def _end(self) -> int:
        """Stop everything, in order: what has to go on would be killed at a shutdown anyway."""
        say("stopping")
        try:
            with files.locked(self.service, STOP_WAITS):
                stop_all(self.engine, self.service)
        except HostError as error:
            say(error.what)
            return 1
        return 0


def _version() -> tuple[int, int, int]:
    """Tell one program from the next by its file."""
    told = Path(sys.argv[0]).stat()
    return told.st_ino, told.st_mtime_ns, told.st_size


def notify(text: str) -> None:
    """Tell systemd something."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.send(text.encode())


def say(text: str) -> None:
    """Write a line, which the journal keeps."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
