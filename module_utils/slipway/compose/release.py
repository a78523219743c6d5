"""A release on a machine: the steps in their order, and what becomes of it when one of them fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..aws.errors import SlipwayError
from ..release.evidence import Cause, render
from ..release.redaction import redacted
from . import causes as why
from .machine import Machine, MachineError
from .plan import Plan, plan
from .watch import Timing, Verdict, Watched, is_down, lines, seen, verdict

Report = Callable[[str], None]
Check = Callable[[], dict[str, Any]]
_EVERY = 1.0
# Seconds that a candidate outlives its time-out, should nobody come to discard it.
_MARGIN = 120.0
# A worker that ends at its start does so within these; how it ended is known soon after.
_WORKER_LOOKS, _ENDED_LOOKS = 3, 12
_LOG_LINES = 30


class ReleaseError(Exception):
    """A step of a release failed.

    Attributes:
        reason: what failed, in one line.
        causes: why.
    """

    def __init__(self, reason: str, causes: list[Cause]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.causes = causes


@dataclass
class Run:
    """One release of one service, and what was done so far.

    Attributes:
        release: the release document.
        registry: how the machine logs in to the image's registry; None for one that asks for no password.
        answer: asks the service through the proxy; None where it is not asked.
        goes_back: whether a release that fails after the switch is gone back from.
        was: the release document of what served before.
    """

    machine: Machine
    service: Mapping[str, Any]
    release: Mapping[str, Any]
    registry: Mapping[str, str] | None
    answer: Check | None
    report: Report
    goes_back: bool = True
    before: str = ""
    was: Mapping[str, Any] = field(default_factory=dict)
    switched: bool = False
    settling: bool = False
    changed: bool = False
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The service's name."""
        return str(self.service["name"])

    @property
    def identity(self) -> str:
        """The id of the release."""
        return str(self.release["id"])

    def call(self, verb: str, **request: Any) -> dict[str, Any]:
        """A verb of this service."""
        return self.machine.call(verb, service=self.name, **request)


def planned(machine: Machine, release: Mapping[str, Any]) -> tuple[Mapping[str, Any], Plan]:
    """What the machine has of the service, and what is to be done.

    Raises:
        SlipwayError: the machine does not answer as it should.
    """
    name = str(release["service"])
    has = machine.look_at(name)
    where = f"{machine.name}:/etc/slipway/services/{name}"
    return has, plan(has, release, where=where, program_changes=machine.changed)


def carry_out(run: Run, has: Mapping[str, Any], found: Plan) -> dict[str, Any]:
    """Do what is planned; a failure is a result, too.

    Returns:
        An Ansible result without what the whole task adds.
    """
    run.before, run.was = str(has.get("current") or ""), has.get("desired") or {}
    started = time.monotonic()
    try:
        if found.verb == "release":
            _release(run, has)
        elif found.verb == "settings":
            _settings(run)
        _ask(run)
        if found.verb == "release":
            _settle(run)
            _watch_workers(run)
    except (ReleaseError, SlipwayError) as error:
        return _failed(run, error, started)
    return {"changed": run.changed or run.machine.changed, **run.result, "seconds": _since(started)}


def _release(run: Run, has: Mapping[str, Any]) -> None:
    stale = (has.get("candidate") or {}).get("id")
    if stale and stale != run.identity:
        run.report(f"release {stale}, which was interrupted, is removed")
        run.call("discard", id=stale)
    run.changed = True
    _prepare(run)
    _migrate(run)
    _start(run)
    _watch(run)
    switch(run)


def _settings(run: Run) -> None:
    run.changed = True
    _prepare(run)
    # The same release again: site and units as they are described now.
    run.call("switch", id=run.identity)
    _settle(run)


def _prepare(run: Run) -> None:
    done = run.machine.call("prepare", release=dict(run.release), registry=run.registry)
    if done.get("pulled"):
        run.report(f"pulled {', '.join(done['pulled'])}")
    if done.get("base_changed"):
        run.report("the sidecars are as described")


