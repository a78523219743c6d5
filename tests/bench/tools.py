"""The tools under measurement: each brings a stack to its description, and then finds nothing to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from .emulator import ROOT, Emulator
from .process import BenchError, Finished, environment, measure
from .stack import REGION

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"


@dataclass(frozen=True)
class Run:
    """One run of a tool: its cost, and the changes that it reported."""

    wall: float
    cpu: float
    calls: Mapping[str, int]
    changes: tuple[str, ...]
    tasks: tuple[tuple[str, float], ...] = field(default=())
    peak: float = 0.0

    @property
    def total_calls(self) -> int:
        """Number of API calls."""
        return sum(self.calls.values())


class Tool(Protocol):
    """What can be measured."""

    @property
    def name(self) -> str:
        """Name in the table."""

    def apply(self, emulator: Emulator, variables: Mapping[str, Any]) -> Run:
        """Bring the stack to its description."""

    def noop(self, emulator: Emulator) -> Run:
        """Run again on what `apply` has left."""


def _counted(emulator: Emulator, run: Callable[[], Finished]) -> tuple[Finished, dict[str, int]]:
    emulator.reset_calls()
    finished = run()
    return finished, emulator.calls()


@dataclass(frozen=True)
class AnsibleTool:
    """A playbook that takes the stack's variables."""

    name: str
    playbook: Path
    scratch: Path
    config: Path = PEERS / "ansible.cfg"

    def apply(self, emulator: Emulator, variables: Mapping[str, Any]) -> Run:
        """Run the playbook with these variables."""
        own = {"ansible_python_interpreter": sys.executable}
        self._variables.write_text(json.dumps({**variables, **own}, indent=1), encoding="utf-8")
        return self.noop(emulator)

    def noop(self, emulator: Emulator) -> Run:
        """Run the playbook with the variables of the last `apply`."""
        command = [beside_python("ansible-playbook"), "-i", "localhost,", "-e", f"@{self._variables}"]
        env = environment(emulator.endpoint, REGION) | {
            "ANSIBLE_CONFIG": str(self.config),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl",
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
        }
        finished, calls = _counted(emulator, lambda: measure([*command, str(self.playbook)], env, ROOT))
        events = list(_events(finished.output))
        if finished.code != 0:
            raise BenchError(f"{self.name}: ansible-playbook failed\n{_failure(events) or finished.output[-2000:]}")
        tasks = [event for event in events if event["_event"] in ("v2_runner_on_ok", "v2_runner_on_skipped")]
        changes = [_label(task) for task in tasks if _result(task).get("changed")]
        return Run(
            finished.wall,
            finished.cpu,
            calls,
            tuple(changes),
            tuple((task["task"]["name"], _seconds(task["task"]["duration"])) for task in tasks),
            finished.peak,
        )

    @property
    def _variables(self) -> Path:
        return self.scratch / f"{self.name}.json"


def beside_python(program: str) -> str:
    """Find a program in the environment that runs the benchmark, before any other on the PATH."""
    beside = Path(sys.executable).with_name(program)
    found = str(beside) if beside.exists() else shutil.which(program)
    if not found:
        raise BenchError(f"{program} is not installed beside {sys.executable}: install requirements-dev.txt there")
    return found


def _events(output: str) -> list[dict[str, Any]]:
    """Read the callback's events; other lines are warnings and a task's own progress."""
    events = []
    for line in output.splitlines():
        if line.startswith("{"):
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return [event for event in events if "_event" in event]


def _result(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the result of the only host."""
    results: list[dict[str, Any]] = list(event["hosts"].values())
    return results[0] if results else {}


def _label(event: Mapping[str, Any]) -> str:
    items = [
        str(item.get("_ansible_item_label", item.get("item", "")))
        for item in _result(event).get("results", [])
        if item.get("changed")
    ]
    return f"{event['task']['name']} ({', '.join(items)})" if items else str(event["task"]["name"])


def _failure(events: list[dict[str, Any]]) -> str:
    for event in events:
        if event["_event"] in ("v2_runner_on_failed", "v2_runner_on_unreachable"):
            result = _result(event)
            failed = [item for item in result.get("results", []) if item.get("failed") or "exception" in item]
            messages = [str(part.get("msg", part)) for part in failed or [result]]
            return f"task {event['task']['name']!r}: {messages[0]}"
    return ""


def _seconds(duration: Mapping[str, str]) -> float:
    return (datetime.fromisoformat(duration["end"]) - datetime.fromisoformat(duration["start"])).total_seconds()


@dataclass(frozen=True)
class TerraformTool:
    """`terraform apply`, then `terraform plan`, which reads what an apply without changes reads."""

    scratch: Path
    binary: str
    cli_config: Path
    name: str = "terraform plan"

    def apply(self, emulator: Emulator, variables: Mapping[str, Any]) -> Run:
        """Write the variables, and apply; the first time, initialise."""
        (self.scratch / "terraform.tfvars.json").write_text(json.dumps(variables, indent=1), encoding="utf-8")
        if not (self.scratch / ".terraform").exists():
            for source in (PEERS / "terraform").glob("*.tf"):
                shutil.copy(source, self.scratch)
            self._terraform(emulator, "init", "-input=false")
        return self._terraform(emulator, "apply", "-input=false", "-auto-approve")

    def noop(self, emulator: Emulator) -> Run:
        """Plan: exit status 2 says that there are changes."""
        return self._terraform(emulator, "plan", "-input=false", "-detailed-exitcode")

    def _terraform(self, emulator: Emulator, verb: str, *options: str) -> Run:
        env = environment(emulator.endpoint, REGION) | {
            "TF_CLI_CONFIG_FILE": str(self.cli_config),
            "CHECKPOINT_DISABLE": "1",
        }
        command = [self.binary, verb, "-no-color", *options]
        finished, calls = _counted(emulator, lambda: measure(command, env, self.scratch))
        if finished.code not in ((0, 2) if verb == "plan" else (0,)):
            raise BenchError(f"terraform {verb} failed\n{finished.output[-3000:]}")
        changes = re.findall(r"^  # (\S+ (?:will|must) be .*)$", finished.output, re.MULTILINE)
        return Run(finished.wall, finished.cpu, calls, tuple(changes), peak=finished.peak)


def terraform(scratch: Path) -> TerraformTool | str:
    """Answer the tool, or why it is left out: nothing is downloaded for it."""
    binary = shutil.which("terraform")
    if not binary:
        return "terraform is left out: it is not on the PATH"
    scratch.mkdir()
    named = Path(os.environ.get("TF_CLI_CONFIG_FILE", Path.home() / ".terraformrc"))
    if not os.environ.get("TF_PLUGIN_MIRROR") and named.is_file():
        return TerraformTool(scratch, binary, named)
    mirror = _plugin_mirror()
    if not mirror:
        return "terraform is left out: set TF_PLUGIN_MIRROR to a filesystem mirror that has hashicorp/aws"
    config = scratch / "cli.tfrc"
    config.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n',
        encoding="utf-8",
    )
    return TerraformTool(scratch, binary, config)


def _plugin_mirror() -> Path | None:
    """Look where TF_PLUGIN_MIRROR says, else where terraform itself looks, else in /opt."""
    if named := os.environ.get("TF_PLUGIN_MIRROR"):
        return Path(named)
    usual = [Path.home() / ".terraform.d/plugins", *map(Path, ("/usr/local/share/terraform/plugins",))]
    for candidate in [*usual, *sorted(Path("/opt").glob("*/"))]:
        if (candidate / "registry.terraform.io/hashicorp/aws").is_dir():
            return candidate
    return None
