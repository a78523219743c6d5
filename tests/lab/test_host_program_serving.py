"""What the host program keeps up: over restarts of everything, and beside releases."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from slipway.compose import program
from tests.lab.host import LabHost
from tests.lab.host import lab_host as running
from tests.lab.host_program import APP, Client, VerbError, call, deploy, equip, release, wait_healthy, web

IDS = {number: f"{number:012x}" for number in range(100)}
STARTS = "docker inspect -f '{{.State.StartedAt}} {{.Id}}' homu-db-1"
KEEPING = ["sh", "-c", "echo started >>/data/starts; exec sleep infinity"]
BASE: dict[str, Any] = {
    "services": {
        "db": {
            "image": APP,
            "init": True,
            "restart": "unless-stopped",
            "command": KEEPING,
            "env_file": [".env"],
            "volumes": ["data:/data"],
            "stop_grace_period": "2s",
        }
    },
    "volumes": {"data": None},
}
WORKER = {**web(), "command": ["sh", "-c", 'while true; do echo "worker $$VERSION"; sleep 1; done']}
JOB = {"image": APP, "env_file": [".env"], "command": ["sh", "-c", "echo job of $$VERSION with $$PASSWORD"]}


def full(number: int, **changes: Any) -> dict[str, Any]:
    """Describe a release with everything that a service may have."""
    more = {
        "worker": {**WORKER, "environment": {"VERSION": str(number)}},
        "report": {**JOB, "environment": {"VERSION": str(number)}, "profiles": ["jobs"]},
    }
    jobs = [{"name": "report", "schedule": "*-*-* *:*:0/5", "timeout": 60}]
    common = {"count": 2, "more": more, "base": BASE, "base_env": {"DB_PASSWORD": "swordfish"}}
    return release(number, **{**common, "workers": ["worker"], "jobs": jobs, **changes})


@pytest.fixture(scope="module")
def machine(docker_engine: DockerClient, lab_folder: Path) -> Iterator[LabHost]:
    """A machine of its own: it is restarted, and its engine killed."""
    with running(docker_engine, lab_folder, packages=("docker.io", "caddy")) as host:
        equip(host)
        deploy(host, full(1))
        yield host


def looked(machine: LabHost) -> dict[str, Any]:
    service: dict[str, Any] = call(machine, "look", services=["homu"])["services"]["homu"]
    return service


def states(machine: LabHost) -> dict[tuple[str, str], str]:
    return {(one["release"], one["service"]): one["state"] for one in looked(machine)["containers"]}


def served(machine: LabHost) -> str | None:
    try:
        with urllib.request.urlopen(f"http://{machine.address}/", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return None


def until(condition: Callable[[], object], seconds: float) -> float:
    """Wait until something holds, and answer how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - began


def test_a_release_changes_everything_of_its_own_and_nothing_that_outlives_it(machine: LabHost) -> None:
    database = machine.exec("sh", "-c", STARTS)
    with Client(machine.address) as client:
        deploy(machine, full(2))
    assert client.failures == []
    assert machine.exec("sh", "-c", STARTS) == database
    assert states(machine) == {
        ("base", "db"): "running",
        (IDS[1], "web-1"): "exited",
        (IDS[1], "web-2"): "exited",
        (IDS[1], "worker"): "exited",
        (IDS[2], "web-1"): "running",
        (IDS[2], "web-2"): "running",
        (IDS[2], "worker"): "running",
    }
    seen = looked(machine)
    assert seen["timers"] == {"report": {"schedule": "*-*-* *:*:0/5", "active": True, "enabled": True}}
    assert seen["desired"]["tag"] == "v2"
    assert "env" not in seen["desired"]
    lines = call(machine, "logs", service="homu", lines=5)["logs"]
    assert lines["worker"][-1] == "worker 2"
    assert lines["web-1"] == ["version 2 starts"]


def test_the_same_release_again_changes_nothing(machine: LabHost) -> None:
    before = machine.exec("sh", "-c", "docker ps -q --no-trunc | sort")
    document = full(2)
    assert call(machine, "prepare", release=document, registry=None)["base_changed"] is False
    call(machine, "switch", service="homu", id=document["id"])
    call(machine, "settle", service="homu", id=document["id"])
    # Jobs come and go by themselves.
    job = "docker ps -q --no-trunc --filter label=com.docker.compose.oneoff=True"
    after = set(machine.exec("sh", "-c", "docker ps -q --no-trunc | sort").split())
    assert after - set(machine.exec("sh", "-c", job).split()) <= set(before.split())


