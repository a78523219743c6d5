"""The same code as an ordinary module: `ansible localhost -m ecs_service -a ...`."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from .aws.errors import SlipwayError
from .engine.options import argument_spec, given_only
from .engine.perform import perform
from .resources import KINDS, LOOKUPS


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
