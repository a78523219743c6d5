"""A plan changes what is different, and nothing else; its diff shows no secret."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.compose.plan import plan
from slipway.compose.render import base_hash, site_hash
from tests.unit.test_compose_render import rendered

SIDECARS = {"db": {"image": "postgres:17", "secrets": {"PASSWORD": "ssm:/db"}}}
DESCRIBED: dict[str, Any] = {
    "service_sidecars": SIDECARS,
    "service_workers": {"mail": {"command": ["work"]}},
    "service_jobs": {"report": {"command": ["report"], "schedule": "daily"}},
}


def release(value: str = "one-secret", **changes: Any) -> Any:
    return rendered({"TOKEN": value}, {"PASSWORD": "db-secret"}, **{**DESCRIBED, **changes})


def container(of: str, name: str, **more: Any) -> dict[str, Any]:
    return {"release": of, "service": name, "state": "running", "health": None, **more}


def serving(wanted: Any, **changes: Any) -> dict[str, Any]:
    """What `look` says of a service that is as it should be, with these changes."""
    identity = wanted["id"]
    return {
        "current": identity,
        "previous": [],
        "candidate": None,
        "desired": {key: value for key, value in wanted.items() if key not in {"env", "base_env"}},
        "base_hash": base_hash(wanted),
        "site_hash": site_hash(wanted),
        "unit": {"active": True, "enabled": True, "as_wanted": True},
        "timers": {"report": {"schedule": "daily", "active": True}},
        "containers": [
            container(identity, "web-1"),
            container(identity, "mail"),
            container("base", "db"),
        ],
        **changes,
    }


def found(has: dict[str, Any], wanted: Any = None, **more: Any) -> Any:
    return plan(has, wanted or release(), where="box:/etc/slipway/services/shop", **more)


def test_nothing_is_done_where_all_is_as_described() -> None:
    one = found(serving(release()))
    assert (one.verb, one.reasons, one.diff) == ("nothing", (), {})


def test_the_first_release_is_all_new() -> None:
    one = found({})
    assert one.verb == "release"
    assert one.reasons[0] == f"first release {release()['id']}"
    assert one.diff["before"] == ""
    assert "(absent)" in one.diff["before_header"]
    assert "TOKEN: (secret)" in one.diff["after"]
    assert "secret" not in one.diff["after"].replace("(secret)", "")


def test_a_changed_secret_is_a_release_and_is_not_shown() -> None:
    one = found(serving(release()), release("other-secret"))
    assert one.verb == "release"
    assert "TOKEN: (secret)\n" in one.diff["before"]
    assert "TOKEN: (secret, changed)\n" in one.diff["after"]
    assert "PASSWORD: (secret)\n" in one.diff["after"]
    assert "-secret" not in one.diff["before"] + one.diff["after"]


def test_another_variable_is_one_line_of_the_diff() -> None:
    one = found(
        serving(release(service_environment={"A": "1"})), release(service_environment={"A": "2", "PRICE": "$5"})
    )
    assert one.verb == "release"
    assert "A: '1'" in one.diff["before"]
    assert "A: '2'" in one.diff["after"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"service_deregistration_delay": 7}, "changed: drain_seconds"),
        ({"service_health_check": {"path": "/x"}}, "changed: health"),
        ({"service_domain": "shop.example.com"}, "the proxy's site is another one"),
        ({"service_sidecars": {"db": {**SIDECARS["db"], "memory": 96}}}, "the sidecars are others"),
    ],
)
def test_what_needs_no_new_containers_is_no_release(changes: dict[str, Any], reason: str) -> None:
    one = found(serving(release()), release(**changes))
    assert (one.verb, one.reasons) == ("settings", (reason,))
    assert one.diff["before"] != one.diff["after"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"unit": {"active": False, "enabled": True, "as_wanted": True}}, "the service's unit is not active"),
        ({"unit": {"active": True, "enabled": False, "as_wanted": True}}, "the service's unit is not enabled"),
        ({"unit": {"active": True, "enabled": True, "as_wanted": False}}, "the service's unit is another one"),
        (
            {"files": [{"name": ".env", "path": "/etc/slipway/services/shop/.env"}]},
            "files are not as they were written: .env",
        ),
        ({"timers": {}}, "the timer does not run: report"),
        ({"site_hash": None}, "the proxy has no site of it"),
        ({"base_hash": "0"}, "the sidecars are others"),
    ],
)
def test_what_drifted_on_the_machine_is_put_right(changes: dict[str, Any], reason: str) -> None:
    one = found(serving(release(), **changes))
    assert (one.verb, one.reasons) == ("settings", (reason,))
    assert one.diff["before"] != one.diff["after"]


def test_containers_that_are_missing_or_left_over_are_put_right() -> None:
    has = serving(release())
    has["containers"] = [container(has["current"], "mail"), container("0" * 12, "web-1")]
    reasons = ("containers of another release run", "not running: web-1", "not running: db")
    assert found(has).reasons == reasons
    has["containers"] = [{**one, "state": "exited"} for one in serving(release())["containers"]]
    assert found(has).reasons == ("not running: web-1, mail", "not running: db")


def test_another_program_is_a_change_of_its_own() -> None:
    one = found(serving(release()), program_changes=True)
    assert (one.verb, one.reasons) == ("settings", ("the machine's program is another one",))
