"""A machine that answers from what a test put there, by the protocol of its program."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from slipway.compose.program import Program

PROGRAM = Program(b"#!program", "a" * 64)
Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]


class FakeChannel:
    """Takes commands of the shell as the controller sends them; `calls` has each verb with its request."""

    def __init__(self, answers: Mapping[str, Answer], *, installed: str = PROGRAM.sha256) -> None:
        self.answers = dict(answers)
        self.installed = installed
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.commands: list[str] = []

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.calls]

    def run(self, command: str, data: bytes) -> tuple[int, str, str]:
        self.commands.append(command)
        if "cat > " in command and "sha256sum" in command:
            assert data == PROGRAM.content
            self.installed = PROGRAM.sha256
            return 0, "", ""
        verb = _verb(command)
        once = "mktemp" in command
        if once:
            data = data.removeprefix(PROGRAM.content)
        elif not self.installed:
            return 0, json.dumps({"ok": False, "error": {"code": "no_program", "what": "is not there"}}), ""
        request = json.loads(data)
        self.calls.append((verb, request))
        given = self.answers.get(verb, {})
        answer = dict(given(request) if callable(given) else given)
        if verb == "look":
            answer.setdefault("program", PROGRAM.sha256 if once else self.installed)
        answer.setdefault("ok", True)
        return (0 if answer["ok"] else 1), json.dumps(answer) + "\n", ""


def _verb(command: str) -> str:
    words = shlex.split(command.replace(";", " ; "))
    place = max(index for index, word in enumerate(words) if word == "python3")
    return words[place + 2]


def refused(code: str, what: str, **details: Any) -> dict[str, Any]:
    """An error of the program."""
    return {"ok": False, "error": {"code": code, "what": what, "remedy": "do something", **details}}
