"""What may be wrong in an account, one thing at a time, and what the preflight says of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.unit.preflight_account import (
    BALANCER,
    ENDPOINTS,
    FRONT,
    GROUP,
    OTHER,
    TASKS,
    healthy,
    permission,
    rule,
    subnet,
    table,
    to,
)

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
