"""What was seen of the account; what could not be read is known as such, and stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ...aws.clients import Aws
from ...aws.errors import AwsError, SlipwayError
from .check import Check, skip, warn


@dataclass(frozen=True)
class Unread:
    """What could not be read.

    Attributes:
        why: a permission is missing, an emulator has no such API, or AWS did not answer as it should.
        call: the permission or the call.
        said: what was answered instead.
    """

    why: Literal["denied", "no such API", "failed"]
    call: str
    said: str

    def check(self, what: str = "") -> Check:
        """The line that says so."""
        of = f"{what}: " if what else ""
        if self.why == "no such API":
            return skip(f"{of}not checked: {self.said if not self.call else f'there is no {self.call} here'}")
        if self.why == "denied":
            return warn(f"{of}could not be seen: needs {self.call}", f"allow {self.call} to whoever deploys")
        return warn(f"{of}could not be seen: {self.said}", "check it by hand, or run the same command again")


class UnreadError(Exception):
    """A check asked for what could not be read."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(unread.said)
        self.unread = unread


class Seen:
    """What was read, by name; asking for what could not be read raises UnreadError, which ends that one check."""

    def __init__(self, aws: Aws) -> None:
        self.account = aws.account
        self.region = aws.region
        self.emulated = aws.is_emulated
        self._aws = aws
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        value = self._values.get(name)
        if isinstance(value, Unread):
            raise UnreadError(value)
        return value

    def get(self, name: str) -> Any:
        """The value; None for what could not be read too."""
        value = self._values.get(name)
        return None if isinstance(value, Unread) else value

    def missing(self, name: str) -> Iterator[Check]:
        """The line that says that this could not be read, if so."""
        value = self._values.get(name)
        if isinstance(value, Unread):
            yield value.check()

    def put(self, name: str, value: Any) -> None:
        """Remember a value, or that it could not be read."""
        self._values[name] = value

    def read(self, name: str, look: Callable[[], Any]) -> Any:
        """Look, and remember; None for what could not be read too."""
        self.put(name, self.attempt(look))
        return self.get(name)

    def attempt(self, look: Callable[[], Any]) -> Any:
        """What a look comes to, or an Unread.

        Raises:
            AwsError: AWS does not know who calls.
        """
        try:
            return look()
        except AwsError as error:
            return self.unread(error)
        except SlipwayError as error:
            return Unread("failed", "", error.what)

    def unread(self, error: AwsError) -> Unread:
        """Why a call gave nothing.

        Raises:
            AwsError: AWS does not know who calls.
        """
        if error.is_about_credentials:
            raise error
        call = error.permission
        if error.is_denial:
            return Unread("denied", call, error.what)
        if self._aws.lacks(error):
            return Unread("no such API", call, error.what)
        return Unread("failed", call, error.what)


def absent(look: Callable[[], Any], *codes: str) -> Any:
    """What a look comes to; None where AWS says that there is no such thing."""
    try:
        return look()
    except AwsError as error:
        if error.code not in codes:
            raise
        return None
