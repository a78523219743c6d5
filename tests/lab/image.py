"""The image of the machine: a distribution's own packages, kept in the Docker engine by the hash of its recipe.

python -m tests.lab.image bookworm        # makes slipway-lab:bookworm-<hash> where it is absent
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient
from docker.errors import ImageNotFound

from demo.base_image import AUTHORITIES, CACHE, MIRROR
from demo.engine import engine

REPOSITORY = "slipway-lab"
INIT = Path(__file__).parent / "init"
UBUNTU = "http://archive.ubuntu.com/ubuntu"
# Debian's mmdebstrap has no keys of Ubuntu. The package that carries them is named by its content.
UBUNTU_KEYRING = f"{UBUNTU}/pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb"
UBUNTU_KEYRING_SHA256 = "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8"

# What a cloud image of the distribution has, too: Ansible's apt tasks need python3-apt even in check mode.
COMMON = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "python3",
    "python3-apt",
    "sudo",
    "ca-certificates",
    "iproute2",
    "iptables",
    "procps",
    "curl",
)


class LabError(Exception):
    """The lab cannot be had; the text says why."""


@dataclass(frozen=True)
class Distribution:
    """One release of a distribution, and the user that its cloud images are entered as."""

    suite: str
    name: str
    user: str
    sources: tuple[str, ...]
    packages: tuple[str, ...] = ()
    ubuntu: bool = False


def _debian(suite: str, name: str) -> Distribution:
    security = MIRROR.replace("/debian", "/debian-security")
    lines = [f"deb {MIRROR} {suite} main", f"deb {MIRROR} {suite}-updates main"]
    return Distribution(suite, name, "admin", (*lines, f"deb {security} {suite}-security main"))


def _ubuntu(suite: str, name: str) -> Distribution:
    # There, apt itself is not among the packages that every system must have.
    lines = tuple(f"deb {UBUNTU} {pocket} main universe" for pocket in (suite, f"{suite}-updates", f"{suite}-security"))
    return Distribution(suite, name, "ubuntu", lines, ("apt",), ubuntu=True)


DISTRIBUTIONS = {
    "bookworm": _debian("bookworm", "Debian 12"),
    "trixie": _debian("trixie", "Debian 13"),
    "jammy": _ubuntu("jammy", "Ubuntu 22.04"),
    "noble": _ubuntu("noble", "Ubuntu 24.04"),
}


def suites() -> list[str]:
    """The distributions that a run tests: Debian 12, or those that SLIPWAY_LAB_SUITES names; each takes minutes."""
    return os.environ.get("SLIPWAY_LAB_SUITES", "bookworm").split()


@dataclass(frozen=True)
class Recipe:
    """How one image is made."""

    distribution: Distribution
    extra: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages, without what they recommend."""
        return (*COMMON, *self.distribution.packages, *self.extra)

    def digest(self) -> str:
        """Name what would be made: the command, process 1, and this machine's certificate authorities."""
        texts = [INIT.read_text(encoding="utf-8")]
        texts += [file.read_text(encoding="utf-8") for file in sorted(AUTHORITIES.glob("*.crt"))]
        text = json.dumps([_command(self, Path("root.tar"), None), texts])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def image(self) -> str:
        """The image's name and tag."""
        return f"{REPOSITORY}:{self.distribution.suite}-{self.digest()}"


def ensure(client: DockerClient, recipe: Recipe) -> str:
    """See to it that the image exists; answer its name."""
    CACHE.mkdir(parents=True, exist_ok=True)
    # Two runs at the same time make it once.
    with (CACHE / f"lab-{recipe.digest()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            client.images.get(recipe.image)
        except ImageNotFound:
            _make(recipe)
    return recipe.image


def _make(recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory(prefix="slipway-lab-") as folder:
        # apt reads the keys as a user of its own.
        Path(folder).chmod(0o755)
        tarball = Path(folder) / "root.tar"
        keyring = _ubuntu_keys(Path(folder)) if recipe.distribution.ubuntu else None
        made = subprocess.run(_command(recipe, tarball, keyring), capture_output=True, text=True, check=False)
        if made.returncode != 0:
            name = recipe.distribution.name
            raise LabError(f"mmdebstrap could not make {name} from its mirror:\n{made.stderr[-2000:]}")
        command = ["docker", "import", "-c", 'CMD ["/usr/local/sbin/lab-init"]', str(tarball), recipe.image]
        subprocess.run(command, capture_output=True, check=True)


def _command(recipe: Recipe, tarball: Path, keyring: Path | None) -> list[str]:
    user = recipe.distribution.user
    hooks = [
        f"upload {INIT} /usr/local/sbin/lab-init",
        'chmod 0755 "$1"/usr/local/sbin/lab-init',
        f'chroot "$1" useradd --create-home --shell /bin/bash {user}',
        f'echo "{user} ALL=(ALL) NOPASSWD: ALL" >"$1"/etc/sudoers.d/lab',
        f'install -d -m 0700 "$1"/home/{user}/.ssh',
        f'chroot "$1" chown {user}: /home/{user}/.ssh',
        # A new machine has an identity of its own: systemd writes it at the first boot.
        ': >"$1"/etc/machine-id',
        # What a container has no use for: no device, no kernel of its own, no login at a console.
        'ln -sf /dev/null "$1"/etc/systemd/system/systemd-udevd.service',
        'ln -sf /dev/null "$1"/etc/systemd/system/systemd-modules-load.service',
        'ln -sf /dev/null "$1"/etc/systemd/system/getty.target',
        'ln -sf /dev/null "$1"/etc/systemd/system/console-getty.service',
    ]
    if any(AUTHORITIES.glob("*.crt")):
        hooks += [f"copy-in {AUTHORITIES} {AUTHORITIES.parent}", 'chroot "$1" update-ca-certificates']
    return [
        *["mmdebstrap", "--variant=minbase", f"--include={','.join(recipe.packages)}"],
        *([f"--keyring={keyring}"] if keyring else []),
        *["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"],
        *(f"--customize-hook={hook}" for hook in hooks),
        *[recipe.distribution.suite, str(tarball), *recipe.distribution.sources],
    ]


def _ubuntu_keys(folder: Path) -> Path:
    """Have Ubuntu's keys: this machine's own, or those of the package that is named by its hash."""
    own = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
    if own.exists():
        return own
    file = folder / "ubuntu-keyring.deb"
    # As mmdebstrap itself: what a machine is made of is fetched outside of Python, where tests reach nothing.
    fetched = ["curl", "-sSfL", "--max-time", "60", "-o", str(file), UBUNTU_KEYRING]
    subprocess.run(fetched, capture_output=True, check=True)
    if hashlib.sha256(file.read_bytes()).hexdigest() != UBUNTU_KEYRING_SHA256:
        raise LabError(f"{UBUNTU_KEYRING} is not the package that it was")
    subprocess.run(["dpkg-deb", "--extract", str(file), str(folder / "keys")], capture_output=True, check=True)
    return folder / "keys" / own.relative_to("/")


def main(arguments: list[str]) -> int:
    """Make the images of the named suites, or of all."""
    with engine(timeout=600) as client:
        if client is None:
            sys.stderr.write("no Docker engine answers\n")
            return 1
        for suite in arguments or DISTRIBUTIONS:
            try:
                sys.stdout.write(f"{ensure(client, Recipe(DISTRIBUTIONS[suite]))}\n")
            except LabError as error:
                sys.stderr.write(f"{error}\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
