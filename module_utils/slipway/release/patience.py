"""Asking on through the bad moments of AWS, or of the way to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..aws.errors import AwsError
from ..step import Report

_EVERY = 5.0


class Clock(Protocol):
    """What of the module `time` is needed."""

    def monotonic(self) -> float:
        """Seconds."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


def patiently[T](look: Callable[[], T], clock: Clock, deadline: float, report: Report) -> T:
    """What a look comes to, after however many bad moments there are until the deadline; each is told once.

    Raises:
        AwsError: AWS refused it, or did not answer until the deadline.
    """
    told = ""
    while True:
        try:
            return look()
        except AwsError as error:
            if not error.is_passing or clock.monotonic() > deadline:
                raise
            if told != error.what:
                told = error.what
                report(f"AWS can't be asked just now, and is asked again: {error.what}")
        clock.sleep(_EVERY)
