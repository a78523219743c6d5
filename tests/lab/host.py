"""The machine: one container whose process 1 is systemd, which is entered over SSH as an EC2 instance is."""

from __future__ import annotations

import ipaddress
import random
import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError
from docker.models.containers import Container

from tests.lab import image
from tests.lab.image import DISTRIBUTIONS, LabError, Recipe

LABEL = "slipway.lab"
USER_LABEL = "slipway.lab.user"
BOOT_SECONDS = 90
# Docker's own data is never on the container's file system: an overlay cannot lie on an overlay.
DATA = ("/var/lib/docker", "/var/lib/containerd")
# The machine must not set this machine's clock; and a test machine may lack SYS_RESOURCE itself, so it can't be given.
WITHHELD = ("SYS_RESOURCE", "SYS_TIME")
# So chrony measures the clock there, and never sets it.
WATCH_ONLY = {
    "/etc/systemd/system/chrony.service.d/lab.conf": "[Unit]\nConditionCapability=\n"
    "[Service]\nEnvironmentFile=/etc/lab-chrony\n",
    "/etc/lab-chrony": "DAEMON_OPTS='-F 1 -x'\n",
}
SSH = [
    *["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR"],
    *["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"],
]


@dataclass
class LabHost:
    """A machine that runs."""

    name: str
    address: str
    user: str
    key: Path
    container: Container = field(repr=False)

    def exec(self, *command: str, check: bool = True) -> str:
        """Run a command as root, and answer what it printed."""
        # By the client's program: docker-py now and then loses all that a short command printed.
        done = subprocess.run(
            ["docker", "exec", self.name, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        code, text = done.returncode, done.stdout
        if check and code != 0:
            raise LabError(f"{self.name}: {shlex.join(command)} ended with {code}:\n{text[-3000:]}")
        return text.strip()

    def ssh(self, command: str, *, check: bool = True) -> str:
        """Run a command as the machine's user, over SSH."""
        address = [f"{self.user}@{self.address}", command]
        done = subprocess.run(
            ["ssh", *SSH, "-i", str(self.key), *address], capture_output=True, text=True, check=False, timeout=300
        )
        if check and done.returncode != 0:
            raise LabError(f"ssh {self.name}: {command} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        return done.stdout.strip()

    def put(self, content: bytes | str | Path, path: str, *, mode: str = "0644") -> None:
        """Write a file on the machine, with its folders."""
        data = content.read_bytes() if isinstance(content, Path) else content
        data = data.encode() if isinstance(data, str) else data
        script = f"install -D -m {mode} /dev/stdin {shlex.quote(path)}"
        subprocess.run(
            ["docker", "exec", "-i", self.name, "sh", "-c", script], input=data, capture_output=True, check=True
        )

    def load(self, name: str) -> None:
        """Give the machine's engine an image of this machine's."""
        pipe = f"docker save {shlex.quote(name)} | docker exec -i {self.name} docker load"
        subprocess.run(["bash", "-o", "pipefail", "-c", pipe], capture_output=True, check=True)

    def reboot(self) -> None:
        """Stop everything in order, start again, and wait until the machine is up."""
        before = self.boot_id()
        self.container.restart(timeout=60)
        self.wait()
        if self.boot_id() == before:
            raise LabError(f"{self.name} did not restart")

    def boot_id(self) -> str:
        """Name this boot: when its process 1 began (a container shares the kernel's own boot_id)."""
        return self.exec("stat", "-c", "%.9Y", "/proc/1")

    def crash(self) -> None:
        """Lose the power: nothing is stopped in order. `start()` brings it back."""
        self.container.kill("SIGKILL")

    def start(self) -> None:
        """Switch it on again after `crash()`."""
        self.container.start()
        self.wait()

    def wait(self) -> None:
        """Wait until systemd has started everything and SSH lets its user in."""
        end = time.monotonic() + BOOT_SECONDS
        state = ""
        while time.monotonic() < end:
            try:
                # Answers once the boot is over: running, or degraded where a unit failed.
                state = self.exec("systemctl", "is-system-running", "--wait", check=False)
                if state in {"running", "degraded"}:
                    self.ssh("true")
                    return
            except (LabError, APIError, subprocess.TimeoutExpired) as error:
                state = str(error)
            time.sleep(0.2)
        raise LabError(f"{self.name} is not up after {BOOT_SECONDS} s ({state}):\n{self.logs()[-3000:]}")

    def logs(self) -> str:
        """Everything that the machine's journal has of this boot."""
        return self.exec("journalctl", "--boot", "--no-pager", "--output=short-precise", check=False)

    def variables(self) -> dict[str, object]:
        """The variables by which Ansible reaches the machine."""
        return {
            "ansible_connection": "ssh",
            "ansible_host": self.address,
            "ansible_user": self.user,
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
            "ansible_python_interpreter": "/usr/bin/python3",
        }


@contextmanager
def lab_host(
    client: DockerClient,
    folder: Path,
    suite: str = "bookworm",
    *,
    packages: tuple[str, ...] = (),
    mounts: tuple[Path, ...] = (),
) -> Iterator[LabHost]:
    """Run a machine, and remove it with all its data at the end.

    Args:
        client: the Docker engine.
        folder: where the key is kept.
        suite: the distribution's release, a key of DISTRIBUTIONS.
        packages: what the image has on top, so that a test of something else needs not wait for apt.
        mounts: folders of this machine that it has at the same path, to read.
    """
    name = f"slipway-lab-{suite}-{uuid.uuid4().hex[:8]}"
    try:
        yield up(client, folder, suite, name=name, packages=packages, mounts=mounts)
    finally:
        down(client, name)


def up(
    client: DockerClient,
    folder: Path,
    suite: str,
    *,
    name: str,
    packages: tuple[str, ...] = (),
    mounts: tuple[Path, ...] = (),
    memory: str = "2g",
) -> LabHost:
    """Boot a machine that stays until `down`."""
    recipe = Recipe(DISTRIBUTIONS[suite], packages)
    reference = image.ensure(client, recipe)
    key = _key(folder)
    network, address = _network(client, name)
    arguments = [
        *["docker", "run", "--detach", "--name", name, "--hostname", name, "--label", f"{LABEL}={name}"],
        *[
            "--label",
            f"{USER_LABEL}={recipe.distribution.user}",
            "--network",
            network,
            "--ip",
            address,
            "--memory",
            memory,
        ],
        *["--cap-add", "ALL", *(word for cap in WITHHELD for word in ("--cap-drop", cap))],
        *["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
        *["--cgroupns=private", "--device-cgroup-rule", "a *:* rwm", "--stop-signal", "SIGRTMIN+3"],
        *["--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp"],
        *(word for path in DATA for word in ("--volume", path)),
        *(word for path in mounts for word in ("--volume", f"{path}:{path}:ro")),
        *["--env", "container=docker", reference],
    ]
    started = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if started.returncode != 0:
        down(client, name)
        raise LabError(f"the machine does not start: {started.stderr.strip()}")
    user = recipe.distribution.user
    host = LabHost(name, address, user, key, client.containers.get(name))
    try:
        authorized = f"/home/{user}/.ssh/authorized_keys"
        host.put(key.with_suffix(".pub"), authorized, mode="0600")
        host.exec("chown", f"{user}:", authorized)
        for path, content in WATCH_ONLY.items():
            host.put(content, path)
        host.wait()
    except BaseException:
        down(client, name)
        raise
    return host


def found(client: DockerClient, folder: Path, name: str) -> LabHost:
    """Find a machine again that `up` booted with its key in the same folder."""
    containers = client.containers.list(filters={"label": f"{LABEL}={name}"})
    if not containers:
        raise LabError(f"no machine {name} runs")
    container = containers[0]
    address = container.attrs["NetworkSettings"]["Networks"][name]["IPAddress"]
    return LabHost(name, address, container.labels[USER_LABEL], _key(folder), container)


def down(client: DockerClient, name: str) -> None:
    """Remove a machine, its data and its network."""
    for container in client.containers.list(all=True, ignore_removed=True, filters={"label": f"{LABEL}={name}"}):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters={"label": f"{LABEL}={name}"}):
        network.remove()


def _key(folder: Path) -> Path:
    key = folder / "lab-key"
    if not key.exists():
        if shutil.which("ssh-keygen") is None:
            raise LabError("there is no ssh-keygen: apt-get install openssh-client")
        folder.mkdir(parents=True, exist_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "slipway-lab", "-f", str(key)]
        subprocess.run(command, capture_output=True, check=True)
    return key


def _network(client: DockerClient, name: str) -> tuple[str, str]:
    """Make a network of its own for the machine, so that its address outlives a reboot, as an Elastic IP does."""
    for third in random.sample(range(256), 64):
        subnet = ipaddress.ip_network(f"10.213.{third}.0/28")
        command = ["docker", "network", "create", "--label", f"{LABEL}={name}", "--subnet", str(subnet), name]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode == 0:
            return name, str(subnet[2])
        if "overlap" not in made.stderr:
            raise LabError(f"no network for the machine: {made.stderr.strip()}")
    raise LabError("no free network in 10.213.0.0/16 for the machine: old ones are left (docker network ls)")
