"""python -m tests.lab up|reboot|down NAME: a machine that stays, with the inventory by which Ansible reaches it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from docker import DockerClient

from demo.engine import engine
from tests.lab.host import down, found, up
from tests.lab.image import DISTRIBUTIONS, LabError
from tests.lab.releases import offer


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("verb", choices=["up", "reboot", "down"])
    parser.add_argument("name")
    parser.add_argument("--suite", choices=DISTRIBUTIONS, default="bookworm")
    parser.add_argument("--folder", type=Path, default=Path(".run/lab"), help="where the key and the inventory are")
    options = parser.parse_args()
    with engine(timeout=600) as client:
        if client is None:
            sys.stderr.write("no Docker engine answers\n")
            return 1
        try:
            if options.verb == "reboot":
                found(client, options.folder, options.name).reboot()
            else:
                down(client, options.name)
            if options.verb == "up":
                _up(client, options.folder, options.suite, options.name)
        except LabError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


def _up(client: DockerClient, folder: Path, suite: str, name: str) -> None:
    host = up(client, folder, suite, name=name)
    hosts = {name: {**host.variables(), **offer(host)}}
    (folder / "hosts.json").write_text(json.dumps({"machine": {"hosts": hosts}}, indent=2), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