def _migrate(run: Run) -> None:
    migration = run.service["migration"]
    if not migration:
        return
    run.report(f"before the switch: {' '.join(migration['command'])}")
    ended: dict[str, Any] = {"running": True}
    told = 0
    while ended.get("running"):
        ended = run.call(
            "task",
            id=run.identity,
            name="migration",
            command=list(migration["command"]),
            timeout=migration["timeout"],
            wait=_EVERY,
        )
        log = [redacted(str(line)) for line in ended.get("log") or ()]
        for line in log[told:]:
            run.report(f"{run.service['container_name']} | {line}")
        told = len(log)
    if ended.get("exit_code") == 0 and not ended.get("timed_out"):
        return
    how = f"within {migration['timeout']} s" if ended.get("timed_out") else f"(exit code {ended.get('exit_code')})"
    reason = f"the task before the switch {'did not end' if ended.get('timed_out') else 'failed'} {how}"
    raise ReleaseError(reason, why.of_task(run.service, run.release, ended, float(migration["timeout"])))


def _start(run: Run) -> None:
    timing = Timing.of(run.service)
    done = run.call("start", id=run.identity, seconds=timing.timeout + _MARGIN)
    failed = done.get("failed") or {}
    if failed:
        reason = f"the container {next(iter(failed))} could not be started"
        raise ReleaseError(reason, why.of_failed_start(run.service, run.release, failed))


def _watch(run: Run) -> None:
    """Look each second until the candidate is healthy, or is not going to be."""
    timing, watched = Timing.of(run.service), Watched()
    web, health = list(run.release["web"]), run.release["health"]
    told: dict[str, str] = {}
    started = time.monotonic()
    while True:
        look = run.call("probe", id=run.identity)
        at = time.monotonic() - started
        watched = seen(watched, look, at, web=web, matcher=str(health["matcher"]))
        for name, text in lines(watched, web, str(health["path"])):
            if told.get(name) != text:
                told[name] = text
                run.report(f"{name}: {text}")
        found = verdict(watched, timing)
        if found.state == "succeeded":
            return
        if found.state == "failed":
            raise ReleaseError(found.reason, _causes(run, watched, found, timing))
        time.sleep(max(0.0, _EVERY - (time.monotonic() - started - at)))


def _causes(run: Run, watched: Watched, found: Verdict, timing: Timing) -> list[Cause]:
    timeout = timing.timeout if found.timed_out else None
    return why.of_watched(run.service, run.release, watched, found.reason, timeout)


def switch(run: Run) -> None:
    """Let the candidate have the requests."""
    # Whoever is killed in between may have switched already.
    run.switched = True
    run.call("switch", id=run.identity)
    run.report(f"switched to {run.identity}")


def _ask(run: Run) -> None:
    if run.answer is None:
        return
    told = run.answer()
    run.result["answer"] = {key: told[key] for key in ("url", "status", "body") if key in told}
    if told.get("failed"):
        causes = [Cause(**cause) for cause in told.get("causes") or ()]
        raise ReleaseError(str(told["msg"]).partition("\n")[0], causes)


def _settle(run: Run) -> None:
    # From here on what served before ends.
    run.settling = True
    done = run.call("settle", id=run.identity)
    if run.before in (done.get("stopped") or ()):
        run.report(f"stopped {run.before}")


def _watch_workers(run: Run) -> None:
    """See that the workers stay: one that ends is started again and again by the engine."""
    workers = set(run.release["workers"])
    for number in range(1, _ENDED_LOOKS + 1 if workers else 0):
        time.sleep(_EVERY)
        has = run.machine.look_at(run.name)
        own = [one for one in has.get("containers") or () if one["release"] == run.identity]
        down = {str(one["service"]): one for one in own if one["service"] in workers and is_down(one)}
        if not down and number >= _WORKER_LOOKS:
            return
        # While the engine starts it again, nobody knows how it ended.
        known = {name: one for name, one in down.items() if one.get("exit_code") is not None}
        if known or (down and number == _ENDED_LOOKS):
            raise _worker_failed(run, *next(iter((known or down).items())))


