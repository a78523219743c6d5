"""The host program on a real machine: releases under load, and what must never be lost."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from docker import DockerClient

from tests.lab.host import LabHost
from tests.lab.host import lab_host as running
from tests.lab.host_program import SITE, Client, VerbError, call, deploy, equip, release, wait_healthy

IDS = {number: f"{number:012x}" for number in range(100)}


@pytest.fixture(scope="module")
def machine(docker_engine: DockerClient, lab_folder: Path) -> Iterator[LabHost]:
    """A machine of its own: it is restarted, and its engine killed."""
    with running(docker_engine, lab_folder, packages=("docker.io", "caddy")) as host:
        equip(host)
        yield host


def test_a_machine_without_services_says_what_it_is(machine: LabHost) -> None:
    seen = call(machine, "look", services=None)
    assert seen["services"] == {}
    assert seen["machine"]["distribution"].startswith("Debian")
    assert seen["machine"]["caddy_active"] is True
    assert seen["machine"]["compose_version"] == "5.6.1"
    assert seen["machine"]["memory_mib"] > 500
    assert 22 in seen["machine"]["listening"]


def test_a_first_and_a_second_release_lose_no_request(machine: LabHost) -> None:
    first, second = release(1), release(2, count=2)
    deploy(machine, first)
    with Client(machine.address) as client:
        time.sleep(1)
        settled = deploy(machine, second)
        time.sleep(1)
    assert client.failures == []
    assert client.got["1"] > 100
    assert client.got["2"] > 100
    assert settled["connections_cut"] == 0
    seen = call(machine, "look", services=["homu"])["services"]["homu"]
    assert (seen["current"], seen["previous"], seen["leaving"]) == (second["id"], [first["id"]], [])
    states = {(one["release"], one["service"]): one["state"] for one in seen["containers"]}
    assert states == {(IDS[1], "web-1"): "exited", (IDS[2], "web-1"): "running", (IDS[2], "web-2"): "running"}
    assert seen["unit"] == {"active": True, "enabled": True, "as_wanted": True}


@pytest.mark.parametrize(
    ("number", "environment", "state", "exit_code"),
    [
        pytest.param(10, {"EXIT": "3"}, "exited", 3, id="it crashes"),
        pytest.param(11, {"PORT": "9000"}, "running", None, id="it listens elsewhere"),
        pytest.param(12, {"STATUS": "500"}, "running", None, id="it answers with errors"),
    ],
)
def test_a_release_that_fails_is_seen_and_discarded(
    machine: LabHost, number: int, environment: dict[str, str], state: str, exit_code: int | None
) -> None:
    document = release(number, environment=environment)
    named = {"service": "homu", "id": document["id"]}
    with Client(machine.address) as client:
        call(machine, "prepare", release=document, registry=None)
        call(machine, "start", **named, seconds=600)
        time.sleep(2)
        seen = call(machine, "probe", **named)
        call(machine, "discard", **named)
    assert client.failures == []
    [container] = seen["containers"]
    assert (container["state"], container["exit_code"], container["restarts"]) == (state, exit_code, 0)
    [answer] = seen["answers"]
    assert answer["status"] == (500 if number == 12 else None)
    log = "\n".join(seen["logs"]["web-1"])
    assert f"version {number} starts" in log
    assert "horse" not in log
    if number == 10:
        assert "secret is ********" in log
    if number == 11:
        assert answer["error"] == "Connection refused"
        assert seen["ports"] == {"web-1": [9000]}
    after = call(machine, "look", services=["homu"])["services"]["homu"]
    assert after["candidate"] is None
    assert document["id"] not in [one["id"] for one in after["releases"]]
    assert after["current"] == IDS[2]


def test_the_current_release_is_not_discarded(machine: LabHost) -> None:
    with pytest.raises(VerbError, match="serves") as refused:
        call(machine, "discard", service="homu", id=IDS[2])
    assert refused.value.error["code"] == "is_current"


def test_a_switch_goes_back_without_losing_a_request(machine: LabHost) -> None:
    document = release(3)
    named = {"service": "homu", "id": document["id"]}
    call(machine, "prepare", release=document, registry=None)
    call(machine, "start", **named, seconds=600)
    wait_healthy(machine, document)
    with Client(machine.address) as client:
        call(machine, "switch", **named)
        time.sleep(7)
        assert client.got["3"] > 10
        call(machine, "switch", service="homu", id=IDS[2])
        call(machine, "discard", **named)
        client.got.clear()
        time.sleep(1)
    assert client.failures == []
    assert set(client.got) == {"2"}
    seen = call(machine, "look", services=["homu"])["services"]["homu"]
    assert (seen["current"], seen["previous"], seen["candidate"]) == (IDS[2], [IDS[1]], None)


def test_going_back_starts_the_release_before(machine: LabHost) -> None:
    named = {"service": "homu", "id": IDS[1]}
    with Client(machine.address) as client:
        call(machine, "start", **named, seconds=600)
        wait_healthy(machine, release(1))
        call(machine, "switch", **named)
        call(machine, "settle", **named)
        client.got.clear()
        time.sleep(1)
    assert client.failures == []
    assert set(client.got) == {"1"}


def test_an_answer_that_takes_long_is_waited_for_and_a_connection_without_end_is_not(machine: LabHost) -> None:
    document = release(4, drain_seconds=12)
    named = {"service": "homu", "id": document["id"]}
    call(machine, "prepare", release=document, registry=None)
    call(machine, "start", **named, seconds=600)
    wait_healthy(machine, document)
    answers: list[str] = []
    # The slow one begins at the last moment at which the old containers may be asked.
    threads = [threading.Thread(target=lambda: answers.append(get(machine, "/slow", after=4.5)))]
    threads += [threading.Thread(target=lambda: answers.append(get(machine, "/endless")))]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    call(machine, "switch", **named)
    began = time.monotonic()
    settled = call(machine, "settle", **named)
    assert 11 < time.monotonic() - began < 20
    assert settled["connections_cut"] == 1
    for thread in threads:
        thread.join()
    assert len([answer for answer in answers if answer in {"1", "4"}]) == 1


def get(machine: LabHost, path: str, after: float = 0) -> str:
    time.sleep(after)
    connection = HTTPConnection(machine.address, 80, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except (OSError, HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def test_another_site_is_loaded_and_the_same_one_is_not(machine: LabHost) -> None:
    loads = ("sh", "-c", "journalctl -u caddy -b -o cat --no-pager | grep -c 'Reloaded caddy.service' || true")
    before = int(machine.exec(*loads))
    document = release(4, drain_seconds=12)
    named = {"service": "homu", "id": document["id"]}
    for site, expected in ((document["site"], 0), (document["site"] + "# other\n", 1), (document["site"], 2)):
        call(machine, "prepare", release={**document, "site": site}, registry=None)
        call(machine, "switch", **named)
        assert int(machine.exec(*loads)) - before == expected
        assert get(machine, "/") == "4"
        digest = hashlib.sha256(site.encode()).hexdigest()
        assert call(machine, "look", services=["homu"])["services"]["homu"]["site_hash"] == digest


def test_what_nobody_settles_is_settled_by_the_service(machine: LabHost) -> None:
    document = release(5)
    named = {"service": "homu", "id": document["id"]}
    call(machine, "prepare", release=document, registry=None)
    call(machine, "start", **named, seconds=600)
    wait_healthy(machine, document)
    call(machine, "switch", **named)
    time.sleep(6)
    assert call(machine, "look", services=["homu"])["services"]["homu"]["leaving"] == [IDS[4]]
    state = json.loads(machine.exec("cat", "/etc/slipway/services/homu/service.json"))
    state["switched_at"] -= 400
    machine.put(json.dumps(state), "/etc/slipway/services/homu/service.json", mode="0600")
    end = time.monotonic() + 30
    while call(machine, "look", services=["homu"])["services"]["homu"]["leaving"]:
        assert time.monotonic() < end
        time.sleep(0.5)
    assert machine.exec("docker", "ps", "-q", "--filter", f"name=homu-{IDS[4]}") == ""


def test_a_second_service_has_its_own_of_everything(machine: LabHost) -> None:
    site = (SITE % "shop").replace("http://:80", "http://shop.test:80")
    deploy(machine, release(7, "shop", site=site))
    script = "import sys, urllib.request as u; r = u.Request('http://127.0.0.1/', headers={'Host': sys.argv[1]})"
    for host, version in (("shop.test", "7"), ("homu.test", "5")):
        asked = machine.exec("python3", "-c", f"{script}; print(u.urlopen(r).read().decode())", host)
        assert asked == version
    services = call(machine, "look", services=None)["services"]
    assert {name: service["current"] for name, service in services.items()} == {"homu": IDS[5], "shop": IDS[7]}
    call(machine, "remove", service="shop")
    assert list(call(machine, "look", services=None)["services"]) == ["homu"]
    assert get(machine, "/") == "5"


def test_a_name_that_the_machine_has_already_is_refused(machine: LabHost) -> None:
    with pytest.raises(VerbError, match=r"the machine has a unit caddy\.service already") as refused:
        call(machine, "prepare", release=release(1, "caddy"), registry=None)
    assert refused.value.error["code"] == "unit_taken"
    more = {"report": {"image": "lab/app:1"}}
    jobs = [{"name": "report", "schedule": "at tea time", "timeout": 1}]
    with pytest.raises(VerbError, match="systemd does not understand when report runs") as refused:
        call(machine, "prepare", release=release(1, "tea", more=more, jobs=jobs), registry=None)
    machine.exec("docker", "network", "create", "mine")
    with pytest.raises(VerbError, match="the machine has a network mine already") as refused:
        call(machine, "prepare", release=release(1, "mine", site=None), registry=None)
    assert refused.value.error["code"] == "network_taken"


def test_a_first_release_that_fails_leaves_nothing_that_serves(machine: LabHost) -> None:
    document = release(8, "shop", site=None)
    named = {"service": "shop", "id": document["id"]}
    call(machine, "prepare", release=document, registry=None)
    call(machine, "start", **named, seconds=600)
    call(machine, "switch", **named)
    call(machine, "switch", service="shop", id=None)
    call(machine, "discard", **named)
    seen = call(machine, "look", services=["shop"])["services"]["shop"]
    assert (seen["current"], seen["candidate"], seen["containers"], seen["releases"]) == (None, None, [], [])
    assert "shop" not in machine.exec("cat", "/etc/hosts")


def test_sidecars_that_do_not_come_up_say_why(machine: LabHost) -> None:
    command = ["sh", "-c", "echo no disk for $$PASSWORD >&2; sleep 0.5; exit 3"]
    database = {"image": "lab/app:1", "command": command, "env_file": [".env"]}
    base = {"services": {"db": database}, "volumes": {}}
    document = release(9, base=base, base_env={"PASSWORD": "swordfish"})
    with pytest.raises(VerbError, match=r"db of homu does not stay up|docker compose up of homu failed") as refused:
        call(machine, "prepare", release=document, registry=None)
    assert refused.value.error["logs"]["db"][-1] == "no disk for ********"
    assert refused.value.error["containers"][0]["exit_code"] == 3
    assert get(machine, "/") == "5"
