"""The health of a target group's targets, from what probing them gives. No I/O.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What a probe got: a status code, or why there is none.
Answer = int | str
TIMEOUT, NO_CONNECTION = "timeout", "no connection"

_WORDS = {
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Elb.InitialHealthChecking": "Initial health checks in progress",
    "Target.Timeout": "Request timed out",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    "Target.HealthCheckDisabled": "Health checks are disabled for this target",
}


@dataclass(frozen=True)
class Health:
    """As DescribeTargetHealth tells it."""

    state: str
    reason: str = ""
    description: str = ""

    @staticmethod
    def because(state: str, reason: str, description: str = "") -> Health:
        """A state with AWS's words for its reason."""
        return Health(state, reason, description or _WORDS[reason])


def matches(matcher: str, code: int) -> bool:
    """Whether a code is among `200,202` or `200-299`."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= code <= int(high or low):
            return True
    return False


@dataclass
class Target:
    """One registered target."""

    address: str
    port: int
    registered_at: float
    health: Health = field(default_factory=lambda: Health.because("initial", "Elb.RegistrationInProgress"))
    passed: int = 0
    failed: int = 0
    answered: bool = False
    checked_at: float = 0.0
    # Deregistered since then: it drains, and is gone after the deregistration delay.
    draining_since: float | None = None

    def probed(self, answer: Answer, group: Mapping[str, Any], *, starting: bool) -> None:
        """Take in one health check.

        Args:
            answer: what it got.
            group: the target group, as DescribeTargetGroups has it.
            starting: the process may not listen yet: no connection is no failure then.
        """
        if isinstance(answer, int):
            self.answered = True
        if isinstance(answer, int) and matches(group.get("Matcher", {}).get("HttpCode") or "200", answer):
            self.passed, self.failed = self.passed + 1, 0
            # A new target needs one good answer only.
            if self.health.state == "initial" or self.passed >= int(group.get("HealthyThresholdCount") or 5):
                self.health = Health("healthy")
            return
        if starting and not self.answered:
            self.health = Health.because("initial", "Elb.InitialHealthChecking")
            return
        self.passed, self.failed = 0, self.failed + 1
        if self.failed >= int(group.get("UnhealthyThresholdCount") or 2):
            self.health = _unhealthy(answer)
        elif self.health.state == "initial":
            self.health = Health.because("initial", "Elb.InitialHealthChecking")

    def shown(self) -> Health:
        """Its health as the API tells it."""
        if self.draining_since is not None:
            return Health.because("draining", "Target.DeregistrationInProgress")
        return self.health


def _unhealthy(answer: Answer) -> Health:
    if isinstance(answer, int):
        return Health("unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{answer}]")
    return Health.because("unhealthy", "Target.Timeout" if answer == TIMEOUT else "Target.FailedHealthChecks")


class Targets:
    """Every registered target, by target group."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[tuple[str, int], Target]] = {}

    def register(self, group: str, address: str, port: int, now: float) -> None:
        """Add a target; one that drains is taken back."""
        self.groups.setdefault(group, {})[(address, port)] = Target(address, port, now)

    def deregister(self, group: str, address: str, port: int, now: float) -> None:
        """Let a target drain."""
        if target := self.groups.get(group, {}).get((address, port)):
            target.draining_since = target.draining_since or now

    def expire(self, delay: float, now: float) -> None:
        """Forget targets that have drained."""
        for targets in self.groups.values():
            for key, target in list(targets.items()):
                if target.draining_since is not None and now - target.draining_since >= delay:
                    del targets[key]

    def health(self, group: str, address: str, port: int) -> Health | None:
        """The health of one target."""
        target = self.groups.get(group, {}).get((address, port))
        return target.shown() if target else None

    def healthy(self, group: str) -> list[Target]:
        """Where a load balancer sends requests to."""
        return [one for one in self.groups.get(group, {}).values() if one.shown().state == "healthy"]
