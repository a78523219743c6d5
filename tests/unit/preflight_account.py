"""An account in which a service runs and nothing is wrong, as the preflight sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slipway.release.preflight import Check, Seen, judge
from slipway.release.preflight.secrets import SecretSeen
from slipway.service.description import check as complete
from slipway.service.spec import service_options
from tests.unit.fake_aws import FakeAws

DESCRIPTION: dict[str, Any] = {
    "deployment_environment": "prod",
    "service_region": "ap-northeast-2",
    "service_repository": "web",
    "service_image_tag": "v1",
    "service_cpu": 256,
    "service_memory": 512,
    "service_container_port": 8000,
    "service_cluster": "c",
    "service_health_check": {"path": "/health"},
    "service_domain": "api.example.com",
    "service_hosted_zone": "example.com",
    "service_secrets": {"A": "ssm:/a", "B": "secretsmanager:b", "K": "secretsmanager:k#jwt"},
    "service_alarms": ["errors"],
}
TASKS, FRONT = "sg-00000000000000001", "sg-00000000000000002"
BALANCER = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
GROUP = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/web/73e2d6bc24d8a067"
OTHER = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/shop/73e2d6bc24d8a068"
ROLE_ARN = "arn:aws:iam::123456789012:role/web-execution"


def described(**variables: Any) -> dict[str, Any]:
    checked = complete({**DESCRIPTION, **variables}, service_options(), "web")
    assert not checked.findings, checked.findings
    return checked.service


def trust(service: str = "ecs-tasks.amazonaws.com") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def table(*routes: Mapping[str, str], subnet: str = "", name: str = "rtb-1") -> dict[str, Any]:
    association = {"SubnetId": subnet} if subnet else {"Main": True}
    local = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
    return {"RouteTableId": name, "Associations": [association], "Routes": [local, *routes]}


def to(target: str, key: str = "GatewayId", state: str = "active") -> dict[str, str]:
    return {"DestinationCidrBlock": "0.0.0.0/0", key: target, "State": state}


def endpoint(name: str, **more: Any) -> dict[str, Any]:
    kind = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True, "State": "available"}
    return {"ServiceName": f"com.amazonaws.ap-northeast-2.{name}", **kind, **more}


ENDPOINTS = [
    *(endpoint(name) for name in ("ecr.api", "ecr.dkr", "logs", "ssm", "secretsmanager")),
    endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=["rtb-1"]),
]


def permission(port: int | None = None, **source: Any) -> dict[str, Any]:
    sources = source or {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return (
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **sources} if port else {"IpProtocol": "-1", **sources}
    )


def rule(priority: int | str = 100, target: str = GROUP, **conditions: list[str]) -> dict[str, Any]:
    given = conditions or {"host_header": ["api.example.com"], "path_pattern": ["/*"]}
    return {
        "Priority": str(priority),
        "Actions": [{"Type": "forward", "TargetGroupArn": target}],
        "Conditions": [{"Field": key.replace("_", "-"), "Values": values} for key, values in given.items()],
    }


def subnet(name: str, zone: str, free: int = 250, cidr: str = "10.0.1.0/24") -> dict[str, Any]:
    where = {"VpcId": "vpc-1", "AvailabilityZone": f"ap-northeast-2{zone}"}
    return {"SubnetId": name, "CidrBlock": cidr, "AvailableIpAddressCount": free, **where}


def healthy() -> dict[str, Any]:
    """An account in which the service runs and nothing is wrong."""
    return {
        "repository": object(),
        "image": type("Image", (), {"platform": "linux/amd64"})(),
        "tags": [],
        "parameters": {"/a": "SecureString"},
        "parameter_keys": {"/a": "alias/aws/ssm"},
        "secrets": {"b": SecretSeen(), "k": SecretSeen(form="JSON", keys=frozenset({"jwt"}))},
        "kms_keys": {},
        "execution_role": {"Arn": ROLE_ARN, "AssumeRolePolicyDocument": trust()},
        "linked": {"Arn": "arn"},
        "simulation": [],
        "network": {
            "vpc_id": "vpc-1",
            "subnet_ids": ["subnet-a", "subnet-b"],
            "zones": ["ap-northeast-2a", "ap-northeast-2b"],
        },
        "subnets": [subnet("subnet-a", "a"), subnet("subnet-b", "b", cidr="10.0.2.0/24")],
        "routes": [table(to("igw-1"))],
        "endpoints": [],
        "security_groups": [
            {"GroupName": "web", "GroupId": TASKS, "IpPermissionsEgress": [permission()]},
            {"GroupName": "web-alb", "GroupId": FRONT, "IpPermissionsEgress": [permission()]},
        ],
        "load_balancer": {
            "LoadBalancerArn": BALANCER,
            "Type": "application",
            "Scheme": "internet-facing",
            "VpcId": "vpc-1",
            "State": {"Code": "active"},
        },
        "target_group": {
            "TargetGroupArn": GROUP,
            "TargetGroupName": "web",
            "TargetType": "ip",
            "Protocol": "HTTP",
            "Port": 8000,
            "VpcId": "vpc-1",
            "HealthCheckPath": "/health",
            "LoadBalancerArns": [BALANCER],
        },
        "its_target_groups": [{"TargetGroupName": "web"}],
        "rules": [(443, [rule(), {"Priority": "default", "IsDefault": True}])],
        "elb_limits": {"target-groups-per-application-load-balancer": 100, "rules-per-application-load-balancer": 100},
        "issued": type("Live", (), {"outputs": {"status": "ISSUED"}})(),
        "zone": ("example.com.", frozenset({"ns-1."})),
        "delegation": None,
        "cluster": {"status": "ACTIVE", "activeServicesCount": 1},
        "service": {
            "status": "ACTIVE",
            "runningCount": 1,
            "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
        },
        "alarms": [{"AlarmName": "errors", "StateValue": "OK"}],
        "stacks": [],
        "owned": {},
        "vCPU quota": {"Value": 100.0},
        "interfaces quota": {"Value": 5000.0},
        "services quota": {"Value": 5000.0},
        "usage": {"vCPU quota": 1.0, "interfaces quota": 10.0},
    }


def fresh() -> dict[str, Any]:
    """An account that has nothing but what no deploy makes: the secrets, the zone, the alarm and a network."""
    made = dict.fromkeys(
        "execution_role linked simulation load_balancer target_group its_target_groups rules cluster service".split()
    )
    return {**healthy(), **made, "security_groups": [], "issued": None}


def checks(changes: Mapping[str, Any] | None = None, **variables: Any) -> list[Check]:
    seen = Seen(FakeAws())
    account = healthy()
    account["load_balancer"]["Scheme"] = variables.get("service_load_balancer_scheme", "internet-facing")
    for name, value in {**account, **(changes or {})}.items():
        seen.put(name, value)
    return judge(described(**variables), seen)


def told(found: list[Check]) -> list[tuple[str, str, str]]:
    """What is not as it should be: status, branch, words."""
    return [(one.status, one.group, f"{one.what} -> {one.remedy}") for one in found if one.status in {"FAIL", "WARN"}]
