"""The machine's part of the preflight, and what the table and the diagnosis say of a machine."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.compose.diagnosis import diagnose_service
from slipway.compose.machine import Machine
from slipway.compose.preflight import Looked, all_secrets, check_machine, place_of_secret
from slipway.compose.state import as_ecs
from slipway.release.preflight.check import Check
from slipway.release.record import Record
from slipway.release.status.rows import Seen, row
from tests.unit.fake_machine import PROGRAM, FakeChannel
from tests.unit.test_compose_plan import DESCRIBED, container, release, serving
from tests.unit.test_compose_render import described

NOW = 1_800_000_000.0
FACTS: dict[str, Any] = {
    "distribution": "Debian GNU/Linux 12",
    "docker_version": "20.10.24+dfsg1",
    "compose_version": "2.24.0",
    "caddy_active": True,
    "memory_mib": 2048,
    "disk": {
        "/var/lib/docker": {"size": 20 << 30, "free": 10 << 30, "inodes_free": 10**6},
        "/etc": {"size": 20 << 30, "free": 10 << 30, "inodes_free": 0},
    },
    "time": NOW,
    "clock_synchronised": True,
    "listening": [22, 80, 443],
}


def checks(facts: dict[str, Any] | None = None, resolved: list[str] | None = None, **service: Any) -> list[Check]:
    looked = Looked("box", "203.0.113.9", {**FACTS, **(facts or {})}, None, NOW, resolved)
    return list(check_machine(described(**service), looked))


def wrong(*arguments: Any, **service: Any) -> list[Check]:
    return [one for one in checks(*arguments, **service) if one.status != "OK"]


def test_a_machine_that_is_as_it_should_be() -> None:
    assert wrong() == []


@pytest.mark.parametrize(
    ("facts", "status", "what"),
    [
        ({"docker_version": None}, "FAIL", "Docker does not answer on box"),
        ({"docker_version": "19.03.1"}, "FAIL", "Docker 19.03.1 on box is older than 20.10"),
        ({"compose_version": None}, "FAIL", "Docker Compose does not answer"),
        ({"compose_version": "2.3.1"}, "FAIL", "older than 2.20"),
        ({"disk": {"/var/lib/docker": {"free": 100 << 20, "inodes_free": 10**6}}}, "FAIL", "100 MiB are free"),
        ({"disk": {"/var/lib/docker": {"free": 2 << 30, "inodes_free": 10**6}}}, "WARN", "only 2048 MiB are free"),
        ({"disk": {"/var/lib/docker": {"free": 9 << 30, "inodes_free": 10}}}, "WARN", "only 10 files can be made"),
        ({"memory_mib": 128}, "FAIL", "more than the 128 MiB"),
        ({"memory_mib": 400}, "WARN", "two releases at once may use 512 MiB"),
        ({"memory_mib": 0}, "SKIP", "does not say"),
        ({"time": NOW - 100}, "FAIL", "100 s off"),
        ({"time": NOW + 10}, "WARN", "10 s off"),
        ({"clock_synchronised": False}, "WARN", "nothing keeps the clock"),
        ({"caddy_active": False, "listening": []}, "FAIL", "Caddy does not run"),
        ({"caddy_active": False, "listening": [80]}, "FAIL", "something else than Caddy has port 80"),
    ],
)
def test_what_is_wrong_with_a_machine(facts: dict[str, Any], status: str, what: str) -> None:
    (one,) = wrong(facts)
    assert (one.status, what in one.what) == (status, True), one
    assert one.remedy or status == "SKIP"


@pytest.mark.parametrize(
    ("resolved", "more", "status"),
    [
        (["203.0.113.9"], {}, "OK"),
        (["198.51.100.1"], {}, "FAIL"),
        ([], {}, "FAIL"),
        (None, {}, "SKIP"),
        (["198.51.100.1"], {"service_dns_weight": 0, "service_hosted_zone": "example.com"}, "WARN"),
    ],
)
def test_where_the_domain_leads(resolved: list[str] | None, more: dict[str, Any], status: str) -> None:
    one = checks(None, resolved, service_domain="shop.example.com", **more)[-1]
    assert one.status == status


def test_a_machine_that_does_not_answer_is_one_finding() -> None:
    problem = SlipwayError("can't be found: there is none", where="box", remedy="run provision.yml")
    (one,) = check_machine(described(), Looked("box", problem=problem))
    assert (one.status, one.what, one.remedy) == ("FAIL", "box can't be found: there is none", "run provision.yml")
    assert one.path == ("service_machine",)


def test_secrets_of_sidecars_are_found_at_their_place() -> None:
    service = described(
        service_secrets={"P": "ssm:/own"},
        service_sidecars={"db": {"image": "postgres:17", "secrets": {"P": "ssm:/db"}}},
    )
    first, second = all_secrets(service).items()
    assert (first, second[1]) == (("P", "ssm:/own"), "ssm:/db")
    assert place_of_secret(("service_secrets", second[0])) == ("service_sidecars", "db", "secrets", "P")
    assert place_of_secret(("service_secrets", "P")) == ("service_secrets", "P")


def shown(has: dict[str, Any]) -> Any:
    from datetime import UTC, datetime

    service = described(**DESCRIBED)
    return row(Seen(service, **as_ecs(has, service)), datetime.fromtimestamp(NOW, tz=UTC))


def test_the_row_of_a_service_on_a_machine() -> None:
    has = serving(release(), switched_at=NOW - 60)
    one = shown(has)
    assert (one.version, one.revision, one.deployed) == ("v1", f"shop:{has['current']}", True)
    assert (one.running_count, one.desired_count, one.healthy_targets, one.targets) == (1, 1, 1, 1)
    assert one.notes == ()
    assert one.digest.startswith("sha256:aaaa")


def test_the_notes_say_what_is_not_well() -> None:
    has = serving(release(), switched_at=NOW, candidate={"id": "f" * 12}, timers={})
    has["containers"] = [
        container(has["current"], "web-1", state="exited"),
        container("base", "db", health="unhealthy"),
    ]
    has["unit"] = {"active": False, "enabled": True}
    one = shown(has)
    assert (one.running_count, one.healthy_targets) == (0, 0)
    assert one.notes == (
        f"release {'f' * 12} is tried, or was interrupted",
        "its unit is not active",
        "not well: mail, db",
        "the timer does not run: report",
    )
    assert shown({}).notes == ("not deployed yet",)


def diagnosed(has: dict[str, Any], probe: dict[str, Any], last: Record | None = None, **facts: Any) -> dict[str, Any]:
    answers = {"look": {"services": {"shop": has}, "machine": {**FACTS, **facts}}, "probe": probe}
    machine = Machine("box", FakeChannel(answers), PROGRAM, check=True)
    return diagnose_service(machine, described(**DESCRIBED), last)


def probed(status: int | None = 200, **web: Any) -> dict[str, Any]:
    return {
        "containers": [{"service": "web-1", "state": "running", "health": None, "restarts": 2, **web}],
        "answers": [{"service": "web-1", "status": status, "error": None if status else "Connection refused"}],
    }


def test_a_service_that_is_well() -> None:
    found = diagnosed(serving(release()), probed())
    assert (found["healthy"], found["causes"]) == (True, [])
    assert "is healthy: shop:" in found["msg"]


def test_a_service_that_is_not_well_says_why() -> None:
    found = diagnosed(serving(release()), probed(500))
    assert (found["healthy"], found["causes"][0]["code"]) == (False, "target_health_check")
    assert "stands, and is not well" in found["msg"]
    assert "what serves now: shop:" in found["msg"]


def test_sidecars_and_workers_have_causes_of_their_own() -> None:
    has = serving(release())
    has["containers"] = [container("base", "db", state="exited", exit_code=1)]
    found = diagnosed(has, probed())
    titles = [cause["title"] for cause in found["causes"]]
    assert titles == ["the container mail is not there", "the container db exited with code 1"]


def test_a_full_disk_and_a_stopped_proxy_are_told() -> None:
    full = diagnosed(serving(release()), probed(), disk={"/var/lib/docker": {"free": 1 << 20}})
    assert [one["code"] for one in full["causes"]] == ["disk_full"]
    stopped = diagnosed(serving(release()), probed(), caddy_active=False)
    assert [one["code"] for one in stopped["causes"]] == ["proxy"]


def test_what_was_never_released_is_not_there() -> None:
    last = Record(service="box/shop", started_at="x", verdict="failed", tag="v1", cause="the image does not exist")
    found = diagnosed({}, {}, last)
    assert not found["healthy"]
    assert "box/shop is not there" in found["msg"]
    assert "its last release (of v1) failed: the image does not exist" in found["msg"]
