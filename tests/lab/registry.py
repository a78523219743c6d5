"""The way from the machine to the registry of the embedded AWS, under the one name that it has on both sides.

The registry listens at 127.0.0.1 of this machine; a tunnel lets it be asked at the same address and port of the lab's
machine, whose Docker engine takes a registry on loopback as it is. A cut tunnel is a registry that is down.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.host import SSH, LabHost
from tests.lab.image import LabError

_SECONDS = 15


class Registry:
    """The registry as the machine reaches it."""

    def __init__(self, host: LabHost, port: int) -> None:
        self.name = f"127.0.0.1:{port}"
        self._host, self._port = host, port
        self._tunnel: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Let the machine reach it, also again after a reboot."""
        self.close()
        end = time.monotonic() + _SECONDS
        while not self._answers():
            # A machine that has just started may need its port for a moment itself.
            if self._tunnel is None or self._tunnel.poll() is not None:
                self._tunnel = self._begin()
            if time.monotonic() > end:
                raise LabError(f"{self._host.name} does not reach the registry {self.name}")
            time.sleep(0.1)

    def _begin(self) -> subprocess.Popen[bytes]:
        options = [*SSH, "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=5", "-i", str(self._host.key)]
        way = ["-N", "-R", f"{self.name}:{self.name}", f"{self._host.user}@{self._host.address}"]
        nothing = subprocess.DEVNULL
        return subprocess.Popen(
            ["ssh", *options, *way], stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )

    def close(self) -> None:
        """Cut the way."""
        if self._tunnel is not None:
            self._tunnel.terminate()
            self._tunnel.wait(_SECONDS)
            self._tunnel = None
            end = time.monotonic() + _SECONDS
            while self._answers() and time.monotonic() < end:
                time.sleep(0.05)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nothing is pulled until the block ends."""
        self.close()
        try:
            yield
        finally:
            self.open()

    def _answers(self) -> bool:
        url = f"http://{self.name}/v2/"
        asked = ["curl", "--silent", "--max-time", "2", "--output", "/dev/null", "--write-out", "%{http_code}", url]
        return self._host.exec(*asked, check=False).endswith(("200", "401"))
