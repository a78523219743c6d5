"""Releasing one small service through the fault layer, as a person would, with a client that asks all along."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from demo.embedded_aws import ROOT
from slipway.release.history import plain
from slipway.release.record import Record
from tests.e2e.client import Answers, asking
from tests.e2e.playbook import Result, ansible_playbook
from tests.faults.layer import Faults

INVENTORY = Path(__file__).with_name("inventory")
CLUSTER, SERVICE, TABLE = "faults", "web", "slipway-releases"
KEY = f"{CLUSTER}/{SERVICE}"


@dataclass(frozen=True)
class Running:
    """An ansible-playbook that goes on."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def until(self, point: str) -> None:
        """Read on until it says so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if point in line:
                return
        raise AssertionError(f"it never said {point!r}:\n{''.join(self.said)}")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """All its processes stand still, as on a machine that is busy, until the block ends."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def end(self, seconds: float = 120) -> Result:
        """Wait for its end."""
        assert self.process.stdout is not None
        self.said.extend(self.process.stdout)
        self.process.stdout.close()
        return Result(self.process.wait(seconds), "".join(self.said))


@dataclass(frozen=True)
class Service:
    """The service `web` of the inventory beside this file."""

    faults: Faults
    _numbers: Iterator[int] = field(default_factory=lambda: count(2), compare=False)

    def next_version(self) -> str:
        """A version that was never deployed."""
        return str(next(self._numbers))

    def environment(self) -> dict[str, str]:
        """What a person's shell has."""
        return {**self.faults.environment(), "SLIPWAY_TEST_REGISTRY": self.faults.registry}

    def arguments(self, playbook: str, *more: str, **variables: Any) -> list[str]:
        """The command line of a playbook, with extra variables."""
        extra = ["-e", json.dumps(variables)] if variables else []
        return [playbook, "-i", str(INVENTORY), *more, *extra]

    def play(self, playbook: str, *more: str, **variables: Any) -> Result:
        """Run a playbook to its end."""
        return ansible_playbook(*self.arguments(playbook, *more, **variables), environment=self.environment())

    def deploy(self, *more: str, **variables: Any) -> Result:
        """Run deploy.yml to its end."""
        return self.play("deploy.yml", *more, **variables)

    def start(self, *more: str, **variables: Any) -> Running:
        """Begin deploy.yml, as a shell would: in a process group of its own."""
        process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *self.arguments("deploy.yml", *more, **variables),
            ],
            cwd=ROOT,
            env={**os.environ, **self.environment(), "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return Running(process)

    def deploy_and(self, point: str, act: Callable[[], Any], **variables: Any) -> Result:
        """Run deploy.yml to its end, and do something beside it when it says so."""
        run = self.start(**variables)
        run.until(point)
        act()
        return run.end()

    def kill_at(self, point: str, **variables: Any) -> str:
        """Run deploy.yml, kill all its processes at once when it says so, and give what it had said."""
        run = self.start(**variables)
        run.until(point)
        os.killpg(run.process.pid, signal.SIGKILL)
        result = run.end()
        assert result.code == -signal.SIGKILL, result.output
        return result.output

    @contextmanager
    def asked(self) -> Iterator[Answers]:
        """A client asks through the load balancer until the block ends; every request must be answered."""
        with self.asking() as answers:
            yield answers
        assert answers.good, answers.bad[:3]
        assert not answers.bad, answers.bad[:5]

    def asking(self) -> AbstractContextManager[Answers]:
        """The client alone."""
        return asking(f"{self.faults.endpoint}/_alb/{SERVICE}/", f"{self._load_balancer()}:80")

    def version(self) -> str:
        """The version that answers through the load balancer."""
        with self.asked() as answers:
            answers.await_one()
        return answers.last

    def _load_balancer(self) -> str:
        found = self.client("elbv2").describe_load_balancers(Names=[SERVICE])["LoadBalancers"]
        return str(found[0]["DNSName"])

    def client(self, service: str) -> Any:
        """A client of the tests' own, past the layer's faults."""
        return self.faults.emulator.client(service)

    def described(self) -> dict[str, Any]:
        """The service as DescribeServices has it."""
        found = self.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
        return dict(found[0])

    def revision(self) -> str:
        """The task definition of the service, as family:revision."""
        return str(self.described()["taskDefinition"]).rpartition("/")[2]

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

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        """The cluster's tasks of a status."""
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster=CLUSTER, desiredStatus=status)["taskArns"]
        return list(ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]) if arns else []

    def is_settled(self) -> bool:
        """Whether one deployment is complete, and nothing else of the service runs."""
        found = self.described()
        deployments = found["deployments"]
        done = len(deployments) == 1 and deployments[0].get("rolloutState") == "COMPLETED"
        return bool(done and found["runningCount"] == found["desiredCount"] == len(self.tasks()) and not self.locked())

    def await_settled(self, seconds: float = 30) -> None:
        """Wait until what goes down is down."""
        deadline = time.monotonic() + seconds
        while not self.is_settled():
            assert time.monotonic() < deadline, (self.described()["deployments"], len(self.tasks()), self.locked())
            time.sleep(0.2)


def breaks(
    service: Service,
    *told: str,
    cause: str = "",
    scenario: str | Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
    **variables: Any,
) -> Result:
    """Release a version that cannot succeed: it fails, says why, and nobody who asks the service sees any of it.

    Then the fault is gone, and the plain command ends green. Variables are part of the fault; a scenario's fault is
    of AWS, so that the same version then succeeds. `cause` is the code of the cause in the release's record.
    """
    serving, revision, version = service.version(), service.revision(), service.next_version()
    if scenario is not None:
        service.faults.play(scenario)
    with service.asked():
        result = service.deploy(*arguments, version=version, **variables)
    service.faults.stop()
    failed(result, *told, "what serves now")
    assert service.version() == serving
    assert service.revision() == revision
    service.await_settled()
    last = service.records()[0]
    assert (last.verdict != "succeeded", bool(last.cause), last.serving) == (True, True, revision), last
    assert not cause or last.cause_code == cause, (last, result.output)
    recovers(service, version)
    return result


def refused(service: Service, *told: str, arguments: Sequence[str] = (), **variables: Any) -> Result:
    """The preflight refuses a release: it says why, and nothing at all is touched."""
    before, version = (service.version(), service.described(), service.records()), service.next_version()
    with service.asked():
        result = service.deploy(*arguments, version=version, **variables)
    failed(result, *told, "in the way of web; nothing was touched")
    assert "PLAY [Deploy to ECS Fargate]" not in result.output
    assert (service.version(), service.described(), service.records()) == before
    service.await_settled()
    recovers(service, version)
    return result


def recovers(service: Service, version: str) -> None:
    """The plain command, once the fault is gone, ends green."""
    with service.asked() as answers:
        succeeded(service.deploy(version=version))
        answers.await_one()
    assert answers.last == f"version {version}"
    service.await_settled()
    assert service.records()[0].verdict == "succeeded"


def succeeded(result: Result) -> None:
    """A run that ended green."""
    assert result.code == 0, result.output


def failed(result: Result, *told: str) -> None:
    """A run that failed, said all of this, and said it to people."""
    assert result.code != 0, result.output
    for text in told:
        assert text in result.output, f"{text!r} is not told:\n{result.output}"
    assert "Traceback (most recent call last)" not in result.output, result.output
