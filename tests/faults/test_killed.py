"""A release that is killed at any point: the next one ends green, and nobody who asked saw any of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from slipway.release.lock import LEASE
from tests.faults.releasing import Running, Service, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]
MIGRATION = {"service_migration": {"command": ["python", "-c", "import time; time.sleep(1); print('migrated')"]}}
# It answers, and the check through the load balancer wants another answer.
WRONG = {"service_http_check_path": "/", "service_http_check_body": "not what it says"}
CRASH = {"service_environment": {"VERSION": "broken", "EXIT_AT_START": "3"}}
POINTS: dict[str, tuple[str, dict[str, Any]]] = {
    "image": ("TASK [release : The image]", {}),
    "lock": ("TASK [fargate : One release of the service at a time]", {}),
    "locked": ("TASK [fargate : The network]", {}),
    "before the migration": ("TASK [fargate : The task before the switch]", MIGRATION),
    "migration": ("web: task ", MIGRATION),
    "task definition": ("updated: ecs_task_definition", {}),
    "service": ("updated: ecs_service", {}),
    "waiting": ("deployment in progress", {}),
    "waiting for a crash": ("a task stopped: ", CRASH),
    "checking": ("TASK [fargate : The answer through the load balancer]", {}),
    "about to roll back": ("TASK [fargate : What served before]", WRONG),
    "rolling back": ("going back to ", WRONG),
    "followed back": ("TASK [fargate : What served before]", CRASH),
    "recording": ("TASK [fargate : The record]", {}),
    "telling": ("TASK [fargate : The release]", {}),
    "giving the lock back": ("TASK [fargate : The next release may begin]", {}),
}


def left(service: Service) -> list[str]:
    """The processes of a run of deploy.yml with this service that are there still: the keeper is one."""
    wanted, found = service.faults.endpoint.encode(), []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdecimal() or int(directory.name) == os.getpid():
            continue
        try:
            command, environment = (directory / "cmdline").read_bytes(), (directory / "environ").read_bytes()
        except OSError:
            continue
        if b"ansible-playbook" in command and b"AWS_ENDPOINT_URL=" + wanted in environment:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def await_nothing_left(service: Service, seconds: float = 30) -> None:
    """Wait for the keeper's end, which gives the lock back."""
    deadline = time.monotonic() + seconds
    while (there := left(service)) or service.locked():
        assert time.monotonic() < deadline, (there, service.locked())
        time.sleep(0.1)


def goes_on(service: Service) -> None:
    """The next plain run ends green, the one after changes nothing, and no lock needs a person."""
    version = service.next_version()
    started = time.monotonic()
    succeeded(service.deploy(version=version))
    assert time.monotonic() - started < LEASE
    again = service.deploy(version=version)
    succeeded(again)
    assert again.changed == {"web": 0}, again.output
    assert service.version() == f"version {version}"
    assert service.records()[0].verdict == "succeeded"
    service.await_settled()
    await_nothing_left(service)


@pytest.mark.parametrize("point", POINTS)
def test_killed_with_all_its_processes_at(service: Service, point: str) -> None:
    said, variables = POINTS[point]
    before = service.records()[0]
    with service.asked():
        service.kill_at(said, version=service.next_version(), **variables)
        # At once: on the same machine nobody waits for the lease.
        goes_on(service)
    if point not in ("image", "lock"):
        told = [one.verdict for one in service.records() if one.started_at > before.started_at]
        assert set(told[1:]) <= {"interrupted", "succeeded"}, told
        # What had been recorded before the kill is no interrupted release.
        assert told[1:] == ["interrupted"] or point in ("telling", "giving the lock back"), told


def test_killed_alone_its_workers_and_its_keeper_end_with_it(service: Service) -> None:
    with service.asked():
        run = service.start(version=service.next_version())
        run.until("deployment in progress")
        os.kill(run.process.pid, signal.SIGKILL)
        assert run.end().code == -signal.SIGKILL
        await_nothing_left(service)
        assert service.records()[0].verdict == "interrupted"
        goes_on(service)


def press_ctrl_c(run: Running) -> None:
    """Press it until that ends it, as people do.

    Python forgets the key in the moment in which a process forks; and a worker that dies of it while it sends a line
    leaves ansible-core waiting for a lock.
    """
    for _ in range(5):
        os.killpg(run.process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            run.process.wait(2)
            return


def of_slipway(output: str) -> str:
    """The output without two faults that are not Slipway's to hide.

    What Python itself ignores while a process forks; and an error of ansible-core, whose handler of Ctrl-C looks at a
    worker that has ended a moment before: https://github.com/ansible/ansible/issues/87475
    """
    output = re.sub(r"Exception ignored in.*\nTraceback", "", output)
    # To the end of the output, which ansible-core's own traceback is; one of Slipway's code in it stays.
    theirs = r"\[ERROR\]: Unexpected Exception[^\n]*: process object is closed\n(?:(?!module_utils/slipway/).)*\Z"
    return re.sub(theirs, "", output, flags=re.DOTALL)


@pytest.mark.parametrize("point", ["locked", "service", "waiting"])
def test_interrupted_by_a_person(service: Service, point: str) -> None:
    said, variables = POINTS[point]
    with service.asked():
        run = service.start(version=service.next_version(), **variables)
        run.until(said)
        press_ctrl_c(run)
        result = run.end()
        assert result.code != 0, result.output
        assert "Traceback" not in of_slipway(result.output), result.output
        await_nothing_left(service)
        assert service.records()[0].verdict == "interrupted", result.output
        goes_on(service)
