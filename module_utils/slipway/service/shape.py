"""Names and types: a description against its argument spec, each finding at its exact place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .findings import Finding, Path, did_you_mean

Options = Mapping[str, Mapping[str, Any]]
# Ansible's own check turns "a b" into a list, a list into text and yes into 1: here each is a slip.
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "str": (str, int),
    "int": (int, str),
    "float": (int, float, str),
    "bool": (bool, str),
    "list": (list, tuple),
    "dict": (Mapping,),
}
_SAID = {
    "str": ("text", ""),
    "int": ("a whole number", ""),
    "float": ("a number", ""),
    "bool": ("true or false", ""),
    "list": ("a list", "write one '- item' a line, or [a, b]"),
    "dict": ("a mapping", "write one 'name: value' a line"),
}


def without_nulls(value: Any, options: Options) -> dict[str, Any]:
    """The values that were given: a null in an overlay takes a value back."""
    given = {name: item for name, item in value.items() if item is not None}
    for name, spec in options.items():
        inner = spec.get("options")
        if not inner or name not in given:
            continue
        if isinstance(given[name], Mapping):
            given[name] = without_nulls(given[name], inner)
        elif isinstance(given[name], (list, tuple)):
            given[name] = [without_nulls(i, inner) if isinstance(i, Mapping) else i for i in given[name]]
    return given


def check_shape(given: Mapping[str, Any], options: Options, at: Path = ()) -> Iterator[Finding]:
    """Unknown names, missing ones, wrong types and choices, at every depth."""
    for name in given:
        if name not in options:
            remedy = did_you_mean(str(name), options) or f"known here: {', '.join(options)}" * bool(at)
            yield Finding(
                (*at, name),
                "there is no such option",
                remedy or "remove it; the options are in roles/service",
            )
    for name, spec in options.items():
        if name in given:
            yield from _check_value(given[name], spec, (*at, name))
        elif spec.get("required"):
            yield Finding((*at, name), "is required and missing", _first_line(spec))


def _check_value(value: Any, spec: Mapping[str, Any], at: Path) -> Iterator[Finding]:
    kind = spec.get("type", "str")
    if not _is(value, kind):
        said, remedy = _SAID[kind]
        yield Finding(at, f"must be {said}, not {_called(value)}", remedy)
    elif kind == "list":
        element = {"type": spec.get("elements", "str"), "options": spec.get("options"), "choices": spec.get("choices")}
        for index, item in enumerate(value):
            yield from _check_value(item, element, (*at, index))
    elif kind == "dict":
        if spec.get("options"):
            yield from check_shape(value, spec["options"], at)
    else:
        yield from _check_scalar(value, spec, at)


def _check_scalar(value: Any, spec: Mapping[str, Any], at: Path) -> Iterator[Finding]:
    name = str(at[-1])
    kept = {key: spec[key] for key in ("type", "choices") if spec.get(key)}
    if not ArgumentSpecValidator({name: kept}).validate({name: value}).error_messages:
        return
    if "choices" in kept:
        choices = [str(choice) for choice in kept["choices"]]
        yield Finding(
            at,
            f"has no choice {value!s}",
            did_you_mean(str(value), choices) or f"one of: {', '.join(choices)}",
        )
    else:
        yield Finding(at, f"must be {_SAID[kept['type']][0]}, not {value!s}")


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _ACCEPTED[kind])


def _called(value: Any) -> str:
    match value:
        case bool():
            return f"{'true' if value else 'false'} (quote it, if the text is meant)"
        case str():
            return "text"
        case int():
            return "a number"
        case float():
            return f"the number {value} (quote it, if the text is meant)"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case None:
            return "nothing"
        case _:
            return f"a {type(value).__name__}"


def _first_line(spec: Mapping[str, Any]) -> str:
    text = spec.get("description") or ""
    line = str(text if isinstance(text, str) else text[0])
    return f"add it to the description: {line[:1].lower()}{line[1:]}"


def with_defaults(given: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Every option in its declared type; None where it has neither value nor default.

    Raises:
        ValueError: the shape was not checked before.
    """
    result = ArgumentSpecValidator(options).validate(dict(given))
    if result.error_messages:
        raise ValueError(result.error_messages[0])
    completed: dict[str, Any] = result.validated_parameters
    return completed
