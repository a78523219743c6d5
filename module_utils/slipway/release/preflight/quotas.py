"""Quotas that the deploy could run into: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html#limits_ecs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from ...aws.clients import Aws
from ...engine.parallel import side_by_side
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
    most = max(ceil(service["desired_count"] * service["maximum_percent"] / 100) - running, 0)
    # Fewer than that only makes a deployment slower, but one task has to fit, and a new service has to fit whole.
    least = service["desired_count"] if not running else 1
    used = seen["usage"].get(name, 0.0)
    label = f"Fargate {'Spot' if name.startswith('Spot') else 'On-Demand'} vCPUs"
    yield _judged(label, used, least * each, most * each, quota["Value"], "fargate", _CODES[name][1], seen.region)


def check_interfaces(service: Service, seen: Seen) -> Iterator[Check]:
    """Each task has a network interface of its own."""
    quota, used = seen["interfaces quota"], seen["usage"].get("interfaces quota")
    if quota is not None and used is not None:
        more = ceil(service["desired_count"] * service["maximum_percent"] / 100)
        code = _CODES["interfaces quota"][1]
        yield _judged("network interfaces of the region", used, 1, more, quota["Value"], "vpc", code, seen.region)


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
    groups, rules = seen["its_target_groups"], [rule for _, rules in seen["rules"] for rule in rules]
    own = [one for one in groups if one["TargetGroupName"] == service["target_group"]]
    own_rule = any(str(rule.get("Priority")) == str(service["listener_rule_priority"]) for rule in rules)
    counted = (
        ("target groups", "target-groups-per-application-load-balancer", len(groups), 0 if own else 1, "L-822D1B1B"),
        (
            "rules",
            "rules-per-application-load-balancer",
            sum(not rule.get("IsDefault") for rule in rules),
            0 if own_rule else 1,
            "L-7EED9B64",
        ),
    )
    for what, limit, used, new, code in counted:
        if limit in limits:
            label = f"{what} of {name}"
            yield _judged(label, used, new, new, limits[limit], "elasticloadbalancing", code, seen.region)


def _judged(
    label: str, used: float, least: float, most: float, limit: float, service: str, code: str, region: str
) -> Check:
    ask = (
        f"ask for more: aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {code} --desired-value ... --region {region}"
    )
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
