"""What a step of a release is: something that is done or waited for, and is no resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Step(Protocol):
    """From validated options to an Ansible result.

    Raises:
        SlipwayError: for a person.
    """

    def __call__(self, options: Mapping[str, Any], /, *, check: bool, report: Callable[[str], None]) -> dict[str, Any]:
        """Do the step, or in check mode only say what it would do."""
