"""The action that looks a VPC up in ansible-playbook's own process."""

from __future__ import annotations

from typing import ClassVar

from ..resources.vpc import look_up
from ..step import Step
from .action import StepAction


class VpcInfoAction(StepAction):
    """The action of vpc_info."""

    step: ClassVar[Step] = staticmethod(look_up)
