"""The one mechanism that decides "different".

What a person described is compared with what AWS returned, in the words of the options. An option that was omitted is
unmanaged: only keys of the description are looked at, unless the rules say that the document is replaced as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SENSITIVE = "(sensitive)"


@dataclass(frozen=True)
class Rules:
    """How the fields of one kind of resource are compared.

    Paths are written like `containers[].environment`, with `[]` for every element of a list.

    Attributes:
        defaults: path -> what AWS fills in when the field is omitted.
        unordered: path of a list whose order means nothing -> the key that identifies its elements, or "" for scalars.
        sensitive: paths whose values are never shown.
        whole: paths ("" for the root) below which an omitted field means absent, not unmanaged.
        maps: paths of maps whose keys are the user's own: there, an empty text is not the same as no key.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    unordered: Mapping[str, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset({"tags"})


@dataclass(frozen=True)
class Difference:
    """One field: what is there, and what was described."""

    path: str
    before: Any
    after: Any


def differences(desired: Mapping[str, Any], live: Mapping[str, Any], rules: Rules) -> list[Difference]:
    """Every field in which the live resource is not what was described, in the order of the description."""
    return list(_compare(dict(desired), dict(live), rules, "", ""))


def laid_over(live: Any, desired: Any) -> Any:
    """What was described, over what is there: for an API that replaces a structure as a whole."""
    if isinstance(live, Mapping) and isinstance(desired, Mapping):
        return {**live, **{key: laid_over(live.get(key), value) for key, value in desired.items()}}
    return desired


def left_as_is(desired: Any, live: Any, path: str, rules: Rules, pattern: str = "") -> Any:
    """What was described, but for one path of a difference: there, as it is."""
    if not path:
        return live
    if isinstance(desired, list | None) and isinstance(live, list | None) and path.startswith("["):
        return _with_item(desired or [], live or [], path, rules, pattern)
    ours = dict(desired) if isinstance(desired, Mapping) else {}
    there = live if isinstance(live, Mapping) else {}
    path = path.removeprefix(".")
    keys = [key for key in {**there, **ours} if path == key or path.startswith((f"{key}.", f"{key}["))]
    if not keys:
        return desired
    # A key may hold dots itself.
    key = max(keys, key=len)
    below = f"{pattern}.{key}" if pattern else key
    value = left_as_is(ours.get(key), there.get(key), path[len(key) :], rules, below)
    return {**ours, key: value} if value is not None else {name: one for name, one in ours.items() if name != key}


def _with_item(desired: list[Any], live: list[Any], path: str, rules: Rules, pattern: str) -> list[Any]:
    key = rules.unordered.get(pattern)
    ours, there = (
        _by_key(items, key) if key else {str(index): item for index, item in enumerate(items)}
        for items in (desired, live)
    )
    name = next((name for name in {**there, **ours} if path.startswith(f"[{name}]")), None)
    if name is None:
        return desired
    ours[name] = left_as_is(ours.get(name), there.get(name), path[len(name) + 2 :], rules, f"{pattern}[]")
    return [item for item in ours.values() if item is not None]


def changed_options(found: Sequence[Difference]) -> frozenset[str]:
    """The options (first words of the paths) that differ."""
    return frozenset(re.split(r"[.\[]", item.path, maxsplit=1)[0] for item in found)


def _compare(desired: Any, live: Any, rules: Rules, path: str, pattern: str) -> Iterator[Difference]:
    if isinstance(desired, Mapping) and (isinstance(live, Mapping) or live is None):
        yield from _compare_maps(desired, live or {}, rules, path, pattern)
    elif isinstance(desired, list) and (isinstance(live, list) or live is None):
        yield from _compare_lists(desired, live or [], rules, path, pattern)
    elif desired != live and not (_empty(desired) and _empty(live)):
        hidden = pattern in rules.sensitive
        yield Difference(path, SENSITIVE if hidden and live else live, SENSITIVE if hidden else desired)


def _compare_maps(
    desired: Mapping[str, Any], live: Mapping[str, Any], rules: Rules, path: str, pattern: str
) -> Iterator[Difference]:
    whole = _is_whole(pattern, rules)
    keys = list(desired) + ([key for key in live if key not in desired] if whole else [])
    for key in keys:
        below = f"{pattern}.{key}" if pattern else key
        default = rules.defaults.get(below)
        wanted, found = desired.get(key), live.get(key)
        if wanted is None and not whole:
            continue
        if pattern in rules.maps and "" in (wanted, found) and (wanted is None or found is None):
            yield Difference(f"{path}.{key}", found, wanted)
            continue
        wanted = default if wanted is None else wanted
        found = default if found is None else found
        if wanted is None and isinstance(found, Mapping):
            wanted = {}
        elif wanted is None and isinstance(found, list):
            wanted = []
        yield from _compare(wanted, found, rules, f"{path}.{key}" if path else key, below)


def _compare_lists(desired: list[Any], live: list[Any], rules: Rules, path: str, pattern: str) -> Iterator[Difference]:
    key = rules.unordered.get(pattern)
    below = f"{pattern}[]"
    if key:
        wanted, found = _by_key(desired, key), _by_key(live, key)
        for name in [*wanted, *(name for name in found if name not in wanted)]:
            at = f"{path}[{name}]"
            if name not in found or name not in wanted:
                yield Difference(at, _shown(found.get(name), rules, below), _shown(wanted.get(name), rules, below))
            else:
                yield from _compare(wanted[name], found[name], rules, at, below)
    elif len(desired) == len(live) and key is None:
        for index, (one, other) in enumerate(zip(desired, live, strict=True)):
            yield from _compare(one, other, rules, f"{path}[{index}]", below)
    elif (sorted(desired, key=repr) != sorted(live, key=repr)) if key == "" else True:
        yield Difference(path, _shown(live, rules, pattern), _shown(desired, rules, pattern))


def _by_key(items: list[Any], key: str) -> dict[str, Any]:
    # A composite key ("container_path+source_volume") identifies elements that have no name of their own.
    parts, named = key.split("+"), {}
    for item in items:
        name = again = "/".join(str(item[part]) for part in parts if item.get(part) not in (None, ""))
        # Two of one name (a host with two addresses) are two elements.
        number = 1
        while again in named:
            number += 1
            again = f"{name}#{number}"
        named[again] = item
    return named


def _is_whole(pattern: str, rules: Rules) -> bool:
    return "" in rules.whole or any(
        pattern == path or pattern.startswith((f"{path}.", f"{path}[")) for path in rules.whole
    )


def _shown(value: Any, rules: Rules, pattern: str) -> Any:
    """A value for a person, with what is sensitive below it hidden."""
    if pattern in rules.sensitive:
        return SENSITIVE if value else value
    if isinstance(value, Mapping):
        return {key: _shown(item, rules, f"{pattern}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, rules, f"{pattern}[]") for item in value]
    return value


def _empty(value: Any) -> bool:
    return value is None or value == [] or value == {} or value == ""
