"""What the host program decides, without a machine."""

from __future__ import annotations

import ipaddress
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest

from slipway_host import (
    caddy,
    connections,
    containers,
    document,
    dotenv,
    files,
    hosts,
    machine,
    network,
    paths,
    sidecars,
    units,
)
from slipway_host.errors import HostError
from slipway_host.process import Done
from slipway_host.state import State

NAME = "homu.slipway.internal"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain", 'A="plain"'),
        ("", 'A=""'),
        ("a\nb\r\n", 'A="a\\nb\\r\\n"'),
        ('say "hi"', 'A="say \\"hi\\""'),
        ("$HOME $$", 'A="\\$HOME \\$\\$"'),
        ("ends \\", 'A="ends \\\\"'),
        ("it's #1", 'A="it\'s #1"'),
        ("\\n", 'A="\\\\n"'),
    ],
)
def test_a_value_is_one_line_that_reads_back(value: str, line: str) -> None:
    assert dotenv.encode({"A": value}) == f"{line}\n"
    assert dotenv.decode(dotenv.encode({"A": value, "B": "x"})) == {"A": value, "B": "x"}


@pytest.mark.parametrize(("name", "value"), [("A B", "x"), ("", "x"), ("1A", "x"), ("A=", "x"), ("A", "x\0y")])
def test_what_no_environment_can_hold_is_refused_without_naming_the_value(name: str, value: str) -> None:
    with pytest.raises(HostError) as refused:
        dotenv.encode({name: value})
    assert "x" not in refused.value.what.replace("environment", "")


def test_values_are_hidden_whole_and_line_by_line() -> None:
    hide = dotenv.hider({"KEY": "first line\nsecond line", "LONG": "first line and more", "SHORT": "abc", "EMPTY": ""})
    assert hide("it has first line and more, first line, abc") == "it has ********, ********, abc"
    assert hide("second line\n") == "********\n"
    assert dotenv.hider({})("text") == "text"


HOSTS = "127.0.0.1 localhost\n# homu.slipway.internal is not here\n10.0.0.1 other homu\n"


@pytest.mark.parametrize(
    ("text", "addresses", "expected"),
    [
        (HOSTS, ["10.1.0.1"], f"{HOSTS}10.1.0.1 {NAME}\n"),
        (f"{HOSTS}10.1.0.9 {NAME}\n", ["10.1.0.1", "10.1.0.2"], f"{HOSTS}10.1.0.1 {NAME}\n10.1.0.2 {NAME}\n"),
        (f"10.1.0.9 {NAME} # old\n{HOSTS}", [], HOSTS),
        ("127.0.0.1 localhost", ["10.1.0.1"], f"127.0.0.1 localhost\n10.1.0.1 {NAME}\n"),
        (f"a b\n\n\n10.1.0.9\t{NAME}\n\n\n", [], "a b\n"),
        (f"10.0.0.1 x{NAME}\n", ["10.1.0.1"], f"10.0.0.1 x{NAME}\n10.1.0.1 {NAME}\n"),
        ("", [], ""),
    ],
)
def test_only_the_lines_of_the_name_change(text: str, addresses: list[str], expected: str) -> None:
    assert hosts.with_addresses(text, NAME, addresses) == expected
    assert hosts.listed(expected, NAME) == addresses
    assert hosts.with_addresses(expected, NAME, addresses) == expected


@pytest.mark.parametrize("text", ["short\n", "much longer than it was before\n" * 20])
def test_a_file_that_cannot_be_replaced_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n" * 3)
    before = path.stat().st_ino

    def mounted(*_: object, **__: object) -> bool:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(files, "write", mounted)
    hosts.replace(path, text)
    assert path.read_text() == text
    assert path.stat().st_ino == before


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("old\n")
    path.chmod(0o640)
    hosts.replace(path, "new\n")
    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["hosts"]


def test_a_write_says_whether_it_changed_anything(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.write(path, "a", 0o600) is True
    assert files.write(path, "a", 0o600) is False
    assert files.write(path, "a", 0o644) is True
    (tmp_path / ".file.new").write_text("left by one that was killed")
    assert files.write(path, "b") is True
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "service.json").write_text("{")
    with pytest.raises(HostError, match=r"service\.json is no JSON"):
        files.read_json(tmp_path / "service.json")


