"""The base image of the example's Dockerfile, for machines that reach no registry of images.

python -m demo.base_image        # makes python:3.13-slim where it is absent and cannot be pulled

It is made of Debian 13's packages, whose Python is a 3.13 too, and kept under ~/.cache/slipway by the hash of
its recipe.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound

from demo.engine import engine
from demo.errors import DemoError

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"
MIRROR = os.environ.get("SLIPWAY_DEBIAN_MIRROR", "http://deb.debian.org/debian")
# A company's or a proxy's own authorities: without them, pip in a container reaches nothing.
AUTHORITIES = Path("/usr/local/share/ca-certificates")
RECIPE_LABEL = "slipway.recipe"


@dataclass(frozen=True)
class Recipe:
    """How one image is made of Debian's packages."""

    image: str
    suite: str
    packages: tuple[str, ...]
    hooks: tuple[str, ...]
    changes: tuple[str, ...]

    def digest(self) -> str:
        """Name what would be made: the recipe, and this machine's certificate authorities."""
        authorities = [file.read_text(encoding="utf-8") for file in sorted(AUTHORITIES.glob("*.crt"))]
        text = json.dumps([self.suite, self.packages, self.hooks, self.changes, authorities])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


PYTHON = Recipe(
    image="python:3.13-slim",
    suite="trixie",
    packages=("python3", "python3-pip", "python-is-python3", "ca-certificates"),
    # An image is one application: pip may install into the system's Python, as it does in the real image.
    hooks=('rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',),
    changes=('CMD ["python3"]', "ENV LANG=C.UTF-8"),
)


def ensure(recipe: Recipe = PYTHON) -> str:
    """See to it that a build can start `FROM` the image; answer in a few words how."""
    with engine(timeout=120) as client:
        if client is None:
            raise DemoError("no Docker engine answers: start it, or set DOCKER_HOST")
        try:
            label = (client.images.get(recipe.image).labels or {}).get(RECIPE_LABEL)
        except ImageNotFound:
            if _registry_has(client, recipe.image):
                return "the build pulls it"
        else:
            if label in (None, recipe.digest()):
                return "present"
        started = time.monotonic()
        tarball = _make(recipe)
        _import(client, recipe, tarball)
        seconds = time.monotonic() - started
        return f"no registry answers, so made of Debian {recipe.suite}'s packages ({seconds:.0f} s)"


def _registry_has(client: DockerClient, image: str) -> bool:
    try:
        client.images.get_registry_data(image)
    except (APIError, DockerException, OSError):
        return False
    return True


def _make(recipe: Recipe) -> Path:
    tarball = CACHE / f"{recipe.image.replace(':', '-').replace('/', '-')}-{recipe.digest()}.tar"
    if tarball.exists():
        return tarball
    if shutil.which("mmdebstrap") is None:
        raise DemoError(
            f"{recipe.image} cannot be pulled: no registry of images answers. Open the way to it, or install "
            "mmdebstrap (apt-get install mmdebstrap), which makes it of Debian's packages"
        )
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = tarball.with_suffix(f".{os.getpid()}.tar")
    try:
        made = subprocess.run([*_command(recipe), str(unfinished), MIRROR], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise DemoError(f"mmdebstrap could not make {recipe.image} from {MIRROR}:\n{made.stderr[-2000:]}")
        unfinished.rename(tarball)
    finally:
        unfinished.unlink(missing_ok=True)
    return tarball


def _command(recipe: Recipe) -> list[str]:
    hooks = list(recipe.hooks)
    if any(AUTHORITIES.glob("*.crt")):
        hooks += [f"copy-in {AUTHORITIES} {AUTHORITIES.parent}", 'chroot "$1" update-ca-certificates']
    return [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(recipe.packages)}",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        *(f"--customize-hook={hook}" for hook in hooks),
        recipe.suite,
    ]


def _import(client: DockerClient, recipe: Recipe, tarball: Path) -> None:
    repository, _, tag = recipe.image.partition(":")
    client.api.import_image_from_file(
        str(tarball),
        repository=repository,
        tag=tag,
        changes=[*recipe.changes, f"LABEL {RECIPE_LABEL}={recipe.digest()}"],
    )


def main() -> int:
    """Run the command line."""
    try:
        print(f"base image {PYTHON.image}: {ensure()}")
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