def test_a_changed_base_is_made_anew_with_its_volume(machine: LabHost) -> None:
    starts = "docker exec homu-db-1 sh -c 'wc -l </data/starts'"
    before = int(machine.exec("sh", "-c", starts))
    document = full(2, base_env={"DB_PASSWORD": "other"})
    assert call(machine, "prepare", release=document, registry=None)["base_changed"] is True
    until(lambda: int(machine.exec("sh", "-c", starts)) == before + 1, 10)
    assert machine.exec("sh", "-c", "docker exec homu-db-1 printenv DB_PASSWORD") == "other"
    call(machine, "prepare", release=full(2), registry=None)


def test_a_base_that_does_not_come_up_is_gone_back_from(machine: LabHost) -> None:
    broken = {**BASE, "services": {"db": {**BASE["services"]["db"], "command": ["sh", "-c", "exit 3"]}}}
    with pytest.raises(VerbError) as refused:
        call(machine, "prepare", release=full(6, base=broken), registry=None)
    assert refused.value.error["restored"] is True
    assert machine.exec("sh", "-c", "docker exec homu-db-1 printenv DB_PASSWORD") == "swordfish"
    assert call(machine, "prepare", release=full(2), registry=None)["base_changed"] is False
    call(machine, "discard", service="homu", id=IDS[6])


def test_a_scheduled_job_runs_and_its_lines_are_in_the_journal(machine: LabHost) -> None:
    journal = ("journalctl", "-u", "homu-report.service", "-o", "cat", "--no-pager")
    until(lambda: "job of 2 with correct horse" in machine.exec(*journal), 30)
    left = ("docker", "ps", "-aq", "--filter", "status=exited", "--filter", "name=homu-job")
    until(lambda: machine.exec(*left) == "", 20)


def test_a_job_that_systemd_ends_leaves_no_container(machine: LabHost) -> None:
    machine.exec("systemctl", "stop", "homu-report.timer")
    until(lambda: machine.exec("docker", "ps", "-aq", "--filter", "name=homu-job") == "", 20)
    path = f"/etc/slipway/services/homu/releases/{IDS[2]}/compose.yaml"
    kept = machine.exec("cat", path)
    machine.exec("sed", "-i", "s/echo job of .*PASSWORD/sleep 600/", path)
    machine.exec("systemctl", "start", "--no-block", "homu-report.service")
    until(lambda: machine.exec("docker", "ps", "-q", "--filter", "name=homu-job") != "", 20)
    machine.exec("systemctl", "stop", "homu-report.service")
    assert machine.exec("docker", "ps", "-aq", "--filter", "name=homu-job") == ""
    machine.put(kept, path, mode="0600")
    machine.exec("systemctl", "reset-failed", "homu-report.service", check=False)
    machine.exec("systemctl", "start", "homu-report.timer")


def test_systemctl_stops_and_starts_it(machine: LabHost) -> None:
    machine.exec("systemctl", "stop", "homu.service")
    assert set(states(machine).values()) == {"exited"}
    assert machine.exec("systemctl", "is-active", "homu-report.timer", check=False) == "inactive"
    assert looked(machine)["unit"]["active"] is False
    machine.exec("systemctl", "start", "homu.service")
    assert served(machine) == "2"
    assert machine.exec("systemctl", "is-active", "homu-report.timer") == "active"
    told = machine.exec("systemctl", "status", "homu.service")
    assert f"release {IDS[2]}" in told


def test_the_same_release_again_starts_what_was_stopped(machine: LabHost) -> None:
    machine.exec("systemctl", "disable", "--now", "homu.service")
    document = full(2)
    call(machine, "prepare", release=document, registry=None)
    call(machine, "switch", service="homu", id=document["id"])
    assert served(machine) == "2"
    call(machine, "settle", service="homu", id=document["id"])
    assert looked(machine)["unit"] == {"active": True, "enabled": True, "as_wanted": True}
    assert states(machine)[IDS[2], "worker"] == "running"


def test_a_worker_that_does_not_start_is_told_and_the_rest_is_done(machine: LabHost) -> None:
    document = full(2)
    worker = {**document["compose"]["services"]["worker"], "entrypoint": ["/no-such-program"], "init": False}
    document["id"] = IDS[21]
    document["compose"]["services"]["worker"] = worker
    with pytest.raises(VerbError, match=r"worker does not start: .*no-such-program") as refused:
        deploy(machine, document)
    assert refused.value.error["code"] == "not_running"
    assert looked(machine)["leaving"] == []
    assert states(machine)[IDS[2], "web-1"] == "exited"
    call(machine, "start", service="homu", id=IDS[2], seconds=600)
    wait_healthy(machine, full(2))
    call(machine, "switch", service="homu", id=IDS[2])
    call(machine, "settle", service="homu", id=IDS[2])


