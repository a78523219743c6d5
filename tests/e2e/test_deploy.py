"""The main job: from nothing to a served request, twice, with real containers behind the load balancer."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from demo.embedded_aws import ROOT, EmbeddedAws
from tests.e2e.playbook import ansible_playbook
from tests.emulators.emulator import Emulator

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(900)]
VOJ = ("--limit", "voj-backend")


def through_load_balancer(aws: EmbeddedAws, name: str, host: str, path: str) -> Any:
    """GET as a client of the domain would, at the listener of its port."""
    request = urllib.request.Request(f"{aws.endpoint}/_alb/{name}{path}", headers={"Host": host})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def deployed(aws: EmbeddedAws) -> str:
    """The first deploy's output."""
    result = ansible_playbook("deploy.yml", "-i", "local", *VOJ, environment=aws.environment())
    assert result.code == 0, result.output
    return result.output


def test_the_service_answers_through_the_load_balancer(aws: EmbeddedAws, deployed: str) -> None:
    body = through_load_balancer(aws, "voj-backend", "api.voj-audiobook.com:443", "/api/v1/health")
    assert body["status"] == "ok"
    for told in ("https://api.voj-audiobook.com/api/v1/health", "sha256:", "2 of 2", '"status"'):
        assert told in deployed


def test_what_runs_is_pinned_by_digest(aws: EmbeddedAws, deployed: str) -> None:
    ecs = embedded_client(aws, "ecs")
    service = ecs.describe_services(cluster="voj-prod", services=["voj-backend-api"])["services"][0]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert "@sha256:" in definition["containerDefinitions"][0]["image"]
    assert service["runningCount"] == 2


def test_again_changes_nothing(aws: EmbeddedAws, deployed: str) -> None:
    again = ansible_playbook("deploy.yml", "-i", "local", *VOJ, environment=aws.environment())
    assert again.code == 0, again.output
    assert again.changed == {"voj-backend": 0}, again.output


def test_the_plan_of_one_edited_value(aws: EmbeddedAws, deployed: str, tmp_path: Path) -> None:
    inventories = shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    description = inventories / "prod" / "host_vars" / "voj-backend" / "description.yml"
    text = description.read_text()
    assert "ENVIRONMENT: production" in text
    description.write_text(text.replace("ENVIRONMENT: production", "ENVIRONMENT: edited"))
    where = ("deploy.yml", "-i", str(inventories / "local"), *VOJ)

    before = revisions(aws)
    plan = ansible_playbook(*where, "--check", "--diff", environment=aws.environment())
    assert plan.code == 0, plan.output
    assert "-container_definitions[api].environment[ENVIRONMENT].value: production" in plan.output
    assert "+container_definitions[api].environment[ENVIRONMENT].value: edited" in plan.output
    assert plan.output.count("to update: ") == 2
    assert "to update: ecs_task_definition voj-backend-prod" in plan.output
    assert "to update: ecs_service voj-prod/voj-backend-api" in plan.output
    assert revisions(aws) == before, "check mode registered a revision"

    after = ansible_playbook(*where, environment=aws.environment())
    assert after.code == 0, after.output
    assert len(revisions(aws)) == len(before) + 1


def test_a_broken_release_fails_and_the_old_one_goes_on(aws: EmbeddedAws, deployed: str) -> None:
    broken = json.dumps({"service_command": ["sh", "-c", "exit 3"], "service_wait_timeout": 120})
    result = ansible_playbook("deploy.yml", "-i", "local", *VOJ, "-e", broken, environment=aws.environment())
    assert result.code != 0, result.output
    assert "circuit breaker" in result.output
    assert "what serves now: voj-backend-prod:" in result.output
    body = through_load_balancer(aws, "voj-backend", "api.voj-audiobook.com:443", "/api/v1/health")
    assert body["status"] == "ok"
    after = ansible_playbook("deploy.yml", "-i", "local", *VOJ, environment=aws.environment())
    assert after.code == 0, after.output


def test_all_four_services(aws: EmbeddedAws, deployed: str) -> None:
    first = ansible_playbook("deploy.yml", "-i", "inventories/local", environment=aws.environment())
    assert first.code == 0, first.output
    again = ansible_playbook("deploy.yml", "-i", "local", environment=aws.environment())
    assert again.code == 0, again.output
    assert set(again.changed.values()) == {0}, again.output
    assert len(again.changed) == 4


def revisions(aws: EmbeddedAws) -> list[str]:
    """Every revision of the task definition."""
    answer = embedded_client(aws, "ecs").list_task_definitions(familyPrefix="voj-backend-prod")
    return list(answer["taskDefinitionArns"])


def embedded_client(aws: EmbeddedAws, service: str) -> Any:
    """A client of the tests' own."""
    return Emulator("ministack", aws.endpoint).client(service)
