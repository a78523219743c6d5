"""The embedded AWS: ministack on the loopback interface, with real containers where there is a Docker engine.

python -m demo.embedded_aws up|down|status      # in the background; its address is in .run/embedded-aws.env

All it starts on the Docker engine is labelled with its address, so that nothing of it stays behind, and
nothing of another one is touched.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.engine import available, engine, remove_containers, remove_images
from demo.errors import DemoError

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / ".run"
ENV_FILE = RUN / "embedded-aws.env"
DIRECTORY = RUN / "embedded-aws"
PORT = 4566
ACCOUNT = "000000000000"
REGION = "ap-northeast-2"
# A proxy of the user's has no business between two processes of one machine.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class EmbeddedAws:
    """One running ministack."""

    port: int
    pid: int
    containers: bool
    directory: Path

    @property
    def endpoint(self) -> str:
        """The address of every API, of the registry and of the load balancers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Where ministack writes what it does."""
        return self.directory / "ministack.log"

    def environment(self) -> dict[str, str]:
        """Give the variables with which boto, Ansible and Slipway talk to it and to nothing else."""
        return client_environment(self.endpoint)

    def answers(self) -> bool:
        """Say whether it is up and ready."""
        try:
            with _direct.open(f"{self.endpoint}/_ministack/ready", timeout=2):
                return True
        except OSError:
            return False

    def reset(self) -> None:
        """Forget every resource and stop every container."""
        with _direct.open(f"{self.endpoint}/_ministack/reset", data=b"", timeout=60) as answer:
            json.load(answer)


def client_environment(endpoint: str) -> dict[str, str]:
    """Give the variables that point a client at an emulator, and at nothing else."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        # An emulator takes any key; twelve digits would be taken for an account id.
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SLIPWAY_LOOPBACK_ONLY": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def clean_environment() -> dict[str, str]:
    """Copy the environment without the user's own AWS settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def free_port(preferred: int = 0) -> int:
    """Choose a free port of the loopback interface, the preferred one if it is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("no port of 127.0.0.1 is free: end programs that listen there and try again")


def start(directory: Path, port: int = 0, containers: bool | None = None) -> EmbeddedAws:
    """Start ministack in the background and wait until it is ready.

    Args:
        directory: its log and its files.
        port: the preferred port; another one is chosen where it is taken.
        containers: run containers for ECS tasks; by default, where a Docker engine answers.
    """
    directory.mkdir(parents=True, exist_ok=True)
    containers = available() if containers is None else containers
    port = free_port(port)
    with (directory / "ministack.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            # Not as a part of this package: names of its files are no modules there.
            [sys.executable, "-P", str(Path(__file__).with_name("ministack.py"))],
            env=_server_environment(directory, port, containers),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the one who started it, who then stops it in order.
            start_new_session=True,
        )
    aws = EmbeddedAws(port, process.pid, containers, directory)
    try:
        _wait_until_ready(aws, process)
    except BaseException:
        stop(aws)
        raise
    return aws


def _server_environment(directory: Path, port: int, containers: bool) -> dict[str, str]:
    files = directory / "ministack"
    files.mkdir(exist_ok=True)
    environment = clean_environment() | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOSTNAME": _instance_host(),
        "RDS_BASE_PORT": str(free_port()),
        "ELASTICACHE_BASE_PORT": str(free_port()),
        "S3_DATA_DIR": str(files / "s3"),
        "STATE_DIR": str(files / "state"),
        "TMPDIR": str(files),
    }
    if not containers:
        environment["DOCKER_HOST"] = f"unix://{files}/no-docker.sock"
    return environment


def _instance_host() -> str:
    return f"slipway-{socket.gethostname()}"


def _wait_until_ready(aws: EmbeddedAws, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not aws.answers():
        if process.poll() is not None:
            raise DemoError(f"the embedded AWS ended while it started; its log is {aws.log}:\n{_tail(aws.log)}")
        if time.monotonic() > deadline:
            raise DemoError(f"the embedded AWS did not answer within {seconds:.0f} s; its log is {aws.log}")
        time.sleep(0.05)


def _tail(log: Path, lines: int = 5) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"  {line}" for line in text[-lines:])