def test_what_one_service_does_before_a_reload_no_other_one_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    began, other_asked = Event(), Event()

    def waits(_seconds: float) -> None:
        began.set()
        other_asked.wait(5)
        # The other one has the time to do what it would.
        sleep(0.2)
        seen.append(paths.LEAVING.exists())

    monkeypatch.setattr(files, "RUN", tmp_path)
    for name in ("SITES", "LEAVING"):
        monkeypatch.setattr(paths, name, tmp_path / name)
    monkeypatch.setattr(paths, "folder", lambda service: tmp_path / service)
    monkeypatch.setattr(caddy, "check", lambda *_: None)
    monkeypatch.setattr(caddy, "run", lambda *_: Done(0, "", ""))
    monkeypatch.setattr(caddy, "time", SimpleNamespace(sleep=waits))
    for name in ("SITES", "shop"):
        (tmp_path / name).mkdir()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(caddy.apply, "shop", "shop.test {}")
        assert began.wait(5)
        other = pool.submit(caddy.apply, "blog", None)
        other_asked.set()
        assert (first.result(), other.result()) == (True, False)
    assert seen == [True]
    assert not paths.LEAVING.exists()


def test_a_lock_is_held_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RUN", tmp_path)
    with files.locked("homu", 0), pytest.raises(HostError) as refused, files.locked("homu", 0):
        pass
    assert refused.value.code == "busy"
    with files.locked("homu", 0):
        assert len(files.held) == 1
    assert files.held == set()


A, B, C = "a" * 12, "b" * 12, "c" * 12


def test_a_release_serves_and_the_one_before_can_serve_again() -> None:
    first = State().started(A, 10).switched(A, 5)
    assert first == State(current=A, switched_at=5)
    second = first.started(B, 20).switched(B, 15)
    assert second == State(current=B, previous=[A], leaving=[A], switched_at=15)
    assert second.settled(3) == State(current=B, previous=[A], switched_at=15)
    assert second.settled(1).previous == []
    back = second.switched(A, 18)
    assert back == State(current=A, candidate={"id": B, "until": 618}, switched_at=18)
    assert back.discarded(B).candidate is None
    assert back.discarded(C).candidate == back.candidate


def test_going_back_later_is_a_release_like_any_other() -> None:
    settled = State(current=B, previous=[A], switched_at=5)
    again = settled.started(A, 20).switched(A, 15)
    assert again == State(current=A, previous=[B], leaving=[B], switched_at=15)


def test_a_release_before_the_last_one_was_settled_leaves_both() -> None:
    state = State(current=B, previous=[A], leaving=[A], switched_at=5).started(C, 9).switched(C, 8)
    assert state == State(current=C, previous=[B, A], leaving=[A, B], switched_at=8)
    assert set(state.kept) == {A, B, C}


def test_a_first_release_that_fails_leaves_nothing() -> None:
    state = State(current=A, switched_at=5).switched(None, 6)
    assert state == State(candidate={"id": A, "until": 606}, switched_at=6)
    assert State(current=A, switched_at=5).switched(A, 9) == State(current=A, switched_at=5)


DOCUMENT: dict[str, Any] = {
    "service": "homu",
    "id": A,
    "image": "registry.example.com/homu@sha256:1",
    "compose": {
        "services": {
            "web-1": {"image": "registry.example.com/homu@sha256:1", "healthcheck": {}, "ports": ["1:1"]},
            "worker": {"image": "registry.example.com/homu@sha256:1", "volumes": ["files:/files"]},
            "report": {"image": "redis:7"},
        },
        "networks": {"default": {"name": "homu", "external": True}},
        "volumes": {"files": None},
    },
    "base": {"services": {"db": {"image": "postgres:16"}}, "volumes": {"data": {"name": "homu_db"}}},
    "env": {"SECRET": "s3cret"},
    "base_env": {"SECRET": "s3cret"},
    "web": ["web-1"],
    "workers": ["worker"],
    "jobs": [{"name": "report", "schedule": "daily", "timeout": 60}],
}


