"""What a case of the drift tests is: one option of a module, changed behind Slipway's back.

An option is written as in a module's documentation, `[]` standing for an element of a list:
`container_definitions[].health_check.interval`. A list of structures has a case of its own, `volumes[]`: one more.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from slipway.aws.clients import Aws, Connection
from slipway.engine.options import argument_spec, documentation_of
from slipway.resources import KINDS
from tests.emulator.lifecycle import REGION
from tests.emulators.emulator import Emulator

LIBRARY = Path(__file__).resolve().parents[3] / "library"
EMULATORS = ("ministack", "moto")
Resource = tuple[str, dict[str, Any]]
Document = dict[str, Any]
# A value that a case leaves to its default; None is a value of its own.
UNSAID: Any = ...
# How the APIs write what a rule of capital letters can't know.
_WORDS = {"gib": "GiB", "ebs": "EBS"}
# What no module compares with a resource, in every kind.
STEERING = {
    "state": "whether it is to be there: its absence is a finding of the whole resource",
    "region": "where to look",
    "profile": "as whom to look",
    "endpoint_url": "where to look",
}


@cache
def options_of(kind: str) -> dict[str, str]:
    """Every option of a module, at every depth, with its type: those with suboptions only where they are lists."""
    spec = argument_spec(documentation_of(LIBRARY / f"{kind}.py"), KINDS[kind].secret_options)
    return dict(_options(spec, ""))


def _options(spec: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for name, option in spec.items():
        path = f"{above}.{name}" if above else name
        if "options" not in option:
            yield path, option["type"]
            continue
        element = f"{path}[]" if option["type"] == "list" else path
        if element != path:
            yield element, "element"
        yield from _options(option["options"], element)


# Made once for the whole run: each takes longer than some cases.
_clients: dict[tuple[str, str], Any] = {}


class World:
    """One emulator, with what stands in it for the cases of a kind."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        # Whatever the making of a resource told: its ARN, or the ids of a network.
        self.ids: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A plain client, made once."""
        key = (self.emulator.endpoint, service)
        if key not in _clients:
            _clients[key] = self.emulator.client(service)
        return _clients[key]

    def __getattr__(self, name: str) -> Any:
        """`world.ecs` is the client of ECS."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.client(name)

    @cached_property
    def aws(self) -> Aws:
        """The product's own client, for names that only the account completes."""
        return Aws(Connection(REGION, endpoint_url=self.emulator.endpoint))

    def once(self, name: str, ask: Callable[[], str]) -> str:
        """An id, asked for once; whoever makes the resource anew removes it from `ids`."""
        if name not in self.ids:
            self.ids[name] = ask()
        return str(self.ids[name])

    def arn(self, service: str, resource: str, *, region: str = REGION) -> str:
        """An ARN of this emulator's account."""
        return f"arn:aws:{service}:{region}:{self.emulator.account}:{resource}"


