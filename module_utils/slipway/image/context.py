"""The build context as Docker sees it, and the hash that says whether two builds are of the same content."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Literal

from docker.utils.build import PatternMatcher

from ..aws.errors import SlipwayError

_SOURCE = "service_build_context"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Recipe:
    """What besides the files makes the image."""

    dockerfile: str = "Dockerfile"
    platform: str = "linux/amd64"
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One file, folder or link of the context."""

    path: str
    kind: Literal["file", "folder", "link"]
    executable: bool = False
    target: str = ""

    @property
    def counted(self) -> bool:
        """Git's own files are sent when nothing excludes them, but every git command changes them."""
        return ".git" not in self.path.split("/")


class Context:
    """A folder that an image is built from.

    Raises:
        SlipwayError: there is no such folder or Dockerfile.
    """

    def __init__(self, root: Path, recipe: Recipe) -> None:
        self.root = root
        self.recipe = recipe
        if not root.is_dir():
            raise SlipwayError(
                f"there is no folder {root}", where=_SOURCE, remedy="check out the service's code, or correct the path"
            )
        _require_dockerfile(root, recipe.dockerfile)
        self._ignore: Any = PatternMatcher([*_patterns(root, recipe.dockerfile), f"!{recipe.dockerfile}"])

    def includes(self, path: str) -> bool:
        """Whether Docker is given this path, there or not."""
        return not bool(self._ignore.matches(path))

    @cached_property
    def entries(self) -> list[Entry]:
        """Everything that Docker is given, in a stable order."""
        found = (self._entry(path) for path in sorted(self._ignore.walk(str(self.root))))
        entries = [entry for entry in found if entry is not None]
        return _without_empty_folders(entries) if self._under_git() else entries

    @cached_property
    def content(self) -> str:
        """The hash of all that decides what the image holds."""
        counted = [entry for entry in self.entries if entry.counted]
        return content_hash(((entry, self._digest(entry)) for entry in counted), self.recipe)

    def write(self, archive: IO[bytes]) -> None:
        """Write the context for the builder.

        Raises:
            SlipwayError: a file changed since the content was hashed.
        """
        sent: list[tuple[Entry, str]] = []
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for entry in self.entries:
                digest = self._add(tar, entry)
                if entry.counted:
                    sent.append((entry, digest))
        if content_hash(sent, self.recipe) != self.content:
            raise SlipwayError(
                "a file changed while the build context was read", where=str(self.root), remedy="run it again"
            )
        archive.seek(0)

    def _under_git(self) -> bool:
        return any((folder / ".git").exists() for folder in (self.root, *self.root.resolve().parents))

    def _entry(self, path: str) -> Entry | None:
        mode = (self.root / path).lstat().st_mode
        if stat.S_ISLNK(mode):
            return Entry(path, "link", target=str((self.root / path).readlink()))
        if stat.S_ISDIR(mode):
            return Entry(path, "folder")
        # Sockets and pipes of running programs belong in no image.
        return Entry(path, "file", bool(mode & stat.S_IXUSR)) if stat.S_ISREG(mode) else None

    def _digest(self, entry: Entry) -> str:
        if entry.kind != "file":
            return ""
        try:
            with (self.root / entry.path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(self.root / entry.path, error) from error

    def _add(self, tar: tarfile.TarFile, entry: Entry) -> str:
        source = self.root / entry.path
        info = tarfile.TarInfo(entry.path)
        info.mtime = int(source.lstat().st_mtime)
        # The modes that git keeps, so that a colleague's umask makes no other image.
        info.mode = 0o755 if entry.executable or entry.kind == "folder" else 0o644
        if entry.kind != "file":
            info.type = tarfile.DIRTYPE if entry.kind == "folder" else tarfile.SYMTYPE
            info.linkname = entry.target
            tar.addfile(info)
            return ""
        try:
            with source.open("rb") as file:
                info.size = os.fstat(file.fileno()).st_size
                reader = _Hashing(file)
                tar.addfile(info, reader)
        except OSError as error:
            raise _unreadable(source, error) from error
        return reader.hash.hexdigest()


class _Hashing:
    """Reads a file and hashes what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = _BLOCK) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        return data


def content_hash(files: Iterable[tuple[Entry, str]], recipe: Recipe) -> str:
    """The same for the same paths, executable bits, contents and recipe, in whatever order and at whatever time."""
    hashed = hashlib.sha256()
    parts: list[Any] = sorted(
        [entry.path, entry.kind, entry.executable, entry.target, digest] for entry, digest in files
    )
    parts.append(
        {
            "dockerfile": recipe.dockerfile,
            "platform": recipe.platform,
            "target": recipe.target,
            "build_args": dict(recipe.build_args),
            "labels": dict(recipe.labels),
        }
    )
    for part in parts:
        hashed.update(json.dumps(part, sort_keys=True).encode() + b"\n")
    return hashed.hexdigest()


def _without_empty_folders(entries: Sequence[Entry]) -> list[Entry]:
    """As git, which has none: they are left behind when branches are switched."""
    needed: set[str] = set()
    for entry in entries:
        if entry.kind != "folder":
            parts = entry.path.split("/")
            needed.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    return [entry for entry in entries if entry.kind != "folder" or entry.path in needed]


def _require_dockerfile(root: Path, dockerfile: str) -> None:
    file = (root / dockerfile).resolve()
    if not file.is_relative_to(root.resolve()):
        raise SlipwayError(
            f"the Dockerfile {dockerfile} is outside of the build context {root}",
            where="service_dockerfile",
            remedy="choose a service_build_context that holds both the Dockerfile and what it copies",
        )
    if not file.is_file():
        others = sorted(str(path.relative_to(root)) for path in root.glob("**/*Dockerfile*") if path.is_file())
        there = f"there is {', '.join(others[:5])}: " if others else ""
        raise SlipwayError(
            f"there is no {dockerfile} in the build context {root}",
            where="service_dockerfile",
            remedy=f"{there}give its path relative to service_build_context",
        )


def _patterns(root: Path, dockerfile: str) -> list[str]:
    # As `docker buildx build` does: a Dockerfile's own list comes before the folder's.
    for file in (root / f"{dockerfile}.dockerignore", root / ".dockerignore"):
        if file.is_file():
            lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
            return [line for line in lines if line and not line.startswith("#")]
    return []


def _unreadable(path: Path, error: OSError) -> SlipwayError:
    return SlipwayError(
        f"{path} can't be read: {error.strerror}",
        where=_SOURCE,
        remedy="correct its permissions, or list it in .dockerignore",
    )
