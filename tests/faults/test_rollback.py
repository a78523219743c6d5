"""Going back, of real containers, with service deployments as AWS has them."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import SlipwayError
from slipway.release.holding import before
from slipway.release.rollback import roll_back
from tests.faults.layer import Faults
from tests.faults.service import CRASH, Deployed, serving, until

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(180)]
NO_BREAKER = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
# Stands, and its load balancer's check never finds it healthy.
DEAF = ["sleep", "600"]


class Release(Deployed):
    """A service whose first version serves."""

    def __init__(self, faults: Faults, image: str, **more: Any) -> None:
        super().__init__(faults, image)
        self.create(serving("one"), **more)
        assert self.ended()["status"] == "SUCCESSFUL"
        self.was = self.before()

    def before(self) -> dict[str, str]:
        """What is PRIMARY now."""
        aws = Aws(Connection("ap-northeast-2", endpoint_url=self.faults.endpoint))
        return before(aws, {"cluster": "c", "service": "api"})

    def back(self, *, check: bool = False, told: list[str] | None = None, **options: Any) -> dict[str, Any]:
        """Go back; after a failure with `failed_deployment_id` and `before`."""
        where = {"region": "ap-northeast-2", "endpoint_url": self.faults.endpoint, "cluster": "c", "service": "api"}
        report = (told if told is not None else list[str]()).append
        return roll_back({**where, "table": "releases", "timeout": 60, **options}, check=check, report=report)

    def serves(self, version: str) -> None:
        """Assert what answers."""
        assert until(self.ask, lambda answer: answer == (200, version))


def primary(service: Any) -> str:
    return str(next(one["id"] for one in service["deployments"] if one["status"] == "PRIMARY"))


def test_nothing_was_switched(faults: Faults, python_image: str) -> None:
    release = Release(faults, python_image)
    result = release.back(before=release.was)
    assert (result["action"], result["changed"], result["running_count"]) == ("none", False, 1)
    assert result["msg"] == "nothing was switched; api:1 serves now with 1 task"


def test_ecs_goes_back_by_itself(faults: Faults, python_image: str) -> None:
    release = Release(faults, python_image)
    failed = primary(release.update(CRASH))
    until(release.newest, lambda one: one["status"].startswith("ROLLBACK"))
    result = release.back(failed_deployment_id=failed, before=release.was)
    assert (result["action"], result["changed"], result["serving"]) == ("already", False, "api:1")
    release.serves("one")
    # Again, as after a kill: it says the same.
    assert release.back(failed_deployment_id=failed, before=release.was)["action"] == "already"


def test_a_deployment_under_way_is_stopped(faults: Faults, python_image: str) -> None:
    release = Release(faults, python_image, deploymentConfiguration=NO_BREAKER)
    failed = primary(release.update(DEAF))
    planned = release.back(check=True, failed_deployment_id=failed, before=release.was)
    assert (planned["action"], planned["changed"]) == ("rolled_back", True)
    assert planned["msg"].startswith("would go back to api:1: it is the last that succeeded")
    assert release.newest()["status"] in ("PENDING", "IN_PROGRESS")
    result = release.back(failed_deployment_id=failed, before=release.was)
    assert (result["action"], result["changed"], result["serving"]) == ("rolled_back", True, "api:1")
    assert release.newest()["status"] == "ROLLBACK_SUCCESSFUL"
    release.serves("one")


def test_what_stands_but_does_not_answer_right_is_left(faults: Faults, python_image: str) -> None:
    release = Release(faults, python_image)
    failed = primary(release.update(serving("two")))
    assert release.ended()["status"] == "SUCCESSFUL"
    result = release.back(failed_deployment_id=failed, before=release.was)
    assert (result["action"], result["serving"], result["target"]["task_definition"]) == (
        "rolled_back",
        "api:1",
        "api:1",
    )
    release.serves("one")


def test_a_first_release_leaves_no_tasks(faults: Faults, python_image: str) -> None:
    release = Release.__new__(Release)
    Deployed.__init__(release, faults, python_image)
    nothing = release.before()
    failed = primary(release.create(CRASH))
    result = release.back(failed_deployment_id=failed, before=nothing)
    assert (result["action"], result["changed"], result["serving"], result["running_count"]) == ("stopped", True, "", 0)
    assert "there is nothing to go back to" in result["msg"]
    assert release.described()["desiredCount"] == 0
    with pytest.raises(SlipwayError, match="no other release has succeeded"):
        release.back()


def test_by_hand_further_and_further_back(faults: Faults, python_image: str) -> None:
    release = Release(faults, python_image)
    for version in ("two", "three"):
        release.update(serving(version))
        assert release.ended()["status"] == "SUCCESSFUL"
    told: list[str] = []
    assert release.back(told=told)["serving"] == "api:2"
    assert told[0] == "going back to api:2: it is the last that succeeded"
    assert release.back()["serving"] == "api:1"
    with pytest.raises(SlipwayError, match="nothing to go back to"):
        release.back()
    assert release.back(to="3")["serving"] == "api:3"
    again = release.back(to="api:3")
    assert (again["action"], again["changed"]) == ("none", False)
    release.serves("three")
