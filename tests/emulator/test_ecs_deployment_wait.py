"""Following deployments of real containers on the embedded AWS."""

from __future__ import annotations

import time
from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.release.wait import wait
from tests.emulators.emulator import Emulator

GOOD, BAD = ["sleep", "600"], ["sh", "-c", "exit 3"]


class Service:
    """A service of one container, deployed with a command."""

    def __init__(self, emulator: Emulator, image: str) -> None:
        self._endpoint = emulator.endpoint
        self._ecs = emulator.client("ecs")
        self._image = image
        self._ecs.create_cluster(clusterName="c")

    def deploy(self, command: list[str]) -> str:
        revision = self._ecs.register_task_definition(
            family="voj",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "api", "image": self._image, "command": command}],
        )["taskDefinition"]["taskDefinitionArn"]
        if self._ecs.describe_services(cluster="c", services=["s"])["services"]:
            answer = self._ecs.update_service(cluster="c", service="s", taskDefinition=revision)
        else:
            breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
            answer = self._ecs.create_service(
                cluster="c",
                serviceName="s",
                taskDefinition=revision,
                desiredCount=1,
                launchType="FARGATE",
                deploymentConfiguration=breaker,
            )
        return next(str(one["id"]) for one in answer["service"]["deployments"] if one["status"] == "PRIMARY")

    def wait(self, deployment: str, told: list[str], timeout: int = 120) -> dict[str, Any]:
        options = {"region": "ap-northeast-2", "endpoint_url": self._endpoint, "cluster": "c", "service": "s"}
        return wait({**options, "deployment_id": deployment, "timeout": timeout}, check=False, report=told.append)


@pytest.fixture
def service(ministack: Emulator, python_image: str) -> Service:
    return Service(ministack, python_image)


@pytest.mark.usefixtures("docker_engine")
def test_a_broken_release_tells_why_and_what_serves(service: Service) -> None:
    told: list[str] = []
    first = service.deploy(GOOD)
    result = service.wait(first, told)
    assert (result["running_count"], result["desired_count"]) == (1, 1)
    assert told[-1] == "deployment completed: 1 of 1 tasks running"
    # Nothing new: one look is enough, once the deployment is older than a moment.
    time.sleep(5)
    assert service.wait(first, [])["api_calls"] == 1

    told.clear()
    broken = service.deploy(BAD)
    with pytest.raises(SlipwayError) as caught:
        service.wait(broken, told)
    text = str(caught.value)
    assert "circuit breaker" in text
    assert "exit code 3" in text
    assert "what serves now: voj:1 (1 tasks)" in text
    assert len([line for line in told if line.startswith("a task stopped")]) == 1

    # After the rollback the service is stable again, and the release as failed as before.
    service.wait(first, [])
    with pytest.raises(SlipwayError, match="failed"):
        service.wait(broken, [])


@pytest.mark.usefixtures("docker_engine")
def test_a_first_release_that_never_stands_has_an_end(service: Service) -> None:
    with pytest.raises(SlipwayError) as caught:
        service.wait(service.deploy(BAD), [], timeout=8)
    assert "did not end within 8 s" in str(caught.value)
    assert "exit code 3" in str(caught.value)
    assert "what serves now: nothing" in str(caught.value)
