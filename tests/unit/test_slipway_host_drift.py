"""What the host program says of files, of sockets, and of what nobody described; without a machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slipway.compose.render import _marks
from slipway_host import (
    caddy,
    containers,
    details,
    document,
    dotenv,
    files,
    outside,
    paths,
    restoring,
    state,
    units,
    written,
)
from slipway_host.errors import HostError
from slipway_host.process import Done
from tests.unit.test_compose_render import rendered

SECRET = 'p$w"d\n'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A release with a sidecar, as the program writes it."""
    for name in ("SERVICES", "SYSTEMD", "SITES"):
        monkeypatch.setattr(paths, name, tmp_path / name.lower())
        (tmp_path / name.lower()).mkdir()
    made = rendered(
        {"TOKEN": SECRET},
        {"DB": SECRET},
        service_sidecars={"db": {"image": "postgres:17", "secrets": {"DB": "ssm:/db"}}},
        service_jobs={"report": {"command": ["report"], "schedule": "daily"}},
    )
    given = document.completed(made)
    folder, base = paths.release_folder("shop", given["id"]), paths.release_folder("shop", paths.BASE)
    for one in (folder, base):
        one.mkdir(parents=True)
    files.write(folder / ".env", dotenv.encode(given["env"]), 0o600)
    files.write_json(folder / "compose.yaml", document.release_file(given, {"web-1": "10.0.0.2"}))
    stored = {**document.public(given), "addresses": {"web-1": "10.0.0.2"}}
    files.write_json(folder / "release.json", stored)
    files.write(base / ".env", dotenv.encode(given["base_env"]), 0o600)
    files.write_json(base / "compose.yaml", document.base_file(given))
    files.write(base / written.BASE_RECORD, written.record_of(given), 0o600)
    for name, text in units.wanted(given).items():
        files.write(paths.SYSTEMD / name, text)
    files.write(caddy.site_path("shop"), given["site"])
    state.save("shop", state.State(current=given["id"]))
    read = files.read_json(folder / "release.json")
    assert read is not None
    return read


def test_a_mark_is_the_controllers() -> None:
    values = {"A": SECRET, "B": "한글"}
    assert {name: written.mark(name, value) for name, value in values.items()} == _marks(values)


def test_what_was_written_is_as_it_was_written(shop: dict[str, Any]) -> None:
    assert written.looked("shop", shop) == []
    assert written.base_is_right("shop")


def _edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("name", "change", "problems", "more"),
    [
        (".env", lambda path: path.chmod(0o644), ["mode"], {"mode": "0644", "wanted_mode": "0600"}),
        (".env", lambda path: path.unlink(), ["absent"], {}),
        (".env", lambda path: path.write_text('TOKEN="other"\n'), ["content"], {"variables": ["TOKEN"]}),
        (".env", lambda path: path.write_text(""), ["content"], {"variables": ["TOKEN"]}),
        (".env", lambda path: _edit(path, "TOKEN", 'MORE="x"\nTOKEN'), ["content"], {"variables": ["MORE"]}),
        (".env", lambda path: _edit(path, "TOKEN", "a secret=x\nTOKEN"), ["content"], {"variables": ["(other lines)"]}),
        (".env", lambda path: _edit(path, "TOKEN", "# hello\nTOKEN"), ["content"], {"variables": ["(other lines)"]}),
        ("base/.env", lambda path: path.write_text('DB="other"\n'), ["content"], {"variables": ["DB"]}),
        (
            "compose.yaml",
            lambda path: _edit(path, '"mem_limit": "256m"', '"mem_limit": "1g"'),
            ["content"],
            {"expected": ['"mem_limit": "256m",'], "found": ['"mem_limit": "1g",']},
        ),
        (
            "base/compose.yaml",
            lambda path: _edit(path, "postgres:17", "postgres:16"),
            ["content"],
            {"expected": ['"image": "postgres:17",'], "found": ['"image": "postgres:16",']},
        ),
    ],
)
def test_what_somebody_changed_is_named_and_no_secret_is_shown(
    shop: dict[str, Any], name: str, change: Callable[[Path], Any], problems: list[str], more: dict[str, Any]
) -> None:
    folder, _, file = name.rpartition("/")
    path = paths.release_folder("shop", paths.BASE if folder else shop["id"]) / file
    change(path)
    assert written.looked("shop", shop) == [{"name": name, "path": str(path), "problems": problems, **more}]
    assert written.base_is_right("shop") is not bool(folder)


