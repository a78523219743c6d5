"""service.json: which release serves, which one did, and which one is being tried."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from slipway_host import files, paths
from slipway_host.document import Document
from slipway_host.errors import HostError

# A release that lost the traffic again is evidence; after this long nobody comes for it any more.
EVIDENCE_SECONDS = 600


@dataclass(frozen=True)
class State:
    """One service on this machine."""

    current: str | None = None
    previous: list[str] = field(default_factory=list)
    candidate: dict[str, Any] | None = None
    leaving: list[str] = field(default_factory=list)
    switched_at: float | None = None
    next_address: int = 0

    def started(self, release: str, until: float) -> State:
        """Try a release."""
        return replace(self, candidate={"id": release, "until": until})

    def switched(self, release: str | None, now: float) -> State:
        """Let a release serve, or none."""
        old = self.current
        if release == old:
            return self
        back = release in self.leaving or release is None
        candidate = self.candidate
        if back and old:
            candidate = {"id": old, "until": now + EVIDENCE_SECONDS}
        elif candidate and candidate["id"] == release:
            candidate = None
        previous = [one for one in self.previous if one not in (release, old)]
        return replace(
            self,
            current=release,
            previous=previous if back or not old else [old, *previous],
            candidate=candidate,
            leaving=[one for one in [*self.leaving, *([] if back or not old else [old])] if one != release],
            switched_at=now,
        )

    def settled(self, keep: int) -> State:
        """Have nothing left to stop, and remember no more releases than are kept."""
        return replace(self, leaving=[], previous=self.previous[: max(keep - 1, 0)])

    def discarded(self, release: str) -> State:
        """Try a release no longer."""
        if self.candidate and self.candidate["id"] == release:
            return replace(self, candidate=None)
        return self

    @property
    def kept(self) -> list[str]:
        """The releases that stay."""
        trying = [self.candidate["id"]] if self.candidate else []
        return [one for one in [self.current, *trying, *self.leaving, *self.previous] if one]


def load(service: str) -> State | None:
    """Read the state of a service; nothing where there is none."""
    stored = files.read_json(paths.folder(service) / "service.json")
    if stored is None:
        return None
    known = {one.name for one in fields(State)}
    return State(**{name: value for name, value in stored.items() if name in known})


def save(service: str, state: State) -> None:
    """Write the state of a service."""
    files.write_json(paths.folder(service) / "service.json", asdict(state))


def releases(service: str) -> list[str]:
    """Name the releases whose files are here."""
    folder = paths.folder(service) / "releases"
    return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


def document(service: str, release: str) -> Document | None:
    """Read what a release is, without its secrets."""
    return files.read_json(paths.release_folder(service, release) / "release.json")


def known(service: str, release: str) -> Document:
    """Read what a release is, which has to be here."""
    stored = document(service, release)
    if stored is None:
        raise HostError("no_release", f"the machine has no release {release} of {service}", "Deploy it again.")
    return stored


def services() -> list[str]:
    """Name the services of this machine."""
    if not paths.SERVICES.is_dir():
        return []
    return sorted(one.name for one in paths.SERVICES.iterdir() if (one / "service.json").exists())
