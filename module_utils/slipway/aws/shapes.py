"""Options in snake_case to the API's own names and back, by botocore's model of the API.

The model knows where a key is a name of the API and where it is the user's own (a tag, a label), which case-folding
by pattern cannot know; and it knows the type of each scalar, so that 512 and "512" are one value.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from botocore import xform_name as _xform_name
from botocore.loaders import create_loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

# Shared with the clients' sessions: parsing the JSON of a service's model is most of what a first client costs.
LOADER = create_loader()


@cache
def xform_name(name: str) -> str:
    """The option that stands for a name of the API: botocore's rule, but GiB and IPv4 are words."""
    return _xform_name(name).replace("gi_b", "gib").replace("i_pv", "ipv")


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(LOADER.load_service_model(service, "service-2"), service)


@cache
def input_shape(service: str, operation: str) -> StructureShape:
    """The parameters that an operation accepts."""
    return cast("StructureShape", _model(service).operation_model(operation).input_shape)


@cache
def shape_of(service: str, name: str) -> Shape:
    """A named shape of a service's model, for example ContainerDefinition."""
    return _model(service).shape_for(name)


def _members(shape: StructureShape) -> dict[str, tuple[str, Shape]]:
    return {xform_name(name): (name, member) for name, member in shape.members.items()}


def to_api(shape: Shape, value: Any) -> Any:
    """A value in snake_case as the API takes it; None and keys that the API has not are left out."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        if shape.is_document_type:
            # Any JSON, whose names are the user's own.
            return dict(value)
        members = _members(shape)
        return {
            members[key][0]: to_api(members[key][1], item)
            for key, item in value.items()
            if item is not None and key in members
        }
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [to_api(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {str(key): to_api(shape.value, item) for key, item in value.items() if item is not None}
    return _scalar(shape, value)


def from_api(shape: Shape, value: Any) -> Any:
    """A value of the API in snake_case, with only what `shape` has: the input shape drops what AWS adds."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        if shape.is_document_type:
            return dict(value)
        return {
            xform_name(name): from_api(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [from_api(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {str(key): from_api(shape.value, item) for key, item in value.items()}
    return _scalar(shape, value)


def _scalar(shape: Shape, value: Any) -> Any:
    if not isinstance(value, str | int | float):
        return value
    match shape.type_name:
        case "string":
            if isinstance(value, bool):
                return "true" if value else "false"
            return str(value)
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case _:
            return value
