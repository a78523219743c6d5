"""Following deployments of real containers on the embedded AWS."""

from __future__ import annotations

import time
from typing import Any

import pytest

from slipway.release.service_diagnosis import diagnose_service
from slipway.release.wait import wait
from tests.emulators.emulator import FARGATE, Emulator

GOOD, BAD = ["sleep", "600"], ["sh", "-c", "echo error: no way to start; exit 3"]
LOG = {"awslogs-group": "/ecs/voj", "awslogs-region": "ap-northeast-2", "awslogs-stream-prefix": "ecs"}


class Service:
    """A service of one container, deployed with a command."""

    def __init__(self, emulator: Emulator, image: str) -> None:
        self._options = {"region": "ap-northeast-2", "endpoint_url": emulator.endpoint, "cluster": "c", "service": "s"}
        self._ecs = emulator.client("ecs")
        self._image = image
        self._ecs.create_cluster(clusterName="c")
        emulator.client("logs").create_log_group(logGroupName=LOG["awslogs-group"])

    def deploy(self, command: list[str]) -> str:
        revision = self._ecs.register_task_definition(
            family="voj",
            **FARGATE,
            containerDefinitions=[
                {
                    "name": "api",
                    "image": self._image,
                    "command": command,
                    "logConfiguration": {"logDriver": "awslogs", "options": LOG},
                }
            ],
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
        return wait({**self._options, "deployment_id": deployment, "timeout": timeout}, check=False, report=told.append)

    def diagnose(self) -> dict[str, Any]:
        told: list[str] = []
        result = diagnose_service(self._options, check=False, report=told.append)
        assert "\n".join(told) == result["msg"]
        return result


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
    result = service.wait(broken, told)
    assert (result["failed"], result["serving"]) == (True, "voj:1")
    assert "circuit breaker" in result["reason"]
    assert [cause["code"] for cause in result["causes"]] == ["exit_code"]
    assert "code 3" in result["msg"]
    assert "error: no way to start" in result["msg"]
    assert result["msg"].endswith("what serves now: voj:1 (1 tasks)")
    assert len([line for line in told if line.startswith("a task stopped")]) == 1
    assert "log: api: error: no way to start" in told

    # After the rollback the service is stable again, and the release as failed as before.
    assert service.wait(first, [])["state"] == "succeeded"
    assert service.wait(broken, [])["state"] == "failed"


@pytest.mark.usefixtures("docker_engine")
def test_a_first_release_that_never_stands_has_an_end(service: Service) -> None:
    result = service.wait(service.deploy(BAD), [], timeout=8)
    # The emulator calls a first deployment completed at once; whether it is seen so is a matter of moments.
    assert result["reason"] == "the deployment did not end within 8 s" or "by themselves" in result["reason"]
    assert "code 3" in result["msg"]
    assert result["msg"].endswith("what serves now: nothing that was there before")


@pytest.mark.usefixtures("docker_engine")
def test_a_diagnosis_at_any_time(service: Service) -> None:
    result = service.diagnose()
    assert (result["healthy"], [cause["code"] for cause in result["causes"]]) == (False, ["service_gone"])
    service.wait(service.deploy(GOOD), [])
    result = service.diagnose()
    assert (result["healthy"], result["causes"], result["serving"], result["changed"]) == (True, [], "voj:1", False)
    assert result["msg"] == "c/s is healthy: voj:1, 1 of 1 tasks running"

    broken = service.deploy(BAD)
    service.wait(broken, [])
    service.wait(service.diagnose()["deployment_id"], [])
    result = service.diagnose()
    assert (result["healthy"], result["serving"], result["last_failed_deployment_id"]) == (True, "voj:1", broken)
    assert [cause["code"] for cause in result["causes"]] == ["exit_code"]
    assert "error: no way to start" in result["msg"]
