"""Without a Docker engine the same deploy runs to the end, and says that nothing was asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demo import embedded_aws
from demo.seed import seed
from tests.e2e.playbook import ansible_playbook

pytestmark = [pytest.mark.ministack, pytest.mark.timeout(300)]


def test_all_four_services_twice(tmp_path: Path) -> None:
    aws = embedded_aws.start(tmp_path, containers=False)
    # What inventories/local reads from the file that `make demo` writes.
    simulated = ("-e", json.dumps({"embedded_aws_runs_containers": False}))
    try:
        seed(aws)
        first = ansible_playbook("deploy.yml", "-i", "local", *simulated, environment=aws.environment())
        assert first.code == 0, first.output
        assert first.output.count("not asked (service_http_check is false)") == 4
        again = ansible_playbook("deploy.yml", "-i", "local", *simulated, environment=aws.environment())
        assert again.code == 0, again.output
        assert set(again.changed.values()) == {0}, again.output
    finally:
        embedded_aws.stop(aws)
