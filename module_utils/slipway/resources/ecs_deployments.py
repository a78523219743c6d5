"""The deployments of a service, as ECS has them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def newest_first[T: Mapping[str, Any]](things: Iterable[T]) -> list[T]:
    """Deployments, their records or tasks by when they were made; those that do not tell come last."""
    return sorted(things, key=lambda one: made.timestamp() if (made := one.get("createdAt")) else 0.0, reverse=True)


def primary(service: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The PRIMARY deployment of a service; empty where there is none."""
    return next((one for one in (service or {}).get("deployments") or () if one.get("status") == "PRIMARY"), {})


def deployment_of(service: Mapping[str, Any] | None, identity: str) -> Mapping[str, Any]:
    """A deployment of a service by its id; empty when it is gone."""
    return next((one for one in (service or {}).get("deployments") or () if one.get("id") == identity), {})


def serving_deployments(service: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The deployments with running tasks; none of one being deleted: its last tasks are on their way out.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    """
    if not service or service.get("status", "ACTIVE") != "ACTIVE":
        return []
    return [one for one in service.get("deployments") or () if one.get("runningCount")]
