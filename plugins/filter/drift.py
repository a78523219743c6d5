"""Filters that say what the role of drift checks is allowed, and who may have it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.aws.errors import SlipwayError
from slipway.drift import role


def _told(filter_: Callable[..., Any]) -> Callable[..., Any]:
    def told(*args: Any) -> Any:
        try:
            return filter_(*args)
        except SlipwayError as error:
            raise AnsibleFilterError(str(error)) from None

    return told


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"drift_role_trust": _told(role.trust), "notice_statements": _told(role.notice_statements)}
