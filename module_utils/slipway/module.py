"""The same code as an ordinary module: `ansible localhost -m ecs_service -a ...`."""

from __future__ import annotations

from collections.abc import Callable

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .aws.errors import SlipwayError
from .engine.options import argument_spec, given_only
from .engine.perform import perform
from .resources import KINDS, LOOKUPS
from .step import Step


def main(kind: str, documentation: str) -> None:
    """Run one kind as an Ansible module."""
    secret = KINDS[kind].secret_options
    module = AnsibleModule(argument_spec=argument_spec(documentation, secret), supports_check_mode=True)
    try:
        options = given_only(module.params)
        result = perform(KINDS, LOOKUPS, [(kind, options)], options, check=module.check_mode, report=lambda _: None)
    except SlipwayError as error:
        module.fail_json(msg=str(error))
    resource = result.pop("resources")[0]
    if not module._diff:
        result.pop("diff")
    module.exit_json(**{**resource, **result})


def step_main(load: Callable[[], Step], documentation: str) -> None:
    """Run a step of a release as an Ansible module; `load` imports it, so that a missing library has an error."""
    module = AnsibleModule(argument_spec=argument_spec(documentation), supports_check_mode=True)
    try:
        options = given_only(module.params)
        result = load()(options, check=module.check_mode, report=lambda _: None)
    except ModuleNotFoundError as error:
        module.fail_json(msg=missing_required_lib(str(error.name)))
    except SlipwayError as error:
        module.fail_json(msg=str(error))
    if not module._diff:
        result.pop("diff", None)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
