"""Going back to what succeeded last, and saying what serves then.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..resources.ecs_deployments import primary, serving_deployments
from ..resources.names import last_part
from ..step import Report
from .observe import describe
from .patience import patiently
from .rollback_decision import BY_ECS, Asked, Decision, decide, failed_deployment, soon_rolled_back, standing
from .rollback_sight import definitions, service_deployments, sight
from .rollback_target import Sighting, Target, digests, tag
from .wait import wait

# Deciding anew after each of these: ECS may do something by itself at any moment.
_ROUNDS = 5
_FIRST, _LATER = 1.0, 3.0
_MOMENT = 10.0
# Of the service deployments that a rollback is followed by, it is among the last.
_NEWEST = 20
# Releases that a refusal names.
_SHOWN = 5
# The deployment has ended, or is being rolled back, since it was looked at.
_TOO_LATE = frozenset({"ConflictException", "InvalidParameterException", "ServiceDeploymentNotFoundException"})
_WRITES = frozenset({"stop", "update", "empty"})
_DONE = {"follow": "already", "stop": "rolled_back", "update": "rolled_back", "empty": "stopped", "none": "none"}


@dataclass(frozen=True)
class Serving:
    """What serves now."""

    name: str = ""
    tag: str = ""
    digest: str = ""
    running: int = 0
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"what serves now could not be read: {self.problem}"
        if not self.running:
            return "nothing serves now"
        tasks = f"{self.running} task{'s' if self.running > 1 else ''}"
        return f"{self.name}{f' ({self.tag})' if self.tag else ''} serves now with {tasks}"


class Rollback:
    """One rollback of one service."""

    def __init__(self, aws: Aws, options: Mapping[str, Any], report: Report) -> None:
        self._aws, self._options, self._report = aws, options, report
        # What is asked again and again is given up soon, and asked again.
        self._asking = Aws(aws.connection, impatient=True)
        self._asking.calls = aws.calls
        self._deadline = time.monotonic() + options["timeout"]
        before = options.get("before")
        self._asked = Asked(str(options.get("failed_deployment_id") or ""), before, str(options.get("to") or ""))
        # What was begun counts, though ECS may end it by itself.
        self._begun: Decision | None = None
        # A service deployment that can't be stopped, so that the service is updated instead.
        self._unstoppable = False

    def plan(self) -> dict[str, Any]:
        """What it would do."""
        decision = self._decide()
        self._refuse(decision)
        would = {
            "none": "would do nothing",
            "follow": "would wait until it stands",
            "stop": f"would go back to {decision.target}",
            "update": f"would go back to {decision.target}",
            "empty": "would leave the service without tasks",
        }[decision.act]
        return self._result(decision, f"{would}: {decision.why}")

    def run(self) -> dict[str, Any]:
        """Go back.

        Raises:
            SlipwayError: a person asked for what can't be done, or AWS refused a call.
        """
        for _ in range(_ROUNDS):
            decision = self._decide()
            self._refuse(decision)
            done = self._act(decision)
            if done is not None:
                return done
        return self._failure("the rollback did not come to an end")

    def _decide(self) -> Decision:
        sighting = self._sight()
        told = False
        deadline = time.monotonic() + _MOMENT
        while soon_rolled_back(sighting, self._asked.failed_id) and time.monotonic() < deadline:
            if not told:
                told = True
                self._report("the deployment has failed: waiting for ECS to roll it back")
            time.sleep(_FIRST)
            sighting = self._sight()
        self._sighting = sighting
        decision = decide(sighting, self._asked)
        if decision.act == "stop" and self._unstoppable:
            decision = replace(decision, act="update")
        return decision

    def _sight(self) -> Sighting:
        return self._patiently(lambda: sight(self._asking, self._options, self._asked, self._report))

    def _patiently[T](self, look: Callable[[], T]) -> T:
        return patiently(look, time, self._deadline, self._report)

    def _refuse(self, decision: Decision) -> None:
        if decision.act != "refuse":
            return
        known: dict[str, str] = {}
        for one in self._sighting.records:
            if one.verdict == "succeeded" and one.revision:
                known[one.revision] = known.get(one.revision) or one.tag
        shown = [f"{name} ({tag})" if tag else name for name, tag in list(known.items())[:_SHOWN]]
        releases = f"; what succeeded: {', '.join(shown)}" if shown else ""
        raise SlipwayError(
            decision.why,
            where=f"{self._options['cluster']}/{self._options['service']}",
            remedy=f"name what to go back to with -e to=<tag, revision or digest>, or deploy it anew{releases}",
        )

    def _act(self, decision: Decision) -> dict[str, Any] | None:
        """Do it; None to look again."""
        if decision.act in _WRITES or (self._begun is None and decision.act == "follow"):
            self._begun = decision
        match decision.act:
            case "stop":
                self._report(f"going back to {decision.target}: {decision.why}")
                self._stop(decision)
                return None
            case "update" if decision.target is not None:
                return self._update(decision, decision.target)
            case "empty":
                return self._empty(decision)
            case "follow":
                return self._follow(decision)
            case _:
                return self._result(decision, decision.why)

    def _stop(self, decision: Decision) -> None:
        try:
            self._aws.call("ecs", "StopServiceDeployment", serviceDeploymentArn=decision.arn, stopType="ROLLBACK")
        except AwsError as error:
            if self._aws.lacks(error):
                self._unstoppable = True
            elif error.code not in _TOO_LATE:
                raise
            else:
                time.sleep(_FIRST)

    def _update(self, decision: Decision, target: Target) -> dict[str, Any]:
        self._report(f"going back to {target}: {decision.why}")
        mine = primary(self._sighting.service)
        # ECS deploys what is deployed only when it is told to.
        again = {"forceNewDeployment": True} if last_part(str(mine.get("taskDefinition"))) == target.name else {}
        answer = self._change(taskDefinition=target.task_definition, **target.fields, **again)
        identity = str(primary(answer["service"]).get("id", ""))
        result = self._wait(identity)
        if result.get("failed"):
            return self._failure(str(result.get("msg", "")), causes=result.get("causes") or [], target=target)
        return self._result(decision, f"went back to {target}: {decision.why}")

    def _wait(self, identity: str) -> dict[str, Any]:
        """The verdict on the rollback's own deployment."""
        options = {key: self._options.get(key) for key in ("region", "profile", "endpoint_url", "cluster", "service")}
        timeout = max(1.0, self._deadline - time.monotonic())
        try:
            return wait({**options, "deployment_id": identity, "timeout": timeout}, check=False, report=self._report)
        except SlipwayError as error:
            return {"failed": True, "msg": str(error)}

    def _empty(self, decision: Decision) -> dict[str, Any]:
        if self._sighting.service.get("desiredCount"):
            self._report("going back to no tasks at all: no release has succeeded before")
            self._change(desiredCount=0)
        while time.monotonic() < self._deadline:
            service = self._service()
            if not any(one.get("runningCount") or one.get("pendingCount") for one in service.get("deployments") or ()):
                break
            time.sleep(_FIRST)
        why = "there is nothing to go back to: no release has succeeded before, so the service is left without tasks"
        return self._result(decision, why)

    def _change(self, **params: Any) -> dict[str, Any]:
        where = {"cluster": self._options["cluster"], "service": self._options["service"]}
        return self._aws.call("ecs", "UpdateService", **where, **params)

    def _follow(self, decision: Decision) -> dict[str, Any] | None:
        """Wait until what ECS goes back to stands."""
        begun, told = time.monotonic(), ""
        while True:
            service = self._service()
            sighting = Sighting(service, self._service_deployments())
            failed = failed_deployment(sighting, decision.failed_id)
            state = standing(service, failed)
            line = _progress(service)
            if line != told:
                told = line
                self._report(line)
            if state == "stands":
                return self._result(decision, self._came_back(service))
            if state == "failed":
                if decision.failed_id and primary(service).get("id") == decision.failed_id:
                    # ECS had nothing to go back to; we may.
                    return None
                return self._failure(_reason(service, failed)) if self._was_ours() else None
            if time.monotonic() > self._deadline:
                return self._failure(f"the rollback did not end within {self._options['timeout']} s")
            time.sleep(_FIRST if time.monotonic() - begun < _MOMENT else _LATER)

    def _service_deployments(self) -> list[Mapping[str, Any]]:
        """Without them, the deployments of the service tell enough to follow a rollback."""
        try:
            where = (self._options["cluster"], self._options["service"])
            return self._patiently(lambda: service_deployments(self._asking, *where, newest=_NEWEST))
        except AwsError as error:
            if not error.is_denial:
                raise
            return []

    def _was_ours(self) -> bool:
        return self._begun is not None and self._begun.act == "update"

    def _came_back(self, service: Mapping[str, Any]) -> str:
        if self._begun is not None and self._begun.act == "stop":
            # ECS itself chooses what it goes back to.
            name, target = last_part(str(primary(service).get("taskDefinition", ""))), self._begun.target
            return f"went back to {target if target and target.name == name else name}"
        why = self._begun.why if self._begun is not None else ""
        return "ECS rolled it back itself" if why == BY_ECS else why

    def _service(self) -> Mapping[str, Any]:
        where = (self._options["cluster"], self._options["service"])
        return self._patiently(lambda: describe(self._asking, *where)) or {}

    def _serving(self) -> Serving:
        """What serves; a rollback that is done is done, though this can't be asked any more."""
        try:
            service = self._service()
        except AwsError as error:
            return Serving(problem=error.what)
        running = serving_deployments(service)
        if not running:
            return Serving()
        mine = primary(service)
        most = mine if mine in running else max(running, key=lambda one: int(one["runningCount"]))
        name = last_part(str(most.get("taskDefinition", "")))
        try:
            definition = definitions(self._asking, [name]).get(name, {})
        except AwsError:
            definition = {}
        digest = next(iter(digests(definition).values()), "")
        return Serving(name, tag(definition), digest, int(most["runningCount"]))

    def _result(self, decision: Decision, said: str) -> dict[str, Any]:
        # What ECS was told to do, it ends by itself.
        begun = self._begun if self._begun and decision.act == "follow" else decision
        serving = self._serving()
        return {
            "changed": (self._begun or begun).act in _WRITES,
            "action": _DONE[begun.act],
            "msg": f"{said}; {serving}",
            **_told(serving),
            "target": _shown(decision.target or begun.target),
        }

    def _failure(self, why: str, *, causes: Any = (), target: Target | None = None) -> dict[str, Any]:
        serving = self._serving()
        return {
            "failed": True,
            "changed": self._begun is not None and self._begun.act in _WRITES,
            "msg": f"{why}\n{serving}",
            "causes": list(causes),
            **_told(serving),
            "target": _shown(target or (self._begun.target if self._begun else None)),
        }


