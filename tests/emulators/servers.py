"""Starting and stopping the emulators, each as a context manager."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from demo import embedded_aws
from demo.embedded_aws import ROOT, clean_environment, free_port
from tests.bench.process import server
from tests.emulators.emulator import Emulator
from tests.emulators.loopback import sitecustomize

# Seconds until a certificate is issued; LocalStack has it from moto.
_ISSUED_SOON = {"MOTO_ACM_VALIDATION_WAIT": "1"}
LOCALSTACK_PYTHON = ROOT / ".venv-localstack" / "bin" / "python"


@contextmanager
def ministack(directory: Path, *, containers: bool | None = None, port: int = 0) -> Iterator[Emulator]:
    """Run ministack; by default with real containers where a Docker engine answers."""
    aws = embedded_aws.start(directory, port, containers)
    try:
        yield Emulator("ministack", aws.endpoint)
    finally:
        # Another worker may be building on the same layers.
        embedded_aws.stop(aws, build_cache=False)


@contextmanager
def moto(directory: Path, *, port: int = 0, managed_policies: bool = False) -> Iterator[Emulator]:
    """Run moto's server; with the policies that AWS has ready, each reset takes it over a second."""
    port = free_port(port)
    environment = clean_environment() | {
        # Services then have running tasks.
        "MOTO_ECS_SERVICE_RUNNING": "2",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": str(managed_policies).lower(),
        **_ISSUED_SOON,
    }
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with server(command, environment, directory / "moto.log", f"{endpoint}/moto-api/data.json"):
        yield Emulator("moto", endpoint)


@contextmanager
def localstack(directory: Path, *, port: int = 0) -> Iterator[Emulator]:
    """Run LocalStack Core out of its own virtual environment, or use the LocalStack Pro that is named."""
    if endpoint := pro_endpoint():
        yield Emulator("localstack", endpoint)
        return
    port = free_port(port)
    environment = clean_environment() | {
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "FILESYSTEM_ROOT": str(directory / "localstack"),
        # Files under FILESYSTEM_ROOT even where the tests themselves run in a container.
        "OVERRIDE_IN_DOCKER": "0",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        **_ISSUED_SOON,
    }
    endpoint = f"http://127.0.0.1:{port}"
    command = [str(LOCALSTACK_PYTHON), "-m", "localstack.runtime.main"]
    with server(command, environment, directory / "localstack.log", f"{endpoint}/_localstack/health"):
        yield Emulator("localstack", endpoint)


def pro_endpoint() -> str | None:
    """Give SLIPWAY_LOCALSTACK_ENDPOINT, the address of a LocalStack Pro that runs on this machine."""
    endpoint = os.environ.get("SLIPWAY_LOCALSTACK_ENDPOINT", "").rstrip("/")
    if not endpoint:
        return None
    if not sitecustomize.allowed(urlsplit(endpoint).hostname or "?"):
        raise ValueError(f"SLIPWAY_LOCALSTACK_ENDPOINT={endpoint}: give an address of this machine")
    if not os.environ.get("LOCALSTACK_AUTH_TOKEN"):
        raise ValueError("SLIPWAY_LOCALSTACK_ENDPOINT is set and LOCALSTACK_AUTH_TOKEN is not: set both or none")
    return endpoint
