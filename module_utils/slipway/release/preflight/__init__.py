"""What can be known to be wrong before anything is touched, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...aws.clients import Aws
from ...engine.parallel import side_by_side
from . import balancing, domain, health_path, image, network, quotas, roles, running, secrets
from .check import Check, fail, ok, render
from .seen import Seen, UnreadError

__all__ = ["Check", "Seen", "inspect", "judge", "look", "render"]

Service = Mapping[str, Any]
Rule = Callable[[Service, Seen], Iterator[Check]]


def _account(service: Service, seen: Seen) -> Iterator[Check]:
    """A description that names an account is deployed to no other."""
    wanted = service.get("account_id")
    if wanted and str(wanted) != seen.account:
        what = f"is {wanted}, and the credentials are of account {seen.account}"
        remedy = "log in to the account of the description (AWS_PROFILE), or correct service_account_id"
        yield fail(what, remedy, "service_account_id")
    else:
        yield ok(f"account {seen.account}, {seen.region}")


def _identities(aws: Aws, service: Service, seen: Seen) -> None:
    # The roles are asked whether they may use the secrets' keys.
    secrets.observe(aws, service, seen)
    roles.observe(aws, service, seen)


_LOOKS: dict[str, Callable[[Aws, Service, Seen], None]] = {
    "secrets and roles": _identities,
    "network": network.observe,
    "load balancer": balancing.observe,
    "image": image.observe,
    "service": running.observe,
    "quotas": quotas.observe,
    "domain": domain.observe,
    "alarms": running.observe_alarms,
    "stacks": running.observe_stacks,
}
# The branches of the tree, in the order in which a deploy needs them.
GROUPS: dict[str, tuple[Rule, ...]] = {
    "account": (_account,),
    "image": (image.check_build, image.check_repository, image.check_image),
    "secrets": (secrets.check_parameters, secrets.check_secrets, secrets.check_keys),
    "roles": (
        roles.check_execution_role,
        roles.check_task_role,
        roles.check_permissions,
        roles.check_customer_keys,
        roles.check_linked_role,
    ),
    "network": (
        network.check_subnets,
        network.check_load_balancer_subnets,
        network.check_way_out,
        network.check_public,
        network.check_addresses,
        network.check_groups,
    ),
    "load balancer": (
        balancing.check_load_balancer,
        balancing.check_target_group,
        balancing.check_moved,
        health_path.check_health_path,
        balancing.check_attached,
        balancing.check_priority,
        balancing.check_shadowed,
    ),
    "domain": (domain.check_certificate, domain.check_zone),
    "size": (running.check_size,),
    "service": (running.check_cluster, running.check_service, running.check_deployment, running.check_stacks),
    "alarms": (running.check_alarms,),
    "quotas": (
        quotas.check_vcpu,
        quotas.check_interfaces,
        quotas.check_services,
        quotas.check_load_balancer,
    ),
}
# The account's part for a service on a machine: its image, and its secrets.
_COMPOSE_LOOKS = {"secrets": secrets.observe, "image": image.observe}
_COMPOSE_GROUPS = ("account", "image", "secrets")


def inspect(aws: Aws, service: Service) -> list[Check]:
    """Every check of a completed description against the account that it is to be deployed to.

    Raises:
        AwsError: no credentials, an expired token, or AWS does not answer.
    """
    aws.identity()
    seen = Seen(aws)
    wrong = [replace(one, group="account") for one in _account(service, seen) if one.status == "FAIL"]
    # Whatever else is missing in somebody else's account is no finding.
    return wrong or judge(service, look(aws, service, seen))


def look(aws: Aws, service: Service, seen: Seen) -> Seen:
    """Read all that the checks need, side by side; nothing is written."""
    looks = _COMPOSE_LOOKS if service.get("target") == "compose" else _LOOKS
    side_by_side(lambda name: looks[name](aws, service, seen), list(looks))
    if looks is _LOOKS:
        health_path.observe(aws, service, seen)
    return seen


def judge(service: Service, seen: Seen) -> list[Check]:
    """Every check of what was seen, by branch; pure."""
    found: dict[Check, None] = {}
    groups = _COMPOSE_GROUPS if service.get("target") == "compose" else tuple(GROUPS)
    for group in groups:
        for rule in GROUPS[group]:
            # What could not be read is told once a branch, however many checks needed it.
            found.update({replace(one, group=group): None for one in _judged(rule, service, seen)})
    return list(found)


def _judged(rule: Rule, service: Service, seen: Seen) -> Iterator[Check]:
    try:
        yield from rule(service, seen)
    except UnreadError as error:
        yield error.unread.check()
