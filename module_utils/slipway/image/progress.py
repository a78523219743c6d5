"""What the Docker engine streams while it builds and pushes, as lines for the person who waits; pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)", re.DOTALL)
_ENGINES_OWN = re.compile(r"\s*---> |Removing intermediate container |Successfully (built|tagged) ")
_KEPT_LINES = 20
_WORTH_TELLING = 100_000
_WIDTH = 100
_ARRIVED = {"Pushed", "Layer already exists", "Pull complete", "Already exists"}
_MOVED = {"Pushing", "Downloading"}

Event = Mapping[str, Any]


class Layers:
    """The layers on their way to or from a registry."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._state: dict[str, str] = {}
        self._bytes: dict[str, tuple[int, int]] = {}

    def feed(self, event: Event) -> bool:
        """Take an event in; whether it was about a layer."""
        layer, status = str(event.get("id") or ""), str(event.get("status") or "")
        # Pulls begin with an event whose id is the tag.
        if not layer or status.startswith("Pulling from"):
            return False
        self._state[layer] = "Mounted" if status.startswith("Mounted from") else status
        detail = event.get("progressDetail") or {}
        if status in _MOVED and detail.get("total"):
            # The engine counts the archive's headers too, and so comes to more than the total.
            total = int(detail["total"])
            self._bytes[layer] = (min(int(detail.get("current", 0)), total), total)
        elif status in _ARRIVED and layer in self._bytes:
            self._bytes[layer] = (self._bytes[layer][1], self._bytes[layer][1])
        return True

    def line(self) -> str:
        """How far it is: `pushing: 3/9 layers, 45/120 MB`."""
        done = sum(state in _ARRIVED or state == "Mounted" for state in self._state.values())
        moved, total = (sum(pair[index] for pair in self._bytes.values()) for index in (0, 1))
        size = f", {_mb(moved)}/{_mb(total)} MB" if total > _WORTH_TELLING else ""
        return f"{self._verb}: {done}/{len(self._state)} layers{size}"


class Throttle:
    """Lets at most one line through per interval; the clock is the caller's."""

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._last = float("-inf")

    def due(self, now: float) -> bool:
        """Whether enough time has passed since the last line."""
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


class BuildLog:
    """A build as far as it has come.

    Attributes:
        image: the id of the image, once it is built.
        error: what the engine said when the build failed.
        step: `3/9`, and `text` its instruction; `output` the last lines that it printed.
    """

    def __init__(self) -> None:
        self.image = ""
        self.error = ""
        self.step = ""
        self.text = ""
        self.output: deque[str] = deque(maxlen=_KEPT_LINES)
        self.cached = 0
        self.steps = 0
        self._partial = ""
        self._pull = Layers("pulling the base image")
        self._throttle = Throttle()

    def feed(self, event: Event, now: float) -> str:
        """Take an event in; the line to show for it, or nothing."""
        if "error" in event:
            self.error = str(event["error"]).strip()
        elif "aux" in event:
            self.image = str(event["aux"].get("ID") or self.image)
        elif "stream" in event:
            return self._stream(str(event["stream"]))
        elif self._pull.feed(event) and self._throttle.due(now):
            return self._pull.line()
        return ""

    def _stream(self, text: str) -> str:
        step = _STEP.match(text)
        if step:
            self.step, self.steps = f"{step[1]}/{step[2]}", int(step[2])
            self.text = " ".join(step[3].split())
            self._partial = ""
            self.output.clear()
            self._pull = Layers("pulling the base image")
            return _cut(f"step {self.step}: {self.text}")
        if "---> Using cache" in text:
            self.cached += 1
        if not _ENGINES_OWN.match(text):
            self._keep(text)
        return ""

    def _keep(self, text: str) -> None:
        # A program's lines come in pieces, and a progress bar rewrites its own.
        *lines, self._partial = (self._partial + text).split("\n")
        self.output.extend(shown for line in lines if (shown := line.rstrip("\r").rpartition("\r")[2].rstrip()))

    def tail(self) -> list[str]:
        """The last lines that the step printed."""
        return [*self.output, self._partial] if self._partial.strip() else list(self.output)


class PushLog:
    """A push as far as it has come.

    Attributes:
        digest: the digest of the manifest that the registry took.
        error: what the engine said when the push failed.
    """

    def __init__(self) -> None:
        self.digest = ""
        self.error = ""
        self._layers = Layers("pushing")
        self._throttle = Throttle()

    def feed(self, event: Event, now: float) -> str:
        """Take an event in; the line to show for it, or nothing."""
        if "error" in event:
            self.error = str(event["error"]).strip()
        elif "aux" in event:
            self.digest = str(event["aux"].get("Digest") or self.digest)
        elif self._layers.feed(event) and self._throttle.due(now):
            return self._layers.line()
        return ""

    def line(self) -> str:
        """How far it is."""
        return self._layers.line()


def _mb(count: int) -> str:
    megabytes = count / 1e6
    return f"{megabytes:.1f}" if megabytes < 10 else f"{megabytes:.0f}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
