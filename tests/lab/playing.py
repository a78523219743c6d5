"""ansible-playbook against a machine of the lab, and what it said it changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.host import LabHost

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = ROOT / "tests" / "lab" / "machine.yml"


@dataclass(frozen=True)
class Play:
    """One run."""

    code: int
    output: str
    changed: tuple[str, ...]
    failures: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0


def play(host: LabHost, variables: Mapping[str, object], *flags: str, playbook: Path = PLAYBOOK) -> Play:
    """Run a playbook on the machine, which is the only host of the group `machine`."""
    inventory = host.key.parent / f"{host.name}.json"
    hosts = {host.name: {**host.variables(), **variables}}
    inventory.write_text(json.dumps({"machine": {"hosts": hosts}}), encoding="utf-8")
    environment = os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook), "-i", str(inventory), *flags],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    changed: list[str] = []
    failures: list[str] = []
    for task, result in _results(done.stdout):
        if result.get("changed"):
            changed.append(task)
        if result.get("failed"):
            failures.append(f"{task}: {result.get('msg')} {result.get('stderr', '')}")
    return Play(done.returncode, done.stdout[-6000:] + done.stderr[-3000:], tuple(changed), tuple(failures))


def _results(output: str) -> list[tuple[str, dict[str, Any]]]:
    start = output.find("{")
    plays = json.loads(output[start:])["plays"] if start >= 0 else []
    tasks = [task for one in plays for task in one["tasks"]]
    return [(task["task"]["name"].rpartition(" : ")[2], result) for task in tasks for result in task["hosts"].values()]
