"""Filters that derive from a service's completed description what its roles and security groups need."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.aws.errors import SlipwayError
from slipway.service import roles, scaling, strategy


def execution_role_statements(
    service: Mapping[str, Any], account_id: str, kms_keys: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """What the execution role of a service may do, from its description and the account's id."""
    try:
        return roles.execution_role_statements(
            _place(service, account_id),
            repository=service["repository"],
            log_group=service["log_group"],
            secrets=service["secrets"],
            kms_keys=kms_keys,
        )
    except SlipwayError as error:
        raise AnsibleFilterError(str(error)) from None


def ecs_tasks_assume_role(service: Mapping[str, Any], account_id: str) -> list[dict[str, Any]]:
    """Who may assume a role of the service: ECS tasks of this account."""
    return roles.ecs_tasks_assume_role(_place(service, account_id))


def _place(service: Mapping[str, Any], account_id: str) -> roles.Place:
    return roles.Place(str(service["region"]), str(account_id))


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {
            "execution_role_statements": execution_role_statements,
            "ecs_tasks_assume_role": ecs_tasks_assume_role,
            "scaling_policies": scaling.scaling_policies,
            "task_role_policies": roles.task_role_policies,
            "world_rules": roles.world_rules,
            "alternate_target_group": strategy.alternate_target_group,
            "deployment_configuration": strategy.deployment_configuration,
            "forward_actions": strategy.forward_actions,
            "infrastructure_role": strategy.infrastructure_role,
            "load_balancers": strategy.load_balancers,
            "release_timeout": strategy.release_timeout,
        }
