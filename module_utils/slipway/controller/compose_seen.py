"""What actions only look at on machines: for the table of services, a diagnosis, and the preflight."""

from __future__ import annotations

import json
import os
import socket
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase

from ..aws.clients import LOOPBACK_ONLY, Aws, Connection
from ..aws.errors import SlipwayError
from ..compose.diagnosis import diagnose_service
from ..compose.machine import Machine
from ..compose.preflight import Looked
from ..compose.program import packed
from ..compose.state import as_ecs
from ..release import history
from .compose import ComposeAction, public_address
from .reach import reach

Service = Mapping[str, Any]


class ComposeDiagnosisAction(ComposeAction):
    """The action of compose_diagnosis."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Say what is wrong with one service of a machine."""
        _, service = self.given(args)
        aws = Aws(Connection.of(service))
        records = history.latest(aws, service["release_table"], f"{service['machine']}/{service['name']}", limit=1)
        channel = reach(self, str(service["machine"]), task_vars)
        try:
            # It only reads, and leaves nothing there.
            machine = Machine(channel.name, channel, packed(), check=True)
            result = diagnose_service(machine, service, records[0] if records else None)
        finally:
            channel.close()
        for line in result["msg"].splitlines():
            self.report(line)
        return {**result, "api_calls": sum(aws.calls.values())}


def seen_on_machines(
    action: ActionBase, services: Sequence[Service], task_vars: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """What the machines of these services say of them, by `<machine>/<service>`; each machine is asked once."""
    by_machine: dict[str, list[Service]] = defaultdict(list)
    for service in services:
        if service.get("target") == "compose":
            by_machine[str(service["machine"])].append(service)
    return {key: seen for name, own in by_machine.items() for key, seen in _of_machine(action, name, own, task_vars)}


def _of_machine(
    action: ActionBase, name: str, services: Sequence[Service], task_vars: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        channel = reach(action, name, task_vars)
        try:
            look = Machine(name, channel, packed(), check=True).look([str(one["name"]) for one in services])
        finally:
            channel.close()
    except SlipwayError as error:
        yield from ((f"{name}/{one['name']}", {"problems": [f"{name} {error.what}"]}) for one in services)
        return
    found = look.get("services") or {}
    yield from ((f"{name}/{one['name']}", as_ecs(found.get(str(one["name"])), one)) for one in services)


def look_before(action: ActionBase, given: Service, task_vars: Mapping[str, Any]) -> Looked:
    """What the preflight has to know of a service's machine; that it can't be asked is a finding, too."""
    service = json.loads(json.dumps(given))
    name = str(service["machine"])
    address = ""
    try:
        channel = reach(action, name, task_vars)
        try:
            address = public_address(service, channel)
            look = Machine(name, channel, packed(), check=True).look([str(service["name"])])
        finally:
            channel.close()
    except SlipwayError as error:
        return Looked(name, address, problem=error)
    return Looked(name, address, look.get("machine") or {}, None, time.time(), _resolved(service))


def _resolved(service: Service) -> list[str] | None:
    """The addresses of the service's domain; an emulator's zones are known to nobody else."""
    if not service["domain"] or service["endpoint_url"] or os.environ.get(LOOPBACK_ONLY) == "1":
        return None
    try:
        found = socket.getaddrinfo(service["domain"], 443, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(one[4][0]) for one in found})
