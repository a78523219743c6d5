"""schedule.yml on a control host: a timer that fires by itself, tells what changed, and survives a reboot."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from demo import embedded_aws
from demo.embedded_aws import ROOT, EmbeddedAws
from demo.seed import SIMULATED_TAG, simulated_image
from tests.e2e.playbook import Result, ansible_playbook
from tests.e2e.recording import Answer, Recording, recording
from tests.emulators.emulator import Emulator
from tests.emulators.fixtures import absent
from tests.lab.host import SSH, LabHost
from tests.lab.host import lab_host as running

NAME = "slipway-drift-lab"
LEFT = f"/etc/systemd/system/{NAME}.service /etc/systemd/system/{NAME}.timer /etc/slipway/{NAME}.env /var/lib/{NAME}"
SERVICE: dict[str, Any] = {
    "service_repository": "web",
    "service_image_tag": SIMULATED_TAG,
    "service_http_check": False,
    "service_cluster": "lab",
    "service_cpu": 256,
    "service_memory": 512,
    "service_container_port": 8000,
    "service_health_check": {"path": "/health"},
    "service_log_retention_days": 30,
    "service_notify_slack_webhook": "ssm:/lab/slack",
}


class Tunnel:
    """Ports of this machine's loopback interface, at the same address of the control host."""

    def __init__(self, host: LabHost, *ports: int) -> None:
        self._host, self._ports = host, ports
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Let the host reach them, also again after a reboot."""
        self.close()
        ways = [word for port in self._ports for word in ("-R", f"127.0.0.1:{port}:127.0.0.1:{port}")]
        command = ["ssh", *SSH, "-o", "ExitOnForwardFailure=yes", "-i", str(self._host.key), "-N", *ways]
        nothing = subprocess.DEVNULL
        end = time.monotonic() + 15
        while not self._is_open():
            if self._process is None or self._process.poll() is not None:
                where = f"{self._host.user}@{self._host.address}"
                self._process = subprocess.Popen([*command, where], stdin=nothing, stdout=nothing, stderr=nothing)
            assert time.monotonic() < end
            time.sleep(0.1)

    def _is_open(self) -> bool:
        listening = self._host.exec("ss", "-Htln", check=False)
        return all(f"127.0.0.1:{port} " in listening for port in self._ports)

    def close(self) -> None:
        """Cut the way."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            self._process = None


class Control:
    """The control host, what it checks, and who is told."""

    def __init__(self, host: LabHost, aws: EmbeddedAws, inventory: Path, slack: Recording) -> None:
        self.host, self.aws, self.inventory, self.slack = host, aws, inventory, slack
        self.logs: Any = Emulator("ministack", aws.endpoint).client("logs")
        self.tunnel = Tunnel(host, aws.port, int(slack.url.rpartition(":")[2]))

    def play(self, *arguments: str) -> Result:
        """What a person types."""
        command = ("-i", str(self.inventory), *arguments)
        return ansible_playbook(*command, environment=self.aws.environment())

    def schedule(self, *arguments: str, **variables: Any) -> Result:
        """Install or remove it."""
        given = {"schedule_on_calendar": "*:*:0/20", "schedule_jitter_seconds": 0, **variables}
        return self.play("schedule.yml", "--tags", "host", "-e", json.dumps(given), *arguments)

    def check(self) -> str:
        """Let the service check now, beside what the timer does; how it ended."""
        # One that the timer has begun began before what the test did.
        self.ended()
        self.host.exec("systemctl", "start", f"{NAME}.service", check=False)
        return self.ended()

    def ended(self) -> str:
        """How the last check ended: systemd's verdict, and the status of the program; one that runs has neither yet."""
        command = ["systemctl", "show", "--property=ActiveState,Result,ExecMainStatus", f"{NAME}.service"]
        while True:
            shown = dict(line.split("=", 1) for line in self.host.exec(*command).splitlines())
            if not shown["ActiveState"].endswith("activating"):
                return f"{shown['Result']} {shown['ExecMainStatus']}"
            time.sleep(0.2)

    @contextmanager
    def with_settings(self, text: str) -> Iterator[None]:
        """Other settings of the service until the block ends."""
        dropped = f"/run/systemd/system/{NAME}.service.d/test.conf"
        self.host.put(f"[Service]\n{text}\n", dropped)
        self.host.exec("systemctl", "daemon-reload")
        try:
            yield
        finally:
            self.host.exec("rm", dropped)
            self.host.exec("systemctl", "daemon-reload")

    def journal(self) -> str:
        """What the unit said since the machine started."""
        return self.host.exec("journalctl", "--boot", "--no-pager", "--output=cat", f"--unit={NAME}.service")

    def fired(self) -> int:
        """How often a check has ended since the machine started."""
        return self.journal().count(f"{NAME}.service: Deactivated successfully")

    def told(self) -> list[str]:
        """What Slack was sent since it was asked last."""
        found = [request.body["text"] for request in self.slack.requests]
        self.slack.requests.clear()
        return found


