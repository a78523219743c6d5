"""The machine, asked by its own program: a verb with JSON on its standard input, and JSON for an answer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, Protocol

from ..aws.errors import SlipwayError
from .program import PATH, Program

_NO_PROGRAM = "no_program"
# The shell's own: the command is not there.
_NOT_FOUND = 127
_SHOWN = 600


class Channel(Protocol):
    """A way to the machine."""

    def run(self, command: str, data: bytes) -> tuple[int, str, str]:
        """Run a command of the shell as root with this on its standard input; exit code, output, errors."""


class MachineError(SlipwayError):
    """The machine's program could not do its work.

    Attributes:
        code: the class of error, as the program has it.
        details: what belongs to it, such as an image.
    """

    def __init__(self, machine: str, code: str, what: str, remedy: str, details: Mapping[str, Any]) -> None:
        super().__init__(what, where=machine, remedy=remedy)
        self.code = code
        self.details = details


class Machine:
    """One machine, and the program on it.

    Attributes:
        changed: whether the program was brought to it, or has to be.
    """

    def __init__(self, name: str, channel: Channel, program: Program, *, check: bool) -> None:
        self.name = name
        self.changed = False
        self._channel = channel
        self._program = program
        self._check = check
        self._is_ready = False

    def look(self, services: list[str] | None, *, closely: bool = False) -> dict[str, Any]:
        """Facts of the machine and of these services, or of all; the program is brought to it first.

        Args:
            services: their names.
            closely: whether also at what only a drift check needs.

        Raises:
            SlipwayError: the machine does not answer as it should.
        """
        request = {"services": services, **({"closely": True} if closely else {})}
        answer = self._ask("look", request) if self._is_ready else self._first_look(request)
        self._is_ready = True
        return _good(self.name, answer)

    def look_at(self, service: str) -> dict[str, Any]:
        """What the machine has of one service; nothing where it has none of that name.

        Raises:
            SlipwayError: the machine does not answer as it should.
        """
        return (self.look([service]).get("services") or {}).get(service) or {}

    def call(self, verb: str, **request: Any) -> dict[str, Any]:
        """One verb.

        Raises:
            MachineError: the program refused it.
            SlipwayError: the machine does not answer as it should.
        """
        if not self._is_ready:
            self.look([])
        return _good(self.name, self._ask(verb, request))

    def _first_look(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._ask("look", request)
        if answer.get("program") == self._program.sha256:
            return answer
        self.changed = True
        if self._check:
            return self._ask_once(request)
        self._install()
        return self._ask("look", request)

    def _install(self) -> None:
        path, new = shlex.quote(PATH), shlex.quote(f"{PATH}.new")
        steps = [
            "umask 022",
            f"mkdir -p {shlex.quote(PATH.rpartition('/')[0])}",
            f"cat > {new}",
            f'echo "{self._program.sha256}  {PATH}.new" | sha256sum --check --quiet --status',
            f"mv {new} {path}",
        ]
        code, output, errors = self._channel.run(" && ".join(steps), self._program.content)
        if code != 0:
            raise _no_answer(self.name, "can't be given its program", code, output, errors)

    def _ask_once(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Look without leaving anything on the machine."""
        length = len(self._program.content)
        script = f'f=$(mktemp) && trap "rm -f $f" EXIT && head -c {length} > "$f" && python3 "$f" look'
        return self._parsed("look", *self._channel.run(script, self._program.content + _encoded(request)))

    def _ask(self, verb: str, request: Mapping[str, Any]) -> dict[str, Any]:
        path = shlex.quote(PATH)
        missing = shlex.quote(json.dumps({"ok": False, "error": {"code": _NO_PROGRAM, "what": "is not there"}}))
        there = f"if [ -e {path} ]; then exec python3 {path} {shlex.quote(verb)}; fi"
        script = f"{there}; cat > /dev/null; echo {missing}"
        return self._parsed(verb, *self._channel.run(script, _encoded(request)))

    def _parsed(self, verb: str, code: int, output: str, errors: str) -> dict[str, Any]:
        lines = [line for line in output.splitlines() if line.startswith("{")]
        try:
            answer = json.loads(lines[-1])
        except (IndexError, ValueError):
            raise _no_answer(self.name, f"gave no answer to {verb}", code, output, errors) from None
        if not isinstance(answer, dict):
            raise _no_answer(self.name, f"gave no answer to {verb}", code, output, errors)
        return answer


def _encoded(request: Mapping[str, Any]) -> bytes:
    return json.dumps(request, ensure_ascii=False).encode()


def _good(machine: str, answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("ok"):
        return answer
    error = dict(answer.get("error") or {})
    code, what = str(error.pop("code", "failed")), str(error.pop("what", "") or "the machine gave no reason")
    raise MachineError(machine, code, what, str(error.pop("remedy", "") or ""), error)


def _no_answer(machine: str, what: str, code: int, output: str, errors: str) -> SlipwayError:
    said = (errors.strip() or output.strip())[-_SHOWN:]
    remedy = "look at it by SSH, and run the same command again"
    if code == _NOT_FOUND or "command not found" in said:
        remedy = "prepare the machine: ansible-playbook provision.yml -i <inventory> --tags host"
    elif "sudo" in said:
        remedy = "the user that logs in has to become root without a password (sudo)"
    return SlipwayError(f"{what} (exit code {code}){f': {said}' if said else ''}", where=machine, remedy=remedy)
