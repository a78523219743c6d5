"""Commands of the machine."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway_host.errors import HostError
from slipway_host.files import held

SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": SEARCHED, "HOME": "/root", "LC_ALL": "C.UTF-8", "DOCKER_HOST": "unix:///run/docker.sock"}
TIMED_OUT = 124


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    output: str
    errors: str

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0

    def told(self, lines: int = 5) -> str:
        """Say the last that it said."""
        text = self.errors.strip() or self.output.strip() or f"it ended with {self.code}"
        return "\n".join(text.splitlines()[-lines:])


def run(argv: Sequence[str | Path], seconds: float, *, folder: Path | None = None) -> Done:
    """Run a command to its end, which `timeout` sees to, even when this program is killed."""
    words = ["timeout", "--kill-after=10", f"{seconds:.0f}", *map(str, argv)]
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd=folder,
            pass_fds=tuple(held),
        )
    except OSError as error:
        raise HostError("no_command", f"{argv[0]} cannot be run: {error}", "Prepare the machine again.") from None
    output, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if done.returncode == TIMED_OUT:
        errors = f"{errors}\n{argv[0]} did not end within {seconds:.0f} s"
    return Done(done.returncode, output, errors)