class Having(dict[str, Any]):
    """Equal to any mapping that has at least these items: an emulator may add what AWS fills in."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self.items() <= other.items()


@dataclass(frozen=True)
class Shown:
    """A finding as a case expects it."""

    field: str | Callable[[World], str]
    expected: Any
    found: Any


@dataclass(frozen=True)
class To:
    """What a field is changed to.

    Attributes:
        value: as the API takes it; what depends on the world is a function of it, here and below.
        api: where the API has the field, when its name is not the option's; a tuple is taken as it is.
        was: what the API has there before, when it is not what the option says.
        at: the finding's field, when it is not the option's path.
        expected: what the finding expects, when it is not what the option says.
        found: what the finding shows, when it is not `value`.
        also: other fields that this changes with it.
        do: changes it in another way than by the document.
        undo: puts it back, where `do` has changed it.
    """

    value: Any = None
    api: str | tuple[str | int, ...] = ""
    was: Any = UNSAID
    at: str | Callable[[World], str] = ""
    expected: Any = UNSAID
    found: Any = UNSAID
    also: tuple[Shown, ...] = ()
    do: Callable[[World], None] | None = None
    undo: Callable[[World], None] | None = None


@dataclass(frozen=True)
class Scene:
    """Some options of a kind that can stand together.

    Attributes:
        kind: the module.
        options: the description of the resource under test.
        changes: option -> what it is changed to; a bare value is as the API takes it.
        before: what has to be there besides.
        read: the document as the API has it, in the form in which `put` takes it.
        put: writes the document.
        pascal: whether the API writes names in PascalCase.
        answer: the operation whose answer holds the document, and where, by keys (a function picks an
            element); for what an emulator does not keep.
        lay: lays a value over an answer, where that takes more than the answer's place: answer, option, value.
        instead: operations that no emulator has, for which an empty answer is laid over.
        names: path of a list -> how the finding names its element, where that is not its index.
        unkept: emulator -> option (a pattern) -> why it is only laid over the emulator's answer there; the empty
            pattern is of the whole scene, which is left out then.
        refused: emulator -> options (patterns) that are unkept, and cannot even be given there.
        whole: emulator -> why the whole document is laid over the emulator's answer there.
        made: how it is made where the whole document is laid over.
        title: what tells it from the other scenes of its kind.
    """

    kind: str
    options: Callable[[World], dict[str, Any]]
    changes: Mapping[str, Any]
    before: Callable[[World], Sequence[Resource]] = lambda _: ()
    read: Callable[[World], Document] = lambda _: {}
    put: Callable[[World, Document], None] = lambda *_: None
    pascal: bool = False
    answer: tuple[str, tuple[Any, ...]] = ("", ())
    lay: Callable[[str, Any, str, Any], None] | None = None
    instead: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    unkept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    whole: Mapping[str, str] = field(default_factory=dict)
    made: Callable[[World], dict[str, Any]] | None = None
    title: str = ""

    @property
    def label(self) -> str:
        """The scene's name among those of its kind."""
        return f"{self.kind} {self.title}".strip()

    def was(self, option: str, options: Mapping[str, Any], world: World) -> Any:
        """What the API has of an option as described."""
        to = self.change(option)
        return described(options, option) if to.was is UNSAID else said_of(to.was, world)

    def overlay(self, operation: str, answer: Any, option: str, value: Any) -> None:
        """Lay a value over an answer, as AWS would have given it."""
        if self.lay is not None:
            self.lay(operation, answer, option, value)
        elif operation == self.answer[0]:
            node = self.document_of(answer)
            if node is not None:
                lay(node, self.place(option), value)

    def document_of(self, answer: Any) -> Any:
        """Where an answer holds the document; None where it has none."""
        for key in self.answer[1]:
            if not answer or (isinstance(key, str) and key not in answer):
                return None
            answer = key(answer) if callable(key) else answer[key]
        return answer

    def why_laid_over(self, emulator: str, option: str) -> str:
        """Why an option is not changed in the emulator itself; empty when it is."""
        if emulator in self.whole and option:
            return self.whole[emulator]
        return next((why for one, why in self.unkept.get(emulator, {}).items() if matches(option, one)), "")

    def is_written(self, emulator: str, option: str) -> bool:
        """Whether the option is changed by writing the document."""
        return self.is_shown_by(emulator, option) and self.change(option).do is None

    def is_shown_by(self, emulator: str, option: str) -> bool:
        """Whether an emulator itself has the option changed."""
        return not self.why_laid_over(emulator, "") and not self.why_laid_over(emulator, option)

    def changes_on(self, emulator: str) -> list[str]:
        """The options to change there: each where an emulator has it changed, or else laid over one of them."""
        return [one for one in self.changes if emulator in self._by(one)]

    def _by(self, option: str) -> list[str]:
        shown = [one for one in EMULATORS if self.is_shown_by(one, option)]
        # One that has not even the resource can have nothing laid over.
        return shown or [one for one in EMULATORS if not self.why_laid_over(one, "")][:1]

    def is_refused(self, emulator: str, option: str) -> bool:
        """Whether an emulator does not even take an option."""
        return any(matches(option, one) for one in self.refused.get(emulator, ()))

    def change(self, option: str) -> To:
        """The change of an option, in its full form."""
        given = self.changes[option]
        return given if isinstance(given, To) else To(given)

    def place(self, option: str) -> list[str | int]:
        """Where the API has an option."""
        given = self.change(option).api or option
        return api_path(given, pascal=self.pascal) if isinstance(given, str) else list(given)

    def shown(self, option: str, options: Mapping[str, Any], world: World) -> list[Shown]:
        """The findings that its change makes."""
        to = self.change(option)
        said = None if option.endswith("[]") else described(options, option)
        expected = said if to.expected is UNSAID else to.expected
        found = to.value if to.found is UNSAID else to.found
        every = [Shown(to.at or self.field(option), expected, found), *to.also]
        return [
            Shown(said_of(one.field, world), said_of(one.expected, world), said_of(one.found, world)) for one in every
        ]

    def field(self, option: str) -> str:
        """An option's path as a finding writes it."""
        path = ""
        for part in re.split(r"(?<=\[\])", option):
            path += part
            if path.endswith("[]"):
                name = self.names.get(generic(path), "0")
                path = f"{path[:-2]}[{name}]"
        return path


