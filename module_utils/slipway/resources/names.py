"""Names, ARNs and ids: where an option takes either, the shorter form is completed here."""

from __future__ import annotations

from ..aws.clients import Aws
from ..engine.kind import Known


def is_arn(text: str) -> bool:
    """Whether it is an ARN already."""
    return text.startswith("arn:")


def arn(aws: Aws, service: str, resource: str) -> str:
    """An ARN in the caller's account and region."""
    return f"arn:{aws.partition}:{service}:{aws.region}:{aws.account}:{resource}"


def role_arn(aws: Aws, role: str) -> str:
    """The ARN of an IAM role given by name (with its path, if it has one) or by ARN."""
    return role if is_arn(role) else f"arn:{aws.partition}:iam::{aws.account}:role/{role.removeprefix('/')}"


def last_part(text: str) -> str:
    """What follows the last slash: the short name in most ARNs."""
    return text.rpartition("/")[2]


def target_group_arn(known: Known, target_group: str, where: str) -> object:
    """The ARN of a target group given by name or ARN."""
    return target_group if is_arn(target_group) else known.output("elb_target_group", target_group, "arn", where)


def security_group_id(known: Known, group: str, where: str) -> object:
    """The id of a security group given by name or id."""
    return group if group.startswith("sg-") else known.output("security_group", group, "id", where)
