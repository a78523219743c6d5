"""HOMU on a machine of the lab, and what a person does with it: the playbooks, over SSH, with the embedded AWS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from demo.embedded_aws import ROOT, EmbeddedAws
from slipway.release.history import plain
from slipway.release.record import Record
from tests.e2e.playbook import Result, ansible_playbook
from tests.emulators.emulator import Emulator
from tests.faults.releasing import Running
from tests.lab.host import LabHost
from tests.lab.load import VISITOR, Load, load
from tests.lab.registry import Registry

INVENTORY = Path(__file__).with_name("inventory")
SERVICE, MACHINE, TABLE = "homu", "box", "slipway-releases"
KEY = f"{MACHINE}/{SERVICE}"
STATE = f"/etc/slipway/services/{SERVICE}"
SECRETS = {
    # What a shell, a Compose file or an .env would change, if it could.
    "homu/db-password": "p$w'd \"#{x}\\n%",
    "homu/db-url": "postgresql://homu:p%24w%27d%20%22%23%7Bx%7D%5Cn%25@postgres:5432/homu",
    "homu/redis-url": "redis://redis:6379/0",
    "homu/secret-key": "first $line \\ 'one' \"two\" # no comment\n${SECOND:-line} `id` %s\ttab\n",
}
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Homu:
    """The service, its machine, and the AWS that both belong to."""

    aws: EmbeddedAws
    host: LabHost
    registry: Registry
    inventory: Path = INVENTORY
    # What was edited in the description since, and was released.
    described: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(2))

    @property
    def folder(self) -> Path:
        """Where files of the whole run are kept."""
        return self.host.key.parent

    def next_version(self) -> str:
        """A version that was never deployed."""
        return f"v{next(self._numbers)}"

    def environment(self) -> dict[str, str]:
        """What a person's shell has."""
        return {
            **self.aws.environment(),
            "LAB_ADDRESS": self.host.address,
            "LAB_USER": self.host.user,
            "LAB_KEY": str(self.host.key),
            "LAB_REGISTRY": self.registry.name,
        }

    def arguments(self, playbook: str, *more: str, **variables: Any) -> list[str]:
        """The command line of a playbook, with an edited description."""
        edited = {**self.described, **variables}
        extra = ["-e", json.dumps(edited)] if edited else []
        return [playbook, "-i", str(self.inventory), *more, *extra]

    def play(self, playbook: str, *more: str, **variables: Any) -> Result:
        """Run a playbook to its end."""
        return ansible_playbook(*self.arguments(playbook, *more, **variables), environment=self.environment())

    def deploy(self, *more: str, **variables: Any) -> Result:
        """Run deploy.yml to its end."""
        return self.play("deploy.yml", *more, **variables)

    def release(self, **variables: Any) -> Result:
        """Deploy an edited description, which then stays so."""
        result = succeeded(self.deploy(**variables))
        self.described |= variables
        return result

    def start(self, playbook: str = "deploy.yml", *more: str, **variables: Any) -> Running:
        """Begin a playbook, as a shell would: in a process group of its own."""
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        process = subprocess.Popen(
            [program, *self.arguments(playbook, *more, **variables)],
            cwd=ROOT,
            env={**os.environ, **self.environment(), "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return Running(process)

    def kill_at(self, point: str, playbook: str = "deploy.yml", **variables: Any) -> str:
        """Run a playbook, kill all its processes at once when it says so, and give what it had said."""
        run = self.start(playbook, **variables)
        run.until(point)
        os.killpg(run.process.pid, signal.SIGKILL)
        result = run.end()
        assert result.code == -signal.SIGKILL, result.output
        return result.output

    # --- What a visitor sees ---

    def load(self, rate: float = 240) -> AbstractContextManager[Load]:
        """Visitors, until the block ends."""
        return load(self.host.address, rate=rate, connections=max(2, int(rate / 10)))

    @contextmanager
    def visited(self, rate: float = 40) -> Iterator[Load]:
        """A few visitors until the block ends: every request of theirs must be answered."""
        with self.load(rate) as seen:
            seen.await_more(len(VISITOR))
            yield seen
        assert not seen.failed, str(seen)

    def get(self, path: str = "/", seconds: float = 10) -> dict[str, Any]:
        """What is answered at the machine's address."""
        end = time.monotonic() + seconds
        while True:
            try:
                with _direct.open(f"http://{self.host.address}{path}", timeout=5) as answer:
                    return dict(json.load(answer))
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def version(self) -> str:
        """The version that answers."""
        return str(self.get()["version"])

    def post(self, path: str) -> dict[str, Any]:
        """What is answered to a request that changes something."""
        request = urllib.request.Request(f"http://{self.host.address}{path}", data=b"", method="POST")
        with _direct.open(request, timeout=5) as answer:
            return dict(json.load(answer))

    # --- What is on the machine, and on AWS ---

    def client(self, service: str) -> Any:
        """A client of the tests' own."""
        return Emulator("ministack", self.aws.endpoint).client(service)

    def state(self) -> dict[str, Any]:
        """What the machine knows of the service."""
        return dict(json.loads(self.host.exec("cat", f"{STATE}/service.json")))

    def serving(self) -> tuple[str, list[str]]:
        """The release that serves, and those that one can go back to."""
        state = self.state()
        return state["current"], state["previous"]

    def releases(self) -> list[str]:
        """The releases that are kept on the machine."""
        return self.host.exec("ls", f"{STATE}/releases").split()

    def containers(self, *states: str) -> dict[str, list[str]]:
        """The names of the service's containers, by Compose project."""
        wanted = [f"--filter=status={state}" for state in states or ("running",)]
        form = '--format={{.Label "com.docker.compose.project"}} {{.Names}}'
        projects: dict[str, list[str]] = {}
        for line in self.host.exec("docker", "ps", "--all", *wanted, form).splitlines():
            project, _, name = line.partition(" ")
            if project == SERVICE or project.startswith(f"{SERVICE}-"):
                projects.setdefault(project, []).append(name)
        return projects

    def started(self, container: str) -> str:
        """When a container began."""
        return self.host.exec("docker", "inspect", "--format", "{{.State.StartedAt}}", container)

    def sql(self, query: str) -> str:
        """What the database answers."""
        (name,) = [one for one in self.containers()[SERVICE] if "postgres" in one]
        return self.host.exec("docker", "exec", name, "psql", "-U", "homu", "-d", "homu", "-Atc", query)

    def locked(self) -> bool:
        """Whether a lock is left."""
        key = {"service": {"S": KEY}, "item": {"S": "lock"}}
        return "Item" in self.client("dynamodb").get_item(TableName=TABLE, Key=key, ConsistentRead=True)

    def records(self) -> list[Record]:
        """The records of releases, newest first."""
        answer = self.client("dynamodb").query(
            TableName=TABLE,
            KeyConditionExpression="#service = :service AND begins_with(#item, :release)",
            ExpressionAttributeNames={"#service": "service", "#item": "item"},
            ExpressionAttributeValues={":service": {"S": KEY}, ":release": {"S": "release#"}},
            ScanIndexForward=False,
        )
        return [Record.of(plain(item)) for item in answer["Items"]]

    def unfinished(self) -> str:
        """What of a release is left half-made; empty where nothing is."""
        state, everything = (
            self.state(),
            self.containers("created", "running", "exited", "dead", "paused", "restarting"),
        )
        serving, kept = {SERVICE, f"{SERVICE}-{state['current']}"}, {state["current"], *state["previous"]}
        found = {
            "a candidate": state["candidate"],
            "one that leaves": state["leaving"],
            "running": set(self.containers()) ^ serving,
            # Those of the releases that one can go back to are stopped, and stay.
            "containers": set(everything) - serving - {f"{SERVICE}-{release}" for release in kept},
            "releases": set(self.releases()) - kept,
            "credentials": self.host.exec("sh", "-c", "ls -d /root/.docker /run/slipway/*/ 2>/dev/null", check=False),
            "a lock": self.locked(),
        }
        return ", ".join(f"{what}: {left}" for what, left in found.items() if left)

    def settle(self, seconds: float = 30) -> None:
        """Wait until nothing is half-made."""
        end = time.monotonic() + seconds
        while left := self.unfinished():
            assert time.monotonic() < end, left
            time.sleep(0.5)


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it is not so"
        time.sleep(0.1)


def succeeded(result: Result) -> Result:
    """A run that ended green."""
    assert result.code == 0, result.output
    return result


def failed(result: Result, *told: str) -> Result:
    """A run that ended red, says all of this, and is no traceback."""
    assert result.code != 0, result.output
    for text in told:
        assert text in result.output, f"{text!r} is not said:\n{result.output}"
    assert "Traceback" not in result.output, result.output
    return result
