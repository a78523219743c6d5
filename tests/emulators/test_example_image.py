"""The example application's image, built of its own Dockerfile as a user builds it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from docker import DockerClient
from docker.models.images import Image

from demo.embedded_aws import ROOT

COMMAND = "gunicorn app.main:app -k uvicorn.workers.UvicornWorker -b 0.0.0.0:8000 --workers 2 --timeout 60".split()


@pytest.fixture(scope="module")
def image(docker_engine: DockerClient, python_image: str) -> Iterator[Image]:
    built, _ = docker_engine.images.build(
        path=str(ROOT / "examples" / "fastapi"),
        tag="slipway-test/example:sha-1a2b3c4",
        buildargs={"VERSION": "sha-1a2b3c4"},
        platform="linux/amd64",
        rm=True,
        forcerm=True,
    )
    yield built
    docker_engine.images.remove("slipway-test/example:sha-1a2b3c4", force=True, noprune=True)


@contextmanager
def served(client: DockerClient, image: Image, environment: Mapping[str, str]) -> Iterator[str]:
    container = client.containers.run(
        image.id or "", COMMAND, detach=True, environment=dict(environment), ports={"8000/tcp": ("127.0.0.1", 0)}
    )
    try:
        container.reload()
        (binding,) = container.ports["8000/tcp"] or []
        port = binding["HostPort"]
        yield f"http://127.0.0.1:{port}"
    finally:
        container.remove(force=True, v=True)


def get(url: str, seconds: float = 30) -> tuple[int, dict[str, Any]]:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_every_service_finds_its_health_check(docker_engine: DockerClient, image: Image) -> None:
    with served(docker_engine, image, {"SERVICE_NAME": "voj-backend"}) as address:
        for path in ("/api/v1/health", "/health", "/api/health"):
            expected = {"status": "ok", "service": "voj-backend", "version": "sha-1a2b3c4"}
            assert get(address + path) == (200, expected)


def test_it_is_not_ready_without_what_it_requires(docker_engine: DockerClient, image: Image) -> None:
    environment = {"REQUIRED_ENV": "DATABASE_URL, JWT_SECRET", "DATABASE_URL": "postgres://user:hidden@db/app"}
    with served(docker_engine, image, environment) as address:
        status, answer = get(f"{address}/health")
    assert status == 503
    assert answer["missing"] == ["JWT_SECRET"]
    assert "hidden" not in json.dumps(answer)


def test_the_image_runs_as_a_user_of_its_own(image: Image) -> None:
    assert image.attrs["Config"]["User"] == "app"
    assert image.labels["org.opencontainers.image.version"] == "sha-1a2b3c4"
