"""The actions that release services to machines, in ansible-playbook's own process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import SlipwayError
from ..compose.machine import Machine
from ..compose.program import packed
from ..compose.release import Run, carry_out, go_back_to, planned
from ..compose.render import Image, document
from ..compose.rollback import Target, left_behind, target
from ..compose.secret_values import SecretsError, base_references, own_references, read_values
from ..compose.source import fetch, remove
from ..image.registry import login
from ..machine.address import address_of
from ..release import history
from ..release.http_check import check_answer
from .action import InProcessAction
from .reach import Reached, reach


class ComposeAction(InProcessAction):
    """What the actions share that ask a machine."""

    def given(self, args: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """The options, and the completed description among them.

        Raises:
            SlipwayError: it is none of a service on a machine.
        """
        kind = self._task.action.rpartition(".")[2]
        options = self.options(kind, args)
        service = options["service"]
        if service.get("target") != "compose":
            remedy = (
                f'write: {kind}: {{service: "{{{{ _service_description.service }}}}"}}, for a host of group compose'
            )
            raise SlipwayError("service is no description of a service on a machine", where=kind, remedy=remedy)
        # As it was given, nulls included, and without what Ansible knows of each text.
        return options, json.loads(json.dumps(args["service"]))

    def machine(self, service: Mapping[str, Any], task_vars: Mapping[str, Any]) -> tuple[Machine, Reached]:
        """The service's machine, which is not asked yet."""
        channel = reach(self, str(service["machine"]), task_vars)
        return Machine(channel.name, channel, packed(), check=self.check()), channel

    def asking(self, service: Mapping[str, Any], channel: Reached) -> Callable[[], dict[str, Any]] | None:
        """What asks the service through the machine's proxy; None where it is not to be asked."""
        if not service["http_check"]:
            return None
        host = public_address(service, channel)
        scheme = "https" if service["domain"] else "http"
        options = {
            "url": f"{scheme}://{service['domain'] or host}{service['http_check_path']}",
            "connect_to": host if service["domain"] else None,
            "status": service["http_check_status"],
            "body": service["http_check_body"],
            "timeout": service["http_check_timeout"],
        }
        return lambda: check_answer(options, check=False, report=self.report)


def public_address(service: Mapping[str, Any], channel: Reached) -> str:
    """The address at which the machine is asked; Session Manager connects by the id of the instance."""
    if not channel.address.startswith("i-"):
        return channel.address
    connection = (service["region"], service["profile"], service["endpoint_url"])
    return address_of(channel.name, service["deployment_environment"], "public_ip", *connection)


class ComposeReleaseAction(ComposeAction):
    """The action of compose_release."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Bring one service of a machine to its description, or only say what that would change."""
        options, service = self.given(args)
        started, aws = time.monotonic(), Aws(Connection.of(service))
        machine, channel = self.machine(service, task_vars)
        try:
            return self._released(options, service, aws, machine, channel, started)
        except SecretsError as error:
            return _without_secrets(service, error, started)
        finally:
            channel.close()

    def _released(
        self,
        options: Mapping[str, Any],
        service: Mapping[str, Any],
        aws: Aws,
        machine: Machine,
        channel: Reached,
        started: float,
    ) -> dict[str, Any]:
        texts = {key: str(options.get(key) or "") for key in ("image", "tag", "digest", "commit")}
        secrets, base = read_values(aws, [own_references(service), base_references(service)])
        self.secrets |= {value for value in (*secrets.values(), *base.values()) if len(value) > 3}
        release = document(service, Image(**texts), secrets, base)
        has, found = planned(machine, release)
        name, current = str(service["name"]), str(has.get("current") or "")
        result: dict[str, Any] = {
            "changed": False,
            "id": release["id"],
            "before": f"{name}:{current}" if current else "",
            "serving": f"{name}:{current}" if current else "",
            "url": _url(service, channel),
            "reasons": list(found.reasons),
            "diff": dict(found.diff),
        }
        if self.check():
            if found.verb == "release" and service["migration"]:
                self.report(f"would run before the switch: {' '.join(service['migration']['command'])}")
            changes = bool(found.reasons) or machine.changed
            return {**result, "changed": changes, "seconds": _since(started), "api_calls": sum(aws.calls.values())}
        # Sidecars may have images of the same registry.
        registry = login(aws, texts["image"]) if found.verb != "nothing" else None
        asking = self.asking(service, channel)
        run = Run(machine, service, release, registry, asking, self.report, goes_back=bool(service["rollback"]))
        for reason in found.reasons:
            self.report(reason)
        result |= carry_out(run, has, found)
        if not result.get("failed"):
            result |= {"serving": f"{name}:{release['id']}", "web": len(release["web"])}
        return {**result, "seconds": _since(started), "api_calls": sum(aws.calls.values())}