def test_a_secret_that_was_written_elsewhere_is_hidden(shop: dict[str, Any]) -> None:
    path = paths.release_folder("shop", shop["id"]) / "compose.yaml"
    _edit(path, '"init": true', '"init": "p$w\\"d"')
    path.with_name(".env").write_text(dotenv.encode({"TOKEN": 'p$w\\"d'}))
    (content,) = [one for one in written.looked("shop", shop) if one["name"] == "compose.yaml"]
    assert content["found"] == ['"init": "********",']


def test_units_and_the_site(shop: dict[str, Any]) -> None:
    unit, site = paths.SYSTEMD / "shop.service", caddy.site_path("shop")
    _edit(unit, "RestartSec=5", "RestartSec=9")
    _edit(site, "refresh 1s", "refresh 9s")
    (paths.SYSTEMD / "shop-more.timer").write_text(units.mark("shop"))
    found = {one["path"]: one["problems"] for one in written.looked("shop", shop)}
    added = str(paths.SYSTEMD / "shop-more.timer")
    assert found == {str(unit): ["content"], str(site): ["content"], added: ["added"]}


def test_of_sidecars_that_an_older_program_brought_up_nobody_knows(shop: dict[str, Any]) -> None:
    base = paths.release_folder("shop", paths.BASE)
    (base / written.BASE_RECORD).unlink()
    (base / "compose.yaml").write_text("{}")
    assert written.looked("shop", shop) == []
    assert written.base_is_right("shop")


def container(**changes: Any) -> dict[str, Any]:
    labels = {containers.PROJECT: "shop-1", containers.SERVICE: "web-1"}
    return {
        "Name": "/shop-1-web-1-1",
        "Image": "sha256:1",
        "Config": {"Labels": labels, "Env": ["PATH=/bin", "A=1$", "TOKEN=x"]},
        "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}, "Memory": 1, "NanoCpus": 2, "Privileged": False},
        "NetworkSettings": {
            "Networks": {"shop": {}},
            "Ports": {"8000/tcp": None, "80/tcp": [{"HostIp": "0.0.0.0"}]},  # noqa: S104
        },
        **changes,
    }


@pytest.mark.parametrize(
    ("environment", "marks", "others"),
    [
        ({"A": "1$$"}, {"TOKEN": "x"}, []),
        ({"A": "2"}, {"TOKEN": "x"}, ["A"]),
        ({"A": "1$$", "B": "1"}, {"TOKEN": "x"}, ["B"]),
        ({"A": "1$$"}, {"TOKEN": "y", "MORE": ""}, ["TOKEN"]),
        ({"TOKEN": "x"}, {"TOKEN": "y"}, []),
    ],
)
def test_the_variables_of_a_container(environment: dict[str, str], marks: dict[str, str], others: list[str]) -> None:
    described = {
        "compose": {"services": {"web-1": {"environment": environment, "env_file": [".env"]}}},
        "env_marks": {name: written.mark(name, value) for name, value in marks.items()},
    }
    told = details._container(container(), described, "compose", "env_marks")
    assert told == {
        "image_id": "sha256:1",
        "restart": "unless-stopped",
        "memory": 1,
        "nano_cpus": 2,
        "privileged": False,
        "networks": ["shop"],
        "published": ["80/tcp"],
        "other_variables": others,
    }


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00000000", "0.0.0.0"),  # noqa: S104
        ("0100007F", "127.0.0.1"),
        ("0B00007F", "127.0.0.11"),
        ("00000000000000000000000000000000", "::"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
        ("B80D0120000000000000000001000000", "2001:db8::1"),
    ],
)
def test_an_address_of_the_kernel(text: str, address: str) -> None:
    assert str(outside.address_of(text)) == address