def roll_back(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of ecs_rollback; a rollback that failed is a result with `failed`.

    Raises:
        SlipwayError: a person asked for what can't be done, or AWS refused a call.
    """
    aws = Aws(Connection.of(options))
    rollback = Rollback(aws, options, report)
    result = rollback.plan() if check else rollback.run()
    return {**result, "api_calls": sum(aws.calls.values())}


def _told(serving: Serving) -> dict[str, Any]:
    return {
        "serving": serving.name,
        "serving_tag": serving.tag,
        "serving_digest": serving.digest,
        "running_count": serving.running,
    }


def _shown(target: Target | None) -> dict[str, Any]:
    if target is None:
        return {}
    shown: dict[str, Any] = {"task_definition": target.name, "tag": target.tag, "digests": dict(target.digests)}
    shown |= {"digest": next(iter(target.digests.values()), ""), "why": target.why}
    return {key: value for key, value in shown.items() if value}


def _progress(service: Mapping[str, Any]) -> str:
    mine = primary(service)
    counts = f"{mine.get('runningCount', 0)} of {mine.get('desiredCount', 0)} tasks running"
    return f"the rollback to {last_part(str(mine.get('taskDefinition', '')))}: {counts}"


def _reason(service: Mapping[str, Any], failed: Mapping[str, Any] | None) -> str:
    reason = (failed or {}).get("statusReason") or primary(service).get("rolloutStateReason") or "no reason was given"
    return f"the rollback failed: {reason}"
