"""The load balancer, its target group and its rule: what is there fits, or this deploy can change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ...aws.clients import Aws
from ...engine.parallel import side_by_side
from ...service.strategy import alternate_target_group, shifts_requests
from ..observe import target_group_arns
from .check import Check, fail, ok, warn
from .seen import Seen, absent

Service = Mapping[str, Any]
Item = Mapping[str, Any]
# The rule would lead to the new group before a task is in it.
_BESIDE = (
    "keep it; or describe the changed service as another one beside this (a host with names and a rule of its own), "
    "move the requests by service_dns_weight, and delete this one"
)


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """DescribeLoadBalancers and DescribeTargetGroups by name; then the listeners and their rules."""
    looks: dict[str, Callable[[], Any]] = {
        "load_balancer": lambda: _named(
            aws, "DescribeLoadBalancers", "LoadBalancers", service["load_balancer"], "LoadBalancerNotFound"
        ),
        "elb_limits": lambda: _limits(aws),
    }
    looks |= {key: partial(_target_group, aws, name) for key, name in target_groups(service).items()}
    side_by_side(lambda name: seen.read(name, looks[name]), list(looks))
    balancer = seen.get("load_balancer")
    if balancer is None:
        return
    arn = balancer["LoadBalancerArn"]
    more = {
        "rules": lambda: _rules(aws, arn),
        "its_target_groups": lambda: aws.pages("elbv2", "DescribeTargetGroups", "TargetGroups", LoadBalancerArn=arn),
    }
    side_by_side(lambda name: seen.read(name, more[name]), list(more))


def target_groups(service: Service) -> dict[str, str]:
    """What is seen of each target group, and its name: where ECS shifts requests, there are two."""
    names = {"target_group": str(service["target_group"])}
    return {**names, "alternate_target_group": alternate_target_group(service)} if shifts_requests(service) else names


def listener_ports(service: Service) -> list[int]:
    """The ports at which the service has a rule: the one of all requests first."""
    port = 443 if service.get("domain") or service.get("certificate_arn") else 80
    return [port, *([int(service["test_port"])] if service.get("test_port") else [])]


def check_load_balancer(service: Service, seen: Seen) -> Iterator[Check]:
    """It works, and is of the type, the scheme and the VPC that are described: AWS changes none of these."""
    balancer, name = seen["load_balancer"], service["load_balancer"]
    if balancer is None:
        yield ok(f"the load balancer {name} is made by this deploy")
        return
    bad = False
    network = seen.get("network")
    vpc = network["vpc_id"] if isinstance(network, Mapping) and not _shares(balancer, service, network) else None
    facts = (
        ("type", balancer.get("Type", "application"), "application", "service_load_balancer"),
        ("scheme", balancer.get("Scheme"), service["load_balancer_scheme"], "service_load_balancer_scheme"),
        ("VPC", balancer.get("VpcId"), vpc, "service_vpc_id"),
    )
    for fact, there, wanted, variable in facts:
        if there and wanted and there != wanted:
            bad = True
            remedy = f"correct {variable}, or set service_load_balancer to a new name so that another one is made"
            yield fail(f"the {fact} of {name} is {there} and not {wanted}, which AWS cannot change", remedy, variable)
    state = balancer.get("State") or {}
    if state.get("Code") == "failed":
        bad = True
        remedy = "look at its events in the EC2 console; delete it and deploy again, or name another one"
        yield fail(f"the load balancer {name} has failed: {state.get('Reason', '')}", remedy, "service_load_balancer")
    elif state.get("Code") == "active_impaired":
        remedy = "free addresses in its subnets: it cannot grow with the requests"
        yield warn(f"the load balancer {name} is impaired: {state.get('Reason', '')}", remedy, "service_load_balancer")
    if not bad:
        yield ok(f"the load balancer {name} is there")


def check_target_group(service: Service, seen: Seen) -> Iterator[Check]:
    """What AWS fixes of each fits the container; its health check is brought to the description."""
    for key, name in target_groups(service).items():
        yield from _fits(service, seen, seen[key], name)


def _fits(service: Service, seen: Seen, group: Item | None, name: str) -> Iterator[Check]:
    if group is None:
        yield ok(f"the target group {name} is made by this deploy")
        return
    network = seen.get("network")
    wanted = {"TargetType": "ip", "Protocol": "HTTP", "Port": service["container_port"]}
    if isinstance(network, Mapping):
        wanted["VpcId"] = network["vpc_id"]
    variables = {"Port": "service_container_port", "VpcId": "service_vpc_id"}
    bad = {key: value for key, value in wanted.items() if group.get(key) not in (None, value)}
    for key, value in bad.items():
        free = f"set service_target_group to a new name ({name}-2, for example), so that another one is made"
        remedy = _BESIDE if _serves(seen) else free
        what = f"{key} of the target group {name} is {group[key]} and not {value}, which AWS cannot change"
        yield fail(what, remedy, variables.get(key, "service_target_group"))
    if bad:
        return
    yield ok(f"the target group {name} takes addresses on port {service['container_port']}")
    path, there = service["health_check"]["path"], group.get("HealthCheckPath")
    known = f"asks for {path}" if there in (None, path) else f"asks for {there}: this deploy changes it to {path}"
    yield ok(f"its health check {known}")


def check_moved(service: Service, seen: Seen) -> Iterator[Check]:
    """The tasks that serve are in the target groups that are described: another one would have requests and no task."""
    current = {_name(arn) for arn in target_group_arns(seen["service"] or {})}
    if _serves(seen) and current and service["target_group"] not in current:
        there = " and ".join(sorted(current))
        what = f"the service serves from the target group {there}: {service['target_group']} would have no task in it"
        yield fail(what, _BESIDE, "service_target_group")


def _serves(seen: Seen) -> bool:
    return bool((seen.get("service") or {}).get("runningCount"))


def check_attached(service: Service, seen: Seen) -> Iterator[Check]:
    """A target group belongs to one load balancer: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html."""
    for key, name in target_groups(service).items():
        if seen[key] is not None:
            yield _attached(service, seen["load_balancer"], seen[key], name)


def _attached(service: Service, balancer: Item | None, group: Item, name: str) -> Check:
    arns = list(group.get("LoadBalancerArns") or ())
    other = [arn for arn in arns if balancer is None or arn != balancer["LoadBalancerArn"]]
    if other:
        remedy = "set service_load_balancer to that one, or service_target_group to a new name"
        what = f"the target group {name} belongs to the load balancer {_name(other[0])} already"
        return fail(what, remedy, "service_target_group")
    by = "" if arns else " by this deploy"
    return ok(f"the target group {name} is attached to {service['load_balancer']}{by}")


def check_priority(service: Service, seen: Seen) -> Iterator[Check]:
    """The rule of our priority is ours: this deploy would take another service's away."""
    if seen["load_balancer"] is None:
        return
    for port in listener_ports(service):
        yield _priority(service, seen, port)


