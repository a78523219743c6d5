"""The action that looks at the account before a deploy touches it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import SlipwayError
from ..compose.preflight import all_secrets, check_git, check_machine, place_of_secret
from ..release.preflight import inspect
from ..release.preflight.check import Check, counts, render, results
from ..service.findings import Path
from .action import InProcessAction
from .compose_seen import look_before
from .description import described, located


class ServicePreflightAction(InProcessAction):
    """Checks a completed description against the account."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Every finding at once, with the variable and where it was written."""
        service, on_machine = args.get("service"), args.get("on_machine")
        if not set(args) <= {"service", "on_machine"} or not isinstance(service, Mapping):
            remedy = 'write: service_preflight: {service: "{{ _service_description.service }}"}'
            raise SlipwayError("needs one option, service", where="service_preflight", remedy=remedy)
        raw = described(task_vars)

        def locate(path: Path) -> str | None:
            return located(path, raw, task_vars)

        aws = Aws(Connection.of(service))
        checks = inspect(aws, service) if service["target"] != "compose" else []
        if isinstance(on_machine, Mapping):
            # Of a service that is in both groups, much is the same on both sides.
            checks += [check for check in self._on_machine(aws, on_machine, task_vars) if check not in checks]
        alone = list(task_vars.get("ansible_run_tags") or ()) == ["preflight"]
        tree = render(checks, locate, whole=alone or self._display.verbosity > 0)
        result = {"changed": False, "account": aws.account, "caller": aws.identity()["Arn"]}
        wrong = [check for check in checks if check.status == "FAIL"]
        if not wrong:
            self.report(f"preflight: {counts(checks)}\n{tree}")
            return {**result, "findings": results(checks, locate), "api_calls": sum(aws.calls.values())}
        # Ansible prints the whole result of a task that failed: what is as it should be would only hide the rest.
        told = [check for check in checks if check.status in {"FAIL", "WARN"}]
        head = _head(str(task_vars["inventory_hostname"]), wrong)
        return {**result, "failed": True, "msg": f"{head}\n{tree}", "findings": results(told, locate)}

    def _on_machine(self, aws: Aws, service: Mapping[str, Any], task_vars: Mapping[str, Any]) -> list[Check]:
        # AWS and the machine are asked side by side.
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(inspect, aws, {**service, "secrets": all_secrets(service)})
            seen = look_before(self, service, task_vars)
            checks = [replace(check, path=place_of_secret(check.path)) for check in asked.result()]
        if service["git"]:
            image = [replace(check, group="image") for check in check_git(service)]
            account = [check for check in checks if check.group == "account"]
            checks = [*account, *image, *(check for check in checks if check.group not in {"account", "image"})]
        if any(check.group == "account" and check.status == "FAIL" for check in checks):
            return checks
        return [*checks, *(replace(check, group="machine") for check in check_machine(service, seen))]


def _head(host: str, wrong: list[Check]) -> str:
    count = "1 thing is" if len(wrong) == 1 else f"{len(wrong)} things are"
    return f"{count} in the way of {host}; nothing was touched."
