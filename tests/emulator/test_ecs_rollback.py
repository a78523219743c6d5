"""Going back where AWS's service deployments are not there: by records, and by what the service says."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import SlipwayError
from slipway.release.history import write
from slipway.release.holding import before
from slipway.release.record import Record
from slipway.release.rollback import roll_back
from tests.emulator.test_ecs_deployment_wait import BAD, GOOD, Service
from tests.emulators.emulator import Emulator

TABLE = "slipway-rollback"


class Release(Service):
    """A service, its records, and going back."""

    def __init__(self, emulator: Emulator, image: str) -> None:
        super().__init__(emulator, image)
        self.aws = Aws(Connection("ap-northeast-2", endpoint_url=emulator.endpoint))

    def was(self) -> dict[str, str]:
        return before(self.aws, {"cluster": "c", "service": "s"})

    def keep(self, minute: int, verdict: str, revision: str, **more: Any) -> None:
        started = f"2026-11-21T00:{minute:02}:00.000Z"
        values = {"service": "c/s", "started_at": started, "verdict": verdict, "revision": revision, **more}
        write(self.aws, TABLE, Record.of(values))

    def back(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        where = {"region": "ap-northeast-2", "endpoint_url": self.aws.connection.endpoint_url, "cluster": "c"}
        given = {**where, "service": "s", "table": TABLE, "timeout": 60, **options}
        return roll_back(given, check=check, report=list[str]().append)


@pytest.fixture
def release(ministack: Emulator, python_image: str) -> Release:
    return Release(ministack, python_image)


@pytest.mark.usefixtures("docker_engine")
def test_the_emulators_own_rollback_is_followed(release: Release) -> None:
    release.wait(release.deploy(GOOD), [])
    was = release.was()
    failed = release.deploy(BAD)
    assert release.wait(failed, [])["state"] == "failed"
    result = release.back(failed_deployment_id=failed, before=was)
    assert (result["action"], result["serving"], result["running_count"]) == ("already", "voj:1", 1)


@pytest.mark.usefixtures("docker_engine")
def test_by_the_records(release: Release) -> None:
    for minute, verdict in enumerate(["succeeded", "failed", "succeeded"], start=1):
        release.wait(release.deploy([*GOOD[:1], f"60{minute}"]), [])
        release.keep(minute, verdict, f"voj:{minute}", tag=f"v{minute}")
    planned = release.back(check=True)
    assert (planned["action"], planned["serving"]) == ("rolled_back", "voj:3")
    assert "would go back to voj:1" in planned["msg"]
    result = release.back()
    assert (result["action"], result["changed"], result["serving"]) == ("rolled_back", True, "voj:1")
    release.keep(4, "succeeded", "voj:1", kind="rollback", serving="voj:1")
    with pytest.raises(SlipwayError) as caught:
        release.back()
    assert "-e to=<tag, revision or digest>" in caught.value.remedy
    assert caught.value.remedy.endswith("what succeeded: voj:1 (v1), voj:3 (v3)")
    assert release.back(to="v3")["serving"] == "voj:3"


@pytest.mark.usefixtures("docker_engine")
def test_a_first_release_is_left_without_tasks(release: Release) -> None:
    was = release.was()
    failed = release.deploy(BAD)
    result = release.back(failed_deployment_id=failed, before=was)
    assert (result["action"], result["changed"], result["serving"]) == ("stopped", True, "")


def test_a_service_that_is_not_there(release: Release) -> None:
    assert release.back(before={})["action"] == "none"
    with pytest.raises(SlipwayError, match="there is no service"):
        release.back()
