"""What AWS's texts mean: a pattern on a stopped reason, a container's reason or a service event, and its cause.

The first rule that fits counts, so the narrow ones stand before the wide ones. In a title and a remedy, `{...}` is a
fact of the description (see words.py) or a named group of the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
STOPPED = _GUIDE + "stopped-task-error-codes.html"
PULL = _GUIDE + "task_cannot_pull_image.html"
INITIALIZATION = _GUIDE + "resource-initialization-error.html"
EVENTS = _GUIDE + "service-event-messages-list.html"
BLUE_GREEN = _GUIDE + "troubleshooting-blue-green.html"
FAILURES = _GUIDE + "api_failures_messages.html"


@dataclass(frozen=True)
class Rule:
    """A text of AWS and what it means."""

    code: str
    pattern: re.Pattern[str]
    title: str
    remedy: str
    source: str


def _rule(code: str, pattern: str, title: str, remedy: str, source: str) -> Rule:
    return Rule(code, re.compile(pattern, re.IGNORECASE | re.DOTALL), title, remedy, source)


_ROUTE = (
    "give the tasks a way out of {subnets}: a public IP (service_assign_public_ip), a NAT gateway, or VPC endpoints "
    "for ecr.api, ecr.dkr, s3, logs, ssm and secretsmanager whose security group lets port 443 in; check that DNS is "
    "on in the VPC and that {security_groups} lets port 443 out"
)

RULES = (
    _rule(
        "image_architecture",
        r"does not contain descriptor matching platform|exec format error"
        r"|no matching manifest for|no match for platform in manifest",
        "the image {image} is not built for the task's CPU architecture {architecture}",
        "build the image for {docker_platform} (docker buildx build --platform {docker_platform}), or set "
        "service_cpu_architecture to the image's own",
        PULL,
    ),
    _rule(
        "secret_key_not_found",
        r"did not contain json key '?(?P<key>[^\s',:]+)|unable to retrieve json key '(?P<other_key>[^']+)'",
        "the secret {secret} has no JSON key {key}{variables}",
        "add the key {key} to the secret's JSON (aws secretsmanager put-secret-value --secret-id {secret_name} "
        "--secret-string ...{in_region}), or correct the name after # in service_secrets",
        INITIALIZATION,
    ),
    _rule(
        "secret_key_not_found",
        r"secrets? from asm.*(invalid character .* looking for beginning of value|unexpected end of JSON)",
        "a JSON key is asked for of a secret that holds no JSON{variables}",
        'store the secret as JSON, such as {{"name": "value"}}, or leave the # and the key out in service_secrets',
        "https://github.com/rileydakota/valheim-ecs-fargate-cdk/issues/9",
    ),
    _rule(
        "kms_denied",
        r"Access to KMS is not allowed|kms:Decrypt|KMSAccessDenied|AccessDeniedException[^.]*ciphertext refers to"
        r"|KMS key .* (is disabled|is not enabled)|KMSInvalidState",
        "the execution role {role} may not use the KMS key of the secret{secret_is}",
        "allow kms:Decrypt of that key to the role {role}, in the role's policy and in the key's policy; check that "
        "the key is enabled",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html",
    ),
    _rule(
        "secret_denied",
        r"not authorized to perform: (secretsmanager|ssm):"
        r"|retrieve secrets? from (asm|ssm)(?!.*(ecr|logs):).*AccessDenied",
        "the execution role {role} may not read the secret{secret_is}",
        "allow {action} on it to the role {role}; where Slipway manages the role, the next deploy.yml does so",
        INITIALIZATION,
    ),
    _rule(
        "secret_not_found",
        r"Secrets Manager can.?t find the specified secret|invalid (ssm )?parameters?: ?(?P<name>[^|\n]+)"
        r"|ParameterNotFound|unable to retrieve secret (?P<other_name>\S+) for environment variable",
        "the secret {secret} does not exist{variables}",
        "{create_secret}, or correct the reference in service_secrets",
        INITIALIZATION,
    ),
    _rule(
        "log_group_missing",
        r"log group does not exist|ResourceNotFoundException.*log ?(group|stream)"
        r"|log ?(group|stream).*ResourceNotFoundException",
        "the log group {log_group} does not exist",
        "create it (aws logs create-log-group --log-group-name {log_group}{in_region}), or run deploy.yml, which "
        "makes it; check service_log_group",
        INITIALIZATION,
    ),
    _rule(
        "execution_role",
        r"unable to assume the role ",
        "ECS may not assume the role {named_role}",
        "check that the role exists and that its trust policy lets ecs-tasks.amazonaws.com do sts:AssumeRole (aws "
        "iam get-role --role-name {named_role})",
        FAILURES,
    ),
    _rule(
        "image_pull_denied",
        r"not authorized to perform: ecr:|pull access denied|no basic auth credentials"
        r"|Check that the role has the permissions to pull images"
        r"|CannotPullContainer.*(403 Forbidden|401 Unauthorized|authorization failed)"
        r"|Login to the registry failed|requested access to the resource is denied",
        "the image {image} may not be pulled",
        "allow ecr:GetAuthorizationToken, ecr:BatchCheckLayerAvailability, ecr:GetDownloadUrlForLayer and "
        "ecr:BatchGetImage to the execution role {role}; for another account's repository also in the repository's "
        "policy; check the repository's name",
        PULL,
    ),
    _rule(
        "infrastructure_role",
        r"not authorized to perform: elasticloadbalancing:|ECS Infrastructure Role ",
        "ECS may not change the load balancer: {action}",
        "attach AmazonECSInfrastructureRolePolicyForLoadBalancers to the infrastructure role {named_role}, and let "
        "ecs.amazonaws.com assume it (service_infrastructure_role)",
        BLUE_GREEN,
    ),
    _rule(
        "load_balancer_detached",
        r"invalid networking configuration",
        "the listener's rule and the target groups do not fit the deployment",
        "run deploy.yml, which makes the rule over both target groups; exactly one of them may have a weight above 0 "
        "when a deployment starts (aws elbv2 describe-rules)",
        BLUE_GREEN,
    ),
    _rule(
        "execution_role",
        r"not authorized to perform: [\w-]+:\w+",
        "the execution role {role} may not do {action}",
        "allow {action} to the role {role}",
        INITIALIZATION,
    ),
    _rule(
        "command_not_found",
        r'exec: \\?"([^"\\]+)\\?".*(executable file not found|no such file|permission denied|not found)'
        r"|executable file not found|unable to start container process.*(no such file or directory|permission denied)",
        "the command {command} is not in the image {image}, or may not be executed",
        "check service_command, service_entry_point and the image's own ENTRYPOINT and CMD; the file must be there, "
        "on PATH and executable (chmod +x)",
        _GUIDE + "cannot-start-container.html",
    ),
    _rule(
        "image_rate_limit",
        r"toomanyrequests|pull rate limit",
        "the registry of {image} refuses more pulls for now",
        "copy the image to ECR and run it from there, or wait and deploy again",
        PULL,
    ),
    _rule(
        "storage_full",
        r"no space left on device",
        "the task's storage is too small for the image {image}",
        "raise service_ephemeral_storage_gib, or make the image smaller",
        PULL,
    ),
    _rule(
        "network_to_endpoints",
        r"i/o timeout|dial tcp|context deadline exceeded|request context canceled|RequestCanceled|context cancell?ed"
        r"|net/http: request canceled|Client\.Timeout exceeded|no such host|connection issue between the task"
        r"|Check your (task )?network configuration|RequestError: send request failed"
        r"|pull command failed: : signal: killed"
        r"|TLS handshake timeout|server misbehaving|connection refused",
        "the task does not reach {endpoint}",
        _ROUTE,
        INITIALIZATION,
    ),
    _rule(
        "image_not_found",
        r"manifest unknown|name unknown|manifest for \S+ not found|repository with name .* does not exist"
        r"|CannotPullContainer.*(: not found|image not found|does not exist|No such image|\b404\b)|ImageNotFound"
        r"|Requested image not found|(pull image|No such image).*not found",
        "the image {image} does not exist",
        "push it, or correct service_image_tag; what is there: {list_images}",
        PULL,
    ),
    _rule(
        "out_of_memory",
        r"OutOfMemory|memory usage",
        "the container {container} was killed: it used more memory than the {memory} MiB it has",
        "raise service_memory (now {memory} MiB, with {cpu} CPU units), or make the application use less",
        _GUIDE + "out-of-memory.html",
    ),
    _rule(
        "volume",
        r"\bEFS\b|failed to mount|CannotCreateVolume",
        "a volume can't be mounted",
        "check that the file system has mount targets in {subnets}, and that its security group lets port 2049 in",
        INITIALIZATION,
    ),
    _rule(
        "quota",
        r"limit on the number of (?P<what>vCPUs|tasks)"
        r"|requested (?P<other_what>CPU|MEMORY) configuration is above your limit",
        "the account's Fargate quota is used up: {what}",
        'ask for more (Service Quotas, AWS Fargate, "Fargate On-Demand vCPU resource count"; Spot has its own), '
        "or stop tasks that are not needed",
        EVENTS,
    ),
    _rule(
        "quota",
        r"InsufficientFreeAddresses|not enough free (IP )?addresses|insufficient free addresses",
        "a subnet has no free IP address left ({subnets})",
        "use larger or more subnets, or remove what holds addresses (aws ec2 describe-subnets --subnet-ids "
        "{subnet_ids}{in_region} --query 'Subnets[].[SubnetId,AvailableIpAddressCount]')",
        FAILURES,
    ),
    _rule(
        "quota",
        r"NetworkInterface(Limit|Quota)Exceeded|maximum number of network interfaces",
        "the account's quota of network interfaces is used up",
        'ask for more (Service Quotas, Amazon VPC, "Network interfaces per Region"), or remove unused ones',
        FAILURES,
    ),
    _rule(
        "network_configuration",
        r"InvalidSubnet|InvalidSecurityGroup|subnet ID '[^']+' does not exist|security group '[^']+' does not exist"
        r"|error while attempting to Create Network Interface",
        "the network interface of a task can't be made",
        "check {subnets} and {security_groups}: they must exist, in one VPC",
        STOPPED,
    ),
    _rule(
        "capacity",
        r"Capacity is unavailable at this time|RESOURCE:|no container instance met all of its requirements"
        r"|EMPTY CAPACITY PROVIDER|capacity provider .* (no|not) .*capacity",
        "AWS has no capacity for the task now",
        "deploy again later; use subnets in more zones (now {subnets}), or FARGATE beside FARGATE_SPOT in "
        "service_capacity_providers",
        FAILURES,
    ),
    _rule(
        "spot_interruption",
        r"Spot Task was interrupted|SpotInterruption",
        "AWS took a Spot task back",
        "deploy again; give FARGATE a base in service_capacity_providers, so that not all tasks run on Spot",
        _GUIDE + "fargate-capacity-providers.html",
    ),
    _rule(
        "platform",
        r"maintenance on the underlying infrastructure|platform version.*(retire|deprecat|not supported)"
        r"|Internal ?error"
        r"|InternalServerError|Timeout waiting for (network interface|EphemeralStorage) provisioning"
        r"|Timeout(Error)?: Could not transition"
        r"|unable to start task worker|Host EC2 .*terminated",
        "AWS's own platform failed or was maintained",
        "run the same command again; when it stays so, look at https://health.aws.amazon.com, check that every "
        "subnet's zone has Fargate, and ask AWS Support",
        EVENTS,
    ),
    _rule(
        "deployment_configuration",
        r"unable to stop or start tasks during a deployment because of the service deployment configuration",
        "the deployment has no room to start or stop a task",
        "raise service_maximum_percent (200), or lower service_minimum_healthy_percent",
        EVENTS,
    ),
    _rule(
        "container_start",
        r"CannotStartContainer|CannotCreateContainer|ResourceInitializationError|CannotInspectContainer",
        "the container could not be started",
        "read AWS's words above; see " + STOPPED,
        STOPPED,
    ),
    _rule(
        "image_pull_denied",
        r"CannotPullContainer",
        "the image {image} can't be pulled",
        "read AWS's words above; see " + PULL,
        PULL,
    ),
)


def rule_for(text: str) -> tuple[Rule, re.Match[str]] | None:
    """The rule that a text of AWS fits, if there is one."""
    for rule in RULES:
        if found := rule.pattern.search(text):
            return rule, found
    return None
