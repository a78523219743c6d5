"""What a service's roles may do: statements for exactly this repository, this log group and these secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..aws.errors import SlipwayError
from .references import ReferenceSyntaxError, SecretReference, parse_reference

Statement = dict[str, Any]

_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_EXECUTE_COMMAND = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
_WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
# Store -> the action that reads a secret, and the host through which its key is used.
_READ = {"ssm": "ssm:GetParameters", "secretsmanager": "secretsmanager:GetSecretValue"}
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


@dataclass(frozen=True)
class Place:
    """The account and region that names stand in."""

    region: str
    account_id: str

    @property
    def partition(self) -> str:
        """AWS's partition that the region belongs to."""
        return next((name for prefix, name in _PARTITIONS.items() if self.region.startswith(f"{prefix}-")), "aws")

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"


def execution_role_statements(
    place: Place, *, repository: str, log_group: str, secrets: Mapping[str, str], kms_keys: Iterable[str] = ()
) -> list[Statement]:
    """What ECS needs to start a task: pull its image, write its logs, read its secrets.

    Args:
        place: where they all are.
        repository: the ECR repository's name.
        log_group: the log group's name.
        secrets: environment variable -> reference.
        kms_keys: customer keys that the secrets are encrypted with, by ARN or id; AWS's own need no permission.

    Raises:
        SlipwayError: a reference is none, or a key is given by its alias.
    """
    parsed = [_parsed(variable, text) for variable, text in secrets.items()]
    statements = [
        # The one action that AWS grants for all repositories or for none.
        _allow("Login", ["ecr:GetAuthorizationToken"], ["*"]),
        _allow("PullImage", _PULL, [place.arn("ecr", f"repository/{repository}")]),
        _allow("WriteLogs", _WRITE_LOGS, [place.arn("logs", f"log-group:{log_group}:*")]),
    ]
    statements += _reading(place, parsed)
    keys = [_key_arn(place, key) for key in kms_keys]
    if keys and parsed:
        hosts = sorted({f"{one.store}.{place.region}.amazonaws.com" for one in parsed})
        via = {"operator": "StringEquals", "key": "kms:ViaService", "values": hosts}
        statements.append({**_allow("DecryptSecrets", ["kms:Decrypt"], keys), "conditions": [via]})
    return statements


def machine_role_statements(
    place: Place, *, repositories: Iterable[str], secrets: Iterable[Mapping[str, str]]
) -> list[Statement]:
    """What a machine needs for all of its services: pull their images and read their secrets.

    Args:
        place: where they all are.
        repositories: the names of the ECR repositories.
        secrets: of each service, environment variable -> reference.

    Raises:
        SlipwayError: a reference is none.
    """
    images = sorted({place.arn("ecr", f"repository/{name}") for name in repositories})
    parsed = [_parsed(variable, text) for one in secrets for variable, text in one.items()]
    if not images:
        return []
    login = _allow("Login", ["ecr:GetAuthorizationToken"], ["*"])
    return [login, _allow("PullImages", _PULL, images), *_reading(place, parsed)]


def ec2_assume_role() -> list[Statement]:
    """Instances may have the role that their instance profile carries."""
    principals = {"service": ["ec2.amazonaws.com"]}
    return [{"effect": "Allow", "principals": principals, "actions": ["sts:AssumeRole"]}]


def task_role_policies(service: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The inline policies of a service's task role; None where the description gives it nothing to do.

    ECS Exec: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#ecs-exec-required-iam-permissions.
    """
    policies = []
    if service.get("task_policy") is not None:
        policies.append({"name": f"{service['name']}-task", "statements": service["task_policy"]})
    if service.get("enable_execute_command"):
        statements = [_allow("ExecuteCommand", _EXECUTE_COMMAND, ["*"])]
        policies.append({"name": f"{service['name']}-execute-command", "statements": statements})
    return policies or None


def ecs_tasks_assume_role(place: Place) -> list[Statement]:
    """Only ECS tasks of this account may have the role, and nobody else's through ECS."""
    condition = {"operator": "StringEquals", "key": "aws:SourceAccount", "values": [place.account_id]}
    return [
        {
            "effect": "Allow",
            "principals": {"service": ["ecs-tasks.amazonaws.com"]},
            "actions": ["sts:AssumeRole"],
            "conditions": [condition],
        }
    ]


def secret_arn(place: Place, secret: SecretReference) -> str:
    """The ARN that a policy names a secret by."""
    if secret.store == "ssm":
        return place.arn("ssm", f"parameter/{secret.name.removeprefix('/')}")
    # Secrets Manager ends each ARN with six characters of its own.
    return place.arn("secretsmanager", f"secret:{secret.name}-??????")


def world_rules(cidrs: Iterable[str], port: int) -> list[dict[str, Any]]:
    """Rules of a security group that open one TCP port to these addresses, IPv4 and IPv6."""
    return [
        {
            "ip_protocol": "tcp",
            "from_port": port,
            "to_port": port,
            "cidr_ipv6" if ":" in cidr else "cidr_ipv4": cidr,
        }
        for cidr in cidrs
    ]


def _reading(place: Place, secrets: Iterable[SecretReference]) -> list[Statement]:
    arns: dict[str, set[str]] = {}
    for one in secrets:
        arns.setdefault(one.store, set()).add(secret_arn(place, one))
    sids = {"ssm": "ReadParameters", "secretsmanager": "ReadSecrets"}
    return [_allow(sid, [_READ[store]], sorted(arns[store])) for store, sid in sids.items() if store in arns]


def _parsed(variable: str, text: str) -> SecretReference:
    try:
        return parse_reference(text)
    except ReferenceSyntaxError as error:
        raise SlipwayError(f"{variable} {error}", where="service_secrets", remedy=error.remedy) from error


def _key_arn(place: Place, key: str) -> str:
    if key.startswith("alias/") or ":alias/" in key:
        raise SlipwayError(
            f"{key} is an alias, which a policy cannot name", where="kms_keys", remedy="give the key's ARN or id"
        )
    return key if key.startswith("arn:") else place.arn("kms", f"key/{key}")


def _allow(sid: str, actions: Iterable[str], resources: Iterable[str]) -> Statement:
    return {"sid": sid, "effect": "Allow", "actions": list(actions), "resources": list(resources)}