class ComposeRollbackAction(ComposeAction):
    """The action of compose_rollback."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Let a release serve again that did before."""
        options, service = self.given(args)
        started = time.monotonic()
        machine, channel = self.machine(service, task_vars)
        try:
            return self._back(str(options.get("to") or ""), service, machine, channel, started)
        finally:
            channel.close()

    def _back(
        self, to: str, service: Mapping[str, Any], machine: Machine, channel: Reached, started: float
    ) -> dict[str, Any]:
        name = str(service["name"])
        aws = Aws(Connection.of(service))
        records = history.latest(aws, service["release_table"], f"{service['machine']}/{name}")
        has = machine.look_at(name)
        found = target(has, to, left_behind(records))
        current = f"{name}:{has['current']}" if has.get("current") else ""
        goal = {**{key: found.release.get(key) or "" for key in ("tag", "digest", "commit")}, "release": found.identity}
        result: dict[str, Any] = {"changed": False, "before": current, "serving": current, "target": goal}
        said = f"{name}:{found.identity}" + (f" ({goal['tag']})" if goal["tag"] else "")
        if found.serves:
            return {**result, "action": "none", "msg": f"{said} serves already: there is nothing to do"}
        if self.check():
            return {**result, "changed": True, "action": "planned", "msg": f"would go back from {current} to {said}"}
        desired = has.get("desired") or {}
        release = _as_described(service, found, desired)
        run = Run(machine, service, release, None, self.asking(service, channel), self.report)
        run.before, run.was = str(has.get("current") or ""), desired
        self.report(f"going back from {current or 'nothing'} to {said}")
        result |= go_back_to(run)
        if result.get("failed"):
            return {**result, "action": "failed", "seconds": _since(started)}
        told = {"serving": f"{name}:{found.identity}", "action": "rolled_back", "msg": f"{said} serves again"}
        return {**result, **told, "seconds": _since(started)}


class ComposeSourceAction(InProcessAction):
    """The action of compose_source."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Fetch a ref of git into a folder, or remove that folder."""
        options = self.options("compose_source", args)
        if options["state"] == "absent":
            remove(Path(options["path"]))
            return {"changed": False, "path": "", "commit": ""}
        folder, commit = fetch(options["repository"], options["ref"])
        self.report(f"{options['ref']} is {commit[:12]}")
        return {"changed": False, "path": str(folder), "commit": commit}


def _as_described(service: Mapping[str, Any], found: Target, desired: Mapping[str, Any]) -> dict[str, Any]:
    """As much of an old release as going back to it needs; it is asked for its health as is described now."""
    web = sorted(found.release.get("addresses") or {}) or list(desired.get("web") or ("web-1",))
    check = service["health_check"]
    health = {"path": check["path"], "matcher": check["matcher"], "timeout": check["timeout"]}
    # Its workers are not told: one that does not stay now did not then.
    return {**found.release, "web": web, "workers": (), "health": health, "port": service["container_port"]}


def _url(service: Mapping[str, Any], channel: Reached) -> str:
    return f"https://{service['domain']}" if service["domain"] else f"http://{public_address(service, channel)}"


def _without_secrets(service: Mapping[str, Any], error: SecretsError, started: float) -> dict[str, Any]:
    """The result where a release could not begin: nothing on the machine was touched."""
    msg = "whatever served before serves, as before: nothing was touched"
    return {
        "failed": True,
        "changed": False,
        "reason": error.causes[0].title,
        "causes": [cause.result() for cause in error.causes],
        "rollback": {"action": "already", "msg": msg, "serving": ""},
        "serving": "",
        "msg": f"{service['name']}: {error}",
        "seconds": _since(started),
    }


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)
