"""The same code in Ansible's own process and as an ordinary module, with the same result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from demo.embedded_aws import ROOT
from tests.emulators.emulator import Emulator

ARGUMENTS = {"name": "/ordinary", "retention_in_days": "7", "tags": {"a": "b"}}


def ansible(module: str, arguments: dict[str, Any], emulator: Emulator, *more: str, in_process: bool) -> dict[str, Any]:
    """One ad hoc task's result."""
    environment = {**os.environ, **emulator.environment(), "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.oneline"}
    environment |= {"ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "ANSIBLE_NOCOLOR": "1"}
    if not in_process:
        environment["ANSIBLE_ACTION_PLUGINS"] = str(ROOT / "nowhere")
    command = [str(Path(sys.executable).with_name("ansible")), "localhost", "-m", module, "-a", json.dumps(arguments)]
    done = subprocess.run([*command, *more], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "=> {" in done.stdout, done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if "=> {" in line)
    result: dict[str, Any] = json.loads(line.partition("=> ")[2])
    return result


def test_a_module_is_the_same_either_way(moto: Emulator) -> None:
    for in_process in (True, False):
        moto.reset()
        planned = ansible("log_group", ARGUMENTS, moto, "--check", in_process=in_process)
        made = ansible("log_group", ARGUMENTS, moto, in_process=in_process)
        again = ansible("log_group", ARGUMENTS, moto, in_process=in_process)
        assert [one["changed"] for one in (planned, made, again)] == [True, True, False]
        assert [one["verb"] for one in (planned, made, again)] == ["create", "create", "none"]
        assert made["arn"] == again["arn"]
        assert made["arn"].endswith("log-group:/ordinary")


def test_a_wrong_option_is_told_either_way(moto: Emulator) -> None:
    for in_process in (True, False):
        result = ansible("log_group", {"name": "/x", "retention": 7}, moto, in_process=in_process)
        assert not result["changed"]
        assert "retention" in result["msg"]
        assert "Traceback" not in result["msg"]


def test_a_step_is_the_same_either_way(moto: Emulator) -> None:
    seen, ordinary = (
        ansible("vpc_info", {"zones_at_least": 2}, moto, in_process=in_process) for in_process in (True, False)
    )
    assert seen["vpc_id"].startswith("vpc-")
    assert (seen["vpc_id"], seen["subnet_ids"]) == (ordinary["vpc_id"], ordinary["subnet_ids"])
