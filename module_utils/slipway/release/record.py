"""What a release leaves behind: one record, by which it is listed, reported and gone back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

# A repair takes a service's lock, and leaves no record.
Kind = Literal["release", "rollback", "repair"]
# `rolled_back`: it failed, and what served before serves again. `failed`: it failed, and nothing was gone back to.
# `interrupted`: it was killed, so nobody saw its end.
Outcome = Literal["succeeded", "failed", "rolled_back", "interrupted"]


@dataclass(frozen=True)
class Record:
    """One release or rollback.

    Attributes:
        service: `<cluster>/<ECS service>`; on a compose machine `<machine>/<service>`.
        started_at: UTC, as ISO 8601 with milliseconds: it is the record's own name, too.
        who: the person or CI run that asked for it.
        commit: the commit that the image was built from; empty where it was not built here.
        revision: what was to be deployed, such as `voj-backend-prod:12`.
        seconds: how long it took, until the verdict.
        cause: in one line why it failed; empty after a success.
        cause_code: the class of the cause.
        serving: the revision that served afterwards; empty where nothing does.
    """

    service: str
    started_at: str
    kind: Kind = "release"
    verdict: Outcome = "interrupted"
    who: str = ""
    commit: str = ""
    tag: str = ""
    digest: str = ""
    revision: str = ""
    seconds: float = 0.0
    cause: str = ""
    cause_code: str = ""
    serving: str = ""

    def result(self) -> dict[str, Any]:
        """The record as part of an Ansible result."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Record:
        """A record from its stored form; what a later version added is left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})
