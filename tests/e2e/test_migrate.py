"""migrate.yml as a person runs it: a service moves between Fargate and a machine while a client asks all along.

The Fargate side is a real deploy; in the place of the machine's own proxy answers a server on loopback, and the records
have the machine's Elastic IP address.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from demo import embedded_aws
from demo.embedded_aws import ROOT, EmbeddedAws
from demo.seed import seed
from tests.e2e.playbook import Result, ansible_playbook
from tests.emulators.emulator import Emulator

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(900)]
DOMAIN, ZONE = "api.homu.kr", "homu.kr"
HOST = ("--limit", "homu-backend")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1d6Lr3mPqXK4o2yqk9Yw3y7m3r8yW3F4e8b9l0tQ2V me@home\n"
MACHINE: dict[str, Any] = {
    # A disk as the embedded AWS makes every disk.
    "machine_disk_size_gib": 8,
    "machine_disk_encrypted": False,
    "machine_ssh_cidrs": ["203.0.113.7/32"],
    "machine_image": "ami-0123456789abcdef0",
    "ansible_user": "ubuntu",
}
BOTH, FARGATE, COMPOSE = ("fargate", "compose"), ("fargate",), ("compose",)
# The role alone: on the machine there is nobody to deploy to.
ROLE = """
- hosts: fargate
  gather_facts: false
  vars: {ansible_connection: local, ansible_host: 127.0.0.1}
  tasks:
    - service_description:
      register: _service_description
    - include_role: {name: fargate}
      vars: {fargate_service: "{{ _service_description.service }}"}
