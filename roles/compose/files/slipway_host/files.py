"""Files that are whole or not there, whenever the program is killed; and locks."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slipway_host.errors import HostError
from slipway_host.paths import RUN

# Child processes inherit these: a lock is held until what was started under it has ended, too.
held: set[int] = set()


def write(path: Path, text: str, mode: int = 0o644) -> bool:
    """Write a file under another name, then give it its own; say whether that changed it."""
    data = text.encode()
    with contextlib.suppress(FileNotFoundError):
        about = path.stat()
        if path.read_bytes() == data and about.st_mode & 0o7777 == mode and about.st_uid == os.geteuid():
            return False
    unfinished = path.parent / f".{path.name}.new"
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(file, mode)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
        unfinished.rename(path)
    except BaseException:
        # On a full disk, half a file would take what is left.
        remove(unfinished)
        raise
    finally:
        os.close(file)
    sync_folder(path.parent)
    return True


def sync_folder(path: Path) -> None:
    """See to it that a new name outlives a loss of power."""
    file = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def remove(path: Path) -> bool:
    """Remove a file that may be absent; say whether it was there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def read(path: Path) -> str | None:
    """Read a text, or nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_json(path: Path) -> dict[str, Any] | None:
    """Read an object, or nothing where there is none."""
    text = read(path)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise HostError(
            "damaged", f"{path} is no JSON: {error}", "Restore it, or remove it and deploy again."
        ) from None
    if not isinstance(value, dict):
        raise HostError("damaged", f"{path} holds no object", "Restore it, or remove it and deploy again.")
    return value


def write_json(path: Path, value: dict[str, Any], mode: int = 0o600) -> bool:
    """Write an object for machines and people."""
    return write(path, as_json(value), mode)


def as_json(value: dict[str, Any]) -> str:
    """Write an object as it stands in a file."""
    # Compose reads it as YAML, whose escapes know no surrogate pairs: so characters stand for themselves.
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def make_folder(path: Path, mode: int = 0o700) -> None:
    """Make a folder and what it lies in."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)


@contextmanager
def locked(name: str, seconds: float) -> Iterator[None]:
    """Hold a lock of this machine; waits for whoever has it."""
    RUN.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(RUN / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(file, name, seconds)
        held.add(file)
        yield
    finally:
        held.discard(file)
        os.close(file)


def _take(file: int, name: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                remedy = "Wait until it has ended; `fuser` on the lock's file names it."
                raise HostError("busy", f"something else works on {name} ({RUN / name}.lock)", remedy) from None
            time.sleep(0.05)
        else:
            return
