"""A second service on HOMU's machine, with a domain and a certificate; and what an operator does by systemctl."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from slipway_host import paths
from tests.e2e.playbook import Result, ansible_playbook
from tests.lab.homu import Homu, failed, succeeded, until

# Caddy makes a certificate for such a name itself, and asks nobody.
DOMAIN = "guest.localhost"
AUTHORITY = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
GUEST: dict[str, Any] = {
    "service_machine": "box",
    "service_repository": "guest",
    "service_build_context": "examples/fastapi",
    "service_cpu": 256,
    "service_memory": 256,
    "service_container_port": 8000,
    "service_desired_count": 2,
    "service_domain": DOMAIN,
    "service_health_check": {"path": "/health", "interval": 5, "timeout": 2, "healthy_threshold": 2},
    "service_deregistration_delay": 2,
    # Whoever deploys does not know the authority of the certificate.
    "service_http_check": False,
}


@dataclass(frozen=True)
class Guest:
    """The second service."""

    homu: Homu
    name: str = "guest"

    def deploy(self, **edited: Any) -> Result:
        """Run deploy.yml for it alone, with an edited description."""
        inventory = self.homu.folder / self.name
        shutil.copytree(self.homu.inventory, inventory, dirs_exist_ok=True)
        described = {"compose": {"hosts": {self.name: {**GUEST, **edited}}}}
        (inventory / "guest.json").write_text(json.dumps(described))
        command = ("deploy.yml", "-i", str(inventory), "--limit", self.name)
        return ansible_playbook(*command, environment=self.homu.environment())

    def get(self, path: str) -> tuple[str, dict[str, Any]]:
        """What is answered over TLS to a client that knows the machine's authority: status line and body."""
        context = ssl.create_default_context(cadata=self.homu.host.exec("cat", AUTHORITY))
        with (
            socket.create_connection((self.homu.host.address, 443), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=DOMAIN) as secure,
        ):
            secure.sendall(f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: secure.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.split(b"\r\n")[0].decode(), json.loads(body)

    def containers(self) -> int:
        """How many of its containers run."""
        form = '--format={{.Label "com.docker.compose.project"}}'
        projects = self.homu.host.exec("docker", "ps", form).split()
        return sum(project.startswith(f"{self.name}-") for project in projects)


@pytest.fixture(scope="module")
def deployed(homu_machine: Homu, first_release: Result) -> Result:
    """The second service's first release, beside visitors of the first."""
    with homu_machine.visited(rate=240):
        return succeeded(Guest(homu_machine).deploy())


@pytest.fixture
def guest(homu: Homu, deployed: Result) -> Guest:
    return Guest(homu)


def test_each_answers_to_its_own_name(guest: Guest) -> None:
    status, body = guest.get("/")
    assert status.endswith("200 OK")
    assert body["service"] == "example"
    assert guest.homu.get()["service"] == "homu"
    assert guest.containers() == 2


def test_both_of_its_containers_get_requests(guest: Guest) -> None:
    assert len({guest.get("/")[1]["host"] for _ in range(12)}) == 2


def test_its_domain_leads_from_http_to_https(guest: Guest) -> None:
    with socket.create_connection((guest.homu.host.address, 80), timeout=10) as plain:
        plain.sendall(f"GET /a HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: plain.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 308 ")
    assert f"Location: https://{DOMAIN}/a" in answer


def test_before_the_proxy_is_reloaded_answers_end_their_connections(guest: Guest) -> None:
    """A reload closes idle connections, and the next request on one of them would be lost."""
    host = guest.homu.host

    def ends() -> bool:
        connection = HTTPConnection(host.address, timeout=10)
        connection.request("GET", "/health")
        with contextlib.closing(connection), connection.getresponse() as answer:
            return answer.getheader("Connection") == "close"

    assert not ends()
    host.exec("touch", str(paths.LEAVING))
    try:
        assert ends()
    finally:
        host.exec("rm", "-f", str(paths.LEAVING))
    assert not ends()


def test_neither_is_touched_by_a_deploy_of_the_other(guest: Guest) -> None:
    assert succeeded(guest.deploy()).changed == {"guest": 0}
    assert succeeded(guest.homu.deploy()).changed == {"homu": 0}


def test_a_first_release_that_fails_leaves_nothing_that_runs(homu: Homu) -> None:
    stranger, host = Guest(homu, "stranger"), homu.host
    program = "raise SystemExit('nobody knows me')"
    with homu.visited():
        result = stranger.deploy(service_domain="stranger.localhost", service_command=["python", "-c", program])
    failed(result, "exited with code 1", "nobody knows me", "what serves now: nothing")
    assert stranger.containers() == 0
    assert host.exec("systemctl", "is-active", "stranger.service", check=False) == "inactive"
    assert "stranger" not in host.exec("sh", "-c", "cat /etc/hosts; ls /etc/caddy/sites /etc/systemd/system")
    assert succeeded(homu.deploy()).changed == {"homu": 0}


def test_systemctl_stops_and_starts_it_and_nothing_else(guest: Guest) -> None:
    host = guest.homu.host
    with guest.homu.visited():
        host.exec("systemctl", "stop", "guest.service")
        assert guest.containers() == 0
        assert host.exec("systemctl", "is-active", "guest.service", check=False) == "inactive"
        host.exec("systemctl", "start", "guest.service")
        assert guest.containers() == 2
        until(lambda: guest.get("/health")[0].endswith("200 OK"))
    assert "release " in host.exec("systemctl", "status", "--no-pager", "guest.service")


@pytest.mark.parametrize("signal", ["KILL", "SEGV"])
def test_a_unit_that_is_killed_is_there_again_and_nothing_restarted(guest: Guest, signal: str) -> None:
    host = guest.homu.host
    web = host.exec("docker", "ps", "--filter=name=guest-", "--format={{.Names}}").split()
    before = [guest.homu.started(name) for name in web]
    host.exec("systemctl", "kill", f"--signal={signal}", "--kill-whom=main", "guest.service")
    until(lambda: host.exec("systemctl", "is-active", "guest.service", check=False) == "active", 30)
    assert [guest.homu.started(name) for name in web] == before


def test_a_container_that_crashes_is_started_again(guest: Guest) -> None:
    host = guest.homu.host
    web = host.exec("docker", "ps", "--filter=name=guest-", "--format={{.Names}}").split()[0]
    before = guest.homu.started(web)
    host.exec("sh", "-c", f"kill -9 $(docker inspect --format '{{{{.State.Pid}}}}' {web})")
    until(lambda: guest.homu.started(web) != before and guest.containers() == 2)
    assert succeeded(guest.deploy()).changed == {"guest": 0}
