"""/etc/hosts: where the proxy reads the addresses of a service, without being loaded again."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from slipway_host import files, paths


def with_addresses(text: str, name: str, addresses: Sequence[str]) -> str:
    """Give a name these addresses; every other line stays as it is."""
    kept = [line for line in text.splitlines() if name not in line.partition("#")[0].split()[1:]]
    while kept and not kept[-1].strip():
        kept.pop()
    return "".join(f"{line}\n" for line in [*kept, *(f"{address} {name}" for address in addresses)])


def point(service: str, addresses: Sequence[str], path: Path = paths.HOSTS) -> bool:
    """Let the name of a service lead to these addresses; say whether that is new."""
    name = paths.host_name(service)
    # Without the lock where it is right already: the same question comes every 5 seconds.
    if _is_right(path, name, addresses):
        return False
    with files.locked("hosts", 30):
        text = files.read(path) or ""
        replace(path, with_addresses(text, name, addresses))
    return True


def _is_right(path: Path, name: str, addresses: Sequence[str]) -> bool:
    return listed(files.read(path) or "", name) == list(addresses)


def listed(text: str, name: str) -> list[str]:
    """Read the addresses of a name."""
    lines = [line.partition("#")[0].split() for line in text.splitlines()]
    return [words[0] for words in lines if name in words[1:]]


def replace(path: Path, text: str) -> None:
    """Write the file whole; in place where it cannot be replaced, as where it is mounted."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    try:
        files.write(path, text, mode)
    except OSError as error:
        if error.errno not in {errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES}:
            raise
        _in_place(path, text.encode())


def _in_place(path: Path, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        # Filled up with empty lines, so that nothing of the old text is ever read after the new.
        os.pwrite(file, data.ljust(os.fstat(file).st_size, b"\n"), 0)
        os.ftruncate(file, len(data))
        os.fsync(file)
    finally:
        os.close(file)
