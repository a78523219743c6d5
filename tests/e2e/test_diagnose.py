"""`ansible-playbook diagnose.yml` as a person runs it."""

from __future__ import annotations

import pytest

from demo.embedded_aws import client_environment, free_port
from tests.e2e.playbook import ansible_playbook
from tests.emulators.emulator import Emulator

pytestmark = pytest.mark.timeout(300)
ONE = ("--limit", "lms-backend")


def test_a_service_before_its_first_deploy(moto: Emulator) -> None:
    result = ansible_playbook("diagnose.yml", "-i", "local", *ONE, environment=moto.environment())
    assert result.code == 0, result.output
    assert "lms-backend: lms-ecs/lms-ecs-service is not there" in result.output
    assert "lms-backend:   -> run deploy.yml" in result.output
    assert set(result.changed.values()) == {0}


def test_a_service_that_is_scaled_to_nothing(ministack: Emulator) -> None:
    ecs = ministack.client("ecs")
    ecs.create_cluster(clusterName="lms-ecs")
    container = {"name": "lms-ecs", "image": "lms:v1", "memory": 512}
    ecs.register_task_definition(family="lms", containerDefinitions=[container])
    ecs.create_service(cluster="lms-ecs", serviceName="lms-ecs-service", taskDefinition="lms", desiredCount=0)
    result = ansible_playbook("diagnose.yml", "-i", "local", *ONE, "--check", environment=ministack.environment())
    assert result.code == 0, result.output
    told = "serves nothing: it is scaled to 0 tasks (lms:1, 0 of 0 tasks running)"
    assert f"lms-backend: lms-ecs/lms-ecs-service {told}" in result.output
    assert "lms-backend: what serves now: nothing" in result.output


def test_an_aws_that_does_not_answer_is_told_and_is_no_traceback() -> None:
    environment = client_environment(f"http://127.0.0.1:{free_port()}")
    result = ansible_playbook("diagnose.yml", "-i", "local", *ONE, environment=environment)
    assert result.code != 0, result.output
    assert "does not answer (sts:GetCallerIdentity)" in result.output
    assert "Traceback" not in result.output
