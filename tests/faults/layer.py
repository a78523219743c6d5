"""The fault layer as tests use it: `with fault_layer(endpoint, directory) as faults: ...`."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from demo.embedded_aws import ROOT, clean_environment, client_environment, free_port
from tests.bench.process import server
from tests.emulators.emulator import Emulator

PYTHON = ROOT / ".venv-faults" / "bin" / "python"
SCENARIOS = Path(__file__).with_name("scenarios.yml")
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def scenarios() -> dict[str, dict[str, Any]]:
    """Every scenario, by name."""
    loaded = yaml.safe_load(SCENARIOS.read_text(encoding="utf-8"))
    return {one["name"]: one for one in loaded}


@dataclass(frozen=True)
class Faults:
    """A running fault layer."""

    endpoint: str
    upstream: str

    @property
    def emulator(self) -> Emulator:
        """The embedded AWS as it is seen through the layer."""
        return Emulator("ministack", self.endpoint)

    @property
    def registry(self) -> str:
        """The image registry's own host and port, past the layer."""
        return self.upstream.partition("//")[2]

    def environment(self) -> dict[str, str]:
        """The variables with which a child process talks to the layer and to nothing else."""
        return client_environment(self.endpoint)

    def play(self, scenario: str | Mapping[str, Any]) -> None:
        """Start a scenario: its name in scenarios.yml, or its data."""
        self._ask("POST", "scenario", scenarios()[scenario] if isinstance(scenario, str) else scenario)

    def stop(self) -> None:
        """End the scenario: from now on nothing is broken."""
        self._ask("POST", "stop")

    def reset(self) -> None:
        """Forget every resource, in the emulator too."""
        self.emulator.reset()
        self._ask("POST", "reset")

    def time(self, **seconds: float) -> None:
        """Change how time passes: `scale`, `settle`, `start_up`."""
        self._ask("POST", "time", seconds)

    def calls(self) -> dict[str, int]:
        """How often each operation was called, by `service:Operation`."""
        return dict(self._ask("GET", "calls")["operations"])

    def log(self) -> list[dict[str, Any]]:
        """Every call: at, call, status, faults; of DescribeTasks whether a task has `stopped`."""
        return list(self._ask("GET", "calls")["calls"])

    def forget_calls(self) -> None:
        """Count anew."""
        self._ask("DELETE", "calls")

    def model(self) -> dict[str, Any]:
        """What the layer knows: services, service deployments, tasks, targets."""
        return self._ask("GET", "model")

    def _ask(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.endpoint}/_faults/{path}", data=body, method=method)
        with _direct.open(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def fault_layer(upstream: str, directory: Path, *, port: int = 0, time_scale: float = 0.02) -> Iterator[Faults]:
    """Run the layer in front of a ministack."""
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port(port)
    endpoint = f"http://127.0.0.1:{port}"
    command = [str(PYTHON), "-m", "tests.faults.proxy", "--port", str(port), "--upstream", upstream]
    command += ["--directory", str(directory), "--time-scale", str(time_scale)]
    environment = clean_environment()
    environment["PYTHONPATH"] = f"{ROOT}:{environment.get('PYTHONPATH', '')}".rstrip(":")
    with server(command, environment, directory / "faults.log", f"{endpoint}/_faults/calls"):
        yield Faults(endpoint, upstream)
