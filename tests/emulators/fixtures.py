"""The fixtures around the emulators: one server of a kind for a whole run, emptied before every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from docker import DockerClient

from demo import base_image
from demo.engine import available, engine
from tests.emulators import servers
from tests.emulators.emulator import BASIC, CONTAINERS, Emulator

_MARKED = {
    "docker_engine": "docker",
    "ministack": "ministack",
    "moto": "moto",
    "localstack": "localstack",
}


def required(what: str) -> bool:
    """Say whether the absence of something is a failure here, and not a reason to skip."""
    return os.environ.get(f"SLIPWAY_REQUIRE_{what.upper()}") == "1"


def absent(what: str, remedy: str) -> None:
    """Skip the test, or fail it where what it needs is required."""
    if required(what):
        pytest.fail(f"{remedy}; SLIPWAY_REQUIRE_{what.upper()}=1 forbids to skip", pytrace=False)
    pytest.skip(remedy)


def having(services: frozenset[str]) -> list[str]:
    """Name the emulators that have these services."""
    names = ["ministack", "moto"]
    local = BASIC | CONTAINERS if servers.pro_endpoint() else BASIC
    return [*names, "localstack"] if services and services <= local else names


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `emulator` on each that has the services of its mark `aws(...)`."""
    if "emulator" in metafunc.fixturenames:
        services = {name for mark in metafunc.definition.iter_markers("aws") for name in mark.args}
        names = having(frozenset(services))
        parameters = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in names]
        metafunc.parametrize("emulator", parameters, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they use, so that `-m 'not docker'` needs no care of their authors."""
    # The file that takes longest comes first: all others would be over, and its worker waited for.
    items.sort(key=lambda item: item.path.name != "test_compose.py")
    for item in items:
        for name in _MARKED.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(_MARKED[name])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say at once what a test lacks."""
    if item.get_closest_marker("docker") and not available():
        absent("docker", "no Docker engine answers: start it (or set DOCKER_HOST)")
    localstack_is_here = servers.pro_endpoint() or servers.LOCALSTACK_PYTHON.exists()
    if item.get_closest_marker("localstack") and not localstack_is_here:
        absent("localstack", "LocalStack Core is not installed: make venv-localstack")


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerClient]:
    """The Docker engine; a test that asks for it is skipped, or fails, where there is none."""
    with engine(timeout=600) as client:
        assert client is not None
        yield client


@pytest.fixture(scope="session")
def python_image(docker_engine: DockerClient) -> str:
    """The base image of the example's Dockerfile, made here where it cannot be pulled."""
    base_image.ensure()
    return base_image.PYTHON.image


@pytest.fixture(scope="session")
def ministack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One ministack for the run, with real containers where there is a Docker engine."""
    with servers.ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One moto server for the run."""
    with servers.moto(tmp_path_factory.mktemp("moto")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def moto_server_with_managed_policies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Another one for the run, in which policies of AWS's own can be attached."""
    with servers.moto(tmp_path_factory.mktemp("moto"), managed_policies=True) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def localstack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One LocalStack for the run."""
    with servers.localstack(tmp_path_factory.mktemp("localstack")) as emulator:
        yield emulator


@pytest.fixture
def ministack(ministack_server: Emulator) -> Emulator:
    """An empty ministack."""
    ministack_server.reset()
    return ministack_server


@pytest.fixture
def moto(request: pytest.FixtureRequest) -> Emulator:
    """An empty moto; with AWS's own policies for a test with the mark `managed_policies`."""
    with_policies = request.node.get_closest_marker("managed_policies")
    server = request.getfixturevalue("moto_server_with_managed_policies" if with_policies else "moto_server")
    assert isinstance(server, Emulator)
    server.reset()
    return server


@pytest.fixture
def localstack(localstack_server: Emulator) -> Emulator:
    """LocalStack, with what earlier tests left there."""
    return localstack_server


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Emulator:
    """Each emulator in turn that has the services named by the test's mark `aws(...)`."""
    chosen = request.getfixturevalue(request.param)
    assert isinstance(chosen, Emulator)
    return chosen
