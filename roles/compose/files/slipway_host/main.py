"""The command line: a verb, JSON in, JSON out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from slipway_host import leaving, looking, releasing, restoring, tasks
from slipway_host.engine import Engine
from slipway_host.errors import HostError
from slipway_host.serve import Serve

Verb = Callable[[Engine, dict[str, Any]], dict[str, Any]]
VERBS: dict[str, Verb] = {
    "look": looking.look,
    "probe": looking.probe,
    "logs": looking.logs,
    "prepare": releasing.prepare,
    "task": tasks.task,
    "start": releasing.start,
    "switch": releasing.switch,
    "settle": releasing.settle,
    "discard": releasing.discard,
    "restore": restoring.restore,
    "stop": leaving.stop,
    "remove": leaving.remove,
}


def main(arguments: list[str]) -> int:
    """Run the command line."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if verb == "serve" and len(rest) == 1:
        return _plainly(lambda: Serve(Engine(), rest[0]).main())
    if verb == "job" and len(rest) == 2:
        return _plainly(lambda: tasks.job(Engine(), rest[0], rest[1]))
    answer = _answer(verb, rest)
    # After the verb: nothing that it starts may write into the one object.
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0 if answer["ok"] else 1


def _answer(verb: str, rest: list[str]) -> dict[str, Any]:
    try:
        _check(verb, rest)
        return {"ok": True, **VERBS[verb](Engine(), _request())}
    except HostError as error:
        return {"ok": False, "error": error.as_json()}
    except Exception as error:  # noqa: BLE001
        return {"ok": False, "error": _unexpected(error)}


def _check(verb: str, rest: list[str]) -> None:
    if verb not in VERBS or rest:
        known = ", ".join([*VERBS, "serve <service>", "job <service> <job>"])
        raise HostError("bad_request", f"{verb!r} is no verb", f"The verbs: {known}.")
    if os.geteuid() != 0:
        raise HostError("not_root", "this program has to run as root", "Use become: true.")


def _request() -> dict[str, Any]:
    try:
        request = json.loads(sys.stdin.buffer.read() or b"{}")
    except ValueError as error:
        raise HostError("bad_request", f"the request is no JSON: {error}", "Use one version of everything.") from None
    if not isinstance(request, dict):
        raise HostError("bad_request", "the request is no object", "Use one version of everything.")
    return request


def _unexpected(error: Exception) -> dict[str, Any]:
    if isinstance(error, KeyError):
        return HostError("bad_request", f"the request has no {error}", "Use one version of everything.").as_json()
    if isinstance(error, OSError):
        what = f"{error.filename or 'the machine'}: {error.strerror or error}"
        return HostError("machine", what, "Look at the machine: its disk, its rights, its memory.").as_json()
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    at = f"{place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}" if place else "?"
    # Not its text: that could be a part of what was sent, which has secrets.
    return HostError("internal", f"a fault in this program: {type(error).__name__} at {at}", "Report it.").as_json()


def _plainly(work: Callable[[], int]) -> int:
    """Run what systemd started: the journal gets one line."""
    try:
        return work()
    except HostError as error:
        sys.stderr.write(f"{error.what}. {error.remedy}\n")
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'the machine'}: {error.strerror or error}\n")
    return 1