def wait_for(control: Control, fired: int) -> None:
    """Wait until the timer has made that many checks end."""
    end = time.monotonic() + 75
    while control.fired() < fired:
        assert time.monotonic() < end, control.host.logs()[-3000:]
        time.sleep(0.5)


def python_of_the_tests() -> Path:
    """Where the tests' own Python is, which the control host has at the same path."""
    base = Path(sys.base_prefix).resolve()
    if base == Path("/usr"):
        absent("docker", "the tests' Python is the system's, which can't be lent to a machine of another distribution")
    return base


def described(folder: Path, host: LabHost, aws: EmbeddedAws) -> None:
    """One service, and the control host."""
    control = {
        **host.variables(),
        "schedule_project_dir": str(ROOT),
        "schedule_inventory": str(folder),
        "schedule_environment": {},
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    common = {
        "deployment_environment": "lab",
        "service_region": embedded_aws.REGION,
        "service_image_registry": aws.endpoint.removeprefix("http://"),
    }
    hosts = {"fargate": {"web": SERVICE}, "compose": {}, "machine": {}, "control": {"ops": control}}
    children = {group: {"hosts": members} for group, members in hosts.items()}
    document = {"all": {"vars": local | common, "children": children}}
    (folder / "hosts.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture(scope="module")
def control(
    docker_engine: DockerClient, lab_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Control]:
    """A control host with this project on it, and one service that it is to check."""
    mounts = tuple(dict.fromkeys([ROOT, (ROOT / ".venv").resolve(), python_of_the_tests()]))
    aws = embedded_aws.start(tmp_path_factory.mktemp("aws"), containers=False)
    # In the project, as on a real host: the service has a /tmp of its own.
    inventory = ROOT / ".run" / f"control-{aws.port}"
    inventory.mkdir(parents=True)
    try:
        with (
            recording(lambda _: Answer()) as slack,
            running(docker_engine, lab_folder, mounts=mounts) as host,
        ):
            # The tests' Python may be of root's own.
            host.exec("chmod", "0755", "/root")
            described(inventory, host, aws)
            made = Control(host, aws, inventory, slack)
            release(made)
            made.tunnel.open()
            try:
                yield made
            finally:
                made.tunnel.close()
    finally:
        shutil.rmtree(inventory)
        embedded_aws.stop(aws)


def release(control: Control) -> None:
    """Deploy the service, so that there is something to compare."""
    client = Emulator("ministack", control.aws.endpoint).client
    simulated_image(control.aws, "web")
    client("ssm").put_parameter(Name="/lab/slack", Type="SecureString", Value=f"{control.slack.url}/hook")
    done = control.play("deploy.yml", "--skip-tags", "preflight")
    assert done.code == 0, done.output


@pytest.fixture(scope="module")
def installed(control: Control) -> Control:
    """Installed, after a check that wrote nothing."""
    variables = {"schedule_environment": control.aws.environment()}
    announced = control.schedule("--check", "--diff", **variables)
    assert announced.code == 0, announced.output
    assert control.host.exec("sh", "-c", f"ls -d {LEFT} 2>/dev/null || true") == ""
    first = control.schedule(**variables)
    assert first.code == 0, first.output
    assert announced.changed["ops"] > 0
    again = control.schedule(**variables)
    assert (again.code, again.changed["ops"]) == (0, 0), again.output
    return control


def test_the_timer_fires_by_itself_and_is_quiet_where_all_is_as_described(installed: Control) -> None:
    wait_for(installed, 1)
    assert installed.ended() == "success 0"
    assert "lab: all is as described" in installed.journal()
    assert installed.told() == []
    assert "next" in installed.host.exec("systemctl", "list-timers", "--no-pager", f"{NAME}.timer").lower()


def test_what_changed_is_told_once_also_after_a_reboot_and_that_it_is_over(installed: Control) -> None:
    installed.logs.put_retention_policy(logGroupName="/ecs/web", retentionInDays=1)
    # Drift is what it is for, and no failure of the unit.
    assert installed.check() == "success 2"
    assert installed.told() == ["⚠️ [lab] drift: 1 new (1 low); 1 in all"]
    assert "low drift: log_group /ecs/web: retention_in_days is another one" in installed.journal()
    report = json.loads(installed.host.exec("cat", f"/var/lib/{NAME}/report/drift.json"))
    assert report["status"] == "drift"
    since = report["findings"][0]["since"]
    assert installed.check() == "success 2"
    assert installed.told() == []

    installed.host.reboot()
    installed.tunnel.open()
    assert installed.host.exec("systemctl", "is-active", f"{NAME}.timer") == "active"
    wait_for(installed, installed.fired() + 1)
    assert installed.check() == "success 2"
    report = json.loads(installed.host.exec("cat", f"/var/lib/{NAME}/report/drift.json"))
    assert [one["since"] for one in report["findings"]] == [since]
    assert installed.told() == []

    installed.logs.put_retention_policy(logGroupName="/ecs/web", retentionInDays=30)
    assert installed.check() == "success 0"
    assert installed.told() == ["✅ [lab] drift: 1 resolved; nothing is left"]


def test_what_cannot_be_checked_is_a_failure_of_the_unit(installed: Control) -> None:
    with installed.with_settings("Environment=AWS_PROFILE=nobody"):
        assert installed.check() == "exit-code 4"
        assert installed.host.exec("systemctl", "is-failed", f"{NAME}.service", check=False) == "failed"
    assert "web: not checked: " in installed.journal()
    # Nobody could be told either: the address is a secret of AWS.
    assert installed.told() == []
    assert installed.check() == "success 0"
    assert installed.told() == []


def test_a_run_without_a_report_is_a_failure_whatever_its_status(installed: Control) -> None:
    with installed.with_settings("ExecStart=\nExecStart=/bin/sh -c 'exit 2'"):
        assert installed.check() == "exit-code 2"
    assert installed.check() == "success 0"


def test_it_may_do_no_more_than_it_must(installed: Control) -> None:
    host = installed.host
    told = host.exec("systemd-analyze", "security", "--no-pager", f"{NAME}.service")
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", told)
    # From 0 (nothing) to 10; a service that says nothing has 9.6.
    assert exposure, told
    assert float(exposure[1]) < 2, told
    assert host.exec("stat", "-c", "%a %U", f"/etc/slipway/{NAME}.env") == "600 root"
    assert host.exec("stat", "-c", "%a %U", f"/var/lib/{NAME}") == f"700 {NAME}"
    probe = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect"]
    shown = host.exec("systemctl", "cat", f"{NAME}.service")
    kept = [line for line in shown.splitlines() if line.startswith(("Protect", "Private", "User=", "NoNew", "Capab"))]
    properties = [word for line in kept for word in ("-p", line)]
    assert host.exec(*probe, *properties, "sh", "-c", "touch /etc/x /usr/x /opt/x; id -un", check=False).endswith(NAME)
    assert host.exec("sh", "-c", "ls -d /etc/x /usr/x /opt/x 2>/dev/null || true") == ""


def test_it_enters_machines_by_ssh(installed: Control) -> None:
    host, home = installed.host, f"/var/lib/{NAME}"
    host.put(host.key, f"{home}/.ssh/id_ed25519", mode="0600")
    host.exec("chown", "-R", f"{NAME}:", f"{home}/.ssh")
    entering = f"ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new {host.user}@127.0.0.1 true"
    with installed.with_settings(f"ExecStart=\nExecStart={entering}\nExecStopPost="):
        assert installed.check() == "success 0", installed.journal()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"schedule_on_calendar": "every now and then"}, "every now and then"),
        ({"schedule_project_dir": "/srv/two words"}, "the paths take no space"),
        ({"schedule_ansible_playbook": "/none/ansible-playbook"}, "/none/ansible-playbook"),
    ],
)
def test_what_systemd_would_refuse_is_refused_before_it_is_written(
    installed: Control, variables: dict[str, Any], told: str
) -> None:
    before = installed.host.exec("systemctl", "cat", f"{NAME}.service", f"{NAME}.timer")
    run = installed.schedule(**variables)
    assert run.code == 2, run.output
    assert told in run.output
    assert installed.host.exec("systemctl", "cat", f"{NAME}.service", f"{NAME}.timer") == before


def test_all_of_it_goes(installed: Control) -> None:
    """The last of this file."""
    announced = installed.schedule("--check", schedule_state="absent")
    assert announced.code == 0, announced.output
    assert installed.host.exec("systemctl", "is-active", f"{NAME}.timer") == "active"
    gone = installed.schedule(schedule_state="absent")
    assert gone.code == 0, gone.output
    assert installed.host.exec("sh", "-c", f"ls -d {LEFT} 2>/dev/null || true") == ""
    assert "no such user" in installed.host.exec("id", NAME, check=False)
    assert NAME not in installed.host.exec("systemctl", "list-units", "--all", "--no-legend")
    assert installed.schedule(schedule_state="absent").changed["ops"] == 0
