"""Asking one side of a move again and again, past the domain: at its load balancer, or at its machine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from .http_check import check_answer
from .traffic_shift_decision import Side, judge

# Seconds between two questions: at least, at most, and at most after a bad answer.
_FIRST, _STANDING, _AGAIN = 0.3, 5.0, 1.0


@dataclass
class Watch:
    """What a side answered while it was asked again and again."""

    answers: list[bool] = field(default_factory=list)
    problem: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{sum(self.answers)} of {len(self.answers)} answers good"


class SideFailedError(SlipwayError):
    """The new side does not answer as it must."""


@dataclass
class Gate:
    """How a side is asked; `ask` and `groups` by the name of the side."""

    aws: Aws
    options: Mapping[str, Any]
    ask: Mapping[str, str]
    groups: Mapping[str, Sequence[str]]

    def watch(self, side: Side, *, wanted: int, pause: float = 0) -> Watch:
        """Ask until the side is good, or is not.

        Raises:
            SideFailedError: it is not.
        """
        seen, started = Watch(), time.monotonic()
        every = min(_STANDING, max(_FIRST, pause / wanted))
        patience = float(self.options["timeout"])
        while True:
            asked = time.monotonic()
            seen.answers.append(self._is_good(side, seen))
            found = judge(
                seen.answers, time.monotonic() - started, wanted=wanted, pause=pause, patience=max(patience, pause)
            )
            if found == "good":
                return seen
            if found == "bad":
                raise SideFailedError(f"{seen.problem} ({seen})", where=side.name, remedy=seen.remedy)
            wait = every if seen.answers[-1] else min(every, _AGAIN)
            time.sleep(max(0.0, wait - (time.monotonic() - asked)))

    def _is_good(self, side: Side, seen: Watch) -> bool:
        """One question; what is wrong is noted."""
        wanted = {name: self.options.get(name) for name in ("url", "status", "body")}
        answer = check_answer(
            {**wanted, "connect_to": self.ask[side.name], "timeout": 0}, check=False, report=lambda _: None
        )
        if answer.get("failed"):
            seen.problem, seen.remedy = f"{self.options['url']} {answer['problem']}", str(answer["remedy"])
            return False
        sick = self._sick(side)
        if sick:
            seen.problem, seen.remedy = sick, "diagnose.yml says what is wrong with the tasks"
        return not sick

    def _sick(self, side: Side) -> str:
        """What is wrong with its targets; AWS that does not answer says nothing of them."""
        targets: list[Mapping[str, Any]] = []
        try:
            for arn in self.groups.get(side.name, ()):
                targets += self.aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)[
                    "TargetHealthDescriptions"
                ]
        except AwsError as error:
            if error.is_passing:
                return ""
            raise
        if not self.groups.get(side.name):
            return ""
        states = [one["TargetHealth"] for one in targets]
        sick = [one for one in states if one["State"] == "unhealthy"]
        if sick:
            why = sick[0].get("Description") or sick[0].get("Reason") or "no reason is told"
            return f"{len(sick)} of {len(states)} targets unhealthy: {why}"
        return "" if any(one["State"] == "healthy" for one in states) else "no target is healthy"
