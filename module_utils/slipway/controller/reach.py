"""The way from an in-process action to a machine: its own connection, by the machine's variables.

A play over services that run on machines is done on the controller, so that it can say in words of its own that a
machine is not there; only what asks the machine connects to it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible import constants
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import become_loader, connection_loader

from ..aws.errors import SlipwayError

_PREPARE = "make and prepare it: ansible-playbook provision.yml -i <inventory> --limit {machine}"


class NoMachineError(SlipwayError):
    """The machine is not in the inventory, not made yet, or does not let us in."""


@dataclass
class Reached:
    """A machine that can be asked.

    Attributes:
        address: what its connection leads to: an address, a name, or the id of an instance.
    """

    name: str
    address: str
    connection: Any
    become: Any

    def run(self, command: str, data: bytes) -> tuple[int, str, str]:
        """Run a command of the shell as root with this on its standard input; exit code, output, errors.

        Raises:
            NoMachineError: the machine does not let us in.
        """
        if self.become is not None:
            command = self.become.build_become_command(command, self.connection._shell)
        try:
            code, output, errors = self.connection.exec_command(f"/bin/sh -c {shlex.quote(command)}", in_data=data)
        except AnsibleConnectionFailure as error:
            raise _unreachable(self.name, str(error)) from None
        except AnsibleError as error:
            raise SlipwayError(_short(str(error)), where=self.name, remedy="log in to the machine by hand") from None
        return int(code), output.decode(errors="replace"), errors.decode(errors="replace")

    def close(self) -> None:
        """Let go of the connection; the one that SSH shares stays for the next task."""
        self.connection.close()


def reach(action: ActionBase, machine: str, task_vars: Mapping[str, Any]) -> Reached:
    """The machine, by the variables that the inventory has of it; nothing is connected yet.

    Raises:
        NoMachineError: the inventory has no such machine, or it is not made yet.
    """
    hostvars = task_vars["hostvars"]
    if machine not in hostvars:
        remedy = "add it to the group machine, or correct service_machine"
        raise NoMachineError("is not in the inventory", where=machine, remedy=remedy)
    own = hostvars[machine]
    try:
        variables = {name: own[name] for name in own if str(name).startswith("ansible_") and not _is_fact(str(name))}
    except AnsibleError as error:
        raise _not_made(machine, error) from None
    kind = str(variables.get("ansible_connection") or constants.DEFAULT_TRANSPORT)
    connection = connection_loader.get(
        kind if kind != "smart" else "ssh",
        action._play_context,
        task_uuid=action._task._uuid,
        ansible_playbook_pid=str(os.getppid()),
    )
    if connection is None:
        raise NoMachineError(f"there is no connection plugin {kind}", where=machine, remedy="set ansible_connection")
    # As for a task of the machine's own play.
    connection.set_options(var_options=variables | {"inventory_hostname": machine})
    become = None if variables.get("ansible_user") == "root" else _become(machine, variables)
    connection.set_become_plugin(become)
    address = str(variables.get("ansible_host") or variables.get("ansible_ssh_host") or machine)
    return Reached(machine, address, connection, become)


def _become(machine: str, variables: Mapping[str, Any]) -> Any:
    method = str(variables.get("ansible_become_method") or constants.DEFAULT_BECOME_METHOD)
    become = become_loader.get(method)
    if become is None:
        raise NoMachineError(f"there is no become plugin {method}", where=machine, remedy="set ansible_become_method")
    become.set_options(var_options=variables)
    return become


def _is_fact(name: str) -> bool:
    # What Ansible itself adds to every host, and what an action must not read from there.
    return name in {"ansible_facts", "ansible_local", "ansible_play_hosts", "ansible_run_tags", "ansible_skip_tags"}


def _not_made(machine: str, error: AnsibleError) -> NoMachineError:
    said = _short(str(getattr(error, "orig_exc", None) or error.__cause__ or error))
    return NoMachineError(f"can't be found: {said}", where=machine, remedy=_PREPARE.format(machine=machine))


def _unreachable(machine: str, said: str) -> NoMachineError:
    remedy = (
        "check that it runs, that machine_ssh_cidrs has your address, and your key; if it is new, "
        + _PREPARE.format(machine=machine)
    )
    # What SSH says last is why; Ansible's own words and banners stand before it.
    words = [line.strip() for line in said.partition("over ssh: ")[2].splitlines() if line.strip(" @")] or [said]
    return NoMachineError(f"does not let us in: {_short(words[-1])}", where=machine, remedy=remedy)


def _short(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("->")]
    said = lines[0].removeprefix("machine_address: ") if lines else "it gave no reason"
    return said[:300].rstrip(".")
