"""Run ansible-playbook from the project's root, as a person would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from demo.embedded_aws import ROOT

_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


class Result(NamedTuple):
    """What a person sees of a run."""

    code: int
    output: str

    @property
    def changed(self) -> dict[str, int]:
        """How many tasks changed something, by host."""
        return {host: int(changed) for host, _, changed, _, _ in _RECAP.findall(self.output)}


def ansible_playbook(
    *arguments: str, environment: Mapping[str, str], without: tuple[str, ...] = (), timeout: float = 600
) -> Result:
    """Run a playbook; `without` names variables that the run must not have."""
    everything = {**os.environ, **environment, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    for name in without:
        everything.pop(name, None)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), *arguments],
        cwd=ROOT,
        env=everything,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Result(done.returncode, done.stdout)
