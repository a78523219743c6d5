"""Counting the API calls that a piece of work makes: `service:Operation` -> how many."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

from botocore.endpoint import Endpoint

from demo.embedded_aws import ROOT, clean_environment, free_port
from tests.bench import emulator as bench
from tests.bench.process import server


@contextmanager
def counting_here() -> Iterator[Counter[str]]:
    """Count the calls of this process, whichever session or client makes them; a retry is part of its call."""
    calls: Counter[str] = Counter()
    lock = Lock()
    make_request = Endpoint.make_request

    def counted(self: Endpoint, operation_model: Any, request_dict: Any) -> Any:
        with lock:
            calls[f"{operation_model.service_model.service_name}:{operation_model.name}"] += 1
        return make_request(self, operation_model, request_dict)

    with patch.object(Endpoint, "make_request", counted):
        yield calls


@contextmanager
def counting_between(endpoint: str, directory: Path) -> Iterator[bench.Emulator]:
    """Put a counting server in front of an emulator, for the calls of child processes.

    Give its `.endpoint` to the child process, and read `.calls()`; `.reset_calls()` starts again.
    """
    front = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "tests.bench.counting", "--port", str(port), "--upstream", endpoint]
    environment = clean_environment()
    environment["PYTHONPATH"] = f"{ROOT}:{environment.get('PYTHONPATH', '')}".rstrip(":")
    with server(command, environment, directory / "counting.log", f"{front}/_bench/calls"):
        yield bench.Emulator("counted", front)
