"""What of a service on a machine can be put back, and what somebody has to confirm first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .finding import Finding
from .host_place import between

KIND, MACHINE = "compose_service", "machine"
ON_MACHINES = frozenset({KIND, MACHINE})
# What of a container is put right without making it anew.
_IN_PLACE = ("].state", "].restart")
_ANEW = "the container is made anew"
_ROLE = "the role may restart Docker, the proxy and the clock"


@dataclass(frozen=True)
class Restoration:
    """What goes back to the release that serves.

    Attributes:
        fields: what is put right.
        containers: those that are made anew, by their names on the machine.
    """

    fields: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields)


def restoration(findings: Sequence[Finding], seen: Mapping[str, Any], *, confirmed: bool) -> Restoration:
    """What is safe, and what is confirmed."""
    chosen = [one for one in findings if _can_be(one) and (confirmed or not _is_made_anew(one))]
    names = {between(one.field) for one in chosen if _is_made_anew(one)}
    own = ("base", seen.get("current"))
    containers = [
        str(one["name"])
        for one in seen.get("containers") or ()
        if one["service"] in names and one["release"] in own
    ]  # fmt: skip
    return Restoration(tuple(one.field for one in chosen), tuple(containers))


def offered(findings: Sequence[Finding], command: str) -> Iterator[Finding]:
    """The findings, each with the command that puts it back by itself, where there is one."""
    for one in findings:
        asked = f"{command} -e confirm={one.kind}:{one.name}"
        if _can_be(one):
            anew = _is_made_anew(one)
            yield replace(one, repair=asked if anew else command, interrupts=_ANEW if anew else "")
        elif one.kind == MACHINE and one.state == "drift" and "--tags host" in one.remedy:
            yield replace(one, repair=asked, interrupts=_ROLE)
        else:
            yield one


def _can_be(one: Finding) -> bool:
    return one.kind == KIND and one.state == "drift" and bool(one.field) and one.field != "files[release.json]"


def _is_made_anew(one: Finding) -> bool:
    is_container = one.field.startswith("containers[") and "/" not in between(one.field)
    return is_container and one.found is not None and not one.field.endswith(_IN_PLACE)
