"""Releases that cannot succeed: each says why, the old version answers every request, and nothing half-made is left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import yaml

from demo.embedded_aws import ROOT
from tests.e2e.playbook import Result
from tests.lab.homu import INVENTORY, Homu, failed, succeeded

DESCRIBED = yaml.safe_load((INVENTORY / "host_vars" / "homu" / "description.yml").read_text())
SECRETS = {**DESCRIBED["service_secrets"], "TOKEN": "secretsmanager:homu/not-there"}


def breaks(homu: Homu, *told: str, cause: str = "", **variables: Any) -> Result:
    """Release what cannot succeed. Then the fault is gone, and the plain command has nothing to do.

    `cause` is the code of the cause in the release's record; a release that was refused before it began has none.
    """
    before = (homu.serving(), homu.releases(), homu.containers(), homu.records())
    with homu.visited() as seen:
        result = homu.deploy(**{"version": homu.next_version(), **variables})
    failed(result, *told)
    assert seen.versions == [homu.version()]
    homu.settle(10)
    assert (homu.serving(), homu.releases(), homu.containers()) == before[:3]
    if cause:
        assert "what serves now" in result.output
        last = homu.records()[0]
        assert last not in before[3]
        assert (last.cause_code, last.verdict in {"failed", "rolled_back"}) == (cause, True), (last, result.output)
    assert succeeded(homu.deploy()).changed["homu"] == 0
    return result


def test_it_crashes_at_its_start(homu: Homu) -> None:
    program = "import sys; print('cannot start: no configuration', file=sys.stderr); sys.exit(3)"
    told = ("exited with code 3", "cannot start: no configuration")
    breaks(homu, *told, cause="exit_code", service_command=["python", "-c", program])


def test_it_uses_more_memory_than_it_has(homu: Homu) -> None:
    program = "text = b'x' * 2**29"
    breaks(homu, "memory", cause="out_of_memory", service_command=["python", "-c", program])


def test_its_health_check_asks_for_a_path_that_it_does_not_have(homu: Homu) -> None:
    told = ("the health check path /nowhere is answered with 404", "service_health_check.path")
    check = {**DESCRIBED["service_health_check"], "path": "/nowhere"}
    breaks(homu, *told, cause="target_health_check", service_health_check=check)


def test_it_listens_at_another_port(homu: Homu) -> None:
    command = ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "9000"]  # noqa: S104 - in its container
    breaks(homu, "9000", cause="port_mismatch", service_command=command)


def test_its_migration_fails(homu: Homu) -> None:
    migration = {"command": ["python", "-c", "raise SystemExit('no such column: visits.count')"], "timeout": 30}
    told = ("no such column: visits.count", "exited with code 1")
    breaks(homu, *told, cause="exit_code", service_migration=migration)


def test_its_worker_does_not_stay(homu: Homu) -> None:
    """It is seen after the switch, so that requests come back to the old version; none is lost."""
    old, new, serving = homu.version(), homu.next_version(), homu.serving()[0]
    workers = {"worker": {**DESCRIBED["service_workers"]["worker"], "command": ["python", "-c", "raise SystemExit(4)"]}}
    with homu.visited() as seen:
        result = homu.deploy(version=new, service_workers=workers)
    failed(result, "the container worker exited with code 4", f"what serves now: homu:{serving}")
    assert seen.versions[:2] == [old, new]
    assert homu.version() == old
    homu.settle(10)
    assert homu.serving()[0] == serving
    assert (homu.records()[0].verdict, homu.records()[0].cause_code) == ("rolled_back", "exit_code")
    assert succeeded(homu.deploy()).changed["homu"] == 0


def test_its_image_is_not_there(homu: Homu) -> None:
    breaks(homu, "never-built", service_build_context=None, service_image_tag="never-built")


def test_a_secret_is_not_there(homu: Homu) -> None:
    breaks(homu, "homu/not-there", service_secrets=SECRETS)


def _larger(folder: Path) -> str:
    """The example with a file that no layer of another release has."""
    context = shutil.copytree(ROOT / "examples" / "homu", folder / "homu")
    (context / "app" / "data.bin").write_bytes(os.urandom(4_000_000))
    return str(context)


def test_the_registry_is_down(homu: Homu, tmp_path: Path) -> None:
    with homu.registry.down():
        breaks(homu, homu.registry.name, cause="network_to_endpoints", service_build_context=_larger(tmp_path))


def test_the_disk_is_full(homu: Homu, tmp_path: Path) -> None:
    # The engine's folder for what is being pulled, on a disk of its own that is as good as full.
    homu.host.exec("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", "/var/lib/docker/tmp")
    try:
        breaks(homu, "no space left on device", cause="disk_full", service_build_context=_larger(tmp_path))
    finally:
        homu.host.exec("umount", "/var/lib/docker/tmp")
