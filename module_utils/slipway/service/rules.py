"""Names and numbers that AWS has bounds for: as data, one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .findings import Finding, Path

_NAME = (r"[A-Za-z0-9_-]{1,255}", "1 to 255 letters, digits, - and _")
_ELB = (
    r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?",
    "1 to 32 letters, digits and inner hyphens",
)
_ROLE = (r"[\w+=,.@-]{1,64}", "a role's name, 1 to 64 characters, not its ARN")
_GROUP = (r"(?!sg-)[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}", "a security group's name, not its id")
_SUBNET = (r"subnet-[0-9a-z-]+", "a subnet's id, subnet-...")
_HOST = (
    r"(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]",
    "a domain in lower case, without https:// and without a final dot",
)
_PATH = (r"/\S{0,1023}", "a path that starts with /")
# option -> what its text, or each text of its list, must be
PATTERNS: dict[str, tuple[str, str]] = {
    "name": (r"[a-z][a-z0-9-]{0,49}[a-z0-9]", "2 to 51 lower case letters, digits and inner hyphens"),
    "region": (r"[a-z]{2}(-[a-z]+)+-\d", "a region's code, such as ap-northeast-2"),
    "machine": (r"\S{1,255}", "the name of a host of the inventory"),
    "account_id": (r"\d{12}", "the account's 12 digits, in quotes"),
    "endpoint_url": (r"https?://[^\s/]+(/\S*)?", "a URL, such as http://127.0.0.1:4566"),
    "repository": (
        r"(?=.{2,256}$)([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*",
        "a repository's name in lower case, without the registry and without a tag",
    ),
    "image_tag": (r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "a tag: 1 to 128 letters, digits, . _ and -"),
    "image_digest": (r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits"),
    "task_family": _NAME,
    "container_name": _NAME,
    "cluster": _NAME,
    "ecs_service": _NAME,
    "execution_role": _ROLE,
    "task_role": _ROLE,
    "log_group": (r"[A-Za-z0-9._/#-]{1,512}", "1 to 512 letters, digits and . _ / # -"),
    "log_stream_prefix": (r"[^:*]{1,256}", "1 to 256 characters without : and *"),
    "vpc_id": (r"vpc-[0-9a-z-]+", "a VPC's id, vpc-..."),
    "subnets": _SUBNET,
    "load_balancer_subnets": _SUBNET,
    "security_group": _GROUP,
    "load_balancer_security_group": _GROUP,
    "load_balancer": _ELB,
    "target_group": _ELB,
    "access_logs.bucket": (
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "a bucket's name, 3 to 63 characters in lower case",
    ),
    "health_check.path": _PATH,
    "health_check.matcher": (
        r"[2-4]\d\d([,-][2-4]\d\d)*",
        "status codes between 200 and 499, such as 200 or 200-299",
    ),
    "path_patterns": (r"/\S{0,127}", "a path of at most 128 characters that starts with /"),
    "tls_policy": (r"ELBSecurityPolicy-[A-Za-z0-9-]+", "a policy's name, ELBSecurityPolicy-..."),
    "http_check_path": _PATH,
    "release_table": (r"[A-Za-z0-9_.-]{3,255}", "3 to 255 letters, digits and . _ -"),
    "notify_sns_topic": (
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?",
        "a topic's ARN, arn:aws:sns:...",
    ),
    "domain": _HOST,
    "hosted_zone": _HOST,
    "certificate_arn": (r"arn:aws[a-z-]*:(acm|iam):\S+", "a certificate's ARN, arn:aws:acm:..."),
    "dns_set_identifier": (r".{1,128}", "1 to 128 characters"),
    "task_policy.sid": (r"[A-Za-z0-9]{1,128}", "letters and digits"),
    "task_policy.actions": (
        r"[a-z0-9-]+:[A-Za-z0-9*?]+",
        "a service and an action, such as s3:GetObject, never a bare *",
    ),
    "task_policy.resources": (r"arn:\S+|\*", "an ARN"),
}
# option -> the least and the most
RANGES: dict[str, tuple[int, int]] = {
    "repository_keep_images": (1, 100_000),
    "container_port": (1, 65_535),
    "ephemeral_storage_gib": (21, 200),
    "stop_timeout": (2, 120),
    "container_health_check.interval": (5, 300),
    "container_health_check.timeout": (2, 60),
    "container_health_check.retries": (1, 10),
    "container_health_check.start_period": (0, 300),
    "desired_count": (0, 5_000),
    "autoscaling.min_capacity": (0, 5_000),
    "autoscaling.max_capacity": (1, 5_000),
    "autoscaling.target_cpu_percent": (1, 100),
    "autoscaling.target_memory_percent": (1, 100),
    "autoscaling.target_requests_per_target": (1, 10_000_000),
    "autoscaling.scale_in_cooldown": (0, 86_400),
    "autoscaling.scale_out_cooldown": (0, 86_400),
    "capacity_providers.weight": (0, 1_000),
    "capacity_providers.base": (0, 100_000),
    "minimum_healthy_percent": (0, 100),
    "maximum_percent": (100, 200),
    "health_check_grace_period": (0, 2_147_483_647),
    "wait_timeout": (30, 10_800),
    "http_check_status": (100, 599),
    "http_check_timeout": (5, 3_600),
    "lock_timeout": (0, 10_800),
    "migration.timeout": (10, 10_800),
    "load_balancer_idle_timeout": (1, 4_000),
    "health_check.interval": (5, 300),
    "health_check.timeout": (2, 120),
    "health_check.healthy_threshold": (2, 10),
    "health_check.unhealthy_threshold": (2, 10),
    "deregistration_delay": (0, 3_600),
    "slow_start": (0, 900),
    "stickiness.duration": (1, 604_800),
    "listener_rule_priority": (1, 50_000),
    "dns_weight": (0, 255),
}


def check_bounds(service: Mapping[str, Any]) -> Iterator[Finding]:
    """Every name that AWS would not accept, and every number that is out of its range."""
    for option, (pattern, meaning) in PATTERNS.items():
        for path, value in _values(service, option):
            if re.fullmatch(pattern, str(value), re.ASCII) is None:
                yield Finding(path, f"{value} is not what AWS accepts here", f"write {meaning}")
    for option, (least, most) in RANGES.items():
        for path, value in _values(service, option):
            if not least <= value <= most:
                yield Finding(path, f"{value} is out of range", f"choose {least} to {most}")


def _values(service: Mapping[str, Any], option: str) -> Iterator[tuple[Path, Any]]:
    name, _, key = option.partition(".")
    value = service.get(name)
    for path, item in _items(variable_of(name), value):
        if not key:
            yield path, item
        elif isinstance(item, Mapping):
            yield from ((found, inner) for found, inner in _items((*path, key), item.get(key)))


def _items(path: str | Path, value: Any) -> Iterator[tuple[Path, Any]]:
    at: Path = (path,) if isinstance(path, str) else path
    if isinstance(value, (list, tuple)):
        yield from (((*at, index), item) for index, item in enumerate(value))
    elif value is not None:
        yield at, value


def variable_of(key: str) -> str:
    """The variable that a key of the completed description comes from."""
    if key in {"endpoint_url", "profile"}:
        return f"aws_{key}"
    return key if key == "deployment_environment" else f"service_{key}"