"""
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Side:
    """What answers in the place of the machine's proxy."""

    def __init__(self) -> None:
        self.healthy = True
        side = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b"compose"
                self.send_response(200 if side.healthy or self.path != "/health" else 500)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._handler, self._server = Handler, ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.begin()

    def begin(self) -> None:
        """Answer."""
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        """Refuse connections."""
        self._server.shutdown()
        self._server.server_close()

    def again(self) -> None:
        """Answer at the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        self.begin()


@dataclass
class Asked:
    """What a client got: good answers by side, and when another answer or none."""

    good: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[float, str, str]] = field(default_factory=list)


@dataclass
class World:
    """An account with both sides."""

    aws: EmbeddedAws
    inventory: Path
    side: Side

    def client(self, service: str) -> Any:
        return Emulator("ministack", self.aws.endpoint).client(service)

    def groups(self, groups: tuple[str, ...]) -> None:
        """Say in hosts.yml which groups the service is in."""
        children: dict[str, Any] = {group: {"hosts": {}} for group in BOTH}
        for group in groups:
            children[group] = {"hosts": {"homu-backend": {}}}
        children["machine"] = {"hosts": {"homu-machine": {}}}
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        (self.inventory / "hosts.yml").write_text(json.dumps({"all": {"vars": local, "children": children}}))

    def play(self, playbook: str, *arguments: str, succeeds: bool = True) -> Result:
        command = (playbook, "-i", str(self.inventory), *arguments)
        result = ansible_playbook(*command, environment=self.aws.environment())
        assert (result.code == 0) is succeeds, result.output
        assert "Traceback" not in result.output
        return result

    def migrate(self, to: str, *arguments: str) -> tuple[str, ...]:
        """What a person types; asked at the server, and with short steps."""
        here = f"migrate_connect_to=http://127.0.0.1:{self.side.port}"
        return (*HOST, "-e", f"to={to}", "-e", here, "-e", "pause=2", *arguments)

    def follow(self, to: str, at_line: Callable[[str, int], None]) -> tuple[int, str]:
        """Run migrate.yml, and do something at each of its lines, with its process group."""
        process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *("migrate.yml", "-i", str(self.inventory), *self.migrate(to)),
            ],
            cwd=ROOT,
            env={**os.environ, **self.aws.environment(), "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            at_line(line, process.pid)
        process.stdout.close()
        return process.wait(60), "".join(said)

    def lose(self, to: str, lose: Callable[[], None], told: str) -> None:
        """Lose the new side at 50 %: whom the records led there has errors until they are back, and nobody else has."""
        self.groups(BOTH)
        old, moments = next(side for side in BOTH if side != to), dict[str, float]()

        def at_line(line: str, _: int) -> None:
            if f"50 % of the requests go to {to}: watching" in line:
                moments["gone"] = time.monotonic()
                lose()
            if f"All requests of {DOMAIN} go to {old} again" in line:
                moments["back"] = time.monotonic()

        with self.asking() as asked:
            code, output = self.follow(to, at_line)
            time.sleep(1)
        assert code != 0
        assert told in output
        assert "Traceback" not in output
        assert {side for _, side, _ in asked.bad} <= {to}
        assert all(moments["gone"] <= when <= moments["back"] for when, _, _ in asked.bad)
        assert moments["back"] - moments["gone"] < 20

    def tasks(self, count: int) -> None:
        """Let so many tasks run on Fargate, and wait until they answer, or nobody does."""
        ecs = self.client("ecs")
        ecs.update_service(cluster="homu-cluster", service="homu-backend-service", desiredCount=count)
        deadline = time.monotonic() + 60
        while self._fargate_answers() is not (count > 0):
            assert time.monotonic() < deadline, "the tasks stay as they are"
            time.sleep(0.2)

    def _fargate_answers(self) -> bool:
        try:
            return self._get({"AliasTarget": {"DNSName": "homu-alb"}})
        except OSError:
            return False

    def records(self) -> list[dict[str, Any]]:
        """The A records of the domain."""
        route53 = self.client("route53")
        [zone] = [one for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == f"{ZONE}."]
        sets = route53.list_resource_record_sets(HostedZoneId=zone["Id"], StartRecordName=DOMAIN)["ResourceRecordSets"]
        return [one for one in sets if one["Name"] == f"{DOMAIN}." and one["Type"] == "A"]

    def serving(self) -> str:
        """Where the domain's only record leads."""
        [record] = self.records()
        assert "Weight" not in record
        return "fargate" if "AliasTarget" in record else "compose"

    def weights(self) -> dict[str, int]:
        return {one["SetIdentifier"]: one["Weight"] for one in self.records() if "Weight" in one}

    @contextmanager
    def asking(self) -> Iterator[Asked]:
        """A client that resolves the domain anew for each request, as the weights say."""
        asked, ended = Asked(), Event()

        def ask() -> None:
            while not ended.wait(0.05):
                records = self.records()
                weights = [one.get("Weight", 1) for one in records]
                [record] = random.choices(records, weights)  # noqa: S311
                side = "fargate" if "AliasTarget" in record else "compose"
                try:
                    assert self._get(record)
                    asked.good[side] += 1
                except (OSError, AssertionError) as error:
                    asked.bad.append((time.monotonic(), side, repr(error)))

        client = Thread(target=ask, daemon=True)
        client.start()
        try:
            yield asked
        finally:
            ended.set()
            client.join(30)

    def _get(self, record: dict[str, Any]) -> bool:
        if "AliasTarget" in record:
            assert "homu-alb" in record["AliasTarget"]["DNSName"]
            url, headers = f"{self.aws.endpoint}/_alb/homu-alb/api/health", {"Host": f"{DOMAIN}:443"}
        else:
            assert record["ResourceRecords"] == [{"Value": self.address}]
            url, headers = f"http://127.0.0.1:{self.side.port}/api/health", {"Host": DOMAIN}
        with _direct.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return bool(answer.read())

    @property
    def address(self) -> str:
        """The machine's Elastic IP address."""
        [address] = self.client("ec2").describe_addresses()["Addresses"]
        return str(address["PublicIp"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, python_image: str) -> Iterator[World]:
    """HOMU serves on Fargate, and its machine is there."""
    folder = tmp_path_factory.mktemp("move")
    for name in ("group_vars", "host_vars"):
        shutil.copytree(ROOT / "inventories" / "local" / name, folder / "inventory" / name)
    (folder / "key.pub").write_text(KEY)
    described = {
        "homu-backend": {"service_machine": "homu-machine", "service_domain": DOMAIN, "service_hosted_zone": ZONE},
        "homu-machine": MACHINE | {"machine_public_key_file": str(folder / "key.pub")},
    }
    for host, variables in described.items():
        (folder / "inventory" / "host_vars" / host).mkdir(exist_ok=True)
        (folder / "inventory" / "host_vars" / host / "z.yml").write_text(json.dumps(variables))
    aws = embedded_aws.start(folder / "aws", containers=True)
    side = Side()
    try:
        one = World(aws, folder / "inventory", side)
        one.groups(FARGATE)
        seed(aws, str(one.inventory))
        one.play("provision.yml", "--tags", "aws")
        one.play("deploy.yml", *HOST)
        assert one.serving() == "fargate"
        yield one
    finally:
        side.end()
        embedded_aws.stop(aws, build_cache=False)


def test_a_service_in_one_group_is_not_moved(world: World) -> None:
    refused = world.play("migrate.yml", *world.migrate("compose"), succeeds=False)
    assert "homu-backend is in the group fargate alone" in refused.output
    world.groups(BOTH)
    refused = world.play("migrate.yml", *HOST, succeeds=False)
    assert "Say where to" in refused.output
    assert world.serving() == "fargate"


def test_to_the_machine(world: World) -> None:
    world.groups(BOTH)
    planned = world.play("migrate.yml", *world.migrate("compose", "--check", "--diff"))
    assert "would give compose 10 %, then 50 %, then 100 % of the requests of api.homu.kr" in planned.output
    assert f"+api.homu.kr. A -> {world.address}" in planned.output
    assert world.serving() == "fargate"

    with world.asking() as asked:
        moved = world.play("migrate.yml", *world.migrate("compose"))
    assert asked.bad == []
    assert asked.good["fargate"] > 5
    assert asked.good["compose"] > 5
    for told in ("10 % of the requests go to compose: ", "50 % of the requests go to compose: ", "answers good"):
        assert told in moved.output
    assert world.serving() == "compose"
    again = world.play("migrate.yml", *world.migrate("compose"))
    assert again.changed == {"homu-backend": 0}
    assert "already: nothing to do" in again.output


def test_what_runs_next_does_not_undo_it(world: World) -> None:
    before = world.records()
    world.groups(BOTH)
    world.play("provision.yml", "--tags", "aws")
    assert world.records() == before
    world.groups(COMPOSE)
    assert world.play("provision.yml", "--tags", "aws").changed == {"homu-machine": 0}
    assert world.records() == before


def test_tasks_that_are_gone_half_way(world: World) -> None:
    try:
        world.lose("fargate", lambda: world.tasks(0), "answers 50")
    finally:
        world.tasks(1)
    assert world.serving() == "compose"


def test_a_killed_move_goes_on_where_it_is(world: World, tmp_path: Path) -> None:
    world.groups(BOTH)

    def kill(line: str, pid: int) -> None:
        if "50 % of the requests go to fargate: watching" in line:
            os.killpg(pid, signal.SIGKILL)

    with world.asking() as asked:
        code, _ = world.follow("fargate", kill)
        assert code == -signal.SIGKILL
        assert world.weights() == {"homu-backend": 50, "homu-backend-compose": 50}

        # Neither a deploy nor a provision in between moves anything.
        (tmp_path / "role.yml").write_text(ROLE)
        assert world.play(str(tmp_path / "role.yml"), *HOST).changed == {"homu-backend": 0}
        world.play("provision.yml", "--tags", "aws")
        assert world.weights() == {"homu-backend": 50, "homu-backend-compose": 50}

        done = world.play("migrate.yml", *world.migrate("fargate"))
    assert asked.bad == []
    assert "10 % of the requests" not in done.output
    assert "50 % of the requests go to fargate: " in done.output
    assert world.serving() == "fargate"
    world.groups(FARGATE)
    assert world.play("deploy.yml", *HOST).changed == {"homu-backend": 0}
    assert world.serving() == "fargate"


def test_a_new_side_that_is_not_healthy_half_way(world: World) -> None:
    """It says so itself, and answers its clients meanwhile: none of them sees an error."""
    world.groups(BOTH)

    def fall_ill(line: str, _: int) -> None:
        if "50 % of the requests go to compose: watching" in line:
            world.side.healthy = False

    try:
        with world.asking() as asked:
            code, output = world.follow("compose", fall_ill)
            time.sleep(1)
    finally:
        world.side.healthy = True
    assert code != 0
    assert asked.bad == []
    assert asked.good["compose"] > 0
    for told in (
        "compose fails: all requests go back to fargate",
        "answers 500",
        "That was at 50 %. All requests of api.homu.kr go to fargate again.",
    ):
        assert told in output
    assert "Traceback" not in output
    assert world.serving() == "fargate"


def test_a_machine_that_is_gone_half_way(world: World) -> None:
    try:
        world.lose("compose", world.side.end, "refuses connections")
    finally:
        world.side.again()
    assert world.serving() == "fargate"


def test_a_side_that_does_not_answer_gets_nothing(world: World) -> None:
    world.groups(BOTH)
    world.side.healthy = False
    try:
        with world.asking() as asked:
            refused = world.play("migrate.yml", *world.migrate("compose"), succeeds=False)
    finally:
        world.side.healthy = True
    assert "Nothing was moved." in refused.output
    assert (asked.bad, asked.good["compose"], world.serving()) == ([], 0, "fargate")
