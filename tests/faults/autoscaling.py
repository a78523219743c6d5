"""Application Auto Scaling of ECS services: the bounds and policies, and what registering them does at once.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.faults.ecs_api import ApiError
from tests.faults.ecs_model import Ecs, Json

_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class AutoScaling:
    """The operations that the layer answers, because the emulator has none of them."""

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs
        self._targets: dict[tuple[str, str], Json] = {}
        self._policies: dict[tuple[str, str, str], Json] = {}
        self.operations: dict[str, Callable[[str, Json], Json]] = {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": self._describe,
            "PutScalingPolicy": self._put,
            "DeleteScalingPolicy": self._drop,
            "DescribeScalingPolicies": self._described,
        }

    def _register(self, region: str, parameters: Json) -> Json:
        identity = str(parameters["ResourceId"])
        _, cluster, name = identity.split("/")
        service = self._ecs.find(region, cluster, name)
        if service is None or service.record["status"] != "ACTIVE":
            raise ApiError("ValidationException", f"ECS service doesn't exist: {identity}")
        target = self._targets.setdefault((region, identity), {key: parameters[key] for key in _KEY})
        target |= {key: int(parameters[key]) for key in ("MinCapacity", "MaxCapacity") if key in parameters}
        # The current capacity is changed to a value that is inside of this range.
        wanted = min(max(int(service.record["desiredCount"]), target["MinCapacity"]), target["MaxCapacity"])
        service.record["desiredCount"] = service.primary.desired = wanted
        return {"ScalableTargetARN": f"arn:aws:application-autoscaling:{region}:000000000000:scalable-target/1"}

    def _deregister(self, region: str, parameters: Json) -> Json:
        identity = str(parameters["ResourceId"])
        if self._targets.pop((region, identity), None) is None:
            raise ApiError("ObjectNotFoundException", "No scalable target found.")
        for key in [key for key in self._policies if key[:2] == (region, identity)]:
            del self._policies[key]
        return {}

    def _describe(self, region: str, parameters: Json) -> Json:
        wanted = parameters.get("ResourceIds")
        found = [one for (where, key), one in self._targets.items() if where == region and key in (wanted or [key])]
        return {"ScalableTargets": found}

    def _put(self, region: str, parameters: Json) -> Json:
        identity, name = str(parameters["ResourceId"]), str(parameters["PolicyName"])
        if (region, identity) not in self._targets:
            raise ApiError("ObjectNotFoundException", "No scalable target registered.")
        arn = f"arn:aws:autoscaling:{region}:000000000000:scalingPolicy:1:resource/ecs/{identity}:policyName/{name}"
        self._policies[(region, identity, name)] = {**parameters, "PolicyARN": arn}
        return {"PolicyARN": arn, "Alarms": []}

    def _drop(self, region: str, parameters: Json) -> Json:
        key = (region, str(parameters["ResourceId"]), str(parameters["PolicyName"]))
        if self._policies.pop(key, None) is None:
            raise ApiError("ObjectNotFoundException", "No scaling policy found.")
        return {}

    def _described(self, region: str, parameters: Json) -> Json:
        identity: Any = parameters.get("ResourceId")
        found = [one for key, one in self._policies.items() if key[0] == region and identity in (None, key[1])]
        return {"ScalingPolicies": found}
