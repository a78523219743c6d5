"""The same code as an ordinary module: `ansible localhost -m ecs_service -a ...`."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .aws.errors import SlipwayError
from .engine.options import argument_spec, given_only
from .engine.perform import perform
from .resources import KINDS, LOOKUPS
from .step import step_of


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


def step_main(name: str, documentation: str) -> None:
    """Run a step of a release as an Ansible module."""
    module = AnsibleModule(argument_spec=argument_spec(documentation), supports_check_mode=True)
    try:
        options = given_only(module.params)
        result = step_of(name)(options, check=module.check_mode, report=lambda _: None)
    except ModuleNotFoundError as error:
        module.fail_json(msg=missing_required_lib(str(error.name)))
    except SlipwayError as error:
        module.fail_json(msg=str(error))
    if not module._diff:
        result.pop("diff", None)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
