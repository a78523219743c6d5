"""What every kind of resource has: desired, observe, plan. Applying is the same for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from .compare import Difference, Rules, changed_options, differences
from .plan import Call, Desired, Live, Output, Plan

Options = Mapping[str, Any]
Reference = tuple[str, str]


class Known:
    """What is known of the resources of this run, by kind and name: observed, or applied before."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._live: dict[Reference, Live | None] = {}
        self._planned: set[Reference] = set()

    def put(self, kind: str, name: str, live: Live | None) -> None:
        """Remember what was observed, or what an apply left."""
        self._live[kind, name] = live
        self._planned.discard((kind, name))

    def expect(self, kind: str, name: str) -> None:
        """Remember that this run creates it, although it is not there (yet, or in check mode)."""
        self._planned.add((kind, name))

    def copy(self) -> Known:
        """The same knowledge, to plan with: what is planned is not done yet."""
        other = Known(self.aws)
        other._live, other._planned = dict(self._live), set(self._planned)
        return other

    def renew(self, kind: str, name: str, fields: Iterable[str]) -> None:
        """Remember that a plan gives these outputs other values, which only an apply will tell."""
        live = self._live.get((kind, name))
        if live is not None:
            later = {field: Output(field, of=f"{kind} {name}") for field in fields}
            self._live[kind, name] = Live(live.fields, {**live.outputs, **later}, live.raw)

    def live(self, kind: str, name: str) -> Live | None:
        """The resource as last seen."""
        return self._live.get((kind, name))

    def output(self, kind: str, name: str, field: str, where: str) -> Any:
        """One output of another resource, or its placeholder when this run is to create it.

        Raises:
            SlipwayError: there is no such resource, and nothing in this run creates it.
        """
        live = self._live.get((kind, name))
        if live is not None:
            return live.outputs.get(field)
        if (kind, name) in self._planned:
            return Output(field, of=f"{kind} {name}")
        raise SlipwayError(
            f"there is no {kind} named {name!r} in {self.aws.region}",
            where=where,
            remedy=f"create it first (a {kind} task before this one), or correct the name",
        )


class Lookup(ABC):
    """What is only looked up for others: they name it, and need its ARN or id."""

    name: ClassVar[str]
    # Kinds this one refers to by name: they are observed, and within one run applied, before it.
    after: ClassVar[tuple[str, ...]] = ()
    # Kinds without whose resource this one cannot be looked for: it would seem to be absent.
    through: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """All the wanted resources that exist, with as few calls as the API allows.

        `wanted` has the options by key; for a resource that is only referred to, the options may be empty:
        then no more is read than its outputs need.
        """


class Kind(Lookup):
    """One kind of resource, without state of its own: options -> desired -> plan -> apply -> result."""

    rules: ClassVar[Rules] = Rules()
    # Options whose values must never be shown, in any output.
    secret_options: ClassVar[frozenset[str]] = frozenset()
    # What AWS answers when somebody else created it since it was looked for: then it is looked at again.
    exists: ClassVar[frozenset[str]] = frozenset()
    # Fields that AWS fixes at creation.
    create_only: ClassVar[frozenset[str]] = frozenset()

    def key(self, options: Options) -> str:
        """What identifies the resource among its kind."""
        return str(options["name"])

    def references(self, options: Options) -> Iterable[Reference]:
        """Other resources that the options name."""
        return ()

    @abstractmethod
    def desired(self, options: Options, known: Known) -> Desired:
        """The resource as described.

        Raises:
            SlipwayError: the options contradict each other or AWS's rules.
        """

    def plan(self, desired: Desired, live: Live | None) -> Plan:
        """The differences and the calls that end them; pure."""
        if desired.absent:
            return Plan("none") if live is None else Plan("delete", calls=self.delete(desired, live))
        if live is None:
            return Plan("create", differences(desired.fields, {}, self.rules), self.create(desired))
        found = differences(desired.fields, live.fields, self.rules)
        if not found:
            return Plan("none", outputs=live.outputs)
        fixed = sorted(changed_options(found) & self.create_only)
        if fixed:
            why = f"{', '.join(fixed)} cannot be changed after the {self.name} was created"
            return Plan("replace", found, outputs=live.outputs, blocked=why)
        return Plan("update", found, self.update(desired, live, found), live.outputs)

    @abstractmethod
    def create(self, desired: Desired) -> Sequence[Call]:
        """The calls that make a resource that is not there."""

    @abstractmethod
    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """The calls that end the differences; never empty when there are some."""

    @abstractmethod
    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """The calls that remove it."""
