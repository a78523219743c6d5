#!/usr/bin/python3
"""Remove old images when the disk with Docker's data is filling up, oldest first, until it is not.

Never removed: what a container uses, running or not; the newest images of each repository; what came in the last
hour, which a release may be about to start; and what a file in /etc/slipway/keep-images.d names. Volumes are not
touched.
It runs on the Python of every distribution that the role knows, the oldest being 3.9.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TextIO

KEEP = Path("/etc/slipway/keep-images.d")
RECENT = timedelta(hours=1)


@dataclass(frozen=True)
class Image:
    """An image on this machine."""

    id: str
    names: tuple[str, ...]
    digests: tuple[str, ...]
    since: datetime

    @property
    def repositories(self) -> set[str]:
        """Its names without their tags and digests."""
        tagged = {name.rpartition(":")[0] for name in self.names}
        return tagged | {digest.partition("@")[0] for digest in self.digests}


def removable(images: list[Image], used: set[str], kept: set[str], newest: int, now: datetime) -> list[Image]:
    """Name the images that may go, oldest first."""
    spared = set(used)
    by_repository: dict[str, list[Image]] = {}
    for image in sorted(images, key=lambda image: image.since, reverse=True):
        if kept & {image.id, *image.names, *image.digests} or now - image.since < RECENT:
            spared.add(image.id)
        for repository in image.repositories:
            by_repository.setdefault(repository, []).append(image)
    for family in by_repository.values():
        spared |= {image.id for image in family[:newest]}
    return sorted((image for image in images if image.id not in spared), key=lambda image: image.since)


def parse_image(described: dict[str, Any]) -> Image:
    """Read what `docker image inspect` says of one image."""
    tagged = (described.get("Metadata") or {}).get("LastTagTime") or ""
    moments = [_moment(text) for text in (described["Created"], tagged) if text]
    return Image(
        id=described["Id"],
        names=tuple(described.get("RepoTags") or ()),
        digests=tuple(described.get("RepoDigests") or ()),
        since=max(moments),
    )


def _moment(text: str) -> datetime:
    # Docker writes nanoseconds, and Python 3.9 reads at most seconds without help.
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)  # noqa: UP017


def read_kept(folder: Path) -> set[str]:
    """Read the images that must stay, one a line."""
    lines = [line.strip() for file in sorted(folder.glob("*")) for line in file.read_text().splitlines()]
    return {line for line in lines if line and not line.startswith("#")}


def docker(*arguments: str) -> str:
    """Ask the Docker client."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def inspected(kind: str, ids: list[str]) -> list[dict[str, Any]]:
    """Describe some of Docker's objects in one call."""
    described: list[dict[str, Any]] = json.loads(docker(kind, "inspect", *ids)) if ids else []
    return described


def percent(root: str) -> float:
    """Say how full the disk is, as `df` does: of what is not reserved."""
    usage = shutil.disk_usage(root)
    return 100 * usage.used / ((usage.used + usage.free) or 1)


def say(text: str, stream: TextIO = sys.stdout) -> None:
    """Write a line, which the journal keeps."""
    stream.write(f"{text}\n")


def guard(limit: float, newest: int) -> int:
    """Look at the disk, and make room where it is too full."""
    root = docker("info", "--format", "{{.DockerRootDir}}").strip()
    before = percent(root)
    if before <= limit:
        say(f"{root} is {before:.0f} % full: nothing to do up to {limit:.0f} %")
        return 0
    docker("builder", "prune", "--force", "--filter", "until=24h")
    images = [parse_image(image) for image in inspected("image", docker("image", "ls", "-q", "--no-trunc").split())]
    containers = inspected("container", docker("container", "ls", "-aq", "--no-trunc").split())
    images = list({image.id: image for image in images}.values())
    used = {container["Image"] for container in containers}
    for image in removable(images, used, read_kept(KEEP), newest, datetime.now(timezone.utc)):  # noqa: UP017
        if percent(root) <= limit:
            break
        # By its names: an image with several is not removed by its id.
        gone = subprocess.run(
            ["docker", "image", "rm", *(image.names or (image.id,))], capture_output=True, text=True, check=False
        )
        said = f"removed {', '.join(image.names) or image.id}" if gone.returncode == 0 else gone.stderr.strip()
        say(said)
    after = percent(root)
    say(f"{root} was {before:.0f} % full and is {after:.0f} % full")
    if after > limit:
        say("what is left is in use or needed by a rollback: the disk is too small", sys.stderr)
        return 1
    return 0


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--percent", type=float, required=True, help="how full the disk may be")
    parser.add_argument("--keep", type=int, required=True, help="how many images of each repository stay")
    options = parser.parse_args()
    try:
        return guard(options.percent, options.keep)
    except subprocess.CalledProcessError as error:
        say(f"{' '.join(error.cmd)}: {error.stderr.strip()}", sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
