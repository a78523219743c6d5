"""What HOMU survives on its machine: a reboot, a loss of power, killed engines, killed releases; and the way back."""

from __future__ import annotations

import time

from tests.lab.homu import Homu, succeeded, until

# Where a release is killed: what it says last.
POINTS = ["before the switch: ", "GET /health -> ", "switched to ", "TASK [compose : The record]"]


def back(homu: Homu, version: str, visits: int) -> None:
    """All is back as it was, with the data."""
    homu.registry.open()
    assert homu.get("/health") == {"status": "ok", "version": version}
    assert homu.host.exec("systemctl", "is-active", "homu.service", "homu-report.timer") == "active\nactive"
    assert homu.host.exec("systemctl", "is-system-running") == "running"
    assert int(homu.sql("SELECT count FROM visits")) == visits
    handled = homu.get("/work")["handled"]
    homu.post("/visits")
    until(lambda: homu.get("/work")["handled"] > handled)
    assert homu.unfinished() == ""
    assert succeeded(homu.deploy()).changed["homu"] == 0


def test_after_a_reboot_all_is_back_within_a_minute(homu: Homu) -> None:
    version, visits = homu.version(), homu.post("/visits")["visits"]
    began = time.monotonic()
    homu.host.reboot()
    homu.get("/health", seconds=60)
    assert time.monotonic() - began < 60
    back(homu, version, visits)


def test_after_a_loss_of_power_all_is_back_within_a_minute(homu: Homu) -> None:
    version, visits = homu.version(), homu.post("/visits")["visits"]
    homu.host.crash()
    began = time.monotonic()
    homu.host.start()
    homu.get("/health", seconds=60)
    assert time.monotonic() - began < 60
    back(homu, version, visits)


def kill_engine(homu: Homu) -> None:
    """Kill the Docker engine; systemd starts it again."""
    homu.host.exec("sh", "-c", "kill -9 $(pidof dockerd)")
    until(lambda: "Server Version" in homu.host.exec("docker", "info", check=False), 30)


def test_a_killed_engine_costs_no_request_and_no_container(homu: Homu) -> None:
    before = {name: homu.started(name) for names in homu.containers().values() for name in names}
    with homu.load() as seen:
        seen.await_more(100)
        kill_engine(homu)
        seen.await_more(1500)
    assert not seen.failed, str(seen)
    assert {name: homu.started(name) for names in homu.containers().values() for name in names} == before
    assert homu.host.exec("systemctl", "is-active", "homu.service") == "active"
    assert succeeded(homu.deploy()).changed["homu"] == 0


def test_an_engine_that_is_killed_during_a_release_costs_no_request(homu: Homu) -> None:
    old, new = homu.version(), homu.next_version()
    with homu.visited() as seen:
        run = homu.start(version=new)
        run.until("GET /health -> ")
        kill_engine(homu)
        run.end()
        homu.release(version=new)
        seen.await_version(new)
    assert seen.versions == [old, new], str(seen)
    homu.settle()


def test_a_release_that_is_killed_again_and_again_is_finished_by_the_next(homu: Homu) -> None:
    old, new = homu.version(), homu.next_version()
    with homu.visited() as seen:
        # Each run gets further than the one that was killed before it.
        for point in POINTS:
            homu.kill_at(point, version=new)
        homu.release(version=new)
        seen.await_version(new)
    assert seen.versions == [old, new], str(seen)
    homu.settle()
    assert homu.records()[0].verdict == "succeeded"
    assert succeeded(homu.deploy()).changed["homu"] == 0


def test_the_way_back_is_one_command_and_costs_no_request(homu: Homu) -> None:
    old, new = homu.version(), homu.next_version()
    before = homu.state()["current"]
    homu.release(version=new)
    with homu.visited() as seen:
        result = succeeded(homu.play("rollback.yml"))
        seen.await_version(old)
    assert result.changed["homu"] >= 1
    assert seen.versions == [new, old], str(seen)
    assert homu.state()["current"] == before
    homu.settle()
    last = homu.records()[0]
    assert (last.kind, last.verdict) == ("rollback", "succeeded")
    homu.described["version"] = old
    assert succeeded(homu.deploy()).changed["homu"] == 0
