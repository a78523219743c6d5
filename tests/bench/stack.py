"""The description that every tool under measurement is given: N services behind one load balancer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

REGION = "ap-northeast-2"
ZONE = "bench.test"

# What a service, and the environment around the services, consists of: the count is printed beside the times.
SHARED = ("ECS cluster", "ALB security group", "load balancer with its listener")
PER_SERVICE = (
    "ECR repository",
    "log group",
    "IAM role",
    "security group chained to the ALB's",
    "target group",
    "listener rule",
    "task definition",
    "ECS service",
    "Route 53 record",
)
# SSM parameters of each service.
PARAMETERS = ("DATABASE_HOST", "DATABASE_NAME", "CACHE_HOST", "BUCKET_NAME")
ALARMS_PER_SERVICE = ("CPU alarm", "memory alarm")


@dataclass(frozen=True)
class Foundation:
    """What exists before any tool runs: nobody is measured on it."""

    vpc_id: str
    subnet_ids: tuple[str, str]
    zone_id: str
    certificate_arn: str


def lay_foundation(endpoint: str) -> Foundation:
    """Create the network, the DNS zone and the certificate that the services stand on."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    config = Config(retries={"mode": "standard"})
    ec2 = session.client("ec2", endpoint_url=endpoint, config=config)
    vpc_id = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    first, second = (
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.40.{index}.0/24", AvailabilityZone=f"{REGION}{letter}")[
            "Subnet"
        ]["SubnetId"]
        for index, letter in enumerate("ac")
    )
    route53 = session.client("route53", endpoint_url=endpoint, config=config)
    zone_id = route53.create_hosted_zone(Name=ZONE, CallerReference=vpc_id)["HostedZone"]["Id"]
    acm = session.client("acm", endpoint_url=endpoint, config=config)
    certificate = acm.request_certificate(DomainName=f"*.{ZONE}", ValidationMethod="DNS")
    return Foundation(vpc_id, (first, second), zone_id.rpartition("/")[2], certificate["CertificateArn"])


@dataclass(frozen=True)
class Stack:
    """A number of services, rendered to the variables that the playbooks and terraform take alike."""

    services: int
    alarms: bool = True
    parameters: tuple[str, ...] = PARAMETERS

    @property
    def resources(self) -> int:
        """How many resources the stack has."""
        per_service = len(PER_SERVICE) + len(self.parameters) + (len(ALARMS_PER_SERVICE) if self.alarms else 0)
        return len(SHARED) + self.services * per_service

    def variables(self, foundation: Foundation, endpoint: str, prefix: str) -> dict[str, Any]:
        """Render the stack; `prefix` keeps the tools' resources apart on one emulator."""
        return {
            "aws_region": REGION,
            "aws_endpoint": endpoint,
            "vpc_id": foundation.vpc_id,
            "subnet_ids": list(foundation.subnet_ids),
            "zone_id": foundation.zone_id,
            "zone_name": ZONE,
            "certificate_arn": foundation.certificate_arn,
            "stack_name": prefix,
            "stack_alarms": self.alarms,
            "services": [_service(prefix, number, self.parameters) for number in range(self.services)],
        }


def _service(prefix: str, number: int, parameters: tuple[str, ...]) -> dict[str, Any]:
    name = f"{prefix}-{number}"
    return {
        "name": name,
        "host": f"{name}.{ZONE}",
        "priority": 10 + number,
        "image": f"registry.{ZONE}/{name}:sha-0000000",
        "port": 8000,
        "cpu": 256,
        "memory": 512,
        "desired_count": 2,
        "health_check_path": "/api/v1/health",
        "environment": [{"name": "APP_ENV", "value": "prod"}, {"name": "LOG_LEVEL", "value": "info"}],
        "parameters": [{"name": f"/{prefix}/{number}/{key}", "value": f"value-of-{key.lower()}"} for key in parameters],
    }
