"""What a machine's program saw, and what a role would change, as findings."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from slipway.drift import tasks
from slipway.drift.finding import Finding
from slipway.drift.host_machine import of_machine
from slipway.drift.host_place import Place
from slipway.drift.host_repair import offered, restoration
from slipway.drift.host_service import of_service
from slipway.drift.host_tasks import of_role
from tests.unit.test_compose_plan import DESCRIBED, container, release, serving
from tests.unit.test_compose_render import described

SECRET = "correct horse battery"
OPTIONS = {**DESCRIBED, "service_secrets": {"TOKEN": "ssm:/token"}}
SHOP = Place("compose_service", "shop", "shop", "box", "deploy")
BOX = Place("machine", "box", "box", "box", "provision")
Change = Callable[[dict[str, Any]], Any]


def seen() -> dict[str, Any]:
    """A service that is as it should be, looked at closely."""
    wanted = release(SECRET, **OPTIONS)
    has = json.loads(json.dumps(serving(wanted)))
    has["timers"]["report"]["enabled"] = True
    has["files"], has["details"] = [], {"base": has["desired"]["base"], "containers": {}, "drop_ins": {}}
    parts = {**has["desired"]["compose"]["services"], **has["desired"]["base"]["services"]}
    for one in has["containers"]:
        part = parts[one["service"]]
        one |= {"name": f"shop-{one['service']}-1", "image": part["image"]}
        has["details"]["containers"][one["name"]] = {
            "restart": "unless-stopped",
            "memory": int(str(part.get("mem_limit") or "0m")[:-1]) << 20,
            "nano_cpus": int(part.get("cpus", 0) * 1e9),
            "privileged": False,
            "networks": ["shop"],
            "published": [],
            "other_variables": [],
        }
    return dict(has)


def judged(has: Any, *, same_program: bool = True, was_released: bool = True, **changes: Any) -> list[Finding]:
    service = described(**{**OPTIONS, **changes})
    return of_service(SHOP, service, has, same_program=same_program, was_released=was_released)


def told(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.state, one.severity, one.field) for one in found]


def more(has: dict[str, Any], name: str, **values: Any) -> None:
    has["details"]["containers"][f"shop-{name}-1"] |= values


def file(has: dict[str, Any], name: str, *problems: str, **values: Any) -> None:
    has["files"].append({"name": name, "path": f"/etc/{name}", "problems": list(problems), **values})


def test_a_service_as_it_was_released_and_is_described_is_clean() -> None:
    assert judged(seen()) == []


@pytest.mark.parametrize(
    ("change", "field", "severity", "before"),
    [
        (lambda has: has["containers"].pop(0), "containers[web-1]", "critical", None),
        (lambda has: has["containers"][1].update(state="exited"), "containers[mail].state", "critical", "exited"),
        (lambda has: has["containers"][0].update(image="evil:1"), "containers[web-1].image", "critical", "evil:1"),
        (lambda has: has["containers"][2].update(health="unhealthy"), "containers[db].health", "high", "unhealthy"),
        (lambda has: more(has, "web-1", memory=1 << 30), "containers[web-1].memory", "medium", "1024m"),
        (lambda has: more(has, "db", memory=64 << 20), "containers[db].memory", "medium", "64m"),
        (lambda has: more(has, "web-1", nano_cpus=2 * 10**9), "containers[web-1].cpus", "medium", 2.0),
        (lambda has: more(has, "web-1", restart="no"), "containers[web-1].restart", "medium", "no"),
        (lambda has: more(has, "web-1", privileged=True), "containers[web-1].privileged", "critical", True),
        (lambda has: more(has, "db", published=["1/tcp"]), "containers[db].published", "critical", ["1/tcp"]),
        (
            lambda has: more(has, "db", networks=["bridge", "shop"]),
            "containers[db].networks",
            "medium",
            ["bridge", "shop"],
        ),
        (
            lambda has: more(has, "web-1", other_variables=["TOKEN"]),
            "containers[web-1].variables",
            "high",
            "others: TOKEN",
        ),
        (
            lambda has: has["containers"].append({**container("0" * 12, "web-1"), "name": "old", "image": "x"}),
            "containers[000000000000/web-1]",
            "medium",
            {"state": "running"},
        ),
        (lambda has: has["unit"].update(active=False), "unit.active", "critical", False),
        (lambda has: has["unit"].update(enabled=False), "unit.enabled", "high", False),
        (lambda has: has["timers"]["report"].update(active=False), "timers[report].active", "high", False),
        (lambda has: has["timers"]["report"].update(enabled=False), "timers[report].enabled", "high", False),
        (
            lambda has: has["details"].update(drop_ins={"shop.service": ["/etc/x.conf"]}),
            "drop_ins[/etc/x.conf]",
            "high",
            {"is": "there"},
        ),
        (lambda has: file(has, ".env", "absent"), "files[.env]", "high", None),
        (
            lambda has: file(has, ".env", "mode", mode="0644", wanted_mode="0600"),
            "files[.env].mode",
            "critical",
            "0644",
        ),
        (lambda has: file(has, ".env", "mode", mode="0400", wanted_mode="0600"), "files[.env].mode", "high", "0400"),
        (lambda has: file(has, ".env", "owner", owner="nobody"), "files[.env].owner", "high", "nobody"),
        (
            lambda has: file(has, ".env", "content", variables=["TOKEN"]),
            "files[.env].content",
            "high",
            "another one: TOKEN",
        ),
        (
            lambda has: file(has, "compose.yaml", "content", expected=["a"], found=["password: hunter2"]),
            "files[compose.yaml].content",
            "high",
            "password: ********",
        ),
        (lambda has: file(has, "shop-more.timer", "added"), "files[shop-more.timer]", "high", {"is": "there"}),
        (lambda has: has.update(desired=None), "files[release.json]", "high", None),
        (lambda has: has.update(current=None), "", "critical", None),
    ],
)
def test_what_somebody_changed_is_drift(change: Change, field: str, severity: str, before: Any) -> None:
    has = seen()
    change(has)
    (one,) = judged(has)
    assert (one.state, one.severity, one.field, one.found) == ("drift", severity, field, before)
    assert (one.kind, one.name, one.services) == ("compose_service", "shop", ("shop",))
    assert one.remedy
    assert SECRET not in str(one)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"service_memory": 512}, {"compose.services.web-1.mem_limit", "compose.services.web-1.memswap_limit"}),
        ({"service_secrets": {"TOKEN": "ssm:/token", "MORE": "ssm:/more"}}, {"secrets"}),
        ({"service_secrets": {"TOKEN": "ssm:/elsewhere"}}, set()),
        ({"service_container_port": 9000}, {"port", "site"}),
        ({"service_domain": "shop.example.com"}, {"site"}),
        ({"service_deregistration_delay": 60}, {"drain_seconds"}),
        ({"service_environment": {"A": "1"}}, {f"compose.services.{one}.environment.A" for one in ("web-1", "mail")}),
        ({"service_desired_count": 2}, {"compose.services.web-2"}),
        ({"service_sidecars": {"db": {"image": "postgres:18", "secrets": {"PASSWORD": "ssm:/db"}}}}, {"sidecars"}),
    ],
)
def test_what_is_described_otherwise_is_pending(changes: dict[str, Any], fields: set[str]) -> None:
    found = judged(seen(), **changes)
    assert {one.state for one in found} <= {"pending"}
    missing = {field for field in fields if not any(one.field.startswith(f"release.{field}") for one in found)}
    assert missing == set(), told(found)
    assert bool(found) == bool(fields)


SAFE = {"unit.active", "files[.env].mode", "containers[mail].state", "containers[web-1].restart"}


def test_what_interrupts_is_put_back_only_when_it_is_confirmed() -> None:
    has = seen()
    has["containers"][0]["image"] = "evil:1"
    has["containers"][1]["state"] = "exited"
    more(has, "web-1", restart="no")
    file(has, ".env", "mode", mode="0644", wanted_mode="0600")
    found = judged(has, service_deregistration_delay=60)
    safe = restoration(found, has, confirmed=False)
    assert (set(safe.fields), safe.containers) == (SAFE - {"unit.active"}, ())
    everything = restoration(found, has, confirmed=True)
    assert set(everything.fields) == {*safe.fields, "containers[web-1].image"}
    assert everything.containers == ("shop-web-1-1",)
    commands = {one.field: (one.repair, one.interrupts) for one in offered(found, "drift")}
    assert commands["files[.env].mode"] == ("drift", "")
    assert commands["release.drain_seconds"] == ("", ""), "what is pending stays pending"
    asked = "drift -e confirm=compose_service:shop"
    assert commands["containers[web-1].image"] == (asked, "the container is made anew")
    assert not restoration(judged(seen()), seen(), confirmed=True)


def test_a_service_that_was_never_released_is_pending() -> None:
    assert told(judged(None, was_released=False)) == [("pending", "critical", "")]


def test_another_program_may_write_the_same_otherwise() -> None:
    has = seen()
    file(has, "compose.yaml", "content", expected=["a"], found=["b"])
    file(has, ".env", "content", variables=["TOKEN"])
    assert told(judged(has, same_program=False)) == [
        ("pending", "high", "files[compose.yaml].content"),
        ("drift", "high", "files[.env].content"),
        ("pending", "low", "program"),
    ]


def test_while_a_release_is_on_its_way_its_containers_are_left_alone() -> None:
    has = seen()
    has["candidate"] = {"id": "0" * 12, "until": 0}
    has["containers"][0]["state"] = "exited"
    assert judged(has) == []


def test_what_a_stopped_unit_ran_is_said_once() -> None:
    has = seen()
    has["unit"]["active"] = has["timers"]["report"]["active"] = False
    has["containers"] = [{**one, "state": "exited"} for one in has["containers"]]
    assert told(judged(has)) == [("drift", "critical", "unit.active")]


def looked(**changes: Any) -> dict[str, Any]:
    firewall = {
        "rules": [
            "iptables -t filter -P INPUT ACCEPT",
            "iptables -t filter -P OUTPUT ACCEPT",
            "iptables -t filter -N DOCKER-USER",
            "iptables -t filter -A DOCKER-USER -j RETURN",
            "iptables -t nat -P PREROUTING ACCEPT",
            "iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        ],
        "tables": ["ip filter", "ip nat", "ip6 filter"],
        "ufw": False,
        "firewalld": False,
        "problems": [],
    }
    ports = [port("tcp", 22, "sshd"), port("tcp", 80, "caddy"), port("udp", 443, "caddy"), port("udp", 68, "dhclient")]
    outside = {"containers": [], "sites": [], "held": [], "ports": ports, "firewall": firewall}
    look: dict[str, Any] = {"services": {"shop": {}}, "outside": outside}
    for key, value in changes.items():
        part: dict[str, Any] = firewall if key in firewall else outside if key in outside else look
        part[key] = [*part[key], *value] if isinstance(value, list) else value
    return look


def port(protocol: str, number: int, process: str, address: str = "::") -> dict[str, Any]:
    return {"protocol": protocol, "port": number, "address": address, "process": process}


def machine(look: dict[str, Any], **described: Any) -> list[Finding]:
    return of_machine(BOX, look, {"open_ports": [], **described}, ["shop"])


def test_a_machine_with_nothing_of_anybody_else_is_clean() -> None:
    assert machine(looked()) == []
    assert machine(looked(ports=[port("tcp", 5355, "systemd-resolve")])) == []
    assert machine(looked(ports=[port("tcp", 9100, "x")]), open_ports=[{"port": 9100, "protocol": "tcp"}]) == []


STRANGER = {"name": "x", "image": "x:1", "state": "running", "ports": []}


@pytest.mark.parametrize(
    ("changes", "field", "severity", "remedy"),
    [
        ({"ports": [port("tcp", 8080, "nc")]}, "ports[tcp/8080]", "critical", "stop nc, or"),
        ({"ports": [port("udp", 53, "dnsmasq", "10.0.0.1")]}, "ports[udp/53]", "high", "stop dnsmasq, or"),
        ({"ports": [port("tcp", 5355, "nc")]}, "ports[tcp/5355]", "critical", "stop nc, or"),
        ({"containers": [STRANGER]}, "containers[x]", "medium", "on box: sudo docker rm --force x"),
        ({"held": ["docker.io"]}, "packages[docker.io].held", "medium", "on box: sudo apt-mark unhold docker.io"),
        ({"sites": ["/etc/caddy/sites/x.caddy"]}, "files[/etc/caddy/sites/x.caddy]", "high", "on box: sudo rm "),
        ({"ufw": True}, "firewall[ufw]", "high", "on box: sudo ufw disable"),
        ({"tables": ["inet mine"]}, "firewall[nft inet mine]", "high", "on box: sudo nft delete table inet mine"),
        (
            {"rules": ["iptables -t filter -A INPUT -s 10.0.0.0/8 -j DROP"]},
            "firewall[iptables filter: -A INPUT -s 10.0.0.0/8 -j DROP]",
            "high",
            "on box: sudo iptables -t filter -D INPUT -s 10.0.0.0/8 -j DROP",
        ),
        (
            {"rules": ["ip6tables -t filter -P INPUT DROP"]},
            "firewall[ip6tables filter: -P INPUT DROP]",
            "high",
            "on box: sudo ip6tables -t filter -P INPUT ACCEPT",
        ),
    ],
)
def test_what_nobody_described_is_drift(changes: dict[str, Any], field: str, severity: str, remedy: str) -> None:
    (one,) = machine(looked(**changes))
    assert (one.state, one.severity, one.field) == ("drift", severity, field)
    assert one.remedy.startswith(remedy)


def test_a_port_of_both_families_is_one_finding() -> None:
    ports = [port("tcp", 8080, "nc"), port("tcp", 8080, "nc", "10.0.0.1"), port("tcp", 8080, "nc")]
    (one,) = machine(looked(ports=ports))
    assert one.found == {"addresses": ["::", "10.0.0.1"], "process": "nc"}


def test_a_service_that_nobody_describes_any_more_is_pending() -> None:
    assert told(machine(looked(services={"shop": {}, "old": {}}))) == [("pending", "medium", "services[old]")]


def test_rules_that_can_not_be_read_are_said() -> None:
    assert told(machine(looked(problems=["iptables: locked"]))) == [("unreadable", "high", "firewall")]


@pytest.fixture(autouse=True)
def nothing_seen() -> Iterator[None]:
    tasks.SEEN.clear()
    yield
    tasks.SEEN.clear()


def role() -> list[Finding]:
    return list(of_role("box", tasks.SEEN, state="drift", remedy="provision"))


TEXT = {"diff": [{"before": "a\nb: 1\n", "after": "a\nb: 2\n"}, {}]}
UNIT = {"state": "started", "enabled": True, "status": {"ActiveState": "inactive", "UnitFileState": "enabled"}}


@pytest.mark.parametrize(
    ("task", "result", "expected", "before", "severity"),
    [
        ("Configure it", TEXT, {"lines": ["b: 2"]}, {"lines": ["b: 1"]}, "medium"),
        ("Start it", UNIT, {"state": "started"}, {"state": "stopped"}, "critical"),
        (
            "Start it",
            {**UNIT, "status": {"ActiveState": "active", "UnitFileState": "disabled"}},
            {"enabled": True},
            {"enabled": False},
            "high",
        ),
        (
            "Have a folder",
            {"diff": {"before": {"path": "/x", "mode": "0700"}, "after": {"path": "/x", "mode": "0755"}}},
            {"mode": "0755"},
            {"mode": "0700"},
            "medium",
        ),
        ("Install", {"msg": "Would install caddy"}, "Would install caddy", "something else", "medium"),
        ("Write it", {"diff": {"before": "", "after": "token: a\n"}}, {"lines": ["token: ********"]}, None, "medium"),
    ],
)  # fmt: skip
def test_a_task_that_would_change_something_is_drift(
    task: str, result: dict[str, Any], expected: Any, before: Any, severity: str
) -> None:
    tasks.note("box", task, {"changed": True, **copy.deepcopy(result)})
    tasks.note("other", task, {"changed": True, **result})
    tasks.note("box", "Look", {"changed": False, **result})
    (one,) = role()
    assert (one.field, one.expected, one.found, one.severity) == (task, expected, before, severity)


def test_of_a_loop_each_item_is_told_by_its_name() -> None:
    items = [{"item": "a", "changed": False}, {"item": "b", "changed": True, **TEXT}, {"item": "c", "skipped": True}]
    tasks.note("box", "Have files", {"changed": True, "results": items})
    assert [one.field for one in role()] == ["Have files[b]"]
    assert len(tasks.SEEN) == 3