def _priority(service: Service, seen: Seen, port: int) -> Check:
    rules = next((rules for other, rules in seen["rules"] if other == port), None)
    where = f"{service['load_balancer']}:{port}"
    if rules is None:
        return ok(f"the listener {where} is made by this deploy")
    priority = str(service["listener_rule_priority"])
    rule = next((rule for rule in rules if str(rule.get("Priority")) == priority), None)
    if rule is None:
        return ok(f"the rule {priority} of {where} is free")
    if _is_own(rule, service, seen):
        return ok(f"the rule {priority} of {where} is this service's")
    taken = {str(one.get("Priority")) for one in rules}
    free = next((number for number in range(1, 50_001) if number > int(priority) and str(number) not in taken), 1)
    goes = ", ".join(_name(arn) for arn in _targets(rule)) or "something else"
    remedy = f"set service_listener_rule_priority to a free one, {free} for example"
    what = f"the rule {priority} of {where} is not this service's: it leads to {goes}"
    return fail(what, remedy, "service_listener_rule_priority")


def check_shadowed(service: Service, seen: Seen) -> Iterator[Check]:
    """A rule with the same conditions that comes first would take every request."""
    if seen["load_balancer"] is None:
        return
    port = listener_ports(service)[0]
    for rule in next((rules for other, rules in seen["rules"] if other == port), ()):
        priority = str(rule.get("Priority"))
        first = priority.isdigit() and int(priority) < service["listener_rule_priority"]
        if first and _conditions(rule) == _wanted(service) and not _is_own(rule, service, seen):
            goes = ", ".join(_name(arn) for arn in _targets(rule)) or "something else"
            remedy = "remove that rule, or change service_domain or service_path_patterns"
            what = f"the rule {priority} has the same conditions, comes first and leads to {goes}"
            yield warn(what, remedy, "service_listener_rule_priority")


