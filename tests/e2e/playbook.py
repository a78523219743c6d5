"""Run ansible-playbook from the project's root, as a person would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from demo.embedded_aws import ROOT
from tests.e2e.warm import Warm

_SETTINGS = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
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
    everything = {**os.environ, **environment, **_SETTINGS}
    for name in without:
        everything.pop(name, None)
    with TemporaryFile("w+", encoding="utf-8") as output:
        code = _run(arguments, everything, output, timeout)
        output.seek(0)
        return Result(code, output.read())


def _run(arguments: Sequence[str], environment: Mapping[str, str], output: IO[str], timeout: float) -> int:
    if _settings(environment) == {**_settings(os.environ), **_SETTINGS}:
        return _warm().run(arguments, environment, output, timeout)
    # Ansible reads its settings when it is imported.
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    done = subprocess.run(
        [program, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )
    return done.returncode


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("ANSIBLE_")}


@cache
def _warm() -> Warm:
    return Warm.start({**os.environ, **_SETTINGS})