def stop(aws: EmbeddedAws, *, build_cache: bool = True) -> None:
    """Stop it, and remove its containers, its images (with what their builds left, or without) and its files."""
    _terminate(aws.pid)
    if aws.containers:
        with engine() as client:
            if client is not None:
                remove_containers(client, f"ministack.instance={_instance_host()}:{aws.port}")
                remove_images(client, (f"127.0.0.1:{aws.port}/", f"localhost:{aws.port}/"), build_cache=build_cache)
    shutil.rmtree(aws.directory / "ministack", ignore_errors=True)


def _terminate(pid: int) -> None:
    """End the process: ministack stops its containers on SIGTERM, which takes a few seconds."""
    for number, seconds in ((signal.SIGTERM, 30), (signal.SIGKILL, 5)):
        if not _is_ministack(pid):
            return
        os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if _gone(pid):
                return
            time.sleep(0.05)


def _gone(pid: int) -> bool:
    try:
        # Reaps it where it is a child of this process.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return True
    except ChildProcessError:
        pass
    return not _is_ministack(pid)


def _is_ministack(pid: int) -> bool:
    """A pid from a file may belong to somebody else by now."""
    answer = subprocess.run(
        ["ps", "-o", "stat=,args=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    state, _, arguments = answer.strip().partition(" ")
    return "ministack" in arguments and not state.startswith("Z")


def running() -> EmbeddedAws | None:
    """Read .run/embedded-aws.env; None where the one it names is gone."""
    aws = _recorded()
    return aws if aws is not None and _is_ministack(aws.pid) and aws.answers() else None


def _recorded() -> EmbeddedAws | None:
    if not ENV_FILE.exists():
        return None
    lines = ENV_FILE.read_text(encoding="utf-8").splitlines()
    values: dict[str, Any] = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    try:
        port, pid = int(values["EMBEDDED_AWS_PORT"]), int(values["EMBEDDED_AWS_PID"])
    except (KeyError, ValueError) as error:
        raise DemoError(f"{ENV_FILE} is damaged: delete it") from error
    return EmbeddedAws(port, pid, values.get("EMBEDDED_AWS_CONTAINERS") == "true", DIRECTORY)


def up(port: int = PORT) -> EmbeddedAws:
    """Start the project's own embedded AWS, or find it running, and write down where it is."""
    if aws := running():
        return aws
    down()
    aws = start(DIRECTORY, port)
    try:
        _record(aws)
    except BaseException:
        stop(aws)
        raise
    return aws


def _record(aws: EmbeddedAws) -> None:
    values = aws.environment() | {
        "EMBEDDED_AWS_PORT": str(aws.port),
        "EMBEDDED_AWS_PID": str(aws.pid),
        "EMBEDDED_AWS_CONTAINERS": str(aws.containers).lower(),
    }
    text = "".join(f"{name}={value}\n" for name, value in values.items())
    ENV_FILE.write_text(f"# For a shell: set -a; . {ENV_FILE.relative_to(ROOT)}; set +a\n{text}", encoding="utf-8")


def down() -> bool:
    """Stop the project's own embedded AWS and forget where it was; False where there was none."""
    aws = _recorded()
    if aws is None:
        return False
    stop(aws)
    ENV_FILE.unlink(missing_ok=True)
    return True


def describe(aws: EmbeddedAws) -> str:
    """Say in one line where it is and what it can do."""
    how = "real containers" if aws.containers else "simulated: no Docker engine answers, so no container runs"
    return f"embedded AWS: {aws.endpoint}, account {ACCOUNT}, {REGION} ({how})"


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.embedded_aws", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["up", "down", "status"])
    parser.add_argument("--port", type=int, default=PORT, help="preferred port (default %(default)s)")
    arguments = parser.parse_args()
    try:
        if arguments.command == "up":
            print(describe(up(arguments.port)))
        elif arguments.command == "down":
            print("embedded AWS: stopped" if down() else "embedded AWS: was not running")
        else:
            aws = running()
            print(describe(aws) if aws else "embedded AWS: not running")
            return 0 if aws else 1
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
