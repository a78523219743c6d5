"""What a service runs on, the group says: which options that needs, which it refuses, which rules count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from .findings import Finding
from .shape import Options

Target = Literal["fargate", "compose"]
Service = Mapping[str, Any]
_REQUIRED: dict[Target, tuple[str, ...]] = {"fargate": (), "compose": ("service_machine",)}
_NOT_REQUIRED: dict[Target, tuple[str, ...]] = {"fargate": (), "compose": ("service_cluster",)}
# What Fargate has no place for -> what to do instead.
_MACHINE_ONLY = {
    "sidecars": "use RDS or ElastiCache and remove it, or move the service to the group compose",
    "workers": "describe each as a service of its own and remove it, or move the service to the group compose",
    "jobs": "run them by EventBridge Scheduler and remove it, or move the service to the group compose",
    "volumes": "store files in S3 and remove it, or move the service to the group compose",
    "git": "check the ref out and use service_build_context, or move the service to the group compose",
}


def options_of(options: Options, target: Target) -> Options:
    """The argument spec with what this target requires."""
    changed = dict.fromkeys(_REQUIRED[target], True) | dict.fromkeys(_NOT_REQUIRED[target], False)
    return {
        name: {**spec, "required": changed[name]} if name in changed and name in options else spec
        for name, spec in options.items()
    }


def targets_of(groups: list[str]) -> list[Target]:
    """What the host's groups say; a service that is being moved is in both."""
    targets: list[Target] = ["fargate"] if "fargate" in groups or "compose" not in groups else []
    return [*targets, "compose"] if "compose" in groups else targets


def check_fargate_only(service: Service) -> Iterator[Finding]:
    """Fargate runs the service's own container, and nothing beside it."""
    for option, remedy in _MACHINE_ONLY.items():
        if service[option]:
            yield Finding((f"service_{option}",), "is for a service of the group compose, not of fargate", remedy)


def check_replicas(service: Service) -> Iterator[Finding]:
    """Something has to serve, and a machine is no fleet."""
    if not 1 <= service["desired_count"] <= 20:
        problem = f"{service['desired_count']} is no number of containers for one machine"
        yield Finding(("service_desired_count",), problem, "choose 1 to 20")


def check_machine_domain(service: Service) -> Iterator[Finding]:
    """The proxy gets certificates for single names; the record belongs to a zone."""
    domain, zone = service["domain"], service["hosted_zone"]
    if domain and domain.startswith("*."):
        problem = "is a wildcard, for which the machine's proxy gets no certificate"
        yield Finding(("service_domain",), problem, "name one domain")
    if domain and zone and domain != zone and not domain.endswith(f".{zone}"):
        problem = f"{domain} is not in the hosted zone {zone}"
        yield Finding(("service_domain",), problem, f"write a domain that ends in .{zone}")
    for option in ("hosted_zone", "dns_weight", "dns_set_identifier"):
        if service[option] is not None and not domain:
            yield Finding((f"service_{option}",), "has no effect without a domain", "add service_domain or remove it")
    if domain and service["dns_weight"] is not None and not zone:
        remedy = "name the zone that holds service_domain"
        yield Finding(("service_hosted_zone",), "is missing for service_dns_weight", remedy)


def check_git(service: Service) -> Iterator[Finding]:
    """A ref is no option of git, and a folder stays inside the repository."""
    git = service["git"]
    if not git:
        return
    for key in ("repository", "ref"):
        if not git[key] or git[key].startswith("-") or any(char.isspace() for char in git[key]):
            yield Finding(("service_git", key), "is none that git takes", "write it without spaces")
    context = service["build_context"] or "."
    if context.startswith("/") or ".." in context.split("/"):
        remedy = "write a folder of the repository, or remove service_build_context for its root"
        yield Finding(("service_build_context",), "leads out of the repository of service_git", remedy)
