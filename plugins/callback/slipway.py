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

    _looks = False

    def v2_playbook_on_play_start(self, play: Any) -> None:
        # A drift check asks what roles would change: they change nothing, and the report says what differs.
        self._looks = bool(play.get_vars().get("_drift_observes"))
        super().v2_playbook_on_play_start(play)

    def v2_on_file_diff(self, result: Any) -> None:
        if not self._looks:
            super().v2_on_file_diff(result)

    def v2_runner_on_ok(self, result: Any) -> None:
        if not self._differs(result):
            super().v2_runner_on_ok(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        if not self._differs(result):
            super().v2_runner_item_on_ok(result)

    def _differs(self, result: Any) -> bool:
        """Say of a look that something differs; of a loop, its items say so."""
        if not self._looks or not result.result.get("changed"):
            return False
        if "results" not in result.result:
            if self._last_task_banner != result.task._uuid:
                self._print_task_banner(result.task)
            self._display.display(f"differs: [{self.host_label(result)}]", color=constants.COLOR_CHANGED)
        return True

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not self._is_for_people(result):
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._tell(result, "FAILED", self.get_option("display_failed_stderr"))
        if ignore_errors:
            self._display.display("...ignoring", color=constants.COLOR_SKIP)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        if not self._is_for_people(result):
            super().v2_runner_on_unreachable(result)
            return
        self._tell(result, "NOT COMPLETE", self.get_option("display_failed_stderr"))
        if result.task.ignore_unreachable:
            self._display.display("...ignoring", color=constants.COLOR_SKIP)

    def _is_for_people(self, result: Any) -> bool:
        ours = result.task.action in _OURS | _FAIL and isinstance(result.result.get("msg"), str)
        return ours and not (result.task.loop or result.task.no_log or self._display.verbosity)

    def _tell(self, result: Any, how: str, to_stderr: bool) -> None:
        if self._last_task_banner != result.task._uuid:
            self._print_task_banner(result.task)
        self._handle_warnings(result.result)
        text = f"fatal: [{self.host_label(result)}]: {how}!\n{indent(result.result['msg'].strip(), '    ')}"
        self._display.display(text, color=constants.COLOR_ERROR, stderr=to_stderr)