def said_of(value: Any, world: World) -> Any:
    """A value of a case: what depends on the world is a function of it."""
    return value(world) if callable(value) else value


def generic(path: str) -> str:
    """A finding's path with `[]` for every element."""
    return re.sub(r"\[[^\]]+\]", "[]", path)


def api_path(option: str, *, pascal: bool) -> list[str | int]:
    """The names of the API for an option: its first element, where it is in a list."""
    keys: list[str | int] = []
    for word in option.replace("[]", ".[]").split("."):
        if word == "[]" or word.isdigit():
            keys.append(int(word) if word.isdigit() else 0)
        elif "_" not in word and (word[:1].isupper() or not pascal):
            keys.append(word)
        else:
            first, *rest = word.split("_")
            keys.append((first.capitalize() if pascal else first) + "".join(map(_capital, rest)))
    return keys


def matches(option: str, pattern: str) -> bool:
    # Brackets are part of a path, and no set of characters.
    return fnmatchcase(option.replace("[", "("), pattern.replace("[", "("))


def _capital(word: str) -> str:
    return _WORDS.get(word, word.capitalize())


def described(options: Mapping[str, Any], option: str) -> Any:
    """What a description says of an option: of the first element, where it is in a list."""
    value: Any = options
    for word in option.replace("[]", ".[]").split("."):
        if value is None:
            return None
        value = (value[0] if value else None) if word == "[]" else value.get(word)
    return value


def edited(document: Document, place: Sequence[str | int], value: Any) -> Document:
    """A copy of a document with one field changed; an element more, where the place is a list's end."""
    whole = copy.deepcopy(document)
    lay(whole, place, value)
    return whole


def lay(document: Any, place: Sequence[str | int], value: Any) -> None:
    """Change one field of a document: None removes it."""
    node = document
    for key, following in pairwise(place):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(key, int):
            while len(node) <= key:
                node.append(copy.deepcopy(empty))
        elif node.get(key) is None:
            node[key] = empty
        node = node[key]
    last = place[-1]
    if isinstance(last, int):
        node.append(value)
    elif value is None:
        node.pop(last, None)
    else:
        node[last] = value


def without(options: Mapping[str, Any], unwanted: Callable[[str], bool], above: str = "") -> dict[str, Any]:
    """A description without some of its options."""
    kept: dict[str, Any] = {}
    for name, value in options.items():
        path = f"{above}.{name}" if above else name
        if unwanted(path):
            continue
        if isinstance(value, Mapping):
            inner = without(value, unwanted, path)
            if inner or not value:
                kept[name] = inner
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            if not unwanted(f"{path}[]"):
                kept[name] = [without(one, unwanted, f"{path}[]") for one in value]
        else:
            kept[name] = value
    return kept
