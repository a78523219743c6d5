"""The action that looks at the account before a deploy touches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import SlipwayError
from ..release.preflight import check
from .action import InProcessAction
from .description import described, failure


class ServicePreflightAction(InProcessAction):
    """Checks a completed description against the account."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Every finding at once, with the variable and where it was written."""
        service = args.get("service")
        if set(args) != {"service"} or not isinstance(service, Mapping):
            remedy = 'write: service_preflight: {service: "{{ _service_description.service }}"}'
            raise SlipwayError("needs one option, service", where="service_preflight", remedy=remedy)
        aws = Aws(Connection.of(service))
        problems = check(aws, service)
        if problems:
            return failure(str(task_vars["inventory_hostname"]), problems, described(task_vars), task_vars)
        return {"changed": False, "account": aws.account, "caller": aws.identity()["Arn"]}
