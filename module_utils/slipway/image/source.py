"""Which commit a build context is of, and the tag that says so."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..aws.errors import SlipwayError
from .context import Context

_NO_COMMIT = ("not a git repository", "does not have any commits yet", "bad default revision")
_HASH_DIGITS = 12
_COMMIT_TAG = re.compile(r"sha-([0-9a-f]{7,40})")


@dataclass(frozen=True)
class Commit:
    """The commit of a build context: the last that touched it, so that one next door makes no new image of it.

    Attributes:
        full: its whole id.
        short: as `git rev-parse --short` says it.
        changed: the paths that Docker is given and the commit has not, or not so.
        head: the commit that is checked out.
    """

    full: str
    short: str
    changed: tuple[str, ...] = ()
    head: str = ""

    def is_named(self, named: str) -> bool:
        """Whether a person means this content by an id: they may know it as what is checked out."""
        return self.full.startswith(named) or self.head.startswith(named)


def commit_of(context: Context) -> Commit | None:
    """The commit of the context; None where it is in no git repository, or in one without commits.

    Raises:
        SlipwayError: git is not installed or refuses.
    """
    # Along the branch itself: a merge is the commit that brought a change, as it is where it was built.
    last = _git(context.root, "log", "-1", "--no-show-signature", "--first-parent", "--format=%H %h", "--", ".")
    if not last:
        return None
    full, short = last.split()
    prefix, head = (_git(context.root, "rev-parse", "--show-prefix", "HEAD") or "\n").splitlines()
    tracked = set(_paths(context.root, "ls-files", "-z", "--recurse-submodules"))
    status = _paths(context.root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--", ".")
    changed = {line[3:].removeprefix(prefix) for line in status}
    changed = {path for path in changed if context.includes(path)}
    # What git ignores and .dockerignore does not is in the image and in no commit.
    changed |= {item.path for item in context.entries if item.counted and item.kind != "folder"} - tracked
    return Commit(full, short, tuple(sorted(changed)), head)


def tags_of(commit: Commit | None, content: str) -> tuple[str, ...]:
    """The tags that a content may have, the preferred one first.

    The second is for a commit whose tag is taken by other content: other build arguments, another platform.
    """
    mark = content[:_HASH_DIGITS]
    if commit is None:
        return (f"content-{mark}",)
    if commit.changed:
        return (f"sha-{commit.short}-dirty-{mark}",)
    return (f"sha-{commit.short}", f"sha-{commit.short}-{mark}")


def names_commit(tag: str) -> str:
    """The commit that a tag of the form sha-1a2b3c4 names, or nothing."""
    match = _COMMIT_TAG.fullmatch(tag)
    return match[1] if match else ""


def _paths(root: Path, *arguments: str) -> list[str]:
    return [path for path in (_git(root, *arguments) or "").split("\0") if path]


def _git(root: Path, *arguments: str) -> str | None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *arguments],
            env={**environment, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise SlipwayError(
            "git is not installed, so the commit of the build context is not known",
            where="service_image_tag",
            remedy="install git, or set service_image_tag",
        ) from error
    said = answer.stderr.decode("utf-8", "replace")
    if answer.returncode != 0:
        if any(text in said for text in _NO_COMMIT):
            return None
        raise SlipwayError(
            f"git does not tell the commit of {root}: {said.strip()}",
            where="service_build_context",
            remedy="do what git says, or set service_image_tag",
        )
    return os.fsdecode(answer.stdout)
