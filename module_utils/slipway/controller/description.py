"""The action that checks one service's description and hands the rest of the play the completed one."""

from __future__ import annotations

import fcntl
import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError

from ..aws.errors import SlipwayError
from ..service import findings as found
from ..service.description import PREFIX, RULES, check
from ..service.findings import Finding
from ..service.fleet import COMPARED, collisions
from ..service.spec import PROJECT, service_options
from ..service.target import Target, targets_of
from .action import InProcessAction
from .origin import place_of

_UNTAGGED = (bool, type(None))


class ServiceDescriptionAction(InProcessAction):
    """Checks a host's service_* variables and returns the completed description."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Ansible's part: which variables there are, what they come to, and where each was written."""
        groups = list(task_vars.get("group_names") or ())
        target = args.pop("target", None)
        if args or (target and target not in RULES):
            raise SlipwayError(
                f"has no option {', '.join(sorted(args))}" if args else f"has no target {target}",
                where="service_description",
                remedy="it takes target (fargate or compose) only: the description is the host's service_* variables",
            )
        targets: list[Target] = [target] if target else targets_of(groups)
        host = str(task_vars["inventory_hostname"])
        raw = described(task_vars)
        variables, undefined = self.computed(raw)
        found = {one: check(variables, service_options(), host, one) for one in targets}
        unknown = {finding.path[0] for finding in undefined}
        checked = [finding for one in found.values() for finding in one.findings]
        checked += [f for one in targets for f in self._collisions(host, variables, task_vars, one)]
        problems = [*undefined, *dict.fromkeys(finding for finding in checked if finding.path[0] not in unknown)]
        if problems:
            return failure(host, problems, raw, task_vars)
        services = {one: _placed(checked.service) for one, checked in found.items()}
        on_machine = services.get("compose")
        return {"changed": False, "service": services[targets[0]], "on_machine": on_machine, "started": time.time()}

    def computed(self, raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        """What the variables come to, and which of them cannot be computed."""
        values: dict[str, Any] = {}
        problems = []
        for name, value in raw.items():
            try:
                values[name] = plain(self._templar.template(value))
            except AnsibleError as error:
                reason = str(error).partition("\n")[0].rstrip(".")
                problems.append(Finding((name,), f"can't be computed: {reason}", "define what it refers to"))
                values[name] = None
        return values, problems

    def _collisions(
        self, host: str, own: Mapping[str, Any], task_vars: Mapping[str, Any], target: Target
    ) -> Iterator[Finding]:
        of = {name: {str(one) for one in task_vars["groups"].get(name) or ()} for name in ("fargate", "compose")}
        others = {
            other: variables
            for other, variables in self._compared(task_vars).items()
            if other != host and target in targets_of([name for name, hosts in of.items() if other in hosts])
        }
        yield from collisions(host, own, others, target)

    def _compared(self, task_vars: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
        """What every host of the inventory has in common with others; the first that asks computes it for all."""
        # Ansible's own folder for this run: nobody else reads it, and it is removed at the end.
        file = Path(constants.DEFAULT_LOCAL_TMP) / f"slipway-{self._task._uuid}.json"
        with file.open("a+", encoding="utf-8") as kept:
            fcntl.flock(kept, fcntl.LOCK_EX)
            kept.seek(0)
            known: dict[str, dict[str, str | None]]
            if text := kept.read():
                known = json.loads(text)
            else:
                known = dict(_variables(task_vars))
                json.dump(known, kept)
        return known


def _variables(task_vars: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str | None]]]:
    for host in task_vars["groups"]["all"]:
        try:
            variables = task_vars["hostvars"][host]
            values = {name: variables.get(name) for name in COMPARED}
        except AnsibleError:
            continue  # Its own check says what is wrong with it.
        yield str(host), {name: None if value is None else str(value) for name, value in values.items()}


def _placed(service: dict[str, Any]) -> dict[str, Any]:
    # A ref of git is fetched later, and its folder is one of the repository.
    if service["build_context"] and not service["git"]:
        service["build_context"] = str((PROJECT / service["build_context"]).resolve())
    return service


def described(task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a person wrote as part of a description; a task's registered result is none."""
    options = service_options()
    return {
        name: value
        for name, value in task_vars.items()
        if name in options or (name.startswith(PREFIX) and (isinstance(value, _UNTAGGED) or place_of(value)))
    }


def failure(host: str, problems: list[Finding], raw: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a task that refuses a description."""

    def locate(path: found.Path) -> str | None:
        return located(path, raw, task_vars)

    return {"failed": True, "changed": False, "msg": found.render(host, problems, locate)}


def located(path: found.Path, raw: Mapping[str, Any], task_vars: Mapping[str, Any]) -> str | None:
    """Where the innermost part of the path that carries an origin was written."""
    top = str(path[0])
    if top not in raw:
        return None
    if isinstance(raw[top], _UNTAGGED):
        return _declared(top, raw, task_vars)
    place, value = place_of(raw[top]), raw[top]
    for part in path[1:]:
        if isinstance(value, Mapping) and part in value:
            key = next(key for key in value if key == part)
            place, value = place_of(value[part]) or place_of(key) or place, value[part]
        elif isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value):
            place, value = place_of(value[part]) or place, value[part]
        else:
            break
    return place


def _declared(name: str, raw: Mapping[str, Any], task_vars: Mapping[str, Any]) -> str | None:
    # True, false and null carry no origin, and their key has that of the first file of several: look it up.
    folder = Path(str(task_vars.get("inventory_dir") or "")) / "host_vars" / str(task_vars["inventory_hostname"])
    for file in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml")), reverse=True):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if re.match(rf"{re.escape(name)}\s*:", line):
                return f"{_short(file)}:{number}"
    return next((place_of(key) for key in raw if key == name), None)


def _short(file: Path) -> str:
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


def plain(value: Any) -> Any:
    """A value without Ansible's lazy containers."""
    # Walking makes lazy containers compute their content now, where a failure still has a name.
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
