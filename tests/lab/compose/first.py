"""HOMU on a machine with Docker Compose: its first release, the next one under load, and what a person is shown."""

from __future__ import annotations

import json
import re
import shutil
import socket

import pytest
import yaml

from demo.embedded_aws import ROOT
from tests.e2e.playbook import Result
from tests.lab.homu import INVENTORY, SECRETS, STATE, Homu, succeeded, until


# The first of all: before it, three images are made, and the machine is prepared.
@pytest.mark.timeout(1200)
def test_the_first_release_answers_at_the_machines_address(homu: Homu, first_release: Result) -> None:
    assert homu.get("/health") == {"status": "ok", "version": homu.version()}
    assert f"http://{homu.host.address}" in first_release.output
    assert homu.records()[-1].verdict == "succeeded"
    assert homu.unfinished() == ""


def test_the_database_the_cache_the_worker_and_the_job_work(homu: Homu) -> None:
    before = homu.get("/work")
    visits = homu.post("/visits")["visits"]
    assert homu.get("/visits")["visits"] == visits
    until(lambda: homu.get("/work")["handled"] > before["handled"])
    homu.host.exec("systemctl", "start", "homu-report.service")
    assert homu.get("/work")["reports"] == before["reports"] + 1
    assert f"reported {visits} visits" in homu.host.exec("journalctl", "--unit=homu-report.service", "--no-pager")
    assert homu.host.exec("systemctl", "is-enabled", "homu-report.timer") == "enabled"


@pytest.mark.parametrize("port", [8000, 5432, 6379])
def test_nothing_of_a_container_is_reached_from_outside(homu: Homu, port: int) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((homu.host.address, port), timeout=5).close()
    assert homu.host.exec("ss", "-Hltn", f"sport = :{port}") == ""


def test_secrets_arrive_unchanged_and_nobody_else_reads_them(homu: Homu, first_release: Result) -> None:
    current = homu.state()["current"]
    (web,) = [name for name in homu.containers()[f"homu-{current}"] if "web-1" in name]
    program = "import json, os; print(json.dumps(os.environ['SECRET_KEY']))"
    assert json.loads(homu.host.exec("docker", "exec", web, "python", "-c", program)) == SECRETS["homu/secret-key"]
    for path in (f"{STATE}/releases/{current}/.env", f"{STATE}/base/.env", f"{STATE}/service.json"):
        assert homu.host.exec("stat", "-c", "%a %U", path) == "600 root", path
    plain = homu.host.exec("sh", "-c", f"cat {STATE}/base/compose.yaml {STATE}/releases/*/compose.yaml")
    for value in ("p$w", "p%24w", "first $line"):
        assert value not in plain
        assert value not in first_release.output


def test_again_changes_nothing_and_starts_nothing(homu: Homu) -> None:
    before = {name: homu.started(name) for names in homu.containers().values() for name in names}
    for flags in ((), ("--check", "--diff")):
        again = succeeded(homu.deploy(*flags))
        assert again.changed["homu"] == 0, again.output
    assert {name: homu.started(name) for names in homu.containers().values() for name in names} == before
    assert len(homu.records()) == len({record.started_at for record in homu.records()})


def test_the_plan_of_a_release_touches_nothing_and_shows_no_secret(homu: Homu) -> None:
    before = (homu.serving(), homu.releases(), homu.containers(), homu.records())
    plan = succeeded(homu.deploy("--check", "--diff", version="planned"))
    assert plan.changed["homu"] >= 1
    assert re.search(r"^\+.*planned", plan.output, re.MULTILINE), plan.output
    assert "p$w" not in plan.output
    assert (homu.serving(), homu.releases(), homu.containers(), homu.records()) == before


def test_a_new_version_under_load_loses_no_request(homu: Homu) -> None:
    old, new = homu.version(), homu.next_version()
    context = shutil.copytree(ROOT / "examples" / "homu", homu.folder / new)
    main = context / "app" / "main.py"
    main.write_text(
        f'{main.read_text()}\n\n@app.get("/{new}")\nasync def added() -> dict[str, str]:\n    return {{}}\n'
    )
    sidecars = {name: homu.started(name) for name in homu.containers()["homu"]}
    counted = int(homu.sql("SELECT count FROM visits"))
    with homu.load() as seen:
        seen.await_more(200)
        result = homu.release(version=new, service_build_context=str(context))
        seen.await_version(new)
        seen.await_more(200)
    assert not seen.failed, str(seen)
    assert seen.versions == [old, new], str(seen)
    # The old one ended before the release did; nobody fell back to it.
    assert seen.span(old)[1] < seen.span(new)[1] - 0.5, str(seen)
    assert int(homu.sql("SELECT count FROM visits")) == counted + seen.count("POST /visits")
    assert homu.get(f"/{new}") == {}
    assert {name: homu.started(name) for name in homu.containers()["homu"]} == sidecars
    assert set(homu.containers()) == {"homu", f"homu-{homu.state()['current']}"}
    assert homu.unfinished() == ""
    record = homu.records()[0]
    assert (record.verdict, record.kind) == ("succeeded", "release")
    assert record.digest.startswith("sha256:")
    assert record.digest[:15] in result.output


def test_what_serves_and_what_is_wrong_with_it(homu: Homu) -> None:
    status = succeeded(homu.play("status.yml", "-e", "releases=5"))
    assert re.search(r"^homu +", status.output, re.MULTILINE), status.output
    assert homu.state()["current"] in status.output
    diagnosis = succeeded(homu.play("diagnose.yml"))
    assert "homu" in diagnosis.output
    assert {*status.changed.values(), *diagnosis.changed.values()} == {0}


def test_a_sidecar_with_other_options_is_started_again_and_keeps_its_data(homu: Homu) -> None:
    visits = int(homu.sql("SELECT count FROM visits"))
    assert visits
    (redis,) = [name for name in homu.containers()["homu"] if "redis" in name]
    before = homu.started(redis)
    sidecars = yaml.safe_load((INVENTORY / "host_vars" / "homu" / "description.yml").read_text())["service_sidecars"]
    changed = homu.release(service_sidecars={**sidecars, "redis": {**sidecars["redis"], "memory": 96}})
    assert changed.changed["homu"] >= 1
    assert homu.started(redis) != before
    assert int(homu.sql("SELECT count FROM visits")) == visits
    assert succeeded(homu.deploy()).changed["homu"] == 0
