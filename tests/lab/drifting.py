"""A small service on a machine of the lab, whose AWS side is the embedded AWS, and drift checks of both."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker import DockerClient

from demo import embedded_aws
from demo.base_image import PYTHON, ensure
from demo.embedded_aws import EmbeddedAws
from tests.e2e.playbook import Result, ansible_playbook
from tests.lab import host as machines
from tests.lab.homu import INVENTORY, succeeded
from tests.lab.host import LabHost
from tests.lab.host_program import SERVER
from tests.lab.registry import Registry
from tests.lab.releases import offer
from tests.lab.stage import PACKAGES

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1d6Lr3mPqXK4o2yqk9Yw3y7m3r8yW3F4e8b9l0tQ2V me@home\n"
SECRET = "kept-by-nobody-else"
SHOP: dict[str, Any] = {
    "service_machine": "box",
    "service_repository": "shop",
    "service_cpu": 256,
    "service_memory": 128,
    "service_desired_count": 1,
    "service_container_port": 8000,
    "service_health_check": {"path": "/", "interval": 5, "timeout": 2, "healthy_threshold": 2},
    "service_stop_timeout": 2,
    "service_environment": {"VERSION": "1"},
    "service_secrets": {"PASSWORD": "secretsmanager:shop/password"},
    "service_sidecars": {
        "cache": {
            "image": PYTHON.image,
            "command": ["python", "-m", "http.server", "6379"],
            "memory": 64,
            "stop_timeout": 1,
            "health_check": {"command": ["CMD-SHELL", "test ! -e /ill"], "interval": 1, "retries": 1},
        }
    },
    "service_workers": {"mail": {"command": ["python", "/server.py"], "memory": 64}},
    "service_jobs": {"report": {"command": ["python", "-V"], "schedule": "*-01-01 04:00:00"}},
    "service_deregistration_delay": 1,
    "service_http_check": False,
}
BOX: dict[str, Any] = {
    "machine_region": "{{ service_region }}",
    # A disk as the embedded AWS makes every disk.
    "machine_disk_size_gib": 8,
    "machine_disk_encrypted": False,
    "machine_image": "ami-0123456789abcdef0",
    "machine_ssh_cidrs": ["203.0.113.7/32"],
    "machine_open_ports": [{"port": 9100, "cidrs": ["10.0.0.0/8"], "reason": "metrics"}],
}


@dataclass
class Shop:
    """The service, its machine, and the AWS that both belong to."""

    aws: EmbeddedAws
    host: LabHost
    registry: Registry
    folder: Path
    seconds: list[float] = field(default_factory=list)

    def play(self, playbook: str, *more: str) -> Result:
        """Run a playbook to its end."""
        command = (playbook, "-i", str(self.folder / "inventory"), *more)
        return ansible_playbook(*command, environment=self.aws.environment() | {"LAB_REGISTRY": self.registry.name})

    def drift(self, *more: str) -> tuple[int, dict[str, Any], str]:
        """Check for drift: the exit status, the report, and what a person saw."""
        reports = self.folder / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        done = self.play(
            "drift.yml", "-e", f"drift_report_dir={reports}", "-e", f"drift_history={self.folder}/drift.json", *more
        )
        assert (reports / "drift.json").exists(), done.output
        assert "Traceback" not in done.output, done.output
        return done.code, json.loads((reports / "drift.json").read_text()), done.output

    def shell(self, script: str) -> str:
        """Change something on the machine behind Slipway's back."""
        return self.host.exec("sh", "-euc", script)

    @property
    def release(self) -> str:
        """The id of the release that serves."""
        found = json.loads(self.host.exec("cat", "/etc/slipway/services/shop/service.json"))
        return str(found["current"])

    def add_machine(self, name: str, **variables: Any) -> None:
        """Describe one more machine."""
        hosts = json.loads((self.folder / "inventory" / "hosts.json").read_text())
        hosts["all"]["children"]["machine"]["hosts"][name] = {**BOX, **_key(self.folder), **variables}
        (self.folder / "inventory" / "hosts.json").write_text(json.dumps(hosts))

    def forget_machine(self, name: str) -> None:
        """Describe it no longer."""
        hosts = json.loads((self.folder / "inventory" / "hosts.json").read_text())
        del hosts["all"]["children"]["machine"]["hosts"][name]
        (self.folder / "inventory" / "hosts.json").write_text(json.dumps(hosts))


def _key(folder: Path) -> dict[str, str]:
    return {"machine_public_key_file": str(folder / "key.pub")}


@contextmanager
def opened(client: DockerClient, folder: Path, key_folder: Path) -> Iterator[Shop]:
    """Have it all, provisioned and released, until the block ends."""
    name = f"slipway-lab-drift-{uuid.uuid4().hex[:8]}"
    aws = embedded_aws.start(folder / "aws", containers=True)
    try:
        ensure()
        host = machines.up(client, key_folder, "bookworm", name=name, packages=PACKAGES)
        shop = Shop(aws, host, Registry(host, aws.port), folder)
        try:
            _describe(shop)
            succeeded(shop.play("provision.yml"))
            host.load(PYTHON.image)
            shop.registry.open()
            client_of(aws, "secretsmanager").create_secret(Name="shop/password", SecretString=SECRET)
            succeeded(shop.play("deploy.yml"))
            yield shop
        finally:
            shop.registry.close()
    finally:
        machines.down(client, name)
        embedded_aws.stop(aws, build_cache=False)


def client_of(aws: EmbeddedAws, service: str) -> Any:
    """A client of the tests' own."""
    from tests.emulators.emulator import Emulator

    return Emulator("ministack", aws.endpoint).client(service)


def _describe(shop: Shop) -> None:
    folder = shop.folder
    (folder / "key.pub").write_text(KEY)
    context = folder / "context"
    context.mkdir()
    (context / "server.py").write_text(SERVER)
    (context / "Dockerfile").write_text(f'FROM {PYTHON.image}\nCOPY server.py /\nCMD ["python", "/server.py"]\n')
    shutil.copytree(INVENTORY / "group_vars", folder / "inventory" / "group_vars")
    box = {**BOX, **_key(folder), **shop.host.variables(), **offer(shop.host)}
    hosts = {
        "fargate": {},
        "compose": {"hosts": {"shop": {**SHOP, "service_build_context": str(context)}}},
        "machine": {"hosts": {"box": box}},
    }
    (folder / "inventory" / "hosts.json").write_text(json.dumps({"all": {"children": hosts}}))
