"""Versions that fail in a real container: what a person is told, and that nobody who asks the service sees it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import docker
import pytest
import urllib3

from demo.embedded_aws import ROOT
from demo.engine import image_names
from tests.faults.releasing import Service, breaks, failed, recovers, refused, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]

# For a fault that the preflight would have refused, had it been there by then.
UNCHECKED = ("--skip-tags", "preflight")
UNBUILT: dict[str, Any] = {"service_build_context": None}


def broken(**environment: str) -> dict[str, Any]:
    """The variables of a version that fails as its environment says."""
    return {"service_environment": {"VERSION": "broken", **environment}}


def test_a_container_that_crashes_at_its_start(service: Service) -> None:
    told = ("the container web exited with code 3", "| fatal: leaving with 3", "aws logs tail /ecs/web")
    breaks(service, *told, cause="exit_code", **broken(EXIT_AT_START="3"))


def test_a_health_check_that_the_new_version_fails(service: Service) -> None:
    told = ("the health check path /health is answered with 503, and 200 is expected", "failed with these codes: [503]")
    breaks(service, *told, cause="target_health_check", **broken(HEALTH="503"))


def test_a_port_that_nobody_listens_on(service: Service) -> None:
    told = (
        "the application listens on port 9000, and requests come to port 8000",
        "set service_container_port to 9000, or make the application listen on 8000",
    )
    breaks(service, *told, cause="port_mismatch", **broken(LISTEN="9000"))


def test_a_start_that_takes_longer_than_the_health_checks_wait(service: Service) -> None:
    told = ("nothing answers HTTP on port 8000", "raise service_health_check_grace_period (now 5 s)")
    breaks(service, *told, cause="port_mismatch", **broken(START_SECONDS="60"))


def test_a_start_that_takes_longer_than_the_wait(service: Service) -> None:
    # Until then no health check of the layer counts, as where the interval is long.
    service.faults.time(start_up=90)
    told = ("the deployment did not end within 30 s", "going back to web:", "needs a longer service_wait_timeout")
    breaks(service, *told, cause="timeout", service_wait_timeout=30, **broken(START_SECONDS="100"))
    service.faults.time(start_up=6)


def test_more_memory_than_the_task_has(service: Service) -> None:
    told = ("was killed: it used more memory than the 512 MiB it has", "OutOfMemoryError", "raise service_memory")
    breaks(service, *told, cause="out_of_memory", **broken(ALLOCATE_MIB="700"))


def test_a_command_that_is_not_in_the_image(service: Service) -> None:
    told = ("the command gunicorn is not in the image", "check service_command")
    breaks(service, *told, cause="command_not_found", service_command=["gunicorn", "app"])


def test_an_image_for_another_architecture(service: Service) -> None:
    told = ("the image", "is not built for the task's CPU architecture X86_64", "docker buildx build")
    breaks(service, *told, cause="image_architecture", scenario="wrong-architecture", **broken(EXIT_AT_START="3"))


def test_an_image_for_another_architecture_is_refused(service: Service) -> None:
    told = ("is for linux/amd64 and the tasks are for linux/arm64", "service_cpu_architecture")
    refused(service, *told, service_cpu_architecture="ARM64", **UNBUILT)


def test_an_image_that_is_not_there_is_refused(service: Service) -> None:
    told = ("service_image_tag: v404 is not in the repository web: it has v1", "push it, choose one that is there")
    refused(service, *told, service_image_tag="v404", **UNBUILT)


SECRETS = [
    # By its name alone nobody knows the ARN that a task definition needs: no task is started.
    ("secretsmanager:nowhere", "", "secrets.TOKEN: there is no secret named 'nowhere' in ap-northeast-2",
     "refers to secretsmanager:nowhere, and there is no such thing", "aws secretsmanager create-secret --name nowhere"),
    ("ssm:/web/nowhere", "secret_not_found", "the secret ssm:/web/nowhere does not exist (for TOKEN)",
     "refers to ssm:/web/nowhere, and there is no such thing", "aws ssm put-parameter --name /web/nowhere"),
    ("secretsmanager:keys#token", "secret_key_not_found",
     "the secret secretsmanager:keys has no JSON key token (for TOKEN)",
     "keys has no key token", "put-secret-value --secret-id keys"),
]  # fmt: skip


@pytest.fixture
def keys(service: Service) -> None:
    """A secret that has other keys than the one asked for."""
    secrets = service.client("secretsmanager")
    if not secrets.list_secrets()["SecretList"]:
        secrets.create_secret(Name="keys", SecretString='{"url": "x"}')


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(("reference", "code", "what", "found", "remedy"), SECRETS)
def test_a_secret_that_is_not_there(
    service: Service, reference: str, code: str, what: str, found: str, remedy: str
) -> None:
    breaks(service, what, remedy, cause=code, arguments=UNCHECKED, service_secrets={"TOKEN": reference})


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(("reference", "code", "what", "found", "remedy"), SECRETS)
def test_a_secret_that_is_not_there_is_refused(
    service: Service, reference: str, code: str, what: str, found: str, remedy: str
) -> None:
    refused(service, f"service_secrets.TOKEN: {found}", remedy, service_secrets={"TOKEN": reference})


def test_a_health_check_path_that_what_serves_does_not_answer_is_refused(service: Service) -> None:
    told = (
        "service_health_check.path: what serves now answers /nowhere with 404, and 200 is expected",
        "first release a version that answers /nowhere with 200, with the old path /health here, then change it",
    )
    refused(service, *told, service_health_check={"path": "/nowhere", "interval": 5, "timeout": 2})


def test_a_new_version_without_its_migration(service: Service) -> None:
    command = ["python", "-c", "import sys; print('no such column: users.email'); sys.exit(7)"]
    told = ("ended with exit code 7", "| no such column: users.email", "what serves now: nothing was switched; web:")
    result = breaks(service, *told, cause="exit_code", service_migration={"command": command})
    assert "ecs_service" not in result.output


def test_the_http_check_after_ecs_says_that_all_is_well(service: Service) -> None:
    told = ("/ready answers 500", "went back to web:")
    breaks(
        service,
        *told,
        cause="http_check",
        service_http_check_path="/ready",
        service_http_check_timeout=5,
        **broken(READY="500"),
    )
    assert service.records()[1].verdict == "rolled_back"


def test_an_answer_without_what_it_has_to_have(service: Service) -> None:
    told = ("answers 200 without 'version [0-9]+'", "| version broken", "went back to web:")
    check = {"service_http_check_path": "/", "service_http_check_body": "version [0-9]+"}
    breaks(service, *told, cause="http_check", service_http_check_timeout=5, **check, **broken())


def test_a_container_that_crashes_after_it_was_healthy(service: Service) -> None:
    """ECS finds the deployment good at the first moment in which both tasks stand, and counts no failure.

    The old tasks drain for 30 s here (300 s by AWS's default) while the new ones crash after 20 s. That version did
    answer health checks, so requests went to it: those of the moments in which it crashes are lost, as on AWS.
    """
    serving, revision = service.version(), service.revision()
    service.faults.time(scale=0.1)
    with service.asking() as answers:
        result = service.deploy(service_deregistration_delay=300, **broken(EXIT_AFTER="20"))
    service.faults.time(scale=0.02)
    failed(
        result,
        "its tasks do not last:",
        "the container web exited with code 3",
        "| fatal: leaving with 3",
        f"went back to {revision}",
    )
    # Of each pair the second one ends a moment after the first, before the verdict or after it.
    assert re.search(r"do not last: [34] of its tasks ended by themselves", result.output), result.output
    assert not [one for one in answers.bad if not one.startswith(("502", "503", "504"))], answers.bad
    assert len(answers.bad) < answers.good / 4, (len(answers.bad), answers.good, answers.bad[:3])
    assert service.version() == serving
    assert (service.records()[0].verdict, service.records()[0].cause_code) == ("rolled_back", "exit_code")
    service.await_settled()
    recovers(service, service.next_version())


def other_image(service: Service, tag: str, folder: Path) -> None:
    """Have another image with this tag, as somebody else's push would."""
    (folder / "Dockerfile").write_text('FROM python:3.13-slim\nCMD ["python", "-c", "print(\'somebody else\')"]\n')
    engine = docker.from_env()
    name = f"{service.faults.registry}/web"
    engine.images.build(path=str(folder), tag=f"{name}:{tag}")
    engine.images.push(name, tag=tag)


def test_a_tag_that_is_moved_during_the_release(service: Service, tmp_path: Path) -> None:
    """What was built is deployed, by its digest; the tag is put right by the next deploy."""
    version = service.next_version()
    with service.asked() as answers:
        result = service.deploy_and(
            "TASK [fargate : One release of the service at a time]",
            lambda: other_image(service, "v1", tmp_path),
            version=version,
        )
        answers.await_one()
    succeeded(result)
    assert answers.last == f"version {version}"
    digest = service.records()[0].digest
    assert {one["imageDigest"] for task in service.tasks() for one in task["containers"]} == {digest}
    recovers(service, service.next_version())


def test_an_image_that_is_deleted_between_the_preflight_and_the_start(service: Service, tmp_path: Path) -> None:
    context = tmp_path / "app"
    shutil.copytree(ROOT / "tests/faults/app", context)
    (context / "server.py").write_text((context / "server.py").read_text() + "# another image\n")
    serving, revision = service.version(), service.revision()

    def delete() -> None:
        ecr, engine = service.client("ecr"), docker.from_env()
        found = ecr.describe_images(repositoryName="web", imageIds=[{"imageTag": "gone"}])["imageDetails"][0]
        # BatchDeleteImage leaves the manifest in the emulator's registry.
        url = f"http://{service.faults.registry}/v2/web/manifests/{found['imageDigest']}"
        urllib3.request("DELETE", url, retries=False)
        # What the engine has of the build would be run without a pull.
        for image, names in image_names(engine):
            if any(one.endswith(found["imageDigest"]) for one in names):
                engine.images.remove(image, force=True)

    with service.asked():
        result = service.deploy_and(
            "TASK [fargate : The network]",
            delete,
            version=service.next_version(),
            service_build_context=str(context),
            service_image_tag="gone",
        )
    failed(result, "does not exist", "push it, or correct service_image_tag", "what serves now")
    assert (service.version(), service.revision()) == (serving, revision)
    assert service.records()[0].cause_code == "image_not_found"
    recovers(service, service.next_version())


def test_a_migration_that_is_killed_and_run_again(service: Service) -> None:
    """The run that was killed has left its task; the next one follows that, and starts no second one."""
    lines = ["import time", "print('it begins', flush=True)", "time.sleep(45)", "print('it is done', flush=True)"]
    migration = {"service_migration": {"command": ["python", "-c", "; ".join(lines)]}}
    version, revision = service.next_version(), service.revision()
    service.faults.forget_calls()
    with service.asked():
        service.kill_at("web | it begins", version=version, **migration)
        assert service.revision() == revision
        result = service.deploy(version=version, **migration)
    succeeded(result)
    assert "a task that an earlier run started still runs" in result.output
    assert "web | it is done" in result.output
    assert service.faults.calls()["ecs:RunTask"] == 1
    assert service.version() == f"version {version}"
    service.await_settled()
    assert [one.verdict for one in service.records()[:2]] == ["succeeded", "interrupted"]
