"""Correcting what the emulator answers, where AWS answers something else."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from mitmproxy import http

from tests.faults.ecs_model import Json
from tests.faults.protocol import Call, Reply, answer_json, answer_xml, error, members
from tests.faults.targets import Health
from tests.faults.world import World


class Answers:
    """Answers in the place of the emulator's, and corrections of its own."""

    def __init__(self, world: World) -> None:
        self.world = world

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
        import time

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
        """Correct an answer in place."""
        if response.status_code != 200 or call.service != "ecs":
            return
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
        elif not task.get("stoppedReason"):
            task.pop("stoppedReason", None)
            task.pop("stopCode", None)
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
