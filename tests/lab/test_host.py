"""The lab itself: what a test may rely on when it is given a machine."""

from __future__ import annotations

import time
import urllib.request

import pytest
from docker import DockerClient

from tests.lab.host import LABEL, LabHost
from tests.lab.releases import COMPOSE as COMPOSE_RELEASE
from tests.lab.releases import binary

UNIT = "/etc/systemd/system/lab-test.service"
PAGE = "served by a container in the machine"
COMPOSE = """\
services:
  web:
    image: lab-web:1
    command: [busybox, httpd, -f, -p, "8000", -h, /srv]
    ports: ["8000:8000"]
    restart: unless-stopped
"""


def _get(host: LabHost, port: int, seconds: float = 15) -> str:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://{host.address}:{port}/", timeout=2) as answer:
                return str(answer.read().decode().strip())
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_process_1_is_systemd_and_everything_runs(lab_host: LabHost) -> None:
    assert lab_host.exec("cat", "/proc/1/comm") == "systemd"
    assert lab_host.exec("systemctl", "is-system-running") == "running"
    assert lab_host.exec("systemctl", "list-units", "--failed", "--no-legend") == ""


def test_it_is_entered_over_ssh_by_a_user_who_may_become_root(lab_host: LabHost) -> None:
    assert lab_host.ssh("id -un") == "admin"
    assert lab_host.ssh("sudo id -un") == "root"


def test_it_cannot_set_this_machines_clock(lab_host: LabHost) -> None:
    effective = int(lab_host.exec("sh", "-c", "grep CapEff /proc/1/status | cut -f2"), 16)
    assert not effective >> 25 & 1  # CAP_SYS_TIME


def test_a_reboot_keeps_files_and_address_and_starts_what_is_enabled(lab_host: LabHost) -> None:
    lab_host.put("[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n", UNIT)
    lab_host.exec("systemctl", "enable", "lab-test.service")
    address = lab_host.address
    lab_host.exec("touch", "/run/gone", "/var/kept")
    lab_host.reboot()
    assert lab_host.container.attrs["NetworkSettings"]["Networks"][lab_host.name]["IPAddress"] == address
    assert lab_host.exec("systemctl", "is-active", "lab-test.service") == "active"
    assert lab_host.exec("ls", "/var/kept") == "/var/kept"
    assert "No such file" in lab_host.exec("ls", "/run/gone", check=False)


def test_compose_serves_over_http_also_after_a_reboot(docker_host: LabHost, docker_engine: DockerClient) -> None:
    docker_host.put(binary(*COMPOSE_RELEASE), "/usr/libexec/docker/cli-plugins/docker-compose", mode="0755")
    assert docker_host.exec("docker", "compose", "version", "--short").split(".")[0] >= "2"
    _busybox(docker_host)
    docker_host.put(COMPOSE, "/srv/web/compose.yml")
    docker_host.exec("docker", "compose", "--project-directory", "/srv/web", "up", "--detach")
    assert _get(docker_host, 8000) == PAGE
    docker_host.reboot()
    assert _get(docker_host, 8000) == PAGE
    assert docker_engine.containers.list(filters={"label": f"{LABEL}={docker_host.name}"})


def _busybox(host: LabHost) -> None:
    """Make an image from the machine's own files: no registry answers."""
    host.exec("apt-get", "update", "-qq")
    host.exec("apt-get", "install", "-y", "-qq", "busybox-static")
    script = f"""set -e
    mkdir -p /tmp/root/bin /tmp/root/srv
    cp /bin/busybox /tmp/root/bin/busybox
    echo '{PAGE}' >/tmp/root/srv/index.html
    tar -C /tmp/root -c . | docker import - lab-web:1"""
    host.exec("sh", "-c", script)


@pytest.mark.parametrize("path", ["/var/lib/docker", "/var/lib/containerd"])
def test_dockers_data_is_not_on_an_overlay(docker_host: LabHost, path: str) -> None:
    assert docker_host.exec("stat", "-f", "-c", "%T", path) != "overlayfs"
