"""The resources that the roles describe of a service, for a hundred services in one process.

The variables of the roles say what they are, as in a deploy. A task to compute them would be a process for each host.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible.template import trust_as_template

from .action import InProcessAction
from .description import plain

_ROLES = Path(__file__).resolve().parents[3] / "roles"
_NO_IMAGE = {"image": "", "tag": ""}
_DESCRIBED = {"fargate": "{{ release_described + fargate_described }}", "compose": "{{ release_described }}"}


class Roles:
    """The variables of the roles, read once."""

    def __init__(self, action: InProcessAction) -> None:
        self._templar = _compiling_once(action._templar.copy_with_new_env(available_variables={}))
        load = action._loader.load_from_file
        files = [
            *sorted((_ROLES / "fargate" / "vars" / "main").glob("*.yml")),
            _ROLES / "release" / "vars" / "main.yml",
        ]
        contents = [load(str(file), trusted_as_template=True) for file in files]
        self._variables = {name: value for content in contents for name, value in content.items()}
        self._templates = {way: trust_as_template(text) for way, text in _DESCRIBED.items()}

    def described(
        self, way: str, description: Mapping[str, Any], known: Mapping[str, Any], groups: list[str]
    ) -> list[Any]:
        """What a deploy of this service would make, as the roles write it down.

        Raises:
            AnsibleError: it can't be computed.
        """
        # What was released is compared: whether there is something newer is another question.
        image = (known.get("applied") or {}).get("image") or _NO_IMAGE
        variables = {
            **self._variables,
            "release_service": description,
            "fargate_service": description,
            "_fargate_network": known.get("network") or {},
            "_release_image": image,
            "group_names": groups,
            "ansible_check_mode": True,
        }
        self._templar.available_variables = variables
        found: list[Any] = plain(self._templar.template(self._templates[way]))
        return found


def _compiling_once(templar: Any) -> Any:
    """The templar, which keeps what it compiled: two thirds of the time of a template are spent on that."""
    # It is ansible-core's own; where that has it elsewhere some day, this only takes longer.
    environment = getattr(getattr(templar, "_engine", None), "environment", None)
    if environment is not None:
        environment.from_string = cache(environment.from_string)
    return templar
