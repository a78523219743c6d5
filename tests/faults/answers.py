"""Correcting what the emulator answers, where AWS answers something else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from mitmproxy import http

from tests.faults import forwards
from tests.faults.ecs_model import Json
from tests.faults.history import has_pages, key_of, whole
from tests.faults.protocol import Call, Reply, answer_json, answer_xml, error, members
from tests.faults.scenario import Rule
from tests.faults.targets import Health
from tests.faults.world import World

_FORWARDS = frozenset({"CreateListener", "ModifyListener", "CreateRule", "ModifyRule"})
_READS = ("Describe", "List", "Get")


class Answers:
    """Answers in the place of the emulator's, and corrections of its own."""

    def __init__(self, world: World) -> None:
        self.world = world

    def asked(self, call: Call, request: http.Request, rules: Sequence[Rule]) -> None:
        """Change what the emulator is asked: weighted forwards are not for it, and pages are made here."""
        if call.service == "elbv2" and call.operation in _FORWARDS:
            request.content = urlencode(forwards.plain(call.parameters)).encode()
        paged = call.protocol == "json" and any(rule.fault == "pages" for rule in rules)
        if paged and has_pages(call.operation, call.parameters):
            request.content = json.dumps(whole(call.parameters)).encode()

    def instead(self, call: Call) -> Reply | None:
        """Answer for the emulator, or let it."""
        match call.name:
            case "elbv2:DescribeTargetHealth":
                return self._target_health(call)
            case "elbv2:RegisterTargets" | "elbv2:DeregisterTargets":
                return self._register(call)
            case "ecs:DeleteCluster":
                name = str(call.parameters.get("cluster") or "default")
                if self.world.ecs.in_cluster(call.region, name):
                    message = "The Cluster cannot be deleted while Services are active."
                    return error(call, "ClusterContainsServicesException", message)
        return None

    def _register(self, call: Call) -> Reply | None:
        arn = str(call.parameters.get("TargetGroupArn"))
        for one in members(call.parameters, "Targets"):
            port = int(one.get("Port") or self.world.groups.get(arn, {}).get("Port") or 80)
            with self.world.lock:
                change = self.world.targets.register if call.operation == "RegisterTargets" else None
                (change or self.world.targets.deregister)(arn, one["Id"], port, time.time())
        # The emulator checks that the group is there.
        return None

    def _target_health(self, call: Call) -> Reply | None:
        """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html."""
        arn = str(call.parameters.get("TargetGroupArn"))
        wanted = members(call.parameters, "Targets")
        with self.world.lock:
            targets = self.world.targets.groups.get(arn)
            if targets is None:
                return None
            shown = [(one.address, one.port, one.shown()) for one in targets.values()]
        if wanted:
            ids = {one["Id"] for one in wanted}
            missing = ids - {address for address, _, _ in shown}
            shown = [one for one in shown if one[0] in ids]
            shown += [(address, 0, Health.because("unused", "Target.NotRegistered")) for address in sorted(missing)]
        inner = "".join(_target_xml(*one) for one in shown)
        return answer_xml("DescribeTargetHealth", f"<TargetHealthDescriptions>{inner}</TargetHealthDescriptions>")

    def correct(self, call: Call, response: http.Response) -> None:
        """Correct an answer in place, and remember what was read."""
        if response.status_code != 200:
            return
        if call.service == "ecs":
            self._correct_ecs(call, response)
        elif call.service == "elbv2":
            self._correct_elb(call, response)
        if call.operation.startswith(_READS):
            self.world.history.remember(key_of(call.name, call.parameters), response.content or b"", time.time())

    def _correct_elb(self, call: Call, response: http.Response) -> None:
        text = (response.content or b"").decode()
        if call.operation in _FORWARDS:
            pattern = "<RuleArn>([^<]+)" if call.operation.endswith("Rule") else "<ListenerArn>([^<]+)"
            weights = forwards.weights_of(call.parameters)
            if found := re.search(pattern, text):
                self.world.weights.pop(found[1], None)
                if weights:
                    self.world.weights[found[1]] = weights
        if any(part in call.operation for part in ("Rule", "Listener")):
            response.content = forwards.put_back(text, self.world.forwards()).encode()

    def _correct_ecs(self, call: Call, response: http.Response) -> None:
        match call.operation:
            case "DescribeTasks" | "StopTask" | "RunTask":
                data = json.loads(response.content or b"{}")
                for task in [*(data.get("tasks") or ()), *([data["task"]] if "task" in data else ())]:
                    self._task(task)
                response.content = answer_json(data).body
            case "DescribeClusters":
                data = json.loads(response.content or b"{}")
                for cluster in data.get("clusters") or ():
                    count = len(self.world.ecs.in_cluster(call.region, cluster["clusterName"]))
                    cluster["activeServicesCount"] = count
                response.content = answer_json(data).body

    def _task(self, task: Json) -> None:
        if task.get("lastStatus") == "STOPPED":
            told: dict[str, Any] = self.world.stopped.get(task["taskArn"], {})
            task |= told if task.get("stopCode") == "UserInitiated" else {}
            if task.get("stoppedReason") == "Essential container exited":
                task["stoppedReason"] = "Essential container in task exited"
            self.world.containers.correct(task)
        elif not task.get("stoppedReason"):
            task.pop("stoppedReason", None)
            task.pop("stopCode", None)
        for container in task.get("containers") or ():
            # What runs by its digest has that digest: the engine pulls nothing else.
            if container.get("lastStatus") == "RUNNING" and "@" in container.get("image", ""):
                container.setdefault("imageDigest", container["image"].partition("@")[2])
        if (found := self.world.ecs.task(task["taskArn"])) and found[1].health != "UNKNOWN":
            task["healthStatus"] = found[1].health


def _target_xml(address: str, port: int, health: Health) -> str:
    more = ""
    if health.reason:
        more = f"<Reason>{health.reason}</Reason><Description>{escape(health.description)}</Description>"
    shown_port = f"<Port>{port}</Port>" if port else ""
    return (
        f"<member><Target><Id>{address}</Id>{shown_port}</Target><HealthCheckPort>{port}</HealthCheckPort>"
        f"<TargetHealth><State>{health.state}</State>{more}</TargetHealth></member>"
    )
