"""Did a candidate come up? What was seen of it look by look, and the verdict over that. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

State = Literal["going_on", "succeeded", "failed"]
Container = Mapping[str, Any]
_DOWN = frozenset({"exited", "dead", "restarting", "removing", "paused"})


@dataclass(frozen=True)
class Timing:
    """How long what may last, from the description.

    Attributes:
        good_looks: how many good looks in a row make a candidate healthy.
        bad_seconds: how long a container that runs may answer badly, if the grace period is over by then.
        grace: seconds after the start in which bad answers fail nothing.
        timeout: seconds after which the candidate has failed.
    """

    good_looks: int
    bad_seconds: float
    grace: float
    timeout: float

    @classmethod
    def of(cls, service: Mapping[str, Any]) -> Timing:
        """The times of a completed description; looks are a second apart, whatever the interval."""
        check = service["health_check"]
        bad = float(check["unhealthy_threshold"] * check["interval"])
        return cls(
            int(check["healthy_threshold"]),
            bad,
            float(service["health_check_grace_period"]),
            float(service["wait_timeout"]),
        )


@dataclass(frozen=True)
class Watched:
    """Everything that was seen of a candidate.

    Attributes:
        good: good looks in a row, up to the last one.
        good_at: seconds after the start at which the last good look was; 0 before.
        at: seconds after the start of the last look.
        down: the containers that were seen down, as they were then.
        answers: the last answers, by container.
        containers: the last looks, by container.
        logs: the last lines, by container.
        ports: the ports listened on, by container.
    """

    good: int = 0
    good_at: float = 0.0
    at: float = 0.0
    down: Mapping[str, Container] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    containers: Mapping[str, Container] = field(default_factory=dict)
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ports: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Where a candidate stands, and why; `timed_out` where nothing but time told."""

    state: State
    reason: str = ""
    timed_out: bool = False


def matches(matcher: str, status: int) -> bool:
    """Whether a status code is one of `200`, `200-299` or `200,301`."""
    for part in matcher.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def seen(watched: Watched, look: Mapping[str, Any], at: float, *, web: Sequence[str], matcher: str) -> Watched:
    """What is known after one more look, which `probe` gave."""
    containers = {str(one["service"]): one for one in look.get("containers") or () if one.get("service") in web}
    answers = {str(one["service"]): one for one in look.get("answers") or ()}
    down = {name: one for name, one in containers.items() if is_down(one)}
    is_good = all(_is_good(containers.get(name), answers.get(name), matcher) for name in web)
    logs = {name: _lines(text) for name, text in (look.get("logs") or {}).items()}
    return replace(
        watched,
        good=watched.good + 1 if is_good else 0,
        good_at=at if is_good else watched.good_at,
        at=at,
        down={**watched.down, **down},
        answers=answers,
        containers=containers,
        logs={**watched.logs, **{name: lines for name, lines in logs.items() if lines}},
        ports={**watched.ports, **{name: list(ports) for name, ports in (look.get("ports") or {}).items()}},
    )


def verdict(watched: Watched, timing: Timing) -> Verdict:
    """Where the candidate stands after the last look."""
    if watched.down:
        name, one = next(iter(watched.down.items()))
        return Verdict("failed", f"the container {name} {_ended(one)}")
    unhealthy = [name for name, one in watched.containers.items() if one.get("health") == "unhealthy"]
    if unhealthy:
        return Verdict("failed", f"the health check inside the container {unhealthy[0]} failed")
    if watched.good >= timing.good_looks:
        return Verdict("succeeded")
    bad_for = watched.at - watched.good_at
    if watched.at >= timing.grace and bad_for >= timing.bad_seconds and _asked(watched):
        return Verdict("failed", f"the health check is not answered as it should be, {bad_for:.0f} s long")
    if watched.at >= timing.timeout:
        return Verdict("failed", f"the release was not healthy within {timing.timeout:.0f} s", timed_out=True)
    return Verdict("going_on")


def lines(watched: Watched, web: Sequence[str], path: str) -> Iterator[tuple[str, str]]:
    """What is to be told of each container, as it is now."""
    for name in web:
        one, answer = watched.containers.get(name), watched.answers.get(name)
        if one is None:
            yield name, "not there yet"
        elif is_down(one):
            yield name, _ended(one)
        elif one.get("health") in {"starting", "unhealthy"}:
            yield name, f"running, its own health check is {one['health']}"
        elif answer is None:
            yield name, str(one.get("state"))
        else:
            said = answer.get("status") or answer.get("error") or "no answer"
            yield name, f"{one.get('state')}, GET {path} -> {said}"


def _asked(watched: Watched) -> bool:
    """Whether the health path decides; a container whose own check is still starting is given time."""
    return not any(one.get("health") == "starting" for one in watched.containers.values())


def is_down(one: Container) -> bool:
    """Whether a container does not run, or was started again: it ended by itself."""
    return one.get("state") in _DOWN or bool(one.get("restarts")) or bool(one.get("error"))


def _is_good(one: Container | None, answer: Mapping[str, Any] | None, matcher: str) -> bool:
    if one is None or one.get("state") != "running" or one.get("health") not in {None, "", "none", "healthy"}:
        return False
    status = (answer or {}).get("status")
    return status is not None and matches(matcher, int(status))


def _ended(one: Container) -> str:
    if one.get("oom_killed"):
        return "was killed: it used more memory than it has"
    if one.get("error"):
        return f"did not start: {one['error']}"
    code = one.get("exit_code")
    return f"ended with exit code {code}" if code is not None else f"is {one.get('state')}"


def _lines(text: Any) -> list[str]:
    return text.splitlines() if isinstance(text, str) else [str(line) for line in text or ()]
