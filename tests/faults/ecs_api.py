"""ECS's API of services and service deployments, answered from the model.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.deploying import deploy
from tests.faults.ecs_model import Ecs, Json, Service
from tests.faults.ecs_views import brief_view, deployment_view, service_view

# Of CreateService and UpdateService into the record as they are.
_COPIED = (
    "loadBalancers serviceRegistries launchType capacityProviderStrategy platformVersion networkConfiguration "
    "healthCheckGracePeriodSeconds enableExecuteCommand serviceConnectConfiguration volumeConfigurations "
    "availabilityZoneRebalancing placementConstraints placementStrategy enableECSManagedTags propagateTags"
).split()
_DEPLOYS = (
    "loadBalancers networkConfiguration platformVersion serviceConnectConfiguration serviceRegistries "
    "volumeConfigurations"
).split()
_BREAKER = {"enable": False, "rollback": False}
_CONFIGURATION: Json = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}
_NOT_COPIED_ON_UPDATE = {"launchType"}


class ApiError(Exception):
    """An error as ECS answers it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class EcsApi:
    """The operations that the layer answers. What it needs of the emulator is asked through `ask`."""

    def __init__(self, ecs: Ecs, ask: Callable[[str, str, Mapping[str, Any]], Json]) -> None:
        """Set up.

        Args:
            ecs: the model.
            ask: calls an operation of the emulator's ECS: region, operation, parameters.
        """
        self.ecs, self._ask = ecs, ask
        self.operations: dict[str, Callable[[str, Json, float], Json]] = {
            "CreateService": self._create,
            "UpdateService": self._update,
            "DeleteService": self._delete,
            "DescribeServices": self._describe,
            "ListServices": self._list,
            "ListServiceDeployments": self._list_deployments,
            "DescribeServiceDeployments": self._describe_deployments,
            "DescribeServiceRevisions": self._describe_revisions,
            "StopServiceDeployment": self._stop_deployment,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def answers(self, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Whether the model answers a call, and not the emulator."""
        if operation in ("TagResource", "UntagResource", "ListTagsForResource"):
            return ":service/" in str(parameters.get("resourceArn"))
        return operation in self.operations

    def _cluster(self, region: str, parameters: Json) -> Json:
        name = parameters.get("cluster") or "default"
        found = self._ask(region, "DescribeClusters", {"clusters": [name]})["clusters"]
        if not found or found[0].get("status") == "INACTIVE":
            raise ApiError("ClusterNotFoundException", "Cluster not found.")
        cluster: Json = found[0]
        return cluster

    def _definition(self, region: str, name: str) -> Json:
        try:
            answer = self._ask(region, "DescribeTaskDefinition", {"taskDefinition": name})
        except ApiError as error:
            raise ApiError("ClientException", "TaskDefinition not found.") from error
        definition: Json = answer["taskDefinition"]
        if definition.get("status") == "INACTIVE":
            raise ApiError("ClientException", "TaskDefinition is inactive")
        return definition

    def _service(self, region: str, parameters: Json, *, active: bool = False) -> Service:
        name = str(parameters.get("service"))
        cluster = parameters.get("cluster") or (name.split("/")[1] if name.count("/") == 2 else "default")
        service = self.ecs.find(region, cluster, name)
        if service is None:
            self._cluster(region, {"cluster": cluster})
            raise ApiError("ServiceNotFoundException", "Service not found.")
        if active and service.record["status"] != "ACTIVE":
            raise ApiError("ServiceNotActiveException", "Service was not ACTIVE.")
        return service

    def _create(self, region: str, parameters: Json, now: float) -> Json:
        cluster = self._cluster(region, parameters)
        definition = self._definition(region, parameters["taskDefinition"])
        name = parameters["serviceName"]
        existing = self.ecs.find(region, cluster["clusterName"], name)
        if existing and existing.record["status"] == "DRAINING":
            raise ApiError("InvalidParameterException", "Unable to Start a service that is still Draining.")
        if existing and existing.record["status"] == "ACTIVE":
            # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
            if (token := parameters.get("clientToken")) and token == existing.token:
                return {"service": service_view(existing)}
            raise ApiError("InvalidParameterException", "Creation of service was not idempotent.")
        account = cluster["clusterArn"].split(":")[4]
        record: Json = {
            "serviceArn": f"arn:aws:ecs:{region}:{account}:service/{cluster['clusterName']}/{name}",
            "serviceName": name,
            "clusterArn": cluster["clusterArn"],
            "status": "ACTIVE",
            "taskDefinition": definition["taskDefinitionArn"],
            "desiredCount": int(parameters.get("desiredCount", 1)),
            "schedulingStrategy": parameters.get("schedulingStrategy", "REPLICA"),
            "deploymentController": parameters.get("deploymentController") or {"type": "ECS"},
            "createdAt": now,
            "createdBy": f"arn:aws:iam::{account}:root",
            "healthCheckGracePeriodSeconds": 0,
            "enableECSManagedTags": False,
            "enableExecuteCommand": False,
            "propagateTags": "NONE",
            "availabilityZoneRebalancing": "ENABLED",
            "loadBalancers": [],
            "serviceRegistries": [],
            "placementConstraints": [],
            "placementStrategy": [],
            "tags": list(parameters.get("tags") or ()),
            **{key: parameters[key] for key in _COPIED if key in parameters},
        }
        if record.get("launchType") == "FARGATE" or not record.get("launchType"):
            record.setdefault("platformVersion", "LATEST")
            record["platformFamily"] = "Linux"
        if not record.get("launchType") and not record.get("capacityProviderStrategy"):
            record["launchType"] = "EC2"
        record["deploymentConfiguration"] = _configuration({}, parameters.get("deploymentConfiguration"))
        service = Service(record, token=str(parameters.get("clientToken") or ""))
        self.ecs.services[(region, cluster["clusterName"], name)] = service
        deploy(service, definition, now)
        return {"service": service_view(service)}

    def _update(self, region: str, parameters: Json, now: float) -> Json:
        service = self._service(region, parameters, active=True)
        record = service.record
        definition = self._definition(region, parameters.get("taskDefinition") or record["taskDefinition"])
        triggers = bool(parameters.get("forceNewDeployment"))
        if "capacityProviderStrategy" in parameters and not triggers:
            changed = parameters["capacityProviderStrategy"] != record.get("capacityProviderStrategy", [])
            if changed:
                message = "Capacity provider strategy can be changed only with force new deployment."
                raise ApiError("InvalidParameterException", message)
        triggers |= any(key in parameters and parameters[key] != record.get(key) for key in _DEPLOYS)
        triggers |= definition["taskDefinitionArn"] != record["taskDefinition"]
        record |= {key: parameters[key] for key in _COPIED if key in parameters and key not in _NOT_COPIED_ON_UPDATE}
        if parameters.get("desiredCount") is not None:
            record["desiredCount"] = int(parameters["desiredCount"])
            service.primary.desired = record["desiredCount"]
        if parameters.get("deploymentConfiguration"):
            record["deploymentConfiguration"] = _configuration(
                service.configuration, parameters["deploymentConfiguration"]
            )
        record["taskDefinition"] = definition["taskDefinitionArn"]
        if triggers:
            deploy(service, definition, now)
        return {"service": service_view(service)}

    def _delete(self, region: str, parameters: Json, now: float) -> Json:
        service = self._service(region, parameters, active=True)
        if not parameters.get("force") and service.record["desiredCount"] > 0:
            message = "The service cannot be stopped while it is scaled above 0."
            raise ApiError("InvalidParameterException", message)
        service.record |= {"status": "DRAINING", "desiredCount": 0}
        if going := service.current:
            going.move("STOPPED", now, "Service deployment was stopped because the service was deleted.")
        return {"service": service_view(service)}

    def _describe(self, region: str, parameters: Json, _: float) -> Json:
        cluster = self._cluster(region, parameters)
        services, failures = [], []
        for name in parameters.get("services") or ():
            if service := self.ecs.find(region, cluster["clusterName"], name):
                view = service_view(service)
                if "TAGS" not in (parameters.get("include") or ()):
                    view.pop("tags", None)
                services.append(view)
            else:
                base = cluster["clusterArn"].replace(":cluster/", ":service/")
                failures.append({"arn": name if name.startswith("arn:") else f"{base}/{name}", "reason": "MISSING"})
        return {"services": services, "failures": failures}

    def _list(self, region: str, parameters: Json, _: float) -> Json:
        cluster = self._cluster(region, parameters)
        arns = [one.record["serviceArn"] for one in self.ecs.in_cluster(region, cluster["clusterName"])]
        return page("serviceArns", arns, parameters, 10)

    def _list_deployments(self, region: str, parameters: Json, _: float) -> Json:
        service = self._service(region, parameters)
        wanted, created = parameters.get("status"), parameters.get("createdAt") or {}
        briefs = [
            brief_view(service, one)
            for one in service.deployments
            if (not wanted or one.status in wanted)
            and one.created_at >= float(created.get("after", 0))
            and one.created_at <= float(created.get("before", "inf"))
        ]
        return page("serviceDeployments", briefs, parameters, 20)

    def _describe_deployments(self, _: str, parameters: Json, __: float) -> Json:
        found, failures = [], []
        for arn in parameters["serviceDeploymentArns"]:
            if pair := self.ecs.deployment(arn):
                found.append(deployment_view(*pair))
            else:
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"serviceDeployments": found, "failures": failures}

    def _describe_revisions(self, _: str, parameters: Json, __: float) -> Json:
        known = {arn: one for service in self.ecs.services.values() for arn, one in service.revisions.items()}
        revisions, failures = [], []
        for arn in parameters["serviceRevisionArns"]:
            if revision := known.get(arn):
                revisions.append({key: value for key, value in revision.items() if key != "healthChecks"})
            else:
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"serviceRevisions": revisions, "failures": failures}

    def _stop_deployment(self, __: str, parameters: Json, now: float) -> Json:
        arn = parameters["serviceDeploymentArn"]
        pair = self.ecs.deployment(arn)
        if pair is None:
            raise ApiError("ServiceDeploymentNotFoundException", "Service deployment not found.")
        _, one = pair
        if one.status not in ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED"):
            raise ApiError("ConflictException", f"The service deployment is {one.status} and cannot be stopped.")
        one.move("STOP_REQUESTED" if parameters.get("stopType") == "ABORT" else "ROLLBACK_REQUESTED", now)
        return {"serviceDeploymentArn": arn}

    def _by_arn(self, parameters: Json) -> Service:
        for service in self.ecs.services.values():
            if service.record["serviceArn"] == parameters["resourceArn"]:
                return service
        raise ApiError("InvalidParameterException", "The specified resource was not found.")

    def _tag(self, _: str, parameters: Json, __: float) -> Json:
        record = self._by_arn(parameters).record
        tags = {one["key"]: one for one in [*record["tags"], *parameters["tags"]]}
        record["tags"] = list(tags.values())
        return {}

    def _untag(self, _: str, parameters: Json, __: float) -> Json:
        record = self._by_arn(parameters).record
        record["tags"] = [one for one in record["tags"] if one["key"] not in parameters["tagKeys"]]
        return {}

    def _list_tags(self, _: str, parameters: Json, __: float) -> Json:
        return {"tags": self._by_arn(parameters).record["tags"]}


def _configuration(before: Json, given: Json | None) -> Json:
    merged = _CONFIGURATION | {"deploymentCircuitBreaker": dict(_BREAKER)} | before | (given or {})
    merged["deploymentCircuitBreaker"] = _BREAKER | merged["deploymentCircuitBreaker"]
    return merged


def page(key: str, items: list[Any], parameters: Mapping[str, Any], most: int) -> Json:
    """One page of a list."""
    start, size = int(parameters.get("nextToken") or 0), int(parameters.get("maxResults") or most)
    answer: Json = {key: items[start : start + size]}
    if start + size < len(items):
        answer["nextToken"] = str(start + size)
    return answer
