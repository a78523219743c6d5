"""The real inventories, through Ansible itself: what prod, staging and local come to."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from slipway.service.references import parse_reference

PROJECT = Path(__file__).resolve().parents[2]
SERVICES = {"voj-backend", "homu-backend", "lms-backend", "realworld-backend"}
ANSIBLE = Path(sys.executable).parent / "ansible"


GUNICORN = [
    *("gunicorn", "app.main:app", "-k", "uvicorn.workers.UvicornWorker"),
    *("-b", "0.0.0.0:8000", "--workers", "2", "--timeout", "60"),
]
NAMES_OF_AN_ENVIRONMENT = (
    "name",
    "repository",
    "cluster",
    "ecs_service",
    "task_family",
    "execution_role",
    "task_role",
    "log_group",
    "load_balancer",
    "load_balancer_security_group",
    "security_group",
    "target_group",
    "domain",
)


def ansible(inventory: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """An ad-hoc service_description for every host, as a person would run it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
    return subprocess.run(
        [ANSIBLE, "-i", inventory, "all", "-m", "service_description", *arguments],
        cwd=PROJECT,
        env=environment | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@cache
def services(inventory: str) -> dict[str, dict[str, Any]]:
    """Every completed description of an inventory, by host."""
    done = ansible(inventory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    found = re.findall(r"^(\S+) \| SUCCESS => (\{.*?^\})", done.stdout, re.MULTILINE | re.DOTALL)
    return {host: json.loads(result)["service"] for host, result in found}


@pytest.mark.parametrize("inventory", ["prod", "staging", "local", "inventories/prod"])
def test_every_description_is_valid(inventory: str) -> None:
    assert set(services(inventory)) == SERVICES


@pytest.mark.parametrize("inventory", ["prod", "staging", "local"])
def test_ansible_inventory_lists_the_services_as_fargate(inventory: str) -> None:
    done = subprocess.run(
        [ANSIBLE.with_name("ansible-inventory"), "-i", inventory, "--list"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert set(json.loads(done.stdout)["fargate"]["hosts"]) == SERVICES


def test_voj_is_what_its_documents_say() -> None:
    voj = services("prod")["voj-backend"]
    expected = {
        "repository": "voj-backend",
        "region": "ap-northeast-2",
        "cluster": "voj-prod",
        "ecs_service": "voj-backend-api",
        "task_family": "voj-backend-prod",
        "cpu": 512,
        "memory": 1024,
        "desired_count": 2,
        "container_name": "api",
        "container_port": 8000,
        "command": GUNICORN,
        "environment": {"ENVIRONMENT": "production", "AWS_REGION": "ap-northeast-2"},
        "execution_role": "voj-ecs-execution",
        "task_role": "voj-backend-task",
        "log_group": "/ecs/voj-backend",
        "log_stream_prefix": "api",
        "domain": "api.voj-audiobook.com",
        "dockerfile": "backend/Dockerfile",
        "cpu_architecture": "X86_64",
        "account_id": None,
    }
    assert {key: voj[key] for key in expected} == expected
    assert voj["health_check"]["path"] == "/api/v1/health"
    names = (
        "S3_BUCKET_NAME",
        "BOOKS_TABLE_NAME",
        "AUDIO_CHAPTERS_TABLE_NAME",
        "CORS_ORIGINS",
        "ALLOWED_HOSTS",
    )
    assert voj["secrets"] == {name: f"ssm:/voj/prod/{name}" for name in names}


def test_homu_is_what_its_document_says() -> None:
    homu = services("prod")["homu-backend"]
    expected = {
        "account_id": "123456789012",
        "repository": "homu-backend",
        "cluster": "homu-cluster",
        "ecs_service": "homu-backend-service",
        "task_family": "homu-backend-task",
        "cpu": 512,
        "memory": 1024,
        "desired_count": 1,
        "container_name": "homu-backend",
        "container_port": 8000,
        "environment": {"API_V1_STR": "/api/v1"},
        "secrets": {
            "DATABASE_URL": "secretsmanager:homu/db-url",
            "REDIS_URL": "secretsmanager:homu/redis-url",
            "SECRET_KEY": "secretsmanager:homu/secret-key",
        },
        "execution_role": "ecsTaskExecutionRole",
        "task_role": None,
        "log_group": "/ecs/homu-backend",
        "log_stream_prefix": "ecs",
        "assign_public_ip": True,
        "load_balancer": "homu-alb",
        "load_balancer_scheme": "internet-facing",
    }
    assert {key: homu[key] for key in expected} == expected
    assert homu["health_check"]["path"] == "/health"


def test_lms_is_what_its_document_says() -> None:
    lms = services("prod")["lms-backend"]
    expected = {
        "account_id": "471112588210",
        "repository": "lms-ecs",
        "cluster": "lms-ecs",
        "ecs_service": "lms-ecs-service",
        "task_family": "lms-ecs-task",
        "cpu": 256,
        "memory": 512,
        "desired_count": 2,
        "execution_role": "ecsTaskExecutionRole",
        "task_role": "ecsTaskRole",
        "task_policy": None,
        "log_group": "/ecs/lms-ecs",
    }
    assert {key: lms[key] for key in expected} == expected


def test_realworld_is_what_its_document_says() -> None:
    realworld = services("prod")["realworld-backend"]
    assert realworld["repository"] == "realworld-backend-dev"
    assert realworld["secrets"]["JWT_SECRET"] == "secretsmanager:dev/realworld/database#jwt_secret"
    assert set(realworld["secrets"]) | set(realworld["environment"]) == {
        "DATABASE_URL",
        "JWT_SECRET",
        "ENVIRONMENT",
    }
    assert realworld["circuit_breaker"] == {"enable": True, "rollback": True}
    assert realworld["wait_timeout"] == 300
    assert realworld["health_check_grace_period"] > 60


@pytest.mark.parametrize("host", sorted(SERVICES))
def test_staging_has_no_name_and_no_secret_of_prod(host: str) -> None:
    prod, staging = services("prod")[host], services("staging")[host]
    for key in NAMES_OF_AN_ENVIRONMENT:
        assert staging[key] != prod[key] or prod[key] is None, key
    assert not set(staging["secrets"].values()) & set(prod["secrets"].values())
    assert set(staging["secrets"]) == set(prod["secrets"])
    assert set(staging["environment"]) == set(prod["environment"])
    assert staging["desired_count"] <= prod["desired_count"]


@pytest.mark.parametrize("host", sorted(SERVICES))
def test_local_has_prods_names_and_an_example_image_at_the_embedded_aws(host: str) -> None:
    prod, local = services("prod")[host], services("local")[host]
    for key in (
        *NAMES_OF_AN_ENVIRONMENT,
        "secrets",
        "environment",
        "command",
        "desired_count",
        "cpu",
        "memory",
    ):
        assert local[key] == prod[key], key
    assert local["build_context"] == str(PROJECT / "examples" / "fastapi")
    assert local["endpoint_url"].startswith("http://127.0.0.1:")
    assert prod["endpoint_url"] is None
    assert local["account_id"] is None


def test_what_the_account_must_have_is_what_the_documents_name() -> None:
    described = services("prod").values()
    asked = [parse_reference(text) for service in described for text in service["secrets"].values()]
    assert {r.name for r in asked if r.store == "secretsmanager"} == {
        "homu/db-url",
        "homu/redis-url",
        "homu/secret-key",
        "dev/realworld/database",
    }
    assert {service["hosted_zone"] for service in described} == {"voj-audiobook.com", None}


def copy_of_prod(folder: Path) -> Path:
    return Path(shutil.copytree(PROJECT / "inventories" / "prod", folder / "broken"))


def test_mistake_is_refused_with_its_file_and_line(tmp_path: Path) -> None:
    inventory = copy_of_prod(tmp_path)
    overlay = inventory / "host_vars" / "voj-backend" / "z.yml"
    overlay.write_text("---\nservice_memmory: 1\nservice_enable_execute_command: 7x\nservice_http_redirect: false\n")
    done = ansible(str(inventory), "--limit", "voj-backend")
    said = done.stdout + done.stderr
    assert done.returncode == 2
    assert f"service_memmory: there is no such option  ({overlay}:2)" in said
    assert "did you mean service_memory?" in said
    assert f"service_enable_execute_command: must be true or false, not 7x  ({overlay}:3)" in said
    assert "Traceback" not in said


def test_mistake_in_a_value_without_origin_is_found_in_the_overlay(tmp_path: Path) -> None:
    inventory = copy_of_prod(tmp_path)
    overlay = inventory / "host_vars" / "voj-backend" / "z.yml"
    overlay.write_text("---\n\nservice_wait_timeout: true\nservice_environment:\n  DEBUG: true\n")
    said = ansible(str(inventory), "--limit", "voj-backend").stdout
    assert f"{overlay}:3)" in said
    assert f"{overlay}:5)" in said


def test_value_that_cannot_be_computed_is_named(tmp_path: Path) -> None:
    inventory = copy_of_prod(tmp_path)
    overlay = inventory / "host_vars" / "voj-backend" / "z.yml"
    overlay.write_text('---\nservice_cluster: "{{ nowhere }}"\n')
    said = ansible(str(inventory), "--limit", "voj-backend").stdout
    assert f"service_cluster: can't be computed: 'nowhere' is undefined  ({overlay}:2)" in said
    assert "required and missing" not in said


def test_two_hosts_with_one_ecs_service_are_refused(tmp_path: Path) -> None:
    inventory = copy_of_prod(tmp_path)
    copied = "service_cluster: voj-prod\nservice_ecs_service: voj-backend-api\n"
    (inventory / "host_vars" / "realworld-backend" / "z.yml").write_text(f"---\n{copied}")
    said = ansible(str(inventory), "--limit", "realworld-backend").stdout
    assert "service_ecs_service: voj-prod / voj-backend-api is voj-backend's too" in said


def test_missing_inventory_is_refused() -> None:
    done = ansible("nowhere")
    assert done.returncode != 0
    assert "nowhere" in done.stderr


def test_extra_variable_that_does_not_exist_is_refused() -> None:
    done = ansible("prod", "--limit", "voj-backend", "-e", "service_image_tga=sha-1")
    assert done.returncode == 2
    assert "did you mean service_image_tag?" in done.stdout
    assert "-e" in done.stdout
