"""The action that checks one service's description and hands the rest of the play the completed one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from ..aws.errors import SlipwayError
from ..service import findings as found
from ..service.description import PREFIX, check
from ..service.findings import Finding
from ..service.fleet import COMPARED, collisions
from ..service.spec import PROJECT, service_options
from .action import InProcessAction
from .origin import place_of

_UNTAGGED = (bool, type(None))


class ServiceDescriptionAction(InProcessAction):
    """Checks a host's service_* variables and returns the completed description."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Ansible's part: which variables there are, what they come to, and where each was written."""
        if args:
            raise SlipwayError(
                f"has no option {', '.join(sorted(args))}",
                where="service_description",
                remedy="it takes none: the description is the host's service_* variables",
            )
        host = str(task_vars["inventory_hostname"])
        raw = described(task_vars)
        variables, undefined = self._computed(raw)
        checked = check(variables, service_options(), host)
        unknown = {finding.path[0] for finding in undefined}
        problems = [*undefined, *(finding for finding in checked.findings if finding.path[0] not in unknown)]
        problems += [f for f in self._collisions(host, variables, task_vars) if f.path[0] not in unknown]
        if problems:
            return failure(host, problems, raw, task_vars)
        service = checked.service
        if service["build_context"]:
            service["build_context"] = str((PROJECT / service["build_context"]).resolve())
        return {"changed": False, "service": service, "started": time.time()}

    def _computed(self, raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        values: dict[str, Any] = {}
        problems = []
        for name, value in raw.items():
            try:
                values[name] = _plain(self._templar.template(value))
            except AnsibleError as error:
                reason = str(error).partition("\n")[0].rstrip(".")
                problems.append(Finding((name,), f"can't be computed: {reason}", "define what it refers to"))
                values[name] = None
        return values, problems

    def _collisions(self, host: str, own: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Iterator[Finding]:
        hostvars = task_vars["hostvars"]
        others = {}
        for other in task_vars["groups"]["all"]:
            if other == host:
                continue
            try:
                variables = hostvars[other]
                others[str(other)] = {name: variables.get(name) for name in COMPARED}
            except AnsibleError:
                continue  # Its own check says what is wrong with it.
        yield from collisions(host, own, others)


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


def _plain(value: Any) -> Any:
    # Walking makes lazy containers compute their content now, where a failure still has a name.
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
