"""Whether the files of a service are as this program wrote them."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_host import caddy, dotenv, files, paths, units
from slipway_host.compose import FILE
from slipway_host.document import Document, base_file, release_file

ENV = ".env"
# What outlives releases, as it was described when it was brought up.
BASE_RECORD = "release.json"
LINES = 20
OTHER_LINES = "(other lines)"
PRIVATE, OPEN = 0o600, 0o644


@dataclass(frozen=True)
class Written:
    """A file as it has to be: its text, or the marks of its values."""

    name: str
    path: Path
    text: str | None = None
    marks: Mapping[str, str] | None = None
    mode: int = PRIVATE


def mark(name: str, value: str) -> str:
    """Name a value without showing it, as the controller does."""
    text = json.dumps([name, value], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def looked(service: str, document: Document) -> list[dict[str, Any]]:
    """Say which files of a service are not as they were written, and how."""
    found = [told for one in _all(service, document) if (told := _told(one)) is not None]
    known = {f"{paths.SYSTEMD}/{name}" for name in units.wanted(document)}
    added = [str(paths.SYSTEMD / name) for name in units.present(service)]
    return [*found, *({"name": one, "path": one, "problems": ["added"]} for one in added if one not in known)]


def base_is_right(service: str) -> bool:
    """Say whether the files of what outlives releases are as they were written; of an older version nobody knows."""
    return all(_told(one) is None for one in _of_base(service))


def base_record(service: str) -> dict[str, Any] | None:
    """Read what outlives releases as it was described."""
    return files.read_json(paths.release_folder(service, paths.BASE) / BASE_RECORD)


def record_of(document: Document) -> str:
    """Write down what outlives releases, without its secrets."""
    kept = {name: document.get(name) for name in ("service", "base", "base_env_marks")}
    return files.as_json(kept)


def _all(service: str, document: Document) -> Iterator[Written]:
    folder = paths.release_folder(service, document["id"])
    yield Written(FILE, folder / FILE, files.as_json(release_file(document, document.get("addresses") or {})))
    yield Written(ENV, folder / ENV, marks=document.get("env_marks"))
    yield from _of_base(service)
    for name, text in units.wanted(document).items():
        yield Written(f"{paths.SYSTEMD}/{name}", paths.SYSTEMD / name, text, mode=OPEN)
    if document["site"]:
        site = caddy.site_path(service)
        yield Written(str(site), site, document["site"], mode=OPEN)


def _of_base(service: str) -> Iterator[Written]:
    record, folder = base_record(service), paths.release_folder(service, paths.BASE)
    if record and record.get("base"):
        yield Written(f"base/{FILE}", folder / FILE, files.as_json(base_file(record)))
        yield Written(f"base/{ENV}", folder / ENV, marks=record.get("base_env_marks"))


def _told(one: Written) -> dict[str, Any] | None:
    text = _read(one.path)
    told: dict[str, Any] = {"name": one.name, "path": str(one.path), "problems": []}
    if text is None:
        return {**told, "problems": ["absent"]}
    about = one.path.lstat()
    mode, owner = about.st_mode & 0o7777, _name_of(about.st_uid)
    if mode != one.mode:
        told["problems"].append("mode")
        told |= {"mode": f"{mode:04o}", "wanted_mode": f"{one.mode:04o}"}
    if about.st_uid != os.geteuid():
        told["problems"].append("owner")
        told["owner"] = owner
    if one.text is not None and text != one.text:
        told["problems"].append("content")
        told |= _lines(one.text, text, one.path.parent)
    if one.marks is not None and (names := _others(one.marks, text)):
        # Of secrets, the names and nothing else.
        told["problems"].append("content")
        told["variables"] = names
    return told if told["problems"] else None


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _others(marks: Mapping[str, str], text: str) -> list[str]:
    """Name the variables whose values are others, that are gone, or that were added."""
    values = dotenv.decode(text)
    now = {name: mark(name, value) for name, value in values.items()}
    others = {name for name in {*marks, *now} if marks.get(name) != now.get(name)}
    if not others:
        return [] if text == dotenv.encode(values) else [OTHER_LINES]
    # What is no name may be a part of a value.
    return sorted({name if dotenv.is_name(name) else OTHER_LINES for name in others})


def _lines(before: str, after: str, folder: Path) -> dict[str, list[str]]:
    hide = dotenv.hider_of(folder)
    # The first two lines are the names of the files.
    changed = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    gone, new = ([hide(line[1:].strip()) for line in changed if line.startswith(sign)] for sign in "-+")
    # Containers that are alike have the same lines.
    gone, new = (list(dict.fromkeys(lines))[:LINES] for lines in (gone, new))
    return {"expected": gone, "found": new}
