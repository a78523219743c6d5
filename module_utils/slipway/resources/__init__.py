"""Every kind of resource, one file each."""

from __future__ import annotations

from ..engine.kind import Kind, Lookup
from .ecr_repository import EcrRepository
from .ecs_service import EcsService
from .elb_listener import ElbListener
from .elb_listener_rule import ElbListenerRule
from .elb_load_balancer import ElbLoadBalancer
from .elb_target_group import ElbTargetGroup
from .iam_role import IamRole

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        EcrRepository(),
        EcsService(),
        ElbListener(),
        ElbListenerRule(),
        ElbLoadBalancer(),
        ElbTargetGroup(),
        IamRole(),
    )
}

# What the kinds refer to and nobody describes: looked up by name, with no module of its own.
LOOKUPS: dict[str, Lookup] = {}
