"""The actions that end a release, in ansible-playbook's own process."""

from __future__ import annotations

from typing import ClassVar

from ..release.http_check import check_answer
from ..release.service_diagnosis import diagnose_service
from ..release.wait import wait
from ..step import Step
from .action import StepAction


class EcsDeploymentWaitAction(StepAction):
    """The action of ecs_deployment_wait."""

    step: ClassVar[Step] = staticmethod(wait)


class LoadBalancerCheckAction(StepAction):
    """The action of load_balancer_check."""

    step: ClassVar[Step] = staticmethod(check_answer)


class EcsDiagnosisAction(StepAction):
    """The action of ecs_diagnosis."""

    step: ClassVar[Step] = staticmethod(diagnose_service)
