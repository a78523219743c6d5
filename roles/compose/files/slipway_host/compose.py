"""Docker Compose, called for one project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from slipway_host import paths
from slipway_host.dotenv import Hide, hider_of
from slipway_host.errors import HostError
from slipway_host.process import Done, run

FILE = "compose.yaml"


@dataclass(frozen=True)
class Project:
    """A release, or what outlives releases."""

    service: str
    release: str
    folder: Path = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", paths.release_folder(self.service, self.release))
        object.__setattr__(self, "name", paths.project(self.service, self.release))

    @property
    def exists(self) -> bool:
        """Whether it can be called."""
        return (self.folder / FILE).exists()

    def hide(self, text: str) -> str:
        """Replace its secrets in a text."""
        hide: Hide = hider_of(self.folder)
        return hide(text)

    def run(self, *arguments: str, seconds: float = 120) -> Done:
        """Call Compose, and answer how that went."""
        # Without --env-file, a secret named COMPOSE_FILE would be taken for an option of Compose.
        common: list[str | Path] = [
            "--project-name",
            self.name,
            "--project-directory",
            self.folder,
            "--file",
            self.folder / FILE,
        ]
        argv = ["docker", "compose", *common, "--env-file", "/dev/null", *arguments]
        return run(argv, seconds, folder=self.folder)

    def call(self, *arguments: str, seconds: float = 120) -> str:
        """Call Compose, which has to succeed."""
        done = self.run(*arguments, seconds=seconds)
        if not done.ok:
            what = f"docker compose {arguments[0]} of {self.name} failed: {self.hide(done.told())}"
            raise HostError("compose", what, f"`docker ps -a` and {self.folder / FILE} on the machine tell more.")
        return done.output
