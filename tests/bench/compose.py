"""A release to one machine under load: Slipway, `docker compose up -d`, and the method of docker-rollout, in turns.

python -m tests.bench.compose            # needs a Docker engine: a machine of the lab is made on it
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from demo.embedded_aws import ROOT
from demo.engine import engine
from tests.lab.homu import SERVICE, STATE, Homu
from tests.lab.load import Load, load
from tests.lab.stage import staged

from .process import BenchError, measure

PEER = Path(__file__).resolve().parent / "peers" / "compose"
FOLDER, PLAIN, RETRIES = "/srv/peer", 8081, 8082
# What Slipway promises of a deploy that has nothing to do.
NOTHING_TO_DO = 5.0
_RECAP = re.compile(r"^\S+\s+: ok=(\d+)\s+changed=(\d+).*?skipped=(\d+)", re.MULTILINE)


@dataclass
class Releases:
    """The releases of one way of doing it."""

    name: str
    seconds: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        """One row of the table."""
        each = ", ".join(f"{one:.1f} s: {failed}" for one, failed in zip(self.seconds, self.failed, strict=True))
        lost = f"{sum(self.failed)} of {sum(self.requests)} failed"
        return f"  {self.name:38} {median(self.seconds):5.1f} s  {lost:>20}  {max(self.slowest):5.1f} s  ({each})"


def by_slipway(homu: Homu, version: str) -> float:
    """`ansible-playbook deploy.yml`, with everything that it checks."""
    run = _deploy(homu, version)
    homu.described["version"] = version
    return run[0]


def by_compose(homu: Homu, version: str) -> float:
    """`docker compose up -d`, which stops the old container and starts the new one."""
    return _on_the_machine(homu, f"cd {FOLDER} && {_set(version)} && sudo docker compose up --detach --wait web")


def by_rollout(homu: Homu, version: str) -> float:
    """Two containers for a while."""
    return _on_the_machine(homu, f"cd {FOLDER} && {_set(version)} && sudo ./rollout.sh")


def _set(version: str) -> str:
    return f"sudo sed -i 's/^APP_VERSION=.*/APP_VERSION={version}/' .env"


def _deploy(homu: Homu, version: str) -> tuple[float, str]:
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, *homu.arguments("deploy.yml", version=version)]
    run = measure(command, {**os.environ, **homu.environment(), "ANSIBLE_NOCOLOR": "1"}, ROOT)
    if run.code != 0:
        raise BenchError(f"Slipway ended with {run.code}:\n{run.output[-3000:]}")
    return run.wall, run.output


def _on_the_machine(homu: Homu, command: str) -> float:
    """Run a command over SSH, as a script of somebody's would."""
    ssh = ["ssh", "-i", str(homu.host.key), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    run = measure([*ssh, "-o", "LogLevel=ERROR", f"{homu.host.user}@{homu.host.address}", command], os.environ, ROOT)
    if run.code != 0:
        raise BenchError(f"{command} ended with {run.code}:\n{run.output[-3000:]}")
    return run.wall


def peer(homu: Homu) -> None:
    """Set the peers' stack up: the same image, the same database and cache, the same proxy."""
    current = homu.state()["current"]
    form = "{{.Config.Image}}"
    (web,) = [name for name in homu.containers()[f"{SERVICE}-{current}"] if "web-1" in name]
    image = homu.host.exec("docker", "inspect", "--format", form, web)
    for name in ("compose.yaml", "Caddyfile"):
        homu.host.put(PEER / name, f"{FOLDER}/{name}")
    homu.host.put(PEER / "rollout.sh", f"{FOLDER}/rollout.sh", mode="0755")
    homu.host.put(f"IMAGE={image}\nAPP_VERSION=first\n", f"{FOLDER}/.env")
    homu.host.exec("sh", "-c", f"cp {STATE}/releases/{current}/.env {FOLDER}/secrets.env")
    homu.host.exec("docker", "compose", "--project-directory", FOLDER, "up", "--detach", "--wait")


def released(
    ways: dict[str, tuple[Callable[[Homu, str], float], int]], homu: Homu, runs: int, rate: float
) -> list[Releases]:
    """Release in turns, each under the same load until two seconds after its end."""
    found = {name: Releases(name) for name in ways}
    for number in range(runs):
        for turn, (name, (release, port)) in enumerate(ways.items()):
            version = f"v{number}-{turn}"
            with _load(homu, port, rate) as seen:
                seen.await_more(100)
                seconds = release(homu, version)
                seen.await_version(version)
                seen.await_more(int(2 * rate))
            found[name].seconds.append(seconds)
            found[name].failed.append(len(seen.failed))
            found[name].slowest.append(seen.slowest())
            found[name].requests.append(len(seen.failed) + len(seen.answers))
    return list(found.values())


def _load(homu: Homu, port: int, rate: float) -> AbstractContextManager[Load]:
    return load(homu.host.address, port=port, rate=rate, connections=int(rate / 10))


def nothing_to_do(homu: Homu, runs: int) -> tuple[list[float], str]:
    """Seconds of a deploy that changes nothing, and how many tasks it has."""
    seconds, output = [], ""
    for _ in range(runs):
        wall, output = _deploy(homu, str(homu.described["version"]))
        seconds.append(wall)
    counts = [tuple(map(int, found)) for found in _RECAP.findall(output)]
    if sum(changed for _, changed, _ in counts):
        raise BenchError(f"a deploy that has nothing to do changed something:\n{output[-3000:]}")
    return seconds, f"{sum(ok for ok, _, _ in counts)} tasks run, {sum(skipped for *_, skipped in counts)} skipped"


def bench(runs: int, rate: float, scratch: Path) -> int:
    """Measure and print."""
    ways: dict[str, tuple[Callable[[Homu, str], float], int]] = {
        "Slipway": (by_slipway, 80),
        "compose up -d": (by_compose, PLAIN),
        "compose up -d, the proxy tries again": (by_compose, RETRIES),
        "docker-rollout": (by_rollout, PLAIN),
        "docker-rollout, the proxy tries again": (by_rollout, RETRIES),
    }
    with engine(timeout=600) as client:
        if client is None:
            raise BenchError("no Docker engine answers: start it, or set DOCKER_HOST")
        with staged(client, scratch / "aws", scratch) as homu:
            by_slipway(homu, "first")
            peer(homu)
            idle, tasks = nothing_to_do(homu, runs)
            print(f"releases under {rate:.0f} requests/s, {runs} of each, in turns on one machine", flush=True)
            print(f"  {'':38} {'median':>7}  {'requests':>20}  {'slowest':>7}")
            for one in released(ways, homu, runs, rate):
                print(one)
    each = ", ".join(f"{one:.1f}" for one in idle)
    kept = "met" if median(idle) <= NOTHING_TO_DO else "MISSED"
    print(f"a deploy with nothing to do, over SSH: {median(idle):.1f} s ({each}), {tasks}")
    print(f"{kept}: at most {NOTHING_TO_DO:.0f} s")
    return 0


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compose", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="releases of each (default: 3)")
    parser.add_argument("--rate", type=float, default=240, help="requests a second (default: 240)")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
            return bench(arguments.runs, arguments.rate, Path(scratch))
    except (BenchError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