class Engine:
    """One that lists containers."""

    def __init__(self, *listed: dict[str, Any]) -> None:
        self.listed = list(listed)

    def call(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return self.listed


def listed(name: str, project: str = "", service: str = "", *, job: bool = False) -> dict[str, Any]:
    labels = {containers.PROJECT: project, containers.SERVICE: service, containers.ONE_OFF: str(job)}
    return {"Names": [f"/{name}"], "Image": "x:1", "State": "running", "Ports": [], "Labels": labels if project else {}}


def test_containers_of_nobody(shop: dict[str, Any]) -> None:
    project = f"shop-{shop['id']}"
    engine: Any = Engine(
        listed("web", project, "web-1"),
        listed("db", "shop", "db"),
        listed("task", project, "task", job=True),
        listed("job of a release that is gone", "shop-000000000000", "report", job=True),
        listed("left over", "shop-000000000000", "web-1"),
        listed("another database", "shop", "mysql"),
        listed("by hand"),
        {**listed("open"), "Ports": [{"Type": "tcp", "PublicPort": 80, "IP": "::"}, {"Type": "tcp", "PrivatePort": 1}]},
    )
    found = {one["name"]: one["ports"] for one in outside.strangers(engine)}
    port = {"protocol": "tcp", "port": 80, "address": "::"}
    assert found == {"left over": [], "another database": [], "by hand": [], "open": [port]}


def test_sites_of_nobody(shop: dict[str, Any]) -> None:
    (paths.SITES / "other.caddy").write_text("")
    assert outside.sites() == [str(paths.SITES / "other.caddy")]


def test_the_firewall_of_a_machine_without_its_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(outside, "run", lambda *_: Done(127, "", "no such file"))
    monkeypatch.setattr(outside, "UFW", tmp_path / "ufw.conf")
    nothing = {"rules": [], "tables": [], "ufw": False, "firewalld": False, "problems": []}
    assert outside.firewall() == nothing
    (tmp_path / "ufw.conf").write_text("# ENABLED=no\nENABLED=yes\n")
    assert outside.firewall() == {**nothing, "ufw": True}


@pytest.mark.parametrize(
    ("errors", "problems"),
    [("modprobe: can't initialize ip6tables table: do you need to insmod?", 0), ("Another app holds the lock", 2)],
)
def test_rules_that_can_not_be_read(monkeypatch: pytest.MonkeyPatch, errors: str, problems: int) -> None:
    monkeypatch.setattr(outside, "run", lambda *_: Done(4, "", errors))
    assert len(outside.firewall()["problems"]) == problems


def test_held_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    locks = tmp_path / "versionlock.list"
    locks.write_text("# a comment\n\ndocker-25.0.*\n")
    monkeypatch.setattr(outside, "VERSION_LOCKS", (str(locks),))
    monkeypatch.setattr(outside, "run", lambda *_: Done(0, "install bash\nhold caddy\ndeinstall old\n", ""))
    assert outside.held() == ["caddy", "docker-25.0.*"]


def test_drop_ins_of_units(monkeypatch: pytest.MonkeyPatch) -> None:
    output = "Id=shop.service\nDropInPaths=/etc/a.conf /etc/b.conf\n\nId=shop-report.timer\nDropInPaths=\n"
    monkeypatch.setattr(units, "run", lambda *_: Done(0, output, ""))
    assert units.drop_ins(["shop.service", "shop-report.timer"]) == {"shop.service": ["/etc/a.conf", "/etc/b.conf"]}
    assert units.drop_ins([]) == {}


def test_files_are_restored_and_only_the_value_of_a_secret_is_not(shop: dict[str, Any]) -> None:
    folder, base = paths.release_folder("shop", shop["id"]), paths.release_folder("shop", paths.BASE)
    (folder / ".env").write_text((folder / ".env").read_text() + 'MORE="x"\n')
    (folder / ".env").chmod(0o666)
    (folder / "compose.yaml").unlink()
    (base / "compose.yaml").write_text("{}")
    assert restoring._files("shop", shop) == []
    assert written.looked("shop", shop) == []
    (base / ".env").write_text('DB="other"\n')
    (folder / ".env").unlink()
    assert restoring._files("shop", shop) == [".env", "base/.env"]
    found = {one["name"]: one["problems"] for one in written.looked("shop", shop)}
    assert found == {".env": ["absent"], "base/.env": ["content"]}


def test_nothing_is_restored_while_a_release_is_on_its_way(shop: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(files, "RUN", paths.SERVICES / "run")
    state.save("shop", state.State(current=shop["id"], leaving=["0" * 12]))
    with pytest.raises(HostError, match="on its way"):
        restoring.restore(Engine(), {"service": "shop"})  # type: ignore[arg-type]


def test_only_a_persons_own_drop_ins_are_removed(shop: dict[str, Any], monkeypatch: Any) -> None:
    own, others = paths.SYSTEMD / "shop.service.d" / "a.conf", paths.SITES / "b.conf"
    own.parent.mkdir()
    for one in (own, others):
        one.write_text("")
    calls: list[str] = []

    def run(words: list[str], *_: object) -> Done:
        calls.append(words[1])
        return Done(0, f"Id=shop.service\nDropInPaths={own} {others}\n", "")

    monkeypatch.setattr(units, "run", run)
    units.remove_drop_ins(["shop.service"])
    assert (own.exists(), others.exists(), calls) == (False, True, ["show", "daemon-reload"])
