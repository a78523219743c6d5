"""The action that builds and pushes an image in ansible-playbook's own process."""

from __future__ import annotations

from typing import ClassVar

from ..image.deliver import deliver
from ..step import Step
from .action import StepAction


class EcrImageAction(StepAction):
    """The action of ecr_image."""

    step: ClassVar[Step] = staticmethod(deliver)
