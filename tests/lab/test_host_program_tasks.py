"""Values of any content, and commands that end, on the Compose of each distribution that differs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from tests.lab.host import LabHost
from tests.lab.host import lab_host as running
from tests.lab.host_program import APP, call, equip, release, wait_healthy
from tests.lab.image import suites

NASTY = {
    "PLAIN": "value",
    "EMPTY": "",
    "SPACES": "  leading and trailing  ",
    "LINES": "-----BEGIN KEY-----\nabc+/=\n\n-----END KEY-----\n",
    "WINDOWS_LINES": "one\r\ntwo\r\n",
    "DOUBLE_QUOTES": 'say "hi"',
    "SINGLE_QUOTES": "it's 'so'",
    "ALL_QUOTES": "'\"`\"'",
    "DOLLARS": "$HOME ${HOME} $$ $1 ${UNSET:-x} $(id) $",
    "BACKSLASHES": r"\ \\ \n \t \" \' \$ \0 \x41 \u0041 C:\new\table",
    "TRAILING_BACKSLASH": "ends with \\",
    "BACKSLASH_BEFORE_QUOTES": '\\"\\\'\\\\"',
    "HASH": "a #b # c",
    "EQUALS": "a=b=c",
    "PERCENT": "100%s %d",
    "JSON": json.dumps({"key": ['v"al', "$x", None], "korean": "한국어"}, ensure_ascii=False),
    "UNICODE": "한국어 🚀 é\u00a0\u2028",
    "TABS": "a\tb",
    "URL": "postgres://user:p%40ss$w0rd@db:5432/homu?a=1&b=2#f",
    "BRACES": "{{ not_a_template }} {% raw %}",
    "COMPOSE_PROJECT_NAME": "not-mine",
    "COMPOSE_FILE": "/etc/passwd",
    "lower.dotted-name": "x",
}
PRINT = ["python", "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


@pytest.fixture(scope="module", params=[suite for suite in ("bookworm", "jammy") if suite in suites()])
def machine(request: pytest.FixtureRequest, docker_engine: DockerClient, lab_folder: Path) -> Iterator[LabHost]:
    """A machine with the newest Compose, and one with that of Ubuntu 22.04."""
    own = ("docker-compose-v2",) if request.param == "jammy" else ("caddy",)
    with running(docker_engine, lab_folder, request.param, packages=("docker.io", *own)) as host:
        equip(host)
        document = release(1, env=NASTY, environment={"OWN": NASTY["DOLLARS"]}, site=None)
        call(host, "prepare", release=document, registry=None)
        yield host


def task(machine: LabHost, name: str, command: list[str], **more: Any) -> dict[str, Any]:
    return call(machine, "task", service="homu", id=release(1)["id"], name=name, command=command, **more)


def test_each_value_arrives_unchanged(machine: LabHost) -> None:
    call(machine, "start", service="homu", id=release(1)["id"], seconds=600)
    wait_healthy(machine, release(1))
    script = "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
    address = call(machine, "look", services=["homu"])["services"]["homu"]["releases"][0]["addresses"]["web-1"]
    seen = json.loads(machine.exec("python3", "-c", script, f"http://{address}:8000/env"))
    assert {name: seen[name] for name in NASTY} == NASTY
    assert seen["OWN"] == NASTY["DOLLARS"]


def test_the_values_are_roots_alone(machine: LabHost) -> None:
    folder = f"/etc/slipway/services/homu/releases/{release(1)['id']}"
    assert machine.exec("stat", "-c", "%a %U", f"{folder}/.env") == "600 root"
    assert machine.exec("stat", "-c", "%a %U", folder) == "700 root"
    places = ("/etc/slipway", "/run/slipway", "/root", "/tmp")
    assert machine.exec("grep", "-rl", "p%40ss", *places, check=False) == f"{folder}/.env"


def test_a_task_has_the_environment_and_hides_it_in_its_lines(machine: LabHost) -> None:
    done = task(machine, "env", [*PRINT[:2], "import os; print(len(os.environ['LINES'])); print(os.environ['URL'])"])
    assert done["log"] == [str(len(NASTY["LINES"])), "********"]
    assert (done["exit_code"], done["oom_killed"], done["timed_out"]) == (0, False, False)
    assert machine.exec("docker", "ps", "-aq", "--filter", "name=task-env") == ""


@pytest.mark.parametrize(
    ("name", "command", "timeout", "expected"),
    [
        ("fails", ["sh", "-c", "echo no such table >&2; exit 3"], 60, {"exit_code": 3, "log": ["no such table"]}),
        ("slow", ["sh", "-c", "trap 'exit 5' TERM; echo begins; sleep 60 & wait"], 2, {"timed_out": True}),
        ("big", ["python", "-c", "print('x' * 10, flush=True); bytearray(400 << 20)"], 60, {"oom_killed": True}),
        ("missing", ["no-such-command"], 60, {"exit_code": 127}),
    ],
)
def test_a_task_that_fails_says_how(
    machine: LabHost, name: str, command: list[str], timeout: float, expected: dict[str, Any]
) -> None:
    done = task(machine, name, command, timeout=timeout)
    assert {key: done[key] for key in expected} == expected
    assert done["exit_code"] != 0
    if name == "missing":
        assert "no-such-command" in f"{done['error']} {done['log']}"


def test_a_second_call_follows_the_task_that_runs(machine: LabHost) -> None:
    command = ["sh", "-c", "echo begins; sleep 4; echo ends"]
    first = task(machine, "long", command, wait=0)
    assert first["running"] is True
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(task(machine, "long", command)))]
    threads[0].start()
    time.sleep(1)
    assert task(machine, "long", command, wait=0.5) == {"ok": True, "running": True, "log": ["begins"]}
    threads[0].join()
    assert answers[0]["log"] == ["begins", "ends"]
    assert answers[0]["exit_code"] == 0


def test_one_that_has_succeeded_while_nobody_looked_is_not_run_again(machine: LabHost) -> None:
    command = ["sh", "-c", "date +%s%N"]
    task(machine, "once", command, wait=0)
    time.sleep(2)
    again = task(machine, "once", command)
    assert again["exit_code"] == 0
    assert len(again["log"]) == 1
    # And once it was told, it is a new one.
    assert task(machine, "once", command)["log"] != again["log"]


def test_no_secret_is_in_the_arguments_of_any_process(machine: LabHost) -> None:
    document = release(2, env={"PASSWORD": "unforgettable"}, site=None)
    seen: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.append(machine.exec("ps", "-eo", "args", "ww"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        call(machine, "prepare", release=document, registry=None)
        call(machine, "start", service="homu", id=document["id"], seconds=600)
    finally:
        over.set()
        watcher.join()
    assert any("docker compose" in text for text in seen)
    assert not any("unforgettable" in text for text in seen)
    assert APP in machine.exec("cat", "/etc/slipway/keep-images.d/homu")
