"""Tasks that never started for their network, or for want of a place."""

# AWS's words stay in one piece, as they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from .shapes import (
    ACCOUNT,
    EVENTS,
    EXECUTION_ROLE,
    HOST,
    IMAGE,
    INIT,
    PULL,
    REGION,
    RUN_TASK,
    STOPPED,
    Case,
    failed,
    going,
    task,
)

_ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/{EXECUTION_ROLE}/{'a' * 32}"
_AUTH = "ResourceInitializationError: unable to pull secrets or registry auth: "
_ASM = (
    _AUTH
    + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): "
)
_REF = f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {IMAGE}: "

NETWORK = {
    "no way to Secrets Manager": Case(
        INIT,
        going(
            task(
                _ASM
                + 'RequestError: send request failed caused by: Post "https://secretsmanager.ap-northeast-2.amazonaws.com/": dial tcp 52.95.193.51:443: i/o timeout'
            )
        ),
        "going_on",
        ("network_to_endpoints",),
        "does not reach Secrets Manager",
        "subnet-0a1, subnet-0b2",
    ),
    "no way to the parameters": Case(
        INIT,
        failed(
            task(
                "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. operation error SSM: GetParameters, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded"
            )
        ),
        "failed",
        ("network_to_endpoints",),
        "SSM (Parameter Store)",
        "NAT gateway",
    ),
    "no way to the registry's token": Case(
        INIT,
        failed(
            task(
                _AUTH
                + 'The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post "https://api.ecr.ap-northeast-2.amazonaws.com/": dial tcp 52.95.193.1:443: i/o timeout'
            )
        ),
        "failed",
        ("network_to_endpoints",),
        "does not reach ECR",
        "ecr.api",
    ),
    "no way to the image": Case(
        PULL,
        failed(
            task(
                _REF
                + f'failed to do request: Head "https://{HOST}/v2/voj-backend/manifests/sha-1a2b3c4": dial tcp 10.0.0.1:443: i/o timeout'
            )
        ),
        "failed",
        ("network_to_endpoints",),
        "does not reach ECR",
        "sg-0c3",
    ),
    "no way to the image's layers": Case(
        PULL,
        failed(
            task(
                'CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://prod-ap-northeast-2-starport-layer-bucket.s3.ap-northeast-2.amazonaws.com/x": dial tcp 3.5.1.1:443: i/o timeout'
            )
        ),
        "failed",
        ("network_to_endpoints",),
        "S3, where ECR keeps the layers",
    ),
    "no way to Docker Hub": Case(
        "https://github.com/ActionIQ/terraform-aws-retool-ecs-fargate/issues/20",
        failed(
            task(
                'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/tryretool/backend:2.110.5: failed to do request: Head "https://registry-1.docker.io/v2/tryretool/backend/manifests/2.110.5": dial tcp 34.205.13.154:443: i/o timeout'
            )
        ),
        "failed",
        ("network_to_endpoints",),
        "does not reach Docker Hub",
    ),
    "no way to the logs": Case(
        INIT,
        failed(
            task(
                "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed"
            )
        ),
        "failed",
        ("network_to_endpoints",),
        "CloudWatch Logs",
    ),
    "the log group is not there": Case(
        INIT,
        failed(
            task(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"
            )
        ),
        "failed",
        ("log_group_missing",),
        "/ecs/voj-backend does not exist",
        "aws logs create-log-group --log-group-name /ecs/voj-backend --region ap-northeast-2",
    ),
    "the role may not write logs": Case(
        INIT,
        failed(
            task(
                f"ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User: {_ROLE} is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/voj-backend"
            )
        ),
        "failed",
        ("execution_role",),
        "may not do logs:CreateLogStream",
        EXECUTION_ROLE,
    ),
    "ECS may not assume the role": Case(
        RUN_TASK,
        going(
            events=(
                f"(service voj-backend) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::{ACCOUNT}:role/{EXECUTION_ROLE}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).",
            )
        ),
        "going_on",
        ("execution_role",),
        f"ECS may not assume the role {EXECUTION_ROLE}",
        "ecs-tasks.amazonaws.com",
    ),
    "ECS may not assume the task role": Case(
        RUN_TASK,
        going(
            events=(
                f"(service voj-backend) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::{ACCOUNT}:role/apps/voj-backend-task' that was provided for this task.).",
            )
        ),
        "going_on",
        ("task_role",),
        "ECS may not assume the role voj-backend-task",
    ),
    "a subnet is full": Case(
        STOPPED,
        failed(
            task(
                "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet 'subnet-0a1': InsufficientFreeAddressesInSubnet"
            )
        ),
        "failed",
        ("quota",),
        "no free IP address left (subnet-0a1, subnet-0b2)",
        "--subnet-ids subnet-0a1 subnet-0b2",
    ),
    "a security group is gone": Case(
        STOPPED,
        failed(
            task(
                "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet 'subnet-0a1': InvalidSecurityGroupID.NotFound"
            )
        ),
        "failed",
        ("network_configuration",),
        "network interface",
        "sg-0c3",
    ),
    "the volume can't be mounted": Case(
        INIT,
        failed(
            task(
                'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-1.efs.ap-northeast-2.amazonaws.com" - check that your file system ID is correct'
            )
        ),
        "failed",
        ("volume",),
        "volume",
        "2049",
    ),
}

