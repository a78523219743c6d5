"""The fault layer as fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulators.emulator import Emulator
from tests.emulators.fixtures import absent
from tests.faults.layer import PYTHON, Faults, fault_layer
from tests.faults.releasing import Service, succeeded


@pytest.fixture(scope="session")
def faults_server(ministack_server: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    """One layer for the run, in front of its ministack."""
    if not PYTHON.exists():
        absent("faults", "the fault layer's proxy is not installed: make venv-faults")
    with fault_layer(ministack_server.endpoint, tmp_path_factory.mktemp("faults")) as faults:
        yield faults


@pytest.fixture
def faults(faults_server: Faults) -> Iterator[Faults]:
    """An empty layer in front of an empty ministack, without a scenario."""
    faults_server.stop()
    faults_server.reset()
    yield faults_server
    faults_server.stop()


@pytest.fixture(scope="module")
def released(faults_server: Faults, python_image: str) -> Iterator[Service]:
    """The service `web` after its first release, for all tests of a file."""
    faults_server.stop()
    faults_server.reset()
    service = Service(faults_server)
    succeeded(service.deploy())
    yield service
    # Its tasks are work for the emulator and the engine for as long as they run.
    faults_server.reset()


@pytest.fixture
def service(released: Service) -> Iterator[Service]:
    """The service, green and without a fault."""
    released.faults.stop()
    if not released.is_settled():
        succeeded(released.deploy())
    yield released
    released.faults.stop()