def _is_own(rule: Item, service: Service, seen: Seen) -> bool:
    """It leads to a target group of ours, to one that our ECS service has now, or it is the rule of our domain."""
    targets, running = _targets(rule), seen.get("service") or {}
    current, own = set(target_group_arns(running)), set(target_groups(service).values())
    if any(_name(arn) in own or arn in current for arn in targets):
        return True
    return bool(service.get("domain")) and _conditions(rule) == _wanted(service)


def _shares(balancer: Item, service: Service, network: Item) -> bool:
    """Whether it is in one of our subnets, and so in our VPC, whatever an emulator says of that."""
    own = service.get("load_balancer_subnets") or network["subnet_ids"]
    return any(zone.get("SubnetId") in own for zone in balancer.get("AvailabilityZones") or ())


def _targets(rule: Item) -> list[str]:
    found: list[str] = []
    for action in rule.get("Actions") or ():
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
        found += [one["TargetGroupArn"] for one in groups] or [action["TargetGroupArn"]] * ("TargetGroupArn" in action)
    return found


def _conditions(rule: Item) -> dict[str, frozenset[str]]:
    return {
        one["Field"]: frozenset(
            one.get("Values")
            or next((value["Values"] for key, value in one.items() if key.endswith("Config") and "Values" in value), ())
        )
        for one in rule.get("Conditions") or ()
    }


def _wanted(service: Service) -> dict[str, frozenset[str]]:
    own = {"path-pattern": frozenset(service["path_patterns"])}
    return {"host-header": frozenset({service["domain"]}), **own} if service.get("domain") else own


def _name(arn: str) -> str:
    """The name in the ARN of a target group (targetgroup/NAME/ID) or a load balancer (loadbalancer/app/NAME/ID)."""
    return arn.split("/")[-2] if arn.count("/") >= 2 else arn


def _named(aws: Aws, operation: str, result: str, name: str, missing: str) -> Item | None:
    found = absent(lambda: aws.call("elbv2", operation, Names=[name])[result], missing)
    return found[0] if found else None


def _target_group(aws: Aws, name: str) -> Item | None:
    return _named(aws, "DescribeTargetGroups", "TargetGroups", name, "TargetGroupNotFound")


def _limits(aws: Aws) -> dict[str, int]:
    limits = aws.pages("elbv2", "DescribeAccountLimits", "Limits")
    return {one["Name"]: int(one["Max"]) for one in limits if one.get("Max")}


def _rules(aws: Aws, balancer: str) -> list[tuple[int, list[Item]]]:
    """The rules of each listener, with its port."""
    listeners = aws.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=balancer)
    arns = [one["ListenerArn"] for one in listeners]
    found = side_by_side(lambda arn: aws.pages("elbv2", "DescribeRules", "Rules", ListenerArn=arn), arns)
    return [(int(one["Port"]), rules) for one, rules in zip(listeners, found, strict=True)]