def test_a_release_has_addresses_a_service_for_tasks_and_nothing_published() -> None:
    made = document.release_file(document.completed(DOCUMENT), {"web-1": "10.1.128.3"})
    assert made["name"] == f"homu-{A}"
    assert made["networks"] == {"default": {"name": "homu", "external": True}}
    assert made["volumes"] == {"files": {"name": "homu_files", "external": True}}
    image = DOCUMENT["image"]
    assert made["services"]["web-1"] == {
        "image": image,
        "healthcheck": {},
        "networks": {"default": {"ipv4_address": "10.1.128.3"}},
    }
    assert made["services"]["task"] == {"image": image, "profiles": ["tasks"], "restart": "no"}
    assert "ports" in DOCUMENT["compose"]["services"]["web-1"]


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (["inner", "outer"], {"inner": {"ipv4_address": "10.1.128.3"}, "outer": None}),
        ({"inner": {"aliases": ["web"]}}, {"inner": {"aliases": ["web"], "ipv4_address": "10.1.128.3"}}),
        ({"inner": None}, {"inner": {"ipv4_address": "10.1.128.3"}}),
    ],
)
def test_networks_that_were_described_are_kept(networks: Any, expected: Any) -> None:
    described = {"services": {"web-1": {"image": "x", "networks": networks}}, "networks": {"inner": None}}
    given = {**DOCUMENT, "compose": described, "workers": [], "jobs": []}
    made = document.release_file(document.completed(given), {"web-1": "10.1.128.3"})
    assert made["services"]["web-1"]["networks"] == expected


def test_what_outlives_releases_and_what_is_needed() -> None:
    completed = document.completed(DOCUMENT)
    base = document.base_file(completed)
    assert base["name"] == "homu"
    assert base["networks"] == {"default": {"name": "homu", "external": True}}
    assert base["volumes"] == {"data": {"name": "homu_db", "external": True}}
    assert set(document.volumes(completed)) == {"homu_files", "homu_db"}
    assert document.images(completed) == ["postgres:16", "redis:7", DOCUMENT["image"]]
    assert "s3cret" not in json.dumps(document.public(completed))
    text = json.dumps(
        [DOCUMENT["base"], DOCUMENT["base_env"]], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert document.base_hash(completed) == caddy.digest(text)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"service": "../etc"}, "'../etc' is no name of a service"),
        ({"service": "host"}, "'host' is no name of a service"),
        ({"id": "12"}, "'12' is no id of a release"),
        ({"compose": None}, "the release document has no compose"),
        ({"web": ["web-1", "web-2"]}, "compose.yaml has no service web-2"),
        ({"jobs": [{"name": "a/b"}]}, "'a/b' is no name of a job or a task"),
    ],
)
def test_a_document_that_cannot_be_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(HostError) as refused:
        document.completed({**DOCUMENT, **changes})
    assert refused.value.what == what


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("redis:7", "docker.io"),
        ("team/app", "docker.io"),
        ("localhost/app", "localhost"),
        ("127.0.0.1:5000/app:1", "127.0.0.1:5000"),
        ("1.dkr.ecr.ap-northeast-2.amazonaws.com/a/b@sha256:1", "1.dkr.ecr.ap-northeast-2.amazonaws.com"),
    ],
)
def test_a_login_is_sent_to_its_own_registry_only(image: str, registry: str) -> None:
    assert document.registry_of(image) == registry


@pytest.mark.parametrize(
    ("matcher", "status", "expected"),
    [("200", 200, True), ("200", 201, False), ("200-299", 204, True), ("200,302", 302, True), ("200-299", 300, False)],
)
def test_a_status_is_matched(matcher: str, status: int, expected: bool) -> None:
    assert document.matches(matcher, status) is expected


def test_addresses_are_of_the_second_half_and_come_back_late() -> None:
    subnet = ipaddress.IPv4Network("172.18.0.0/29")
    assert network.allocate(subnet, 2, 0, set()) == (["172.18.0.4", "172.18.0.5"], 2)
    # The last one is for broadcasts.
    assert network.allocate(subnet, 2, 2, set()) == (["172.18.0.6", "172.18.0.4"], 1)
    assert network.allocate(subnet, 1, 0, {"172.18.0.4", "172.18.0.5"}) == (["172.18.0.6"], 0)
    assert network.allocate(subnet, 0, 2, set()) == ([], 2)
    with pytest.raises(HostError, match="no 2 addresses left"):
        network.allocate(subnet, 2, 0, {"172.18.0.4", "172.18.0.5"})
    assert network.allocate(subnet, 3, 0, set())[0] == ["172.18.0.4", "172.18.0.5", "172.18.0.6"]


TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 010012AC:8A2C 038012AC:1F40 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 010012AC:8A2D 038012AC:1F40 06 00000000:00000000 00:00000000 00000000     0        0 3 1
   3: 010012AC:8A2E 048012AC:1F40 01 00000000:00000000 00:00000000 00000000     0        0 4 1
"""


def test_connections_to_addresses_are_counted() -> None:
    assert connections.established(TABLE, {"172.18.128.3"}) == 1
    assert connections.established(TABLE, {"172.18.128.3", "172.18.128.4"}) == 2
    assert connections.established(TABLE, {"172.18.128.9"}) == 0
    assert connections.established(TABLE, set()) == 0


@pytest.mark.parametrize(
    ("passed", "open_now", "expected"),
    [(0, 0, False), (6, 0, False), (6.5, 0, True), (10, 1, False), (29.9, 1, False), (30, 1, True), (-100, 5, True)],
)
def test_old_containers_are_left_when_the_proxy_has_moved(passed: float, open_now: int, expected: bool) -> None:
    assert connections.left({"10.0.0.1"}, 1000, 30, 1000 + passed, open_now) is expected
    assert connections.left(set(), 1000, 30, 1000 + passed, open_now) is True


def test_the_units_name_the_program_and_belong_to_the_service() -> None:
    completed = document.completed(DOCUMENT)
    made = units.wanted(completed)
    assert set(made) == {"homu.service", "homu-report.service", "homu-report.timer"}
    assert all(text.startswith("# Written by Slipway for the service homu.\n") for text in made.values())
    assert f"ExecStart=/usr/bin/python3 {paths.PROGRAM} serve homu\n" in made["homu.service"]
    assert "TimeoutStopSec=150\n" in made["homu.service"]
    assert "OnCalendar=daily\n" in made["homu-report.timer"]


def container(**state: Any) -> dict[str, Any]:
    labels = {"com.docker.compose.project": f"homu-{A}", "com.docker.compose.service": "web-1"}
    given = {"Status": "running", "ExitCode": 0, "StartedAt": "2026-11-21T10:00:00.1Z", "FinishedAt": containers.NEVER}
    config = {"Image": "app:1", "Labels": labels}
    return {"Name": "/homu-web", "RestartCount": 2, "Config": config, "State": {**given, **state}}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, {"state": "running", "exit_code": None, "oom_killed": False, "health": None, "error": None}),
        ({"Health": {"Status": "starting"}}, {"health": "starting"}),
        ({"Status": "exited", "ExitCode": 137, "OOMKilled": True}, {"exit_code": 137, "oom_killed": True}),
        ({"Status": "created"}, {"exit_code": None}),
        ({"Status": "created", "ExitCode": 127, "Error": "no such file"}, {"exit_code": 127, "error": "no such file"}),
    ],
)
def test_a_container_is_told_in_facts(state: dict[str, Any], expected: dict[str, Any]) -> None:
    fact = containers.fact("homu", container(**state))
    assert {key: fact[key] for key in expected} == expected
    assert (fact["release"], fact["service"], fact["finished_at"], fact["restarts"]) == (A, "web-1", None, 2)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, {}),
        ({}, {"Status": "exited", "ExitCode": 3}, {"web": 3}),
        ({}, {"Status": "restarting", "ExitCode": 3, "RestartCount": 3}, {"web": 3}),
        # Just started again by the engine, at the second look or at both.
        ({"Status": "restarting", "ExitCode": 3}, {}, {"web": 3}),
        ({}, {"RestartCount": 3}, {"web": None}),
        (None, {}, {"web": None}),
    ],
)
def test_a_sidecar_stays_that_ran_all_the_time(
    before: dict[str, Any] | None, after: dict[str, Any], expected: dict[str, int | None]
) -> None:
    def looked(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
        given = dict(state)
        return {"web": {"RestartCount": given.pop("RestartCount", 2), "State": container(**given)["State"]}}

    assert sidecars.ended({} if before is None else looked(before), looked(after)) == expected


def test_what_the_machine_says_of_itself_is_read() -> None:
    assert machine.memory_of("MemTotal:        2048000 kB\nHugePages_Total:       0\n")["MemTotal"] == 2000
    assert machine.distribution('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n') == (
        "Debian GNU/Linux 12 (bookworm)"
    )
    assert machine.distribution("") is None
