"""The role `machine`, on each distribution that a machine can be made of here."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.lab.host import LabHost
from tests.lab.host import lab_host as running
from tests.lab.image import suites
from tests.lab.playing import Play, play
from tests.lab.releases import offer

# What the role writes, or its packages do.
TRACES = "/etc/docker /etc/caddy /etc/slipway /usr/local/lib/slipway /etc/systemd/journald.conf.d /usr/bin/caddy"


class Prepared:
    """A machine, and the runs that prepared it."""

    def __init__(self, host: LabHost) -> None:
        self.host = host
        self.variables: dict[str, object] = {"machine_acme_email": "ops@example.com", **offer(host)}
        self.checked = play(host, self.variables, "--check", "--diff")
        self.left_by_check = host.exec("sh", "-c", f"ls -d {TRACES} 2>/dev/null || true")
        self.first = play(host, self.variables)


@pytest.fixture(scope="module", params=suites())
def prepared(request: pytest.FixtureRequest, docker_engine: DockerClient, lab_folder: Path) -> Iterator[Prepared]:
    """A machine of each distribution, from bare."""
    with running(docker_engine, lab_folder, request.param) as host:
        yield Prepared(host)


def succeeded(run: Play) -> Play:
    assert run.ok, run.failures or run.output
    return run


def test_a_bare_machine_is_prepared_after_a_check_that_writes_nothing(prepared: Prepared) -> None:
    succeeded(prepared.checked)
    assert "Install the distribution's packages" in prepared.checked.changed
    assert prepared.left_by_check == ""
    succeeded(prepared.first)
    # What the check announced is what then changed, but for what only an installed package makes possible.
    announced, done = set(prepared.checked.changed), set(prepared.first.changed)
    assert announced <= done
    assert prepared.host.exec("systemctl", "is-system-running") == "running"


def test_a_second_run_changes_nothing_and_a_check_says_so(prepared: Prepared) -> None:
    assert succeeded(play(prepared.host, prepared.variables)).changed == ()
    assert succeeded(play(prepared.host, prepared.variables, "--check")).changed == ()


@pytest.mark.parametrize(
    "unit", ["docker.service", "caddy.service", "chrony.service", "slipway-disk-guard.timer", "apt-daily-upgrade.timer"]
)
def test_what_must_run_runs_and_starts_at_boot(prepared: Prepared, unit: str) -> None:
    assert prepared.host.exec("systemctl", "is-active", unit) == "active"
    assert prepared.host.exec("systemctl", "is-enabled", unit) == "enabled"


def test_docker_has_the_options_and_compose_is_version_2_or_later(prepared: Prepared) -> None:
    told = json.loads(prepared.host.exec("docker", "info", "--format", "{{json .}}"))
    assert told["LiveRestoreEnabled"] is True
    assert told["LoggingDriver"] == "local"
    version = prepared.host.exec("docker", "compose", "version", "--short").lstrip("v")
    assert int(version.split(".")[0]) >= 2


def test_security_updates_are_on_and_the_machine_does_not_restart_by_itself(prepared: Prepared) -> None:
    dump = prepared.host.exec("apt-config", "dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in dump
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in dump
    assert "-security" in dump.lower()


def test_the_time_server_is_preferred(prepared: Prepared) -> None:
    assert "169.254.169.123" in prepared.host.exec("chronyc", "-n", "sources")


def test_a_site_is_served_after_a_reload(prepared: Prepared) -> None:
    prepared.host.put('http://:80 {\n\trespond "from the machine"\n}\n', "/etc/caddy/sites/test.caddy")
    prepared.host.exec("systemctl", "reload", "caddy.service")
    with urllib.request.urlopen(f"http://{prepared.host.address}/", timeout=5) as answer:
        assert answer.read() == b"from the machine"


def test_a_small_machine_would_get_swap(prepared: Prepared) -> None:
    # Only announced: a swap file in use would be this machine's, and not the container's.
    small = {**prepared.variables, "machine_swap_below_mib": 1_000_000}
    announced = succeeded(play(prepared.host, small, "--check")).changed
    assert announced == ("Make the swap file", "Describe the swap file to systemd")


def test_a_wrong_configuration_of_the_proxy_is_refused_before_it_is_used(prepared: Prepared) -> None:
    run = play(prepared.host, {**prepared.variables, "machine_acme_directory": "{"})
    assert not run.ok
    assert run.failures[0].startswith("Configure Caddy")
    assert "acme_ca {" not in prepared.host.exec("cat", "/etc/caddy/Caddyfile")
    assert prepared.host.exec("systemctl", "is-active", "caddy.service") == "active"


def test_containers_survive_a_restart_of_docker_and_come_back_after_a_reboot(prepared: Prepared) -> None:
    host = prepared.host
    files = "bin/sleep lib lib64 usr/lib/x86_64-linux-gnu usr/bin/sleep usr/lib64"
    host.exec("sh", "-c", f"tar -C / -c {files} 2>/dev/null | docker import - lab/sleep:1")
    host.exec("docker", "run", "--detach", "--name", "kept", "--restart=always", "lab/sleep:1", "sleep", "infinity")
    started = host.exec("docker", "inspect", "-f", "{{.State.StartedAt}}", "kept")
    changed = succeeded(play(host, {**prepared.variables, "machine_container_log_max_files": 6})).changed
    assert set(changed) == {"Configure Docker", "Let Docker read its configuration", "Restart Docker"}
    assert host.exec("docker", "inspect", "-f", "{{.State.StartedAt}} {{.State.Running}}", "kept") == f"{started} true"
    host.reboot()
    assert host.exec("systemctl", "is-system-running") == "running"
    assert host.exec("docker", "inspect", "-f", "{{.State.Running}}", "kept") == "true"