def test_a_restart_of_the_machine_brings_all_back(machine: LabHost) -> None:
    machine.reboot()
    assert until(lambda: served(machine) == "2", 60) < 60
    until(lambda: states(machine)[IDS[2], "worker"] == "running", 30)
    assert states(machine)["base", "db"] == "running"
    assert states(machine)[IDS[1], "web-1"] == "exited"


def test_a_loss_of_power_brings_all_back(machine: LabHost) -> None:
    machine.crash()
    machine.start()
    assert until(lambda: served(machine) == "2", 60) < 60
    until(lambda: looked(machine)["unit"]["active"], 60)


def test_a_killed_engine_loses_no_request(machine: LabHost) -> None:
    with Client(machine.address) as client:
        machine.exec("sh", "-c", "kill -9 $(cat /run/docker.pid)")
        time.sleep(1)
        until(lambda: machine.exec("systemctl", "is-active", "docker.service", check=False) == "active", 60)
        machine.exec("systemctl", "restart", "docker.service")
        time.sleep(6)
    assert client.failures == []
    assert set(client.got) == {"2"}
    assert machine.exec("systemctl", "is-active", "homu.service") == "active"
    assert machine.exec("systemctl", "show", "-P", "NRestarts", "homu.service") == "0"


def test_a_container_that_was_removed_comes_back(machine: LabHost) -> None:
    machine.exec("docker", "rm", "--force", f"homu-{IDS[2]}-web-1-1", f"homu-{IDS[2]}-worker-1")
    until(lambda: states(machine).get((IDS[2], "web-1")) == "running", 30)
    until(lambda: states(machine).get((IDS[2], "worker")) == "running", 30)


def test_the_addresses_come_back_and_other_lines_stay(machine: LabHost) -> None:
    before = machine.exec("cat", "/etc/hosts")
    machine.exec("sh", "-c", "printf '127.0.0.1 localhost\\n10.0.0.9 other # mine' >/etc/hosts")
    until(lambda: machine.exec("grep", "-c", "homu.slipway.internal", "/etc/hosts", check=False) == "2", 15)
    after = machine.exec("cat", "/etc/hosts").splitlines()
    assert after[:2] == ["127.0.0.1 localhost", "10.0.0.9 other # mine"]
    assert after[2:] == [line for line in before.splitlines() if "homu.slipway.internal" in line]


def test_a_candidate_that_nobody_comes_back_for_is_discarded(machine: LabHost) -> None:
    document = release(20, base=BASE, base_env={"DB_PASSWORD": "swordfish"})
    call(machine, "prepare", release=document, registry=None)
    call(machine, "start", service="homu", id=document["id"], seconds=4)
    assert looked(machine)["candidate"]["id"] == document["id"]
    until(lambda: looked(machine)["candidate"] is None, 30)
    assert (document["id"], "web-1") not in states(machine)


def test_a_new_program_is_taken_over_in_place(machine: LabHost) -> None:
    pid = machine.exec("systemctl", "show", "-P", "MainPID", "homu.service")
    machine.exec("sh", "-c", f"cp {program.PATH} {program.PATH}.new && mv {program.PATH}.new {program.PATH}")
    journal = ("journalctl", "-b", "-u", "homu.service", "-o", "cat", "--no-pager")
    until(lambda: "starting it again in place" in machine.exec(*journal), 15)
    time.sleep(2)
    assert machine.exec("systemctl", "show", "-P", "MainPID", "homu.service") == pid
    assert machine.exec("systemctl", "is-active", "homu.service") == "active"


def test_older_releases_are_pruned(machine: LabHost) -> None:
    for number in (3, 4, 5):
        deploy(machine, full(number))
    seen = looked(machine)
    assert (seen["current"], seen["previous"]) == (IDS[5], [IDS[4], IDS[3]])
    assert [one["id"] for one in seen["releases"]] == [IDS[3], IDS[4], IDS[5]]
    assert {one["release"] for one in seen["containers"]} == {"base", IDS[3], IDS[4], IDS[5]}
    assert machine.exec("cat", "/etc/slipway/keep-images.d/homu") == APP


@pytest.mark.parametrize("verb", ["prepare", "start", "switch", "settle"])
def test_a_verb_that_is_killed_anywhere_is_done_by_the_next_one(machine: LabHost, verb: str) -> None:
    number = {"prepare": 30, "start": 31, "switch": 32, "settle": 33}[verb]
    document = full(number)
    named = {"service": "homu", "id": document["id"]}
    requests: dict[str, dict[str, Any]] = {
        "prepare": {"release": document, "registry": None},
        "start": {**named, "seconds": 600},
        "switch": named,
        "settle": named,
    }
    with Client(machine.address) as client:
        for step, request in requests.items():
            if step == "switch":
                wait_healthy(machine, document)
            if step == verb:
                for delay in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5):
                    killed(machine, delay, step, request)
            call(machine, step, **request)
        client.got.clear()
        time.sleep(1)
    assert client.failures == []
    assert set(client.got) == {str(number)}
    assert looked(machine)["leaving"] == []
    running = {key for key, state in states(machine).items() if state == "running"}
    assert running == {("base", "db"), *((document["id"], name) for name in ("web-1", "web-2", "worker"))}


