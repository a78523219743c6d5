"""Documents made from the API's own model: every member that there is, so that none is forgotten."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st

from slipway.aws.shapes import xform_name

Path = tuple[Any, ...]


def full(shape: Shape, name: str = "x") -> Any:
    """A value for a shape in the words of the options, with every member of every structure."""
    if isinstance(shape, StructureShape):
        return {xform_name(key): full(member, f"{name}-{xform_name(key)}") for key, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [full(shape.member, f"{name}-{number}") for number in (1, 2)]
    if isinstance(shape, MapShape):
        return {"key": f"{name}-value", "empty": ""}
    enum = getattr(shape, "enum", None)
    match shape.type_name:
        case "boolean":
            return True
        case "integer" | "long":
            return 1000 + sum(map(ord, name))
        case _:
            return enum[sum(map(ord, name)) % len(enum)] if enum else name


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every scalar in a document."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path


def with_other(document: Any, path: Path, value: Any = None) -> Any:
    """The same document with one scalar changed."""
    other = copy.deepcopy(document)
    target = other
    for part in path[:-1]:
        target = target[part]
    old = target[path[-1]]
    changed = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old}-other"
    target[path[-1]] = changed if value is None else value
    return other


@st.composite
def parts(draw: st.DrawFn, document: Any, kept: frozenset[str] = frozenset()) -> Any:
    """A document with some of its members left out, at every depth."""
    if isinstance(document, dict):
        names = [name for name in document if name in kept or draw(st.booleans())]
        return {name: draw(parts(document[name], kept)) for name in names}
    if isinstance(document, list):
        return [draw(parts(item, kept)) for item in document]
    return document