PLACES = {
    "no capacity": Case(
        EVENTS,
        going(
            events=(
                "(service voj-backend) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.",
            )
        ),
        "going_on",
        ("capacity",),
        "no capacity",
        "subnet-0a1",
    ),
    "no capacity, says the task": Case(
        RUN_TASK,
        failed(
            task("Capacity is unavailable at this time. Please try again later or in a different availability zone"),
            task(
                "Capacity is unavailable at this time. Please try again later or in a different availability zone",
                identity="2",
            ),
        ),
        "failed",
        ("capacity",),
        "no capacity",
        count=2,
    ),
    "no vCPUs left": Case(
        EVENTS,
        going(
            events=(
                "(service voj-backend) was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently.",
            )
        ),
        "going_on",
        ("quota",),
        "quota is used up: vCPUs",
        "Service Quotas",
    ),
    "no tasks left": Case(
        EVENTS,
        going(
            events=(
                "(service voj-backend) was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently.",
            )
        ),
        "going_on",
        ("quota",),
        "tasks",
    ),
    "more CPU than the quota": Case(
        EVENTS,
        going(
            events=(
                "(service voj-backend) was unable to place a task. Reason: The requested CPU configuration is above your limit.",
            )
        ),
        "going_on",
        ("quota",),
        "CPU",
    ),
    "a zone without Fargate": Case(
        EVENTS,
        going(events=("(service voj-backend) was unable to place a task. Reason: Internal error.",)),
        "going_on",
        ("platform",),
        "platform",
        "zone",
    ),
    "Spot takes a task back": Case(
        STOPPED,
        going(
            task("Your Spot Task was interrupted.", "SpotInterruption", containers=[{"name": "api", "exitCode": 143}])
        ),
        "going_on",
        ("spot_interruption",),
        "Spot",
        "service_capacity_providers",
    ),
    "AWS maintains the machine": Case(
        STOPPED,
        going(
            task(
                "ECS is performing maintenance on the underlying infrastructure hosting the task.", "TerminationNotice"
            )
        ),
        "going_on",
        ("platform",),
        "maintained",
    ),
    "the machine is unwell": Case(
        STOPPED,
        going(task("", "InfrastructureHealth")),
        "going_on",
        ("platform",),
        "platform",
        "",
        "InfrastructureHealth",
    ),
    "no network interface in time": Case(
        STOPPED,
        failed(task("Timeout waiting for network interface provisioning to complete.")),
        "failed",
        ("platform",),
        "platform",
    ),
    "no room in the deployment": Case(
        EVENTS,
        going(
            events=(
                "(service voj-backend) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
            )
        ),
        "going_on",
        ("deployment_configuration",),
        "no room",
        "service_maximum_percent",
    ),
}

CASES = NETWORK | PLACES
