"""The default output, but that a failure is told once, as text."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from textwrap import indent
from typing import Any

from ansible import constants
from ansible.plugins.callback.default import CallbackModule as Default

DOCUMENTATION = r"""
name: slipway
type: stdout
short_description: Ansible's default output, with failures for people
description:
  - As the default callback, but that the failure of one of this project's modules is its message, once, line by line.
    What else the result has is shown with C(-v).
extends_documentation_fragment: [default_callback, result_format_callback]
"""

_OURS = frozenset(file.stem for file in (Path(__file__).resolve().parents[2] / "library").glob("*.py"))
_FAIL = frozenset({"fail", "ansible.builtin.fail"})


class CallbackModule(Default):
    """Ansible's entry point."""

    CALLBACK_NAME = "slipway"

    def __init__(self) -> None:
        super().__init__()
        # Into a pipe, as in every CI, Python would keep live lines back until the next task.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        said = result.result
        ours = result.task.action in _OURS | _FAIL and isinstance(said.get("msg"), str)
        if not ours or result.task.loop or result.task.no_log or self._display.verbosity:
            super().v2_runner_on_failed(result, ignore_errors)
            return
        if self._last_task_banner != result.task._uuid:
            self._print_task_banner(result.task)
        self._handle_warnings(said)
        text = f"fatal: [{self.host_label(result)}]: FAILED!\n{indent(said['msg'].strip(), '    ')}"
        self._display.display(text, color=constants.COLOR_ERROR, stderr=self.get_option("display_failed_stderr"))
        if ignore_errors:
            self._display.display("...ignoring", color=constants.COLOR_SKIP)
