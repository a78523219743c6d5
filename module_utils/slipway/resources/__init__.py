"""Every kind of resource, one file each."""

from __future__ import annotations

from ..engine.kind import Kind
from .ecr_repository import EcrRepository
from .ecs_service import EcsService

KINDS: dict[str, Kind] = {kind.name: kind for kind in (EcrRepository(), EcsService())}