def killed(machine: LabHost, delay: float, verb: str, request: dict[str, Any]) -> None:
    command = ["timeout", "-s", "KILL", str(delay), "python3", program.PATH, verb]
    subprocess.run(
        ["docker", "exec", "-i", machine.name, *command],
        input=json.dumps(request).encode(),
        capture_output=True,
        check=False,
    )


# Kills the program at the start of its n-th step outwards; prints how many there were where it came to its end.
AT_STEP = """
import functools, io, os, signal, sys
sys.path.insert(0, {path!r})
from slipway_host import engine, files, hosts, main, process
import slipway_host.compose, slipway_host.caddy, slipway_host.units
steps = 0
def counted(work):
    @functools.wraps(work)
    def call(*given, **named):
        global steps
        steps += 1
        if steps == {step}:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*given, **named)
    return call
engine.Engine.call = counted(engine.Engine.call)
for name in ("write", "remove", "sync_folder"):
    setattr(files, name, counted(getattr(files, name)))
hosts._in_place = counted(hosts._in_place)
for module in (slipway_host.compose, slipway_host.caddy, slipway_host.units):
    module.run = counted(module.run)
main.main([{verb!r}])
print(steps, file=sys.stderr)
"""


def test_a_switch_that_is_killed_at_any_step_is_done_by_the_next_one(machine: LabHost) -> None:
    first, second = full(33), full(34)
    old, new = ({"service": "homu", "id": document["id"]} for document in (first, second))
    call(machine, "prepare", release=second, registry=None)
    call(machine, "start", **new, seconds=600)
    wait_healthy(machine, second)
    ended = False
    step = 0
    with Client(machine.address) as client:
        while not ended:
            step += 1
            script = AT_STEP.format(path=program.PATH, step=step, verb="switch")
            done = subprocess.run(
                ["docker", "exec", "-i", machine.name, "python3", "-c", script],
                input=json.dumps(new).encode(),
                capture_output=True,
                check=False,
            )
            ended = done.returncode == 0
            assert ended or done.returncode == 137, done.stderr.decode()
            call(machine, "switch", **new)
            assert looked(machine)["current"] == new["id"]
            call(machine, "switch", **old)
            assert looked(machine)["current"] == old["id"]
    assert step > 8
    assert client.failures == []
    call(machine, "discard", **new)


def test_a_site_that_caddy_refuses_changes_nothing(machine: LabHost) -> None:
    document = full(40, site="http://:80 {\n\tno_such_directive\n}\n")
    with pytest.raises(VerbError, match="no_such_directive") as refused:
        call(machine, "prepare", release=document, registry=None)
    assert refused.value.error["code"] == "site_refused"
    assert served(machine) == "33"


def test_an_image_that_cannot_be_had_is_named(machine: LabHost) -> None:
    document = full(41)
    document["compose"]["services"]["web-1"]["image"] = "127.0.0.1:9/homu@sha256:" + "0" * 64
    with pytest.raises(VerbError) as refused:
        call(machine, "prepare", release=document, registry=None)
    assert refused.value.error["code"] == "cannot_pull"
    assert refused.value.error["image"].startswith("127.0.0.1:9/homu@")


def test_it_goes_away_and_its_volume_stays_until_that_is_removed_too(machine: LabHost) -> None:
    call(machine, "stop", service="homu")
    assert set(states(machine).values()) == {"exited"}
    call(machine, "remove", service="homu")
    assert call(machine, "look", services=["homu"])["services"] == {"homu": None}
    assert machine.exec("docker", "ps", "-aq") == ""
    assert machine.exec("docker", "volume", "ls", "-q") == "homu_data"
    assert machine.exec("docker", "network", "ls", "-q", "--filter", "name=homu") == ""
    assert "homu" not in machine.exec("sh", "-c", "cat /etc/hosts; ls /etc/systemd/system /etc/caddy/sites")
    deploy(machine, full(50))
    assert int(machine.exec("sh", "-c", "docker exec homu-db-1 sh -c 'wc -l </data/starts'")) > 1
    call(machine, "remove", service="homu", volumes=True)
    assert machine.exec("docker", "volume", "ls", "-q") == ""
