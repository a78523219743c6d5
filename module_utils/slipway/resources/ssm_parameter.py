"""Parameters: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live, Plan
from . import tags
from .names import arn

_SHAPE = input_shape("ssm", "PutParameter")
# GetParameters takes ten names, a DescribeParameters filter fifty.
_VALUES = 10
_METADATA = 50
_DESCRIBED = frozenset({"description", "allowed_pattern", "tier", "key_id"})
_FIELDS = ("type", "value", "data_type", *sorted(_DESCRIBED), "tags")
_ADVANCED = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


class SsmParameter(Kind):
    """A parameter of Parameter Store with its value, type, tier, key and tags."""

    name = "ssm_parameter"
    exists = frozenset({"ParameterAlreadyExists"})
    secret_options = frozenset({"value"})
    rules = Rules(
        defaults={"data_type": "text", "tier": "Standard", "key_id": "alias/aws/ssm"},
        sensitive=frozenset({"value"}),
        whole=frozenset({"tags"}),
    )

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """GetParameters for values, ten at a time; DescribeParameters and tags only where options need them."""
        valued = {name: options for name, options in wanted.items() if "value" in options}
        found = _values(aws, list(valued), decrypted=True)
        # Whoever only refers to a parameter learns that it is there, and not what it says.
        described = [name for name, options in wanted.items() if name not in valued or _needs(options, found.get(name))]
        for name, metadata in _metadata(aws, described).items():
            found[name] = {**metadata, **found.get(name, {})}
        # The descriptions may be behind a parameter that is new, and have none of AWS's own.
        missing = [name for name, options in wanted.items() if not options and name not in found]
        found.update(_values(aws, missing, decrypted=False))
        names = list(found)
        tagged = side_by_side(lambda name: _tags(aws, name) if "tags" in wanted[name] else {}, names)
        return {name: _live(aws, found[name], own) for name, own in zip(names, tagged, strict=True)}

    def desired(self, options: Options, known: Known) -> Desired:
        """The parameters of PutParameter."""
        fields = {key: options[key] for key in _FIELDS if key in options}
        absent = options.get("state") == "absent"
        if not absent and "value" not in fields:
            raise SlipwayError("has no value", remedy="give it a value, or say state: absent")
        size = len(str(fields.get("value", "")).encode())
        if size > _ADVANCED[fields.get("tier", "Standard")]:
            remedy = "say tier: Advanced (up to 8192 bytes), or store it in Secrets Manager"
            raise SlipwayError(f"the value is {size} bytes long", remedy=remedy)
        live = known.live(self.name, options["name"])
        kind = fields.get("type") or (live.fields.get("type") if live else None) or "String"
        if "key_id" in fields and kind != "SecureString" and not absent:
            raise SlipwayError(f"has a key_id, and is a {kind}", remedy="say type: SecureString, or remove key_id")
        typed = {**from_api(_SHAPE, to_api(_SHAPE, {**fields, "tags": None})), "tags": options.get("tags")}
        # Intelligent tiering is asked for, and Standard or Advanced is what a parameter then has.
        settings = {"arn": arn(known.aws, "ssm", f"parameter/{options['name'].removeprefix('/')}")}
        if typed.get("tier") == "Intelligent-Tiering":
            settings["tier"] = typed.pop("tier")
        return Desired(options["name"], typed, settings, absent=absent)

    def plan(self, desired: Desired, live: Live | None) -> Plan:
        """AWS takes no advanced parameter back to the standard tier."""
        plan = super().plan(desired, live)
        if any(item.path == "tier" and item.before == "Advanced" for item in plan.found):
            return replace(plan, verb="replace", calls=(), blocked="an advanced parameter cannot become a standard one")
        return plan

    def create(self, desired: Desired) -> Sequence[Call]:
        """PutParameter, with its tags."""
        return [_put(desired, {}, tagged=True)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """PutParameter over the old value; then the tags."""
        calls = []
        if changed_options(found) - {"tags"}:
            calls.append(_put(desired, live.fields, tagged=False))
        given, gone = tags.changes(found, desired.fields)
        resource = {"ResourceType": "Parameter", "ResourceId": desired.name}
        if given:
            calls.append(Call("ssm", "AddTagsToResource", {**resource, "Tags": tags.to_pairs(given)}))
        if gone:
            calls.append(Call("ssm", "RemoveTagsFromResource", {**resource, "TagKeys": gone}))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteParameter."""
        gone = frozenset({"ParameterNotFound"})
        return [Call("ssm", "DeleteParameter", {"Name": desired.name}, tolerate=gone)]


def _put(desired: Desired, live: Mapping[str, Any], *, tagged: bool) -> Call:
    # What is not described keeps its value: PutParameter would put the default in its place.
    kept = {key: live[key] for key in (*_DESCRIBED, "data_type") if key in live}
    given = {key: value for key, value in desired.fields.items() if value is not None}
    merged = {**kept, **given, **{key: value for key, value in desired.settings.items() if key == "tier"}}
    merged.setdefault("type", live.get("type", "String"))
    if merged["type"] != "SecureString":
        merged.pop("key_id", None)
    params = {**to_api(_SHAPE, {**merged, "tags": None}), "Name": desired.name}
    if tagged and given.get("tags"):
        # AWS takes tags only for a parameter that is not there yet, and then no Overwrite.
        params["Tags"] = tags.to_pairs(given["tags"])
    params["Overwrite"] = not tagged
    known = {"arn": desired.settings["arn"]}
    return Call(
        "ssm",
        "PutParameter",
        params,
        lambda answer: {**known, "version": answer.get("Version", 0)},
        retry=frozenset({"TooManyUpdates"}),
    )


def _needs(options: Options, found: Mapping[str, Any] | None) -> bool:
    """Whether its description is needed: options manage it, or it has to be put again together with a new value."""
    if _DESCRIBED & set(options):
        return True
    if found is None or options.get("state") == "absent":
        return False
    return any(
        options.get(option, found.get(key)) != found.get(key)
        for option, key in (("value", "Value"), ("type", "Type"), ("data_type", "DataType"))
    )


def _values(aws: Aws, names: list[str], *, decrypted: bool) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for batch in batched(names, _VALUES):
        answer = aws.call("ssm", "GetParameters", Names=list(batch), WithDecryption=decrypted)
        found.update({one["Name"]: one for one in answer["Parameters"]})
    return found


def _metadata(aws: Aws, names: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for batch in batched(names, _METADATA):
        filters = [{"Key": "Name", "Option": "Equals", "Values": list(batch)}]
        for one in aws.pages("ssm", "DescribeParameters", "Parameters", ParameterFilters=filters):
            found[one["Name"]] = one
    return found


def _tags(aws: Aws, name: str) -> dict[str, str]:
    answer = aws.call("ssm", "ListTagsForResource", ResourceType="Parameter", ResourceId=name)
    return tags.from_pairs(answer["TagList"])


def _live(aws: Aws, parameter: Mapping[str, Any], own: Mapping[str, str]) -> Live:
    fields: dict[str, Any] = from_api(_SHAPE, {key: value for key, value in parameter.items() if key != "Policies"})
    fields["tags"] = dict(own)
    known = parameter.get("ARN") or arn(aws, "ssm", f"parameter/{parameter['Name'].removeprefix('/')}")
    return Live(fields, {"arn": known, "version": parameter.get("Version", 0)})
