"""What HOMU needs before its first release: a prepared machine, an account, and images without the internet.

python -m tests.lab.stage up|reboot|down NAME --folder FOLDER   # one that stays, with its inventory in FOLDER
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docker import DockerClient

from demo import base_image, embedded_aws
from demo.embedded_aws import ROOT, EmbeddedAws
from demo.engine import engine
from tests.lab import host as machines
from tests.lab.homu import INVENTORY, MACHINE, SECRETS, SERVICE, Homu
from tests.lab.host import SSH, LabHost
from tests.lab.image import LabError
from tests.lab.playing import play
from tests.lab.registry import Registry
from tests.lab.releases import offer
from tests.lab.sidecars import POSTGRESQL, REDIS

# The same packages as the lab's other machine with an engine: one image for both.
PACKAGES = ("docker.io", "caddy")


@contextmanager
def staged(client: DockerClient, folder: Path, key_folder: Path) -> Iterator[Homu]:
    """Have it all until the block ends.

    Args:
        client: the Docker engine.
        folder: for the embedded AWS.
        key_folder: where the lab's key is.
    """
    name = f"slipway-lab-homu-{uuid.uuid4().hex[:8]}"
    aws = embedded_aws.start(folder, containers=True)
    try:
        homu = _up(client, aws, key_folder, name)
        try:
            yield homu
        finally:
            homu.registry.close()
    finally:
        machines.down(client, name)
        embedded_aws.stop(aws, build_cache=False)


def _up(client: DockerClient, aws: EmbeddedAws, folder: Path, name: str) -> Homu:
    for recipe in (base_image.PYTHON, POSTGRESQL, REDIS):
        base_image.ensure(recipe)
    host = machines.up(client, folder, "bookworm", name=name, packages=PACKAGES)
    homu = Homu(aws, host, Registry(host, aws.port))
    _prepare(host)
    for recipe in (POSTGRESQL, REDIS):
        host.load(recipe.image)
    homu.registry.open()
    secrets = homu.client("secretsmanager")
    for secret, value in SECRETS.items():
        secrets.create_secret(Name=secret, SecretString=value)
    return homu


def _prepare(host: LabHost) -> None:
    run = play(host, {"machine_drain_seconds": 5, **offer(host)})
    if not run.ok:
        raise LabError(f"the role machine failed: {json.dumps(run.failures)}\n{run.output}")


def _inventory(homu: Homu, folder: Path) -> None:
    """Write the inventory with the addresses in it, for programs that have no variables of this run."""
    copy = folder / "stage"
    # The service's own variables name no key: it has the machine's arguments.
    machine = {**homu.host.variables(), "ansible_ssh_common_args": f"-i {homu.host.key} {' '.join(SSH)}"}
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(INVENTORY, copy)
    described = {
        "group_vars/all": {"aws_endpoint_url": homu.aws.endpoint, "service_image_registry": homu.registry.name},
        f"host_vars/{MACHINE}": machine,
        f"host_vars/{SERVICE}": {"service_build_context": str(ROOT / "examples" / "homu")},
    }
    for where, variables in described.items():
        (copy / where / "z.yml").write_text(json.dumps(variables), encoding="utf-8")


def _stay(client: DockerClient, verb: str, folder: Path, name: str) -> None:
    """Bring up a stage that outlives this process, or end it."""
    known = folder / "stage.json"
    if verb == "up":
        aws = embedded_aws.start(folder / "aws", containers=True)
        known.write_text(json.dumps({"port": aws.port, "pid": aws.pid}), encoding="utf-8")
        _inventory(_up(client, aws, folder, name), folder)
        return
    if not known.exists():
        return
    noted = json.loads(known.read_text(encoding="utf-8"))
    aws = EmbeddedAws(noted["port"], noted["pid"], containers=True, directory=folder / "aws")
    if verb == "reboot":
        host = machines.found(client, folder, name)
        host.reboot()
        Registry(host, aws.port).open()
        return
    # Without its machine, the tunnel ends by itself.
    machines.down(client, name)
    embedded_aws.stop(aws, build_cache=False)
    known.unlink()


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.stage", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("verb", choices=["up", "reboot", "down"])
    parser.add_argument("name")
    parser.add_argument("--folder", type=Path, default=Path(".run/lab"), help="for the key, the AWS and the inventory")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with engine(timeout=600) as client:
        if client is None:
            sys.stderr.write("no Docker engine answers\n")
            return 1
        try:
            _stay(client, options.verb, options.folder.resolve(), options.name)
        except LabError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
