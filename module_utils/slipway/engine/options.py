"""Options are declared once, in a module's DOCUMENTATION; the argument spec is derived from it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..aws.errors import SlipwayError

# The options that every module has; plugins/doc_fragments/aws.py shows the same text under ansible-doc.
CONNECTION_DOCUMENTATION = """
options:
  region:
    description:
      - The AWS region. By default E(AWS_REGION), E(AWS_DEFAULT_REGION) or the profile's region.
    type: str
  profile:
    description:
      - The named profile of the AWS configuration. By default E(AWS_PROFILE).
    type: str
  endpoint_url:
    description:
      - Another endpoint than AWS's own, for an emulator. By default E(AWS_ENDPOINT_URL).
    type: str
requirements:
  - python >= 3.12
  - botocore >= 1.43
  - PyYAML
author:
  - Slipway contributors (@slipway)
attributes:
  check_mode:
    support: full
    description: Nothing is written; the result is what a run would do.
  diff_mode:
    support: full
    description: Shows each field before and after.
"""
_KEPT = ("type", "default", "choices", "elements", "required", "aliases")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documentation_of(module: Path) -> str:
    """The DOCUMENTATION of a module's file, read without running the file."""
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="DOCUMENTATION")], value=ast.Constant(value=str(text))):
                return text
    raise ValueError(f"{module} has no DOCUMENTATION")


def argument_spec(documentation: str, secret: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The argument spec that a DOCUMENTATION describes; `secret` names the options, at any depth, never to be shown."""
    own = yaml.load(documentation, Loader=_Loader)["options"]  # noqa: S506 - a safe loader, the C one where there is one
    shared = yaml.load(CONNECTION_DOCUMENTATION, Loader=_Loader)["options"]  # noqa: S506
    return _specs({**shared, **own}, secret)


def _specs(options: Mapping[str, Any], secret: frozenset[str]) -> dict[str, Any]:
    return {name: _spec(option, name in secret, secret) for name, option in options.items()}


def _spec(option: Mapping[str, Any], hidden: bool, secret: frozenset[str]) -> dict[str, Any]:
    spec = {key: option[key] for key in _KEPT if key in option}
    spec["no_log"] = hidden
    if "suboptions" in option:
        spec["options"] = _specs(option["suboptions"], secret)
    return spec


def validated(name: str, spec: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The options with types and defaults applied, and the secret values among them.

    Raises:
        SlipwayError: an unknown option, a wrong type, or a missing one; all of them at once.
    """
    result = ArgumentSpecValidator(dict(spec)).validate(given_only(given))
    if result.error_messages:
        raise SlipwayError("; ".join(result.error_messages), where=name, remedy=f"see: ansible-doc {name}")
    return given_only(result.validated_parameters), set(result._no_log_values)


def given_only(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without those that were omitted, at every depth: an omitted option means unmanaged."""
    given = {key: _given(value) for key, value in options.items() if value is not None}
    if isinstance(given.get("tags"), Mapping):
        given["tags"] = {as_text(name): as_text(value) for name, value in given["tags"].items()}
    return given


def as_text(value: Any) -> Any:
    """What YAML read as a number or as true, in a map of texts (tags, environment): the text that AWS will have."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _given(value: Any) -> Any:
    if isinstance(value, Mapping):
        return given_only(value)
    if isinstance(value, list):
        return [_given(item) for item in value]
    return value
