"""What a resource should be, what it is, and the calls between the two: all of it data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..aws.errors import SlipwayError
from .compare import Difference

Fields = Mapping[str, Any]
Verb = Literal["create", "update", "replace", "delete", "none"]


@dataclass(frozen=True)
class Output:
    """A value that is known only after a call was made, or a resource was applied.

    Attributes:
        name: the output's name, for example `arn`.
        of: the resource it comes from, for a person; empty for the resource being planned.
        form: what to make of it, where a call takes it in another form.
    """

    name: str
    of: str = ""
    form: Callable[[Any], Any] | None = None

    def __str__(self) -> str:
        return f"({self.name} of {self.of}, known once it is applied)" if self.of else f"({self.name}, known later)"


@dataclass(frozen=True)
class Desired:
    """A resource as described: the fields to compare, and what steers the plan but is not compared."""

    name: str
    fields: Fields = field(default_factory=dict)
    settings: Fields = field(default_factory=dict)
    absent: bool = False


@dataclass(frozen=True)
class Live:
    """A resource as AWS has it.

    Attributes:
        fields: what is compared, in the words of the options.
        outputs: what others, and the user, may ask of it.
        raw: whatever else a call needs as AWS has it, to the letter.
    """

    fields: Fields
    outputs: Fields
    raw: Any = None


@dataclass(frozen=True)
class Call:
    """One write, as data.

    Attributes:
        service: botocore's name of the service.
        operation: the API's name of the operation.
        params: parameters; an Output inside is replaced by what an earlier call of this plan returned.
        collect: takes from the response what becomes known.
        tolerate: error codes that mean that the work is done already; `Code: words` is a code with these words.
        retry: error codes that another try within `patience` seconds can cure (eventual consistency).
        until: repeat the call (a read) every `every` seconds until its response satisfies this.
        patience: seconds that `retry` and `until` may take together.
        every: seconds between tries.
        progress: a line for a person, when the call takes long.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    collect: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    tolerate: frozenset[str] = frozenset()
    retry: frozenset[str] = frozenset()
    until: Callable[[dict[str, Any]], bool] | None = None
    patience: float = 30.0
    every: float = 2.0
    progress: str = ""


@dataclass(frozen=True)
class Plan:
    """What has to be done; no calls means that nothing is different.

    Attributes:
        renews: outputs that applying it gives another value.
        blocked: why AWS cannot make this change to a resource that exists; such a plan is never applied.
    """

    verb: Verb
    found: Sequence[Difference] = ()
    calls: Sequence[Call] = ()
    outputs: Fields = field(default_factory=dict)
    renews: frozenset[str] = frozenset()
    blocked: str = ""

    @property
    def changed(self) -> bool:
        """Whether the resource differs, so that applying this plan writes something."""
        return bool(self.calls or self.blocked)


def resolve(value: Any, outputs: Mapping[str, Any]) -> Any:
    """`value` with every Output of this plan replaced by what became known.

    Raises:
        SlipwayError: it needs what is not made yet.
    """
    if isinstance(value, Output) and value.of:
        raise SlipwayError(
            f"needs {value.of}, which this task makes only after it", remedy=f"move {value.of} before it"
        )
    if isinstance(value, Output):
        return value.form(outputs[value.name]) if value.form else outputs[value.name]
    if isinstance(value, Mapping):
        return {key: resolve(item, outputs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, outputs) for item in value]
    return value
