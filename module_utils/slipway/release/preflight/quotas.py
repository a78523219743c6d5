"""Quotas that the deploy could run into: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html#limits_ecs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from ...aws.clients import Aws
from ...engine.parallel import side_by_side
from ...service.strategy import shifts_requests
from .balancing import listener_ports, target_groups
from .check import Check, fail, ok, warn
from .seen import Seen, absent

Service = Mapping[str, Any]
# Name here -> service and code of Service Quotas.
_CODES = {
    "vCPU quota": ("fargate", "L-3032A538"),
    "Spot vCPU quota": ("fargate", "L-36FBB829"),
    "services quota": ("ecs", "L-9EF96962"),
    "interfaces quota": ("vpc", "L-DF5E4CA3"),
}
_NEAR = 0.8
# AWS raises this one for nobody:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
_ANOTHER = "set service_load_balancer to a new name, so that another one is made: AWS does not raise this quota"
_RECENT = timedelta(hours=1)


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """GetServiceQuota for each, and one GetMetricData for the usage of those whose usage CloudWatch keeps."""
    wanted = [name for name in _CODES if name not in {"vCPU quota", "Spot vCPU quota"} or name == _vcpu(service)]
    found = dict(
        zip(wanted, side_by_side(lambda name: seen.read(name, lambda: _quota(aws, name)), wanted), strict=True)
    )
    metered = {name: quota["UsageMetric"] for name, quota in found.items() if quota and quota.get("UsageMetric")}
    seen.put("usage", {})
    if metered:
        seen.read("usage", lambda: _usage(aws, metered))


def check_vcpu(service: Service, seen: Seen) -> Iterator[Check]:
    """A service needs the vCPUs of all its tasks; during a deployment, of those that start beside them too."""
    name = _vcpu(service)
    quota = seen[name]
    if quota is None:
        return
    running = (seen.get("service") or {}).get("runningCount", 0)
    each = service["cpu"] / 1024
    most = max(_most_tasks(service, seen) - running, 0)
    # Fewer than that only makes a rolling deployment slower, but one task has to fit. What is new has to fit whole.
    least = 1 if running and not shifts_requests(service) else _tasks(service, seen)
    used = seen["usage"].get(name, 0.0)
    label = f"Fargate {'Spot' if name.startswith('Spot') else 'On-Demand'} vCPUs"
    yield _judged(label, used, least * each, most * each, quota["Value"], "fargate", _CODES[name][1], seen.region)


def check_interfaces(service: Service, seen: Seen) -> Iterator[Check]:
    """Each task has a network interface of its own."""
    quota, used = seen["interfaces quota"], seen["usage"].get("interfaces quota")
    if quota is not None and used is not None:
        running = (seen.get("service") or {}).get("runningCount", 0)
        more = max(_most_tasks(service, seen) - running, 1)
        code = _CODES["interfaces quota"][1]
        yield _judged("network interfaces of the region", used, 1, more, quota["Value"], "vpc", code, seen.region)


def _tasks(service: Service, seen: Seen) -> int:
    """How many tasks there are to be: where there is autoscaling, as many as there are."""
    wanted = int(service["desired_count"])
    now = int((seen.get("service") or {}).get("desiredCount", 0)) if service.get("autoscaling") else 0
    return max(wanted, now)


def _most_tasks(service: Service, seen: Seen) -> int:
    """How many there are at the most during a deployment: two whole sets, where requests are shifted to the new one.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
    """
    percent = 200 if shifts_requests(service) else service["maximum_percent"]
    return ceil(_tasks(service, seen) * percent / 100)


def check_services(service: Service, seen: Seen) -> Iterator[Check]:
    """One more, where the service is new."""
    quota, cluster, found = seen["services quota"], seen["cluster"], seen["service"]
    if quota is not None:
        used = (cluster or {}).get("activeServicesCount", 0)
        new = 0 if found is not None and found.get("status") == "ACTIVE" else 1
        code = _CODES["services quota"][1]
        yield _judged(f"services of {service['cluster']}", used, new, new, quota["Value"], "ecs", code, seen.region)


def check_load_balancer(service: Service, seen: Seen) -> Iterator[Check]:
    """Target groups and rules of a load balancer that services share."""
    limits = seen["elb_limits"]
    name = service["load_balancer"]
    if seen["load_balancer"] is None:
        return
    groups, rules = seen["its_target_groups"], [(port, rule) for port, rules in seen["rules"] for rule in rules]
    names, priority = {one["TargetGroupName"] for one in groups}, str(service["listener_rule_priority"])
    taken = {port for port, rule in rules if str(rule.get("Priority")) == priority}
    if (limit := limits.get("target-groups-per-application-load-balancer")) is not None:
        new = len(set(target_groups(service).values()) - names)
        yield _compared(f"target groups of {name}", len(groups), new, new, limit, _ANOTHER)
    if (limit := limits.get("rules-per-application-load-balancer")) is not None:
        new, used = len(set(listener_ports(service)) - taken), sum(not rule.get("IsDefault") for _, rule in rules)
        yield _judged(f"rules of {name}", used, new, new, limit, "elasticloadbalancing", "L-7EED9B64", seen.region)


def _judged(
    label: str, used: float, least: float, most: float, limit: float, service: str, code: str, region: str
) -> Check:
    ask = (
        f"ask for more: aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {code} --desired-value ... --region {region}"
    )
    return _compared(label, used, least, most, limit, ask)


def _compared(label: str, used: float, least: float, most: float, limit: float, ask: str) -> Check:
    what = f"{label}: {used:g} of {limit:g} are used"
    if least and used + least > limit:
        return fail(f"{what}, and {least:g} more are needed", f"{ask}; or free some")
    if used + most >= _NEAR * limit:
        more = f", and up to {most:g} more are needed" if most else ""
        return warn(f"{what}{more}", ask)
    return ok(what)


def _vcpu(service: Service) -> str:
    providers = service.get("capacity_providers") or ()
    spot = bool(providers) and all(one["capacity_provider"] == "FARGATE_SPOT" for one in providers)
    return "Spot vCPU quota" if spot else "vCPU quota"


def _quota(aws: Aws, name: str) -> dict[str, Any] | None:
    """The applied quota; None where Service Quotas has none for this region."""
    service, code = _CODES[name]
    answer = absent(
        lambda: aws.call("service-quotas", "GetServiceQuota", ServiceCode=service, QuotaCode=code),
        "NoSuchResourceException",
    )
    return answer["Quota"] if answer else None


def _usage(aws: Aws, metered: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Service-Quota-Integration.html."""
    names, now = list(metered), datetime.now(tz=UTC)
    queries = []
    for index, name in enumerate(names):
        metric = metered[name]
        dimensions = [{"Name": key, "Value": value} for key, value in (metric.get("MetricDimensions") or {}).items()]
        queries.append(
            {
                "Id": f"q{index}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": metric["MetricNamespace"],
                        "MetricName": metric["MetricName"],
                        "Dimensions": dimensions,
                    },
                    "Period": 300,
                    "Stat": metric.get("MetricStatisticRecommendation", "Maximum"),
                },
            }
        )
    answer = aws.call(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=queries,
        StartTime=now - _RECENT,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    # No value at all: nothing of it was used within the hour.
    return {
        names[int(one["Id"][1:])]: float(one["Values"][0]) if one.get("Values") else 0.0
        for one in answer["MetricDataResults"]
    }
