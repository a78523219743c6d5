"""Preflight: what each check says of what was seen, and how all of it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.aws.errors import AwsError
from slipway.release.preflight import Check, Seen, inspect, judge, render
from slipway.release.preflight import domain as domain_checks
from slipway.release.preflight import secrets as secret_checks
from slipway.release.preflight.check import counts, results, worst
from slipway.release.preflight.network import default_way
from slipway.release.preflight.secrets import SecretSeen
from slipway.release.preflight.seen import Unread
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


def test_an_account_in_which_nothing_is_wrong() -> None:
    found = checks()
    assert told(found) == []
    assert {one.group for one in found} == {
        "account", "image", "secrets", "roles", "network", "load balancer", "domain", "size", "service", "alarms",
        "quotas",
    }  # fmt: skip


def test_a_fresh_account_passes() -> None:
    seen = Seen(FakeAws())
    for name, value in fresh().items():
        seen.put(name, value)
    found = judge(described(service_build_context="/"), seen_with_build(seen))
    assert told(found) == []
    made = [one.what for one in found if "made by this deploy" in one.what]
    assert len(made) >= 7


def seen_with_build(seen: Seen) -> Seen:
    seen.put("build", (True, True))
    return seen


SHIFTS = {"service_deployment_strategy": "blue_green"}
AUTOSCALED = {"service_autoscaling": {"min_capacity": 1, "max_capacity": 20, "target_cpu_percent": 60}}
SMALL = {"Value": 2.0}
STACK = {"StackName": "web-stack", "StackStatus": "ROLLBACK_COMPLETE"}
Case = tuple[str, dict[str, Any], dict[str, Any], str, str, tuple[str, ...]]
DENY = {
    "EvalActionName": "ecr:BatchGetImage",
    "EvalResourceName": "arn:aws:ecr:ap-northeast-2:123456789012:repository/web",
}
CASES: list[Case] = [
    # What was seen otherwise, what is described otherwise, then: status, branch, words.
    ("image gone", {"image": None, "tags": ["v0"]}, {}, "FAIL", "image", ("v1 is not in the repository", "it has v0")),
    ("no image at all", {"image": None}, {}, "FAIL", "image", ("no tagged image", "service_build_context")),
    ("no image named", {}, {"service_image_tag": None}, "FAIL", "image", ("anything to build", "push one")),
    ("no repository", {"repository": None}, {}, "FAIL", "image", ("no repository web", "aws ecr create-repository")),
    ("architecture", {}, {"service_cpu_architecture": "ARM64"}, "FAIL", "image", ("linux/amd64", "linux/arm64")),
    ("no context", {"build": (False, False)}, {"service_build_context": "/x"}, "FAIL", "image", ("/x is no folder",)),
    ("no Dockerfile", {"build": (True, False)}, {"service_build_context": "/x"}, "FAIL", "image", ("no Dockerfile",)),
    ("no parameter", {"parameters": {}}, {}, "FAIL", "secrets", ("ssm:/a", "aws ssm put-parameter")),
    (
        "key disabled",
        {"kms_keys": {"k1": {"KeyState": "Disabled"}}},
        {},
        "FAIL",
        "secrets",
        ("k1 of a secret is Disabled", "aws kms enable-key --key-id k1"),
    ),
    (
        "key to be deleted",
        {"kms_keys": {"k1": {"KeyState": "PendingDeletion"}}},
        {},
        "FAIL",
        "secrets",
        ("PendingDeletion", "cancel-key-deletion"),
    ),
    (
        "own key",
        {"kms_keys": {"k1": {"KeyState": "Enabled", "Arn": "arn:k1"}}},
        {},
        "WARN",
        "roles",
        ("lets it use the KMS key arn:k1", "kms:Decrypt"),
    ),
    (
        "boundary",
        {
            "simulation": [
                {
                    **DENY,
                    "EvalDecision": "implicitDeny",
                    "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
                }
            ]
        },
        {},
        "FAIL",
        "roles",
        ("web-execution may not ecr:BatchGetImage", "permissions boundary"),
    ),
    (
        "explicit deny",
        {
            "simulation": [
                {**DENY, "EvalDecision": "explicitDeny", "MatchedStatements": [{"SourcePolicyId": "no-ecr"}]}
            ]
        },
        {},
        "FAIL",
        "roles",
        ("denied by no-ecr",),
    ),
    (
        "organization",
        {
            "simulation": [
                {
                    **DENY,
                    "EvalDecision": "implicitDeny",
                    "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
                }
            ]
        },
        {},
        "FAIL",
        "roles",
        ("policy of the organization",),
    ),
    (
        "one zone",
        {"network": {"vpc_id": "vpc-1", "subnet_ids": ["subnet-a"], "zones": ["ap-northeast-2a"]}},
        {},
        "FAIL",
        "network",
        ("in ap-northeast-2a only", "two zones"),
    ),
    ("no way out", {"routes": [table()]}, {"service_load_balancer_scheme": "internal"}, "FAIL", "network",
     ("no way out of the VPC", "ecr.api, ecr.dkr, logs, s3, secretsmanager, ssm")),
    ("blackhole", {"routes": [table(to("nat-1", "NatGatewayId", "blackhole"))]},
     {"service_load_balancer_scheme": "internal"}, "FAIL", "network", ("no way out",)),
    ("one endpoint missing", {"routes": [table()], "endpoints": ENDPOINTS[1:]},
     {"service_load_balancer_scheme": "internal"}, "FAIL", "network", ("make VPC endpoints for ecr.api",)),
    ("s3 endpoint of another table", {"routes": [table(name="rtb-2")], "endpoints": ENDPOINTS},
     {"service_load_balancer_scheme": "internal"}, "FAIL", "network", ("make VPC endpoints for s3",)),
    ("private addresses only", {}, {"service_assign_public_ip": False}, "FAIL", "network",
     ("no public address, and their way out is igw-1", "service_assign_public_ip: true")),
    ("not public", {"routes": [table(to("nat-1", "NatGatewayId"))]}, {}, "FAIL", "network",
     ("internet-facing", "service_load_balancer_scheme: internal")),
    ("no address", {"subnets": [subnet("subnet-a", "a", 0), subnet("subnet-b", "b", 0)]}, {}, "FAIL", "network",
     ("no free address",)),
    ("few addresses", {"subnets": [subnet("subnet-a", "a", 1), subnet("subnet-b", "b", 0)]}, {}, "WARN", "network",
     ("1 free addresses for up to 2 tasks",)),
    ("balancer lets nothing out",
     {"security_groups": [{"GroupName": "web-alb", "GroupId": FRONT, "IpPermissionsEgress": [permission(443)]}]},
     {}, "FAIL", "network", ("lets nothing out to the tasks' port 8000",)),
    ("balancer lets out elsewhere",
     {"security_groups": [{"GroupName": "web-alb", "GroupId": FRONT,
                           "IpPermissionsEgress": [permission(8000, IpRanges=[{"CidrIp": "10.9.0.0/16"}])]}]},
     {}, "FAIL", "network", ("lets nothing out to the tasks' port 8000",)),
    ("tasks let nothing out", {"security_groups": [{"GroupName": "web", "GroupId": TASKS, "IpPermissionsEgress": []}]},
     {}, "FAIL", "network", ("lets no HTTPS out", f"--group-id {TASKS}")),
    ("scheme", {"load_balancer": healthy()["load_balancer"]}, {"service_load_balancer_scheme": "internal"}, "FAIL",
     "load balancer",
     ("scheme of web is internet-facing and not internal",)),
    ("failed balancer", {"load_balancer": {**healthy()["load_balancer"], "State": {"Code": "failed", "Reason": "x"}}},
     {}, "FAIL", "load balancer", ("web has failed: x",)),
    ("port", {"target_group": {**healthy()["target_group"], "Port": 80}}, {}, "FAIL", "load balancer",
     ("Port of the target group web is 80 and not 8000", "describe the changed service as another one")),
    ("port, and no task", {"target_group": {**healthy()["target_group"], "Port": 80}, "service": None}, {}, "FAIL",
     "load balancer", ("Port of the target group web is 80 and not 8000", "web-2")),
    ("another group than the tasks are in", {"target_group": None, "service": {
        **healthy()["service"], "loadBalancers": [{"targetGroupArn": OTHER}]}}, {}, "FAIL", "load balancer",
     ("serves from the target group shop: web would have no task in it", "service_dns_weight")),
    ("target type", {"target_group": {**healthy()["target_group"], "TargetType": "instance"}}, {}, "FAIL",
     "load balancer", ("TargetType of the target group web is instance and not ip",)),
    ("other VPC", {"target_group": {**healthy()["target_group"], "VpcId": "vpc-2"}}, {}, "FAIL", "load balancer",
     ("VpcId of the target group web is vpc-2",)),
    ("another's group", {"target_group": {**healthy()["target_group"], "LoadBalancerArns": [
        BALANCER.replace("app/web", "app/shop")]}}, {}, "FAIL", "load balancer",
     ("belongs to the load balancer shop",)),
    ("priority taken", {"rules": [(443, [rule(target=OTHER, host_header=["shop.example.com"]), rule(101)])]}, {},
     "FAIL", "load balancer", ("rule 100 of web:443 is not this service's: it leads to shop", "102 for example")),
    ("shadowed", {"rules": [(443, [rule(target=GROUP), rule(5, OTHER, path_pattern=["/*"])])]}, {}, "",
     "load balancer", ()),
    ("no zone", {"zone": None}, {}, "FAIL", "domain", ("example.com is no public hosted zone",)),
    ("not delegated", {"delegation": frozenset({"ns-9."})}, {}, "WARN", "domain",
     ("does not lead example.com", "ns-1.")),
    ("cluster going", {"cluster": {"status": "DEPROVISIONING"}}, {}, "FAIL", "service", ("c is being deleted",)),
    ("draining", {"service": {"status": "DRAINING"}}, {}, "FAIL", "service",
     ("DRAINING", "aws ecs wait services-inactive --cluster c --services web", "delete-service", "--service web",
      "--force")),
    ("CodeDeploy", {"service": {"status": "ACTIVE", "deploymentController": {"type": "CODE_DEPLOY"}}}, {}, "FAIL",
     "service", ("deployed by CODE_DEPLOY",)),
    ("under way", {"service": {"status": "ACTIVE", "runningCount": 1, "deployments": [
        {"status": "PRIMARY", "rolloutState": "IN_PROGRESS", "runningCount": 1, "desiredCount": 2,
         "taskDefinition": "arn:aws:ecs:r:1:task-definition/web:7",
         "createdAt": datetime(2026, 11, 21, 7, 0, tzinfo=UTC)}]}}, {}, "WARN", "service",
     ("web:7 is under way since 2026-11-21 07:00:00 UTC (1 of 2 tasks)",)),
    ("broken stack", {"stacks": [STACK], "owned": {"web-stack": ["web-execution"]}}, {}, "FAIL", "service",
     ("web-stack is ROLLBACK_COMPLETE and owns web-execution", "delete-stack --stack-name web-stack")),
    ("stack that owns by ARN", {"stacks": [{**STACK, "StackStatus": "UPDATE_ROLLBACK_FAILED"}],
     "owned": {"web-stack": [GROUP]}}, {}, "FAIL", "service", ("continue-update-rollback --stack-name web-stack",)),
    ("stack that stays", {"stacks": [{**STACK, "StackStatus": "DELETE_FAILED"}], "owned": {"web-stack": ["c"]}}, {},
     "FAIL", "service", ("--deletion-mode FORCE_DELETE_STACK",)),
    ("stack of the name", {"stacks": [{**STACK, "StackName": "web"}]}, {}, "WARN", "service", ("of this name, web",)),
    ("stack at work", {"stacks": [{**STACK, "StackStatus": "UPDATE_IN_PROGRESS"}], "owned": {"web-stack": ["c"]}}, {},
     "WARN", "service", ("UPDATE_IN_PROGRESS and owns c",)),
    ("no alarm", {"alarms": []}, {}, "FAIL", "alarms", ("no alarm errors",)),
    ("in alarm", {"alarms": [{"AlarmName": "errors", "StateValue": "ALARM"}]}, {}, "WARN", "alarms",
     ("in ALARM already, so ECS ignores it",)),
    ("vCPUs used up", {"vCPU quota": SMALL, "usage": {"vCPU quota": 2.0}}, {}, "FAIL", "quotas",
     ("2 of 2 are used, and 0.25 more", "--quota-code L-3032A538")),
    ("vCPUs near", {"vCPU quota": SMALL, "usage": {"vCPU quota": 1.5}}, {}, "WARN", "quotas", ("1.5 of 2",)),
    ("a new service is too big", {"vCPU quota": SMALL, "service": None, "usage": {"vCPU quota": 0.0}},
     {"service_desired_count": 9}, "FAIL", "quotas", ("0 of 2 are used, and 2.25 more are needed",)),
    ("rules used up", {"elb_limits": {"rules-per-application-load-balancer": 1}},
     {"service_listener_rule_priority": 7}, "FAIL", "quotas", ("rules of web: 1 of 1",)),
    ("target groups near", {"elb_limits": {"target-groups-per-application-load-balancer": 1}}, {}, "WARN", "quotas",
     ("target groups of web: 1 of 1",)),
    ("the other target group's port", {"alternate_target_group": {**healthy()["target_group"], "Port": 80}}, SHIFTS,
     "FAIL", "load balancer", ("Port of the target group web-alternate is 80 and not 8000",)),
    ("another's other group", {"alternate_target_group": {**healthy()["target_group"], "LoadBalancerArns": [
        BALANCER.replace("app/web", "app/shop")]}}, SHIFTS, "FAIL", "load balancer",
     ("the target group web-alternate belongs to the load balancer shop",)),
    ("priority taken at the test port", {"rules": [(443, [rule()]), (8443, [
        rule(target=OTHER, host_header=["shop.example.com"])])]},
     {**SHIFTS, "service_test_port": 8443}, "FAIL", "load balancer",
     ("the rule 100 of web:8443 is not this service's: it leads to shop",)),
    ("no room for a second target group", {"elb_limits": {"target-groups-per-application-load-balancer": 1}}, SHIFTS,
     "FAIL", "quotas", ("1 of 1 are used, and 1 more are needed", "set service_load_balancer to a new name")),
    ("no room for a rule at the test port", {"elb_limits": {"rules-per-application-load-balancer": 1}},
     {**SHIFTS, "service_test_port": 8443}, "FAIL", "quotas", ("rules of web: 1 of 1",)),
    ("no room for a second set of tasks", {"vCPU quota": SMALL, "usage": {"vCPU quota": 1.75}},
     {**SHIFTS, "service_desired_count": 2}, "FAIL", "quotas", ("1.75 of 2 are used, and 0.5 more are needed",)),
    ("as many as autoscaling has made", {"vCPU quota": {"Value": 4.0}, "usage": {"vCPU quota": 2.5},
     "service": {"status": "ACTIVE", "runningCount": 10, "desiredCount": 10}}, AUTOSCALED, "WARN", "quotas",
     ("2.5 of 4 are used, and up to 2.5 more are needed",)),
    ("stack that was to keep what works", {"stacks": [{**STACK, "StackStatus": "UPDATE_FAILED"}],
     "owned": {"web-stack": ["c"]}}, {}, "FAIL", "service", ("rollback-stack --stack-name web-stack",)),
    ("stack that is deleted with what it owns", {"stacks": [{**STACK, "StackStatus": "ROLLBACK_FAILED"}],
     "owned": {"web-stack": ["c"]}}, {}, "FAIL", "service", ("which deletes what it owns; or choose other names",)),
    ("services used up", {"services quota": {"Value": 1.0}, "service": None}, {}, "FAIL", "quotas",
     ("services of c: 1 of 1",)),
    ("account", {}, {"service_account_id": "111122223333"}, "FAIL", "account", ("is 111122223333", "AWS_PROFILE")),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "variables", "status", "group", "words"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_one_thing_is_wrong(
    changes: dict[str, Any], variables: dict[str, Any], status: str, group: str, words: tuple[str, ...]
) -> None:
    found = told(checks(changes, **variables))
    assert [(one[0], one[1]) for one in found] == ([(status, group)] if status else [])
    for word in words:
        assert word in found[0][2]


FINE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("the trust is corrected", {"execution_role": {"Arn": ROLE_ARN, "AssumeRolePolicyDocument": trust("ec2")}}, {},
     "does not trust ECS tasks yet: this deploy corrects that"),
    ("what an emulator's simulation leaves out", {"simulation": [{**DENY, "EvalDecision": "implicitDeny"}]}, {},
     "may pull the image, write the logs and read the secrets"),
    ("a denial of what nobody asks for", {"simulation": [{"EvalActionName": "ecr:BatchGetImage",
     "EvalResourceName": "*", "EvalDecision": "explicitDeny"}]}, {}, "may pull the image"),
    ("a key that a policy allows", {"kms_keys": {"k": {"KeyState": "Enabled", "Arn": "arn:k"}}, "simulation": [
        {"EvalActionName": "kms:Decrypt", "EvalResourceName": "arn:k", "EvalDecision": "allowed"}]}, {},
     "may use the KMS key arn:k"),
    ("behind a NAT", {"routes": [table(to("nat-1", "NatGatewayId"))]},
     {"service_assign_public_ip": False, "service_load_balancer_scheme": "internal"}, "have a way to ECR"),
    ("endpoints", {"routes": [table()], "endpoints": ENDPOINTS}, {"service_load_balancer_scheme": "internal"},
     "have a way to ECR"),
    ("egress by group", {"security_groups": [
        {"GroupName": "web", "GroupId": TASKS, "IpPermissionsEgress": [permission(443)]},
        {"GroupName": "web-alb", "GroupId": FRONT,
         "IpPermissionsEgress": [permission(8000, UserIdGroupPairs=[{"GroupId": TASKS}])]}]}, {},
     "the security group web-alb: its rules are brought to the description by this deploy"),
    ("another health check path", {"target_group": {**healthy()["target_group"], "HealthCheckPath": "/"}}, {},
     "asks for /: this deploy changes it to /health"),
    ("not attached yet", {"target_group": {**healthy()["target_group"], "LoadBalancerArns": []}}, {},
     "is attached to web by this deploy"),
    ("our rule leads to our old group", {"rules": [(443, [rule(target=OTHER, path_pattern=["/*"])])], "service": {
        "status": "ACTIVE", "loadBalancers": [{"targetGroupArn": OTHER}]}}, {}, "is this service's"),
    ("our domain's rule", {"rules": [(443, [rule(target=OTHER)])]}, {}, "is this service's"),
    ("a free priority", {"rules": [(443, [])]}, {}, "the rule 100 of web:443 is free"),
    ("no listener", {"rules": [(80, [rule(target=OTHER)])]}, {}, "the listener web:443 is made by this deploy"),
    ("delegated", {"delegation": frozenset({"ns-1."})}, {}, "the hosted zone example.com is there"),
    ("inactive", {"service": {"status": "INACTIVE"}, "cluster": {"status": "INACTIVE"}}, {},
     "the service web is made by this deploy"),
    ("a stack of somebody else", {"stacks": [STACK], "owned": {"web-stack": ["shop"]}}, {}, "no broken CloudFormation"),
    ("no quota known", {"vCPU quota": None, "services quota": None, "interfaces quota": None, "elb_limits": {}}, {},
     "are a size of Fargate"),
    ("an image that says nothing", {"image": type("Image", (), {"platform": ""})()}, {}, "does not say its"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "variables", "words"), [c[1:] for c in FINE], ids=[c[0] for c in FINE])
def test_what_is_no_finding(changes: dict[str, Any], variables: dict[str, Any], words: str) -> None:
    found = checks(changes, **variables)
    assert told(found) == []
    assert any(words in one.what for one in found)


def test_a_rule_with_our_conditions_that_comes_first() -> None:
    earlier = rule(5, OTHER, path_pattern=["/*"])
    without_domain = {"service_domain": None, "service_hosted_zone": None}
    changes = {"rules": [(80, [rule(path_pattern=["/*"]), earlier])]}
    ((status, group, words),) = told(checks(changes, **without_domain))
    assert (status, group) == ("WARN", "load balancer")
    assert "the rule 5 has the same conditions, comes first and leads to shop" in words


SECRETS = [
    (SecretSeen(form="JSON", keys=frozenset({"jwt"})), "OK", "with its key"),
    (SecretSeen(exists=False), "FAIL", "there is no such thing"),
    (SecretSeen(deleted=True), "FAIL", "scheduled for deletion"),
    (SecretSeen(form="JSON", keys=frozenset({"jwt_secret", "url"})), "FAIL", "k has no key jwt"),
    (SecretSeen(form="text"), "FAIL", "is text and no JSON object"),
    (SecretSeen(form="binary"), "FAIL", "is binary and no JSON object"),
    (SecretSeen(form="empty"), "FAIL", "has no value yet"),
    (SecretSeen(unread=Unread("denied", "secretsmanager:GetSecretValue", "")), "WARN",
     "cannot see whether secretsmanager:k#jwt has the key: needs secretsmanager:GetSecretValue"),
    (Unread("denied", "secretsmanager:DescribeSecret", ""), "WARN", "needs secretsmanager:DescribeSecret"),
]  # fmt: skip


@pytest.mark.parametrize(("secret", "status", "words"), SECRETS)
def test_a_key_of_a_secret(secret: SecretSeen | Unread, status: str, words: str) -> None:
    found = [one for one in checks({"secrets": {"b": SecretSeen(), "k": secret}}) if one.group == "secrets"]
    (one,) = [one for one in found if words in one.what]
    assert one.status == status
    assert worst(found) == status
    assert one.path == (("service_secrets", "K") if status == "FAIL" else one.path)


NOW = datetime(2026, 11, 21, tzinfo=UTC)
ISSUED = {"DomainName": "example.com", "Status": "ISSUED", "NotAfter": datetime(2027, 11, 1, tzinfo=UTC)}
CERTIFICATES = [
    ({**ISSUED, "SubjectAlternativeNames": ["*.example.com"]}, [("OK", "is issued")]),
    ({**ISSUED, "DomainName": "API.example.com."}, [("OK", "is issued")]),
    (ISSUED, [("FAIL", "covers example.com, and not api.example.com")]),
    ({**ISSUED, "DomainName": "*.api.example.com"}, [("FAIL", "and not api.example.com")]),
    ({**ISSUED, "Status": "PENDING_VALIDATION"}, [("FAIL", "waits for its validation")]),
    ({**ISSUED, "Status": "FAILED", "FailureReason": "CAA_ERROR"}, [("FAIL", "is FAILED (CAA_ERROR)")]),
    ({**ISSUED, "DomainName": "*.example.com", "NotAfter": datetime(2026, 11, 1, tzinfo=UTC)},
     [("FAIL", "ran out at 2026-11-01")]),
    ({**ISSUED, "DomainName": "*.example.com", "NotAfter": datetime(2026, 12, 1, tzinfo=UTC)},
     [("WARN", "runs out at 2026-12-01"), ("OK", "is issued")]),
    ({**ISSUED, "DomainName": "*.example.com", "NotAfter": datetime(2026, 12, 1, tzinfo=UTC),
      "RenewalEligibility": "ELIGIBLE"}, [("OK", "is issued")]),
]  # fmt: skip


@pytest.mark.parametrize(("certificate", "expected"), CERTIFICATES)
def test_a_certificate_that_a_person_chose(certificate: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = list(domain_checks.judge(certificate, "api.example.com", NOW))
    assert [one.status for one in found] == [status for status, _ in expected]
    for one, (_, words) in zip(found, expected, strict=True):
        assert words in one.what


@pytest.mark.parametrize(
    "name", sorted(set(healthy()) - {"tags", "build", "secrets", "owned", "delegation", "endpoints"})
)
@pytest.mark.parametrize("why", ["denied", "no such API", "failed"])
def test_whatever_cannot_be_read_is_a_warning_at_most(name: str, why: Any) -> None:
    found = checks({name: Unread(why, "x:Describe", "said")})
    statuses = {one.status for one in found}
    assert "FAIL" not in statuses
    if why == "denied":
        warned = [one for one in found if one.status == "WARN"]
        assert warned
        for one in warned:
            assert "needs x:Describe" in one.what
            assert one.remedy
        assert len({(one.group, one.what) for one in warned}) == len(warned), "one line a branch"
    elif why == "no such API":
        assert "WARN" not in statuses
        assert "SKIP" in statuses


def test_endpoints_are_asked_for_only_where_there_is_no_other_way() -> None:
    unread = {"endpoints": Unread("denied", "ec2:DescribeVpcEndpoints", "no")}
    assert told(checks(unread)) == []
    inside = {"service_load_balancer_scheme": "internal"}
    ((status, group, words),) = told(checks({**unread, "routes": [table()]}, **inside))
    assert (status, group) == ("WARN", "network")
    assert "needs ec2:DescribeVpcEndpoints" in words


ROUTES = [
    ([], ""),
    ([to("igw-1")], "igw-1"),
    ([to("nat-1", "NatGatewayId")], "nat-1"),
    ([to("nat-1", "NatGatewayId", "blackhole")], ""),
    ([to("pcx-1", "VpcPeeringConnectionId")], "other"),
    ([{"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}, to("nat-1", "NatGatewayId")], "nat-1"),
    ([{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}], "other"),
]


@pytest.mark.parametrize(("routes", "way"), ROUTES)
def test_where_the_route_to_everywhere_leads(routes: list[dict[str, str]], way: str) -> None:
    assert default_way(table(*routes)) == way


def test_every_finding_has_a_remedy_and_all_come_at_once() -> None:
    everything: dict[str, Any] = {}
    for _, changes, variables, *_ in CASES:
        if not variables:
            everything.update(changes)
    found = checks(everything)
    bad = [one for one in found if one.status in {"FAIL", "WARN"}]
    assert len(bad) >= 12
    assert all(one.remedy for one in bad)


def test_the_tree() -> None:
    found = [
        Check("OK", "account 1", group="account"),
        Check("OK", "b is there", group="secrets"),
        Check("FAIL", "k has no key jwt", "add it", ("service_secrets", "K"), "secrets"),
        Check("SKIP", "not checked: x", group="quotas"),
        Check("OK", "size", group="size"),
        Check("SKIP", "not checked: y", group="size"),
    ]
    short = render(found, lambda _: "description.yml:7", whole=False)
    assert short.splitlines() == [
        "    OK    account",
        "    FAIL  secrets",
        "      FAIL  service_secrets.K: k has no key jwt  (description.yml:7)",
        "            -> add it",
        "    SKIP  quotas",
        "    OK    size  (1 not checked)",
    ]
    whole = render(found, lambda _: None, whole=True)
    assert "      OK    b is there" in whole
    assert "      SKIP  not checked: y" in whole
    assert counts(found) == "3 OK, 1 FAIL, 2 SKIP"
    assert results(found, lambda _: "description.yml:7")[2] == {
        "group": "secrets",
        "status": "FAIL",
        "what": "k has no key jwt",
        "remedy": "add it",
        "variable": "service_secrets.K",
        "where": "description.yml:7",
    }


def test_the_value_of_a_secret_is_not_kept() -> None:
    def value(params: dict[str, Any]) -> dict[str, Any]:
        return {"SecretString": '{"jwt": "hunter2", "url": "hunter3"}'}

    aws = FakeAws(
        {
            "GetParameters": {"Parameters": [{"Name": "/a", "Type": "SecureString", "Value": "cipher"}]},
            "DescribeParameters": {"Parameters": [{"Name": "/a", "KeyId": "alias/aws/ssm"}]},
            "DescribeSecret": {"ARN": "arn"},
            "GetSecretValue": value,
        }
    )
    seen = Seen(aws)
    secret_checks.observe(aws, described(), seen)
    assert seen["secrets"]["k"] == SecretSeen(form="JSON", keys=frozenset({"jwt", "url"}))
    assert "hunter" not in repr(vars(seen))
    assert "cipher" not in repr(vars(seen))
    # Only the one of which a key is asked for is read.
    assert aws.calls["secretsmanager:GetSecretValue"] == 1
    assert aws.calls["secretsmanager:DescribeSecret"] == 2


def test_a_caller_who_may_do_nothing_is_told_what_is_needed() -> None:
    def refused(operation: str) -> Any:
        def refuse(params: dict[str, Any]) -> dict[str, Any]:
            raise AwsError("refused", code="AccessDeniedException", operation=operation, service="any")

        return refuse

    class Denied(FakeAws):
        def answer(self, operation: str, params: dict[str, Any]) -> Any:
            return refused(operation)(params)

    found = inspect(Denied(), described())
    assert {one.status for one in found} == {"OK", "WARN"}
    needed = {one.what.rpartition("needs ")[2] for one in found if one.status == "WARN"}
    assert needed == {
        f"any:{name}"
        for name in "DescribeRepositories GetParameters DescribeSecret GetSecretValue GetRole DescribeVpcs "
        "DescribeLoadBalancers DescribeTargetGroups DescribeAccountLimits ListCertificates ListHostedZonesByName "
        "DescribeClusters DescribeServices DescribeStacks DescribeAlarms GetServiceQuota".split()
    }


def test_without_credentials_no_check_goes_on() -> None:
    def refuse(params: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("expired", code="ExpiredToken", operation="GetRole", service="iam")

    seen = Seen(FakeAws())
    with pytest.raises(AwsError, match="expired"):
        seen.read("x", lambda: refuse({}))
