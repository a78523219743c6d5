"""A ref of git as a folder to build from: fetched alone, without its history, and removed afterwards."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..aws.errors import SlipwayError

_PREFIX = "slipway-source-"
_SECONDS = 600
_COMMIT = re.compile(r"[0-9a-f]{40}")
_WHERE = "service_git"


def fetch(repository: str, ref: str) -> tuple[Path, str]:
    """The folder and the commit of a ref.

    Raises:
        SlipwayError: there is no git here, or it does not get the ref.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        _git(folder, "init", "--quiet", ".")
        _git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--", repository, ref)
        _git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        return folder, _git(folder, "rev-parse", "HEAD").strip()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def remove(folder: Path) -> None:
    """Remove what `fetch` made, and nothing else.

    Raises:
        SlipwayError: it is no such folder.
    """
    if folder.parent != Path(tempfile.gettempdir()) or not folder.name.startswith(_PREFIX):
        raise SlipwayError(f"{folder} is no folder that was fetched", where=_WHERE, remedy="remove it by hand")
    shutil.rmtree(folder, ignore_errors=True)


def is_there(repository: str, ref: str) -> bool:
    """Whether the repository answers and has the ref; of a commit, which can't be asked for, whether it answers.

    Raises:
        SlipwayError: there is no git here, or the repository does not answer.
    """
    found = _git(Path(tempfile.gettempdir()), "ls-remote", "--", repository)
    if _COMMIT.fullmatch(ref):
        return True
    names = {line.partition("\t")[2].strip() for line in found.splitlines()}
    return bool(names & {ref, f"refs/heads/{ref}", f"refs/tags/{ref}"})


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise SlipwayError("there is no git on this computer", where=_WHERE, remedy="install git") from None
    except subprocess.TimeoutExpired:
        raise _refused(arguments, [f"it did not end within {_SECONDS} s"]) from None
    if done.returncode != 0:
        raise _refused(arguments, done.stderr.splitlines())
    return done.stdout


# Nobody is there to be asked for a password.
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "LC_ALL": "C"}


def _refused(arguments: Sequence[str], said: Sequence[str]) -> SlipwayError:
    words = next((line.strip() for line in said if line.strip()), "it gave no reason")
    # A token may stand in the address.
    words = re.sub(r"(?<=://)[^\s/@]+@", "", words)
    remedy = "check service_git.repository and service_git.ref, and that git may read them from here without a password"
    return SlipwayError(f"git {arguments[0]} failed: {words[:300]}", where=_WHERE, remedy=remedy)
