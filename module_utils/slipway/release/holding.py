"""The steps that begin and end a release: take the lock, say what was deployed before; give the lock back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..resources.ecs_deployments import primary
from ..step import Report
from . import keeper
from .history import key_of
from .lock import LEASE, Lock, acquire, look, release
from .observe import describe
from .process import Process
from .record import Record
from .recording import now, who

_NOBODY = Process(0, "")


def hold(options: Mapping[str, Any], /, *, check: bool, report: Report, owner: int = 0) -> dict[str, Any]:
    """The step of release_lock.

    Args:
        options: as the module has them.
        check: only say who holds it.
        report: takes live lines.
        owner: the pid with which the lock ends; without one it has nobody who renews it.

    Raises:
        SlipwayError: another release holds it, and did not end in time.
    """
    aws = Aws(Connection.of(options))
    if options["state"] == "released":
        result = _give_back(aws, options, check, report)
    else:
        result = _take(aws, options, check, report, owner)
    return {"changed": False, **result, "api_calls": sum(aws.calls.values())}


def _take(aws: Aws, options: Mapping[str, Any], check: bool, report: Report, owner: int) -> dict[str, Any]:
    table, service = options["table"], key_of(options["cluster"], options["service"])
    started_at, asked = options.get("started_at") or now(), options.get("who") or who(aws)
    begun = {"started_at": started_at, "who": asked}
    if check:
        held = look(aws, table, service)
        if held is not None:
            report(f"under way: {held}")
        return {**begun, "lock": {}, "before": before(aws, options)}
    process = Process.of(owner) if owner else _NOBODY
    texts: Mapping[str, Any] = {name: options.get(name) or "" for name in ("tag", "digest", "revision", "commit")}
    record = Record(service, started_at, options["kind"], who=asked, **texts)
    lock = acquire(aws, table, record, process, timeout=options["timeout"], report=report)
    keeper_pid = 0
    try:
        keeper_pid = keeper.start(aws.connection, lock, process) if owner else 0
        was = before(aws, options)
    except (OSError, SlipwayError) as error:
        release(aws, table, service, lock.token)
        keeper.stop(keeper_pid)
        if isinstance(error, SlipwayError):
            raise
        remedy = "look at the limits of processes and open files of this machine (ulimit -a)"
        raise SlipwayError(f"can't start a process: {error}", where="release_lock", remedy=remedy) from error
    return {**begun, "lock": _told(lock, keeper_pid), "before": was}


def _told(lock: Lock, keeper_pid: int) -> dict[str, Any]:
    return {"table": lock.table, "service": lock.record.service, "token": lock.token, "keeper_pid": keeper_pid}


def before(aws: Aws, options: Mapping[str, Any]) -> dict[str, str]:
    """The PRIMARY deployment of the service as it is now; empty texts where there is no service.

    Raises:
        AwsError: AWS refused or did not answer.
    """
    mine = primary(describe(aws, options["cluster"], options["service"])) if options.get("ecs", True) else {}
    return {
        "deployment_id": str(mine.get("id", "")),
        "task_definition": str(mine.get("taskDefinition", "")),
        "rollout_state": str(mine.get("rolloutState", "")),
    }


def _give_back(aws: Aws, options: Mapping[str, Any], check: bool, report: Report) -> dict[str, Any]:
    lock = options.get("lock") or {}
    if check or not lock.get("token"):
        return {"lock": {}}
    table = lock.get("table") or options["table"]
    service = lock.get("service") or key_of(options["cluster"], options["service"])
    try:
        ours = release(aws, table, service, lock["token"])
    except AwsError as error:
        # The release is what it is; its keeper tries on, and a lock that nobody renews is anybody's.
        report(f"the lock could not be given back now, and ends by itself within {LEASE:.0f} s: {error.what}")
        return {"lock": {}}
    # The keeper last: were this killed in between, it would still give the lock back.
    keeper.stop(int(lock.get("keeper_pid") or 0))
    # One that is gone was given back already, by an attempt whose answer was lost.
    if not ours and (other := look(aws, table, service)) is not None:
        report(f"the lock was not ours any more, and now there is {other}: it may have run beside this one")
    return {"lock": {}}
