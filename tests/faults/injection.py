"""Doing to a call what the scenario says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence

from mitmproxy import http

from tests.faults.history import History, has_pages, key_of, short_page, start_of
from tests.faults.protocol import Call, Reply, answer_json, error
from tests.faults.scenario import Rule, edit

# Each service's own way to say that it is asked too often.
_THROTTLED = {"ec2": ("RequestLimitExceeded", 503), "s3": ("SlowDown", 503)}
_QUERY = ("Throttling", 400)
_JSON = ("ThrottlingException", 400)


async def before(flow: http.HTTPFlow, call: Call, rules: Sequence[Rule]) -> Reply | None:
    """Delay, reset or refuse a call before it is made."""
    for rule in rules:
        match rule.fault:
            case "slow":
                await asyncio.sleep(float(rule.data["delay"]))
            case "reset" if not rule.data.get("after"):
                flow.kill()
                return None
            case "throttle":
                code, status = _THROTTLED.get(call.service, _JSON if call.protocol in ("json", "cbor") else _QUERY)
                return error(call, code, "Rate exceeded", status)
            case "error":
                message = str(rule.data.get("message", "Internal failure."))
                code = str(rule.data.get("code", "InternalFailure"))
                return error(call, code, message, int(rule.data.get("status", 500)))
            case "deny":
                return _denied(call, rule)
    return None


def _denied(call: Call, rule: Rule) -> Reply:
    code = {"ec2": "UnauthorizedOperation", "elbv2": "AccessDenied", "iam": "AccessDenied", "sts": "AccessDenied"}
    name = call.name.replace("elbv2:", "elasticloadbalancing:").replace("cloudwatch:", "monitoring:")
    message = (
        f"User: arn:aws:iam::000000000000:user/deployer is not authorized to perform: {name} on resource: * "
        "because no identity-based policy allows the action"
    )
    status = 400 if call.protocol == "json" else 403
    return error(call, code.get(call.service, "AccessDeniedException"), str(rule.data.get("message", message)), status)


async def after(flow: http.HTTPFlow, call: Call, rules: Sequence[Rule], history: History) -> None:
    """Change the answer to a call that was made, or give the one that was true some time ago."""
    for rule in rules:
        if rule.fault == "reset" and rule.data.get("after"):
            flow.kill()
            return
        if flow.response is None or flow.response.status_code != 200:
            continue
        if rule.fault == "stale":
            old = history.as_of(key_of(call.name, call.parameters), time.time() - float(rule.data["age"]))
            missing = answer_json(rule.data["missing"]).body if "missing" in rule.data else None
            flow.response.content = old or missing or flow.response.content
        if call.protocol != "json":
            continue
        data = json.loads(flow.response.content or b"{}")
        if rule.fault == "answer":
            data = edit(data, rule.data["edits"])
        elif rule.fault == "pages" and has_pages(call.operation, call.parameters):
            data = short_page(data, start_of(call.parameters))
        flow.response.content = answer_json(data).body
