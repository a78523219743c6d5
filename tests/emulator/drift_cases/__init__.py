"""The cases of the drift tests, a file for each kind of resource or for some that belong together."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.resources import KINDS
from tests.emulator.drift_cases import (
    acm_certificate,
    cloudwatch_alarm,
    ecr_repository,
    ecs_cluster,
    ecs_service,
    ecs_service_deployment,
    ecs_service_traffic,
    ecs_task_definition,
    elb,
    elb_groups,
    elb_listener,
    elb_rule,
    iam_role,
    machine,
    route53_record,
    security_group,
    stores,
)
from tests.emulator.drift_cases.model import Scene

_FILES = (
    acm_certificate,
    cloudwatch_alarm,
    ecr_repository,
    ecs_cluster,
    ecs_service,
    ecs_service_deployment,
    ecs_service_traffic,
    ecs_task_definition,
    elb,
    elb_groups,
    elb_listener,
    elb_rule,
    iam_role,
    machine,
    route53_record,
    security_group,
    stores,
)

SCENES: dict[str, list[Scene]] = {kind: [] for kind in KINDS}
# kind -> option -> why it is no field of the live resource.
NO_FIELDS: dict[str, Mapping[str, str]] = {kind: {} for kind in KINDS}
for _file in _FILES:
    for _scene in _file.SCENES:
        SCENES[_scene.kind].append(_scene)
    NO_FIELDS |= _file.NO_FIELDS
