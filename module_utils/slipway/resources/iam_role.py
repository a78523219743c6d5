"""IAM roles: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live
from . import policy, tags
from .names import is_arn

_SHAPE = input_shape("iam", "CreateRole")
_GONE = frozenset({"NoSuchEntity"})
# IAM takes seconds to know everywhere what it was told a moment ago: the role, or a principal in its trust.
_SOON = frozenset({"NoSuchEntity"})
_PATIENCE = 15.0


class IamRole(Kind):
    """A role: who may assume it, and what it then may do."""

    name = "iam_role"
    exists = frozenset({"EntityAlreadyExists"})
    create_only = frozenset({"path"})
    rules = Rules(
        unordered={"managed_policies": "", "inline_policies": "name"},
        whole=frozenset({"assume_role_policy", "inline_policies", "tags"}),
    )

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """GetRole, and the policies only of those roles whose options manage them."""
        names = list(wanted)
        found = side_by_side(lambda name: _live(aws, name, wanted[name]), names)
        return {name: live for name, live in zip(names, found, strict=True) if live is not None}

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateRole, and beside them the policies."""
        name = options["name"]
        if options.get("state") == "absent":
            return Desired(name, absent=True)
        fields = {key: options.get(key) for key in ("description", "max_session_duration", "permissions_boundary")}
        fields["tags"] = options.get("tags")
        if "path" in options:
            fields["path"] = f"/{options['path'].strip('/')}/".replace("//", "/")
        if "assume_role_policy" in options:
            fields["assume_role_policy"] = policy.statements(options["assume_role_policy"])
        elif known.live(self.name, name) is None:
            raise SlipwayError("a new role needs assume_role_policy", remedy="say who may assume it")
        if "managed_policies" in options:
            fields["managed_policies"] = [_managed_arn(known.aws, item) for item in options["managed_policies"]]
        if "inline_policies" in options:
            fields["inline_policies"] = [
                {"name": item["name"], "statements": policy.statements(item["statements"])}
                for item in options["inline_policies"]
            ]
        return Desired(name, fields)

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateRole, then its policies."""
        fields = desired.fields
        params = to_api(_SHAPE, {key: value for key, value in fields.items() if key != "tags" and value != ""})
        params["RoleName"] = desired.name
        params["AssumeRolePolicyDocument"] = policy.to_document(fields["assume_role_policy"])
        if fields.get("tags"):
            params["Tags"] = tags.to_pairs(fields["tags"])
        role = Call("iam", "CreateRole", params, lambda answer: _outputs(answer["Role"]), **_patient(fields))
        return [
            role,
            *_attach(desired, fields.get("managed_policies") or ()),
            *_put(desired, [item["name"] for item in fields.get("inline_policies") or ()]),
        ]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """What is granted comes before what is taken away, so that a role in use never lacks anything on the way."""
        changed, fields, role = changed_options(found), desired.fields, {"RoleName": desired.name}
        calls = []
        if changed & {"description", "max_session_duration"}:
            # UpdateRole sets an omitted duration back to one hour.
            keep = {key: live.fields.get(key) for key in ("description", "max_session_duration")}
            wanted = {key: fields[key] for key in keep if fields.get(key) is not None}
            calls.append(Call("iam", "UpdateRole", {**role, **to_api(_SHAPE, {**keep, **wanted})}))
        if "assume_role_policy" in changed:
            document = {"PolicyDocument": policy.to_document(fields["assume_role_policy"])}
            calls.append(Call("iam", "UpdateAssumeRolePolicy", {**role, **document}, **_patient(fields)))
        if "permissions_boundary" in changed and fields["permissions_boundary"]:
            boundary = {"PermissionsBoundary": fields["permissions_boundary"]}
            calls.append(Call("iam", "PutRolePermissionsBoundary", {**role, **boundary}))
        elif "permissions_boundary" in changed:
            calls.append(Call("iam", "DeleteRolePermissionsBoundary", role, tolerate=_GONE))
        if "managed_policies" in changed:
            there = live.fields["managed_policies"]
            calls += _attach(desired, [arn for arn in fields["managed_policies"] if arn not in there])
            calls += _detach(desired.name, [arn for arn in there if arn not in fields["managed_policies"]])
        if "inline_policies" in changed:
            names = {item["name"] for item in fields["inline_policies"]}
            differing = dict.fromkeys(_policy_of(item) for item in found if item.path.startswith("inline_policies["))
            calls += _put(desired, [name for name in differing if name in names])
            calls += _remove(desired.name, [name for name in differing if name not in names])
        given, gone = tags.changes(found, fields)
        if given:
            calls.append(Call("iam", "TagRole", {**role, "Tags": tags.to_pairs(given)}))
        if gone:
            calls.append(Call("iam", "UntagRole", {**role, "TagKeys": gone}))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """IAM refuses to delete a role that still has policies or is in an instance profile."""
        role = {"RoleName": desired.name}
        return [
            *(
                Call("iam", "RemoveRoleFromInstanceProfile", {**role, "InstanceProfileName": profile}, tolerate=_GONE)
                for profile in live.raw["profiles"]
            ),
            *_detach(desired.name, live.raw["managed"]),
            *_remove(desired.name, live.raw["inline"]),
            Call("iam", "DeleteRole", role, tolerate=_GONE),
        ]


def _live(aws: Aws, name: str, options: Options) -> Live | None:
    try:
        role = aws.call("iam", "GetRole", RoleName=name)["Role"]
    except AwsError as error:
        if error.code in _GONE:
            return None
        raise
    if options.get("state") == "absent":
        return Live({}, _outputs(role), _in_the_way(aws, name))
    # Both the boundary and the trust are other shapes in the answer than in the request.
    plain = ("PermissionsBoundary", "AssumeRolePolicyDocument", "Tags")
    fields = from_api(_SHAPE, {key: value for key, value in role.items() if key not in plain})
    fields["permissions_boundary"] = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    fields["assume_role_policy"] = policy.from_document(role["AssumeRolePolicyDocument"])
    fields["tags"] = tags.from_pairs(role.get("Tags"))
    if "managed_policies" in options:
        fields["managed_policies"] = _attached(aws, name)
    if "inline_policies" in options:
        # Without a purge nobody asks which other policies there are.
        purge = options.get("purge_inline_policies", True)
        names = _inline(aws, name) if purge else [item["name"] for item in options["inline_policies"]]
        found = {one: _statements(aws, name, one) for one in names}
        fields["inline_policies"] = [{"name": one, "statements": body} for one, body in found.items() if body]
    return Live(fields, _outputs(role))


def _in_the_way(aws: Aws, name: str) -> dict[str, list[str]]:
    profiles = aws.pages("iam", "ListInstanceProfilesForRole", "InstanceProfiles", RoleName=name)
    return {
        "managed": _attached(aws, name),
        "inline": _inline(aws, name),
        "profiles": [profile["InstanceProfileName"] for profile in profiles],
    }


def _attached(aws: Aws, name: str) -> list[str]:
    found = aws.pages("iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=name)
    return [item["PolicyArn"] for item in found]


def _inline(aws: Aws, name: str) -> list[str]:
    return [str(one) for one in aws.pages("iam", "ListRolePolicies", "PolicyNames", RoleName=name)]


def _statements(aws: Aws, role: str, name: str) -> list[dict[str, Any]]:
    try:
        document = aws.call("iam", "GetRolePolicy", RoleName=role, PolicyName=name)["PolicyDocument"]
    except AwsError as error:
        if error.code in _GONE:
            return []
        raise
    return policy.from_document(document)


def _attach(desired: Desired, arns: Iterable[str]) -> list[Call]:
    role = {"RoleName": desired.name}
    return [
        Call("iam", "AttachRolePolicy", {**role, "PolicyArn": arn}, retry=_SOON, patience=_PATIENCE) for arn in arns
    ]


def _detach(role: str, arns: Iterable[str]) -> list[Call]:
    return [Call("iam", "DetachRolePolicy", {"RoleName": role, "PolicyArn": arn}, tolerate=_GONE) for arn in arns]


def _put(desired: Desired, names: Iterable[str]) -> list[Call]:
    documents = {
        item["name"]: policy.to_document(item["statements"]) for item in desired.fields.get("inline_policies") or ()
    }
    params = ({"RoleName": desired.name, "PolicyName": name, "PolicyDocument": documents[name]} for name in names)
    return [Call("iam", "PutRolePolicy", one, retry=_SOON, patience=_PATIENCE) for one in params]


def _remove(role: str, names: Iterable[str]) -> list[Call]:
    return [Call("iam", "DeleteRolePolicy", {"RoleName": role, "PolicyName": name}, tolerate=_GONE) for name in names]


def _patient(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A trust in a role that was made a moment ago is refused as malformed until IAM knows that role everywhere."""
    trusted = [one for item in fields["assume_role_policy"] for one in item.get("principals", {}).get("aws", ())]
    again = frozenset({"MalformedPolicyDocument"} if any(is_arn(one) for one in trusted) else ())
    return {"retry": again, "patience": _PATIENCE}


def _policy_of(item: Difference) -> str:
    return item.path.removeprefix("inline_policies[").partition("]")[0]


def _managed_arn(aws: Aws, text: str) -> str:
    return text if is_arn(text) else f"arn:{aws.partition}:iam::aws:policy/{text.removeprefix('/')}"


def _outputs(role: Mapping[str, Any]) -> dict[str, Any]:
    return {"arn": role["Arn"], "id": role["RoleId"]}