def _worker_failed(run: Run, name: str, container: Mapping[str, Any]) -> ReleaseError:
    logs = run.call("logs", id=run.identity, lines=_LOG_LINES).get("logs") or {}
    watched = Watched(down={name: container}, logs={name: logs.get(name) or ()})
    own = {**run.service, "container_name": name}
    reason = f"the worker {name} does not stay"
    return ReleaseError(reason, why.of_watched(own, run.release, watched, reason, None))


def _failed(run: Run, error: Exception, started: float) -> dict[str, Any]:
    """The result of a release that failed: the old one serves, as before or again."""
    if isinstance(error, ReleaseError):
        reason, causes = error.reason, error.causes
    elif isinstance(error, MachineError):
        causes = why.of_error(run.service, run.release, error)
        reason = causes[0].title if causes else error.what
    else:
        reason, causes = str(error).partition("\n")[0], []
    told = render(causes) if causes else str(error)
    back = _go_back(run)
    if isinstance(error, MachineError) and why.sidecar_of(run.service, error):
        restored = error.details.get("restored")
        back["msg"] += "; its sidecars are as before" if restored else "; the sidecar does not run: see its last lines"
    run.report(f"what serves now: {back['msg']}")
    return {
        "failed": True,
        "changed": run.changed or run.machine.changed,
        **run.result,
        "reason": reason,
        "causes": [cause.result() for cause in causes],
        "rollback": back,
        "serving": back["serving"],
        "msg": f"{reason}\n{told}" if causes else told,
        "seconds": _since(started),
    }


def _go_back(run: Run) -> dict[str, Any]:
    """What serves now, after what could be done for it; in the words of a rollback."""
    old = run.before if run.before != run.identity else ""
    serving = f"{run.name}:{run.before}" if run.before else ""
    if not run.changed or run.before == run.identity:
        return _told("already" if run.before else "none", f"{serving or 'nothing'} serves, as before", serving)
    if run.settling:
        return _start_again(run, old)
    if run.switched and not run.goes_back:
        mine = f"{run.name}:{run.identity}"
        return _told("none", f"{mine} serves: nothing was gone back to (service_rollback is false)", mine)
    try:
        if run.switched:
            run.call("switch", id=old or None)
        run.call("discard", id=run.identity)
    except SlipwayError as error:
        mine = f"{run.name}:{run.identity} or {serving or 'nothing'}" if run.switched else serving
        return _told(
            "failed", f"{mine or 'nothing'} serves, and the failed release could not be removed: {error}", mine
        )
    if not old:
        return _told("stopped", "nothing: there was no release before", "")
    if run.switched:
        return _told("rolled_back", f"{serving}, which served before", serving)
    return _told("already", f"{serving}, which served all the time", serving)


def _start_again(run: Run, old: str) -> dict[str, Any]:
    """What served before has ended already: it is started again, as `rollback.yml` would."""
    mine = f"{run.name}:{run.identity}"
    if not old or not run.goes_back:
        return _told("none", f"{mine} serves, and what runs beside it is not as described", mine)
    before = replace(run, release={**run.release, **run.was, "id": old})
    try:
        _start(before)
        _watch(before)
        switch(before)
        before.call("settle", id=old)
        run.call("discard", id=run.identity)
    except (ReleaseError, SlipwayError) as error:
        return _told("failed", f"{mine} serves, and what served before could not be started again: {error}", mine)
    return _told("rolled_back", f"{run.name}:{old}, which served before", f"{run.name}:{old}")


def _told(action: str, msg: str, serving: str) -> dict[str, Any]:
    return {"action": action, "msg": msg, "serving": serving}


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)


def go_back_to(run: Run) -> dict[str, Any]:
    """Let a release serve again that is on the machine: started, watched and switched to like a new one.

    Returns:
        An Ansible result without what the whole task adds.
    """
    started = time.monotonic()
    try:
        run.changed = True
        _start(run)
        _watch(run)
        switch(run)
        _ask(run)
        _settle(run)
        _watch_workers(run)
    except (ReleaseError, SlipwayError) as error:
        return _failed(run, error, started)
    return {"changed": True, **run.result, "seconds": _since(started)}
