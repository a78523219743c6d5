"""The machine of a run's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.e2e.playbook import Result
from tests.lab.homu import Homu, succeeded
from tests.lab.host import LabHost
from tests.lab.host import lab_host as running
from tests.lab.stage import staged

# Its modules are collected by test_compose.py; their assertions say what was compared, too.
pytest.register_assert_rewrite("tests.lab.compose")


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the lab keeps its key and the files that it made."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab_host(docker_engine: DockerClient, lab_folder: Path) -> Iterator[LabHost]:
    """A bare machine of Debian 12, one for the whole run; who changes it, changes it for all."""
    with running(docker_engine, lab_folder) as host:
        yield host


@pytest.fixture(scope="session")
def docker_host(docker_engine: DockerClient, lab_folder: Path) -> Iterator[LabHost]:
    """A machine of Debian 12 that has a Docker engine and the proxy already, one for the whole run."""
    with running(docker_engine, lab_folder, packages=("docker.io", "caddy")) as host:
        yield host


@pytest.fixture(scope="module")
def homu_machine(
    docker_engine: DockerClient, lab_folder: Path, tmp_path_factory: pytest.TempPathFactory, python_image: str
) -> Iterator[Homu]:
    """HOMU on a machine that was prepared for it, before its first release; one for all of test_compose.py."""
    with staged(docker_engine, tmp_path_factory.mktemp("homu"), lab_folder) as homu:
        yield homu


@pytest.fixture(scope="module")
def first_release(homu_machine: Homu) -> Result:
    """HOMU's first release."""
    return succeeded(homu_machine.deploy())


@pytest.fixture
def homu(homu_machine: Homu, first_release: Result) -> Homu:
    """HOMU, released, with nothing half-made."""
    homu_machine.settle()
    return homu_machine
