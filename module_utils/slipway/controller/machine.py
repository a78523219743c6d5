"""The action that checks one machine's description, and says which services run on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError

from ..aws.errors import SlipwayError
from ..machine.description import PREFIX, check, machine_options
from ..service.description import check as check_service
from ..service.spec import service_options
from .description import ServiceDescriptionAction, failure, plain
from .origin import place_of


class MachineDescriptionAction(ServiceDescriptionAction):
    """Checks a host's machine_* variables and returns the completed description, with those of its services."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Ansible's part: which variables there are, what they come to, and where each was written."""
        if args:
            raise SlipwayError(
                f"has no option {', '.join(sorted(args))}",
                where="machine_description",
                remedy="it takes none: the description is the host's machine_* variables",
            )
        host = str(task_vars["inventory_hostname"])
        raw = _described(task_vars)
        variables, undefined = self.computed(raw)
        services = _services(host, task_vars)
        checked = check(variables, host, services)
        if undefined or checked.findings:
            return failure(host, [*undefined, *checked.findings], raw, task_vars)
        return {"changed": False, "machine": checked.machine, "services": services}


def _described(task_vars: Mapping[str, Any]) -> dict[str, Any]:
    options = machine_options()
    return {
        name: value
        for name, value in task_vars.items()
        if name in options or (_is_described(name) and (isinstance(value, (bool, type(None))) or place_of(value)))
    }


def _is_described(name: str) -> bool:
    # The role machine_aws has variables of its own.
    return name.startswith(PREFIX) and not name.startswith(f"{PREFIX}aws_")


def _services(host: str, task_vars: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The completed descriptions of what runs on the machine, whatever --limit leaves of the play.

    Raises:
        SlipwayError: one of them is wrong, so that nobody knows what the machine has to be allowed.
    """
    options, hostvars, services = service_options(), task_vars["hostvars"], []
    for other in task_vars["groups"].get("compose", ()):
        try:
            variables = hostvars[other]
            if variables.get("service_machine") != host:
                continue
            described = plain({name: variables[name] for name in options if name in variables})
        except AnsibleError as error:
            raise _wrong(str(other), str(error).partition("\n")[0]) from error
        checked = check_service(described, options, str(other), "compose")
        if checked.findings:
            found = checked.findings[0]
            raise _wrong(str(other), f"{found.variable} {found.problem}")
        services.append(checked.service)
    return services


def _wrong(service: str, what: str) -> SlipwayError:
    return SlipwayError(
        f"the description of {service}, which runs here, is wrong: {what}",
        where="service_machine",
        remedy=f"see all of it: ansible -m service_description {service} -i <inventory>",
    )
