"""How bad it is that a field is not as described. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_network
from typing import Any

from .finding import Severity

# (what is there, what was described) -> whether the line applies.
Applies = Callable[[Any, Any], bool]
_EVERY = frozenset({"*", "*:*"})
# A range of public addresses that is wider than this is as good as everybody's.
_WIDE = {4: 8, 6: 16}
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104


def _always(_found: Any, _expected: Any) -> bool:
    return True


def _is_gone(found: Any, _expected: Any) -> bool:
    return found is None


def _opens_to_the_world(found: Any, expected: Any) -> bool:
    """A rule that nobody described, and that lets everybody in, whatever the port."""
    if expected is not None or not isinstance(found, Mapping):
        return False
    return any(_is_the_world(str(found[key])) for key in ("cidr_ipv4", "cidr_ipv6") if found.get(key))


def _is_the_world(text: str) -> bool:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen < _WIDE[network.version] and not (network.prefixlen and network.is_private)


def _lets_anybody(found: Any, expected: Any) -> bool:
    """A statement, or a part of one, that allows everybody, or everything, and was not described so."""
    described = _elements(expected)
    return any(_is_open(one) for one in _elements(found) if one not in described)


def _listens_everywhere(found: Any, _expected: Any) -> bool:
    return isinstance(found, Mapping) and bool(_EVERYWHERE & set(map(str, found.get("addresses") or ())))


def _others_read(found: Any, _expected: Any) -> bool:
    """A file's mode that lets others than its owner in."""
    return isinstance(found, str) and found.isdigit() and bool(int(found, 8) & 0o077)


def _stands(found: Any, _expected: Any) -> bool:
    return isinstance(found, Mapping) and found.get("state") in {"stopped", "failed"}


def _elements(value: Any) -> list[Any]:
    """The statements of a policy, of a list of them, or what there is in their place."""
    if isinstance(value, Mapping) and "statements" in value:
        return list(value["statements"])
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_open(item: Any) -> bool:
    if not isinstance(item, Mapping):
        return item in _EVERY
    if item.get("effect") == "Deny":
        return False
    who = (item.get("principals") or {}).get("aws") or ()
    # Whom a condition narrows down is not everybody.
    return bool(_EVERY & set(item.get("actions") or ())) or ("*" in who and not item.get("conditions"))


def _is_administrator(found: Any, expected: Any) -> bool:
    given = found if isinstance(found, list | tuple) else [found]
    before = expected if isinstance(expected, list | tuple) else [expected]
    return any(str(one).endswith("policy/AdministratorAccess") and one not in before for one in given)


# The first line that applies decides; what is in none of them is medium.
_LINES: tuple[tuple[str, str, Applies, Severity], ...] = (
    ("security_group", "ingress*", _opens_to_the_world, "critical"),
    ("iam_role", "assume_role_policy*.resources*", _always, "high"),
    ("iam_role", "inline_policies*.resources*", _always, "high"),
    ("iam_role", "assume_role_policy*", _lets_anybody, "critical"),
    ("iam_role", "inline_policies*", _lets_anybody, "critical"),
    ("iam_role", "managed_policies*", _is_administrator, "critical"),
    ("ec2_instance", "metadata_options*", _always, "high"),
    ("ec2_instance", "root_volume.encrypted", _always, "critical"),
    ("ecr_repository", "repository_policy*", _lets_anybody, "critical"),
    ("ecr_repository", "repository_policy*", _always, "high"),
    ("machine", "ports*", _listens_everywhere, "critical"),
    ("machine", "ports*", _always, "high"),
    ("machine", "firewall*", _always, "high"),
    ("machine", "files*", _always, "high"),
    # Docker, the proxy, the disk guard.
    ("machine", "Start *", _stands, "critical"),
    ("machine", "Start *", _always, "high"),
    ("machine", "Keep the clock right*", _always, "high"),
    ("machine", "Install the distribution's packages", _always, "high"),
    ("compose_service", "containers*.image", _always, "critical"),
    ("compose_service", "containers*.state", _always, "critical"),
    ("compose_service", "containers*.health", _always, "high"),
    ("compose_service", "containers*.variables", _always, "high"),
    ("compose_service", "containers*.privileged", _always, "critical"),
    ("compose_service", "containers*.published", _always, "critical"),
    ("compose_service", "containers*]", _is_gone, "critical"),
    ("compose_service", "files*.env].mode", _others_read, "critical"),
    ("compose_service", "files*", _always, "high"),
    ("compose_service", "unit.active", _always, "critical"),
    ("compose_service", "unit.enabled", _always, "high"),
    ("compose_service", "drop_ins*", _always, "high"),
    ("compose_service", "timers*", _always, "high"),
    ("compose_service", "program", _always, "low"),
    # Without them nobody is served.
    ("compose_service", "", _is_gone, "critical"),
    ("ecs_service", "", _is_gone, "critical"),
    ("elb_*", "", _is_gone, "critical"),
    ("route53_record", "", _always, "critical"),
    ("ec2_instance", "", _is_gone, "critical"),
    ("elastic_ip", "", _is_gone, "critical"),
    ("*", "", _always, "high"),
    ("*", "tags*", _always, "low"),
    ("*", "description", _always, "low"),
    ("security_group", "*].description", _always, "low"),
    ("log_group", "*", _always, "low"),
    ("security_group", "*", _always, "high"),
    ("iam_role", "*", _always, "high"),
    ("instance_profile", "*", _always, "high"),
    ("route53_record", "*", _always, "high"),
    ("elb_load_balancer", "listeners*", _always, "high"),
    ("elb_listener", "rules*", _always, "high"),
    ("elb_target_group", "targets*", _always, "high"),
    ("elb_listener", "protocol", _always, "critical"),
    ("elb_listener", "certificates*", _always, "high"),
    ("elb_listener", "ssl_policy", _always, "high"),
    ("elb_listener*", "*actions*", _always, "high"),
    ("elb_load_balancer", "scheme", _always, "critical"),
    ("elb_load_balancer", "security_groups*", _always, "high"),
    ("ecs_task_definition", "container_definitions*", _always, "high"),
    ("ecs_task_definition", "*role_arn", _always, "high"),
    ("ecs_service", "task_definition", _always, "high"),
    ("ecs_service", "desired_count", _always, "high"),
    ("ecs_service", "load_balancers*", _always, "high"),
    ("ecs_service", "network_configuration*", _always, "high"),
    ("ecs_service", "task_sets*", _always, "high"),
)


def severity(kind: str, field: str, found: Any, expected: Any) -> Severity:
    """How bad a difference is; `field` is empty for a whole resource."""
    for kinds, fields, applies, answer in _LINES:
        if fnmatchcase(kind, kinds) and _matches(field, fields) and applies(found, expected):
            return answer
    return "medium"


def _matches(field: str, pattern: str) -> bool:
    # Brackets are part of a path, and no set of characters.
    return fnmatchcase(field.replace("[", "("), pattern) if pattern else not field
