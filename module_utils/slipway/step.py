"""What a step of a release is: something that is done or waited for, and is no resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

# Takes a live line for the person who waits.
Report = Callable[[str], None]


class Step(Protocol):
    """From validated options to an Ansible result.

    Raises:
        SlipwayError: for a person.
    """

    def __call__(self, options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
        """Do the step, or in check mode only say what it would do."""


def step_of(module: str) -> Step:
    """The step that a module is, and no other's imports: they are heavy, and the Docker SDK may be missing.

    Statements, and no table or `match`: Ansible copies what it sees imported to where an ordinary module runs.
    """
    if module == "ecr_image":
        from .image.deliver import deliver

        return deliver
    if module == "ecs_deployment_wait":
        from .release.wait import wait

        return wait
    if module == "ecs_diagnosis":
        from .release.service_diagnosis import diagnose_service

        return diagnose_service
    if module == "ecs_rollback":
        from .release.rollback import roll_back

        return roll_back
    if module == "ecs_run_task":
        from .release.one_off_task import run_task

        return run_task
    if module == "load_balancer_check":
        from .release.http_check import check_answer

        return check_answer
    if module == "release_lock":
        from .release.holding import hold

        return hold
    if module == "release_notify":
        from .release.notify.send import notify

        return notify
    if module == "release_record":
        from .release.recording import record

        return record
    if module == "release_status":
        from .release.status.step import show

        return show
    if module == "service_cost":
        from .cost.step import estimate

        return estimate
    if module == "traffic_shift":
        from .release.traffic_shift import shift

        return shift
    if module == "vpc_info":
        from .resources.vpc import look_up

        return look_up
    raise LookupError(module)
