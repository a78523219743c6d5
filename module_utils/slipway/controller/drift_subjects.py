"""What a drift check is about: each host of the play, once for each of the ways in which it is described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ansible.errors import AnsibleError

from ..aws.clients import Connection
from ..drift.applied import Applied
from ..drift.check import Described, ignores_of
from ..release.history import key_of
from .action import InProcessAction, items
from .description import plain
from .drift_resources import Roles

Description = Mapping[str, Any]
Way = Literal["fargate", "compose", "machine"]
# The variable of a host that has what checked its description, and the description in that.
_VARIABLES: dict[Way, tuple[str, str]] = {
    "fargate": ("_service_description", "service"),
    "compose": ("_service_description", "on_machine"),
    "machine": ("_machine_description", "machine"),
}
_OF_A_RELEASE = frozenset({"ecs_task_definition", "ecs_service", "scalable_target"})
_PLAYS: dict[Way, str] = {
    "fargate": "deploy.yml -i {inventory} --limit {host}",
    "compose": "deploy.yml -i {inventory} --limit {host}",
    "machine": "provision.yml -i {inventory} --limit {host} --tags aws",
}


@dataclass(frozen=True)
class Subject:
    """One description of one host; none where it is wrong, with the problem.

    Attributes:
        result: all that the check of the description said.
    """

    host: str
    way: Way
    description: Description | None
    problem: str
    result: Mapping[str, Any]

    @property
    def connection(self) -> Connection:
        """Whom its questions go to."""
        return Connection.of(self.description or {})

    @property
    def key(self) -> str:
        """What names it in the table of releases."""
        described = self.description or {}
        if self.way == "machine":
            return f"machine/{self.host}"
        if self.way == "compose":
            return f"{described['machine']}/{described['name']}"
        return key_of(described["cluster"], described["ecs_service"])

    @property
    def more_keys(self) -> tuple[str, ...]:
        """What names there what was brought to the machine itself."""
        return (f"{self.key}/host",) if self.way == "machine" else ()

    @property
    def table(self) -> str:
        """The table of releases."""
        return str((self.description or {})["release_table"])

    @property
    def network(self) -> tuple[Any, ...] | None:
        """The VPC and the subnets that it is in; a service on a machine is where the machine is."""
        described = self.description or {}
        if self.way == "compose":
            return None
        if self.way == "machine":
            return None, (described["subnet"],) if described["subnet"] else None
        return described["vpc_id"], tuple(described["subnets"]) if described["subnets"] else None


def subjects(task_vars: Mapping[str, Any]) -> Iterator[Subject]:
    """Every description of the play, in the play's order."""
    hostvars, groups = task_vars["hostvars"], task_vars["groups"]
    for host in map(str, task_vars["ansible_play_hosts_all"]):
        ways: list[Way] = [way for way in _VARIABLES if host in (groups.get(way) or ())]
        for way in ways or ["fargate"]:
            checked, name = _VARIABLES[way]
            try:
                result = plain(hostvars[host].get(checked) or {})
                problem = str(result.get("msg") or "its description was not checked")
            except AnsibleError as error:
                result, problem = {}, str(error)
            yield Subject(host, way, result.get(name) or None, problem, result)


def on_aws(
    action: InProcessAction, roles: Roles, subject: Subject, known: Mapping[str, Any], task_vars: Mapping[str, Any]
) -> Described:
    """What AWS has to have of it.

    Raises:
        SlipwayError: an option of a resource is wrong.
        AnsibleError: the resources can't be computed.
    """
    described = subject.description or {}
    if subject.way == "machine":
        given = plain(task_vars["hostvars"][subject.host]["_machine_aws_drift"])
    else:
        groups = [name for name, hosts in task_vars["groups"].items() if subject.host in hosts]
        given = roles.described(subject.way, described, known, groups)
    resources = [(kind, action.options(kind, options)) for kind, options in items(given) if options is not None]
    last = known.get("applied")
    baseline = None
    if last:
        baseline = Applied.of_document(last)
    else:
        # Which image was released, nobody knows.
        resources = [(kind, options) for kind, options in resources if kind not in _OF_A_RELEASE]
    remedy = f"ansible-playbook {_PLAYS[subject.way].format(inventory=inventory(task_vars), host=subject.host)}"
    ignores = ignores_of(described["drift_ignore"])
    return Described(
        subject.host,
        subject.connection,
        resources,
        baseline,
        ignores,
        _own_roles(subject),
        remedy,
        str(known.get("under_way") or ""),
        subject.table,
        subject.key,
    )


def _own_roles(subject: Subject) -> list[str]:
    """The roles that are named after the service or the machine; others may be shared, and have policies for others."""
    described = subject.description or {}
    if subject.way == "machine":
        return [str(described["name"])]
    if subject.way == "compose":
        return []
    names = [described["execution_role"], described["task_role"], described["infrastructure_role"]]
    return [name for name in names if name and str(name).startswith(str(described["name"]))]


def inventory(task_vars: Mapping[str, Any]) -> str:
    """The inventory as a person types it."""
    source = Path(str(task_vars.get("inventory_dir") or "<inventory>"))
    return source.name if source.parent.name == "inventories" else str(source)


def not_on_record(subject: Subject) -> str:
    """What to tell where nobody knows what was applied last."""
    return {
        "fargate": f"no release of {subject.host} is on record: deploy it",
        "compose": f"no release of {subject.host} to its machine is on record: deploy it",
        "machine": f"what was made of {subject.host} on AWS is not on record: provision it",
    }[subject.way]
