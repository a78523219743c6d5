"""Instance profiles: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..engine.compare import Difference
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live

_GONE = frozenset({"NoSuchEntity"})
_SOON = frozenset({"NoSuchEntity"})


class InstanceProfile(Kind):
    """What carries a role to an EC2 instance; it has one role at the most."""

    name = "instance_profile"
    after = ("iam_role",)
    exists = frozenset({"EntityAlreadyExists"})

    def references(self, options: Options) -> Iterable[Reference]:
        """The role, which has to be there first."""
        if options.get("role") and options.get("state") != "absent":
            yield "iam_role", options["role"]

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """GetInstanceProfile, which has the role with it."""
        names = list(wanted)
        found = side_by_side(lambda name: _live(aws, name), names)
        return {name: live for name, live in zip(names, found, strict=True) if live is not None}

    def desired(self, options: Options, known: Known) -> Desired:
        """Its role."""
        if options.get("state") == "absent":
            return Desired(options["name"], absent=True)
        if options.get("role"):
            known.output("iam_role", options["role"], "arn", "role")
        return Desired(options["name"], {"role": options.get("role")})

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateInstanceProfile, then its role."""
        profile = {"InstanceProfileName": desired.name}
        made = Call("iam", "CreateInstanceProfile", profile, lambda answer: _outputs(answer["InstanceProfile"]))
        return [made, *_add(desired.name, desired.fields.get("role"))]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """The old role goes before the new one comes: there is room for one."""
        return [*_remove(desired.name, live.fields["role"]), *_add(desired.name, desired.fields["role"])]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """IAM refuses to delete a profile that has a role."""
        gone = Call("iam", "DeleteInstanceProfile", {"InstanceProfileName": desired.name}, tolerate=_GONE)
        return [*_remove(desired.name, live.fields["role"]), gone]


def _live(aws: Aws, name: str) -> Live | None:
    try:
        profile = aws.call("iam", "GetInstanceProfile", InstanceProfileName=name)["InstanceProfile"]
    except AwsError as error:
        if error.code in _GONE:
            return None
        raise
    roles = [role["RoleName"] for role in profile.get("Roles", ())]
    return Live({"role": roles[0] if roles else None}, _outputs(profile))


def _add(profile: str, role: str | None) -> list[Call]:
    params = {"InstanceProfileName": profile, "RoleName": role}
    return [Call("iam", "AddRoleToInstanceProfile", params, retry=_SOON, patience=15)] if role else []


def _remove(profile: str, role: str | None) -> list[Call]:
    params = {"InstanceProfileName": profile, "RoleName": role}
    return [Call("iam", "RemoveRoleFromInstanceProfile", params, tolerate=_GONE)] if role else []


def _outputs(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {"arn": profile["Arn"], "id": profile["InstanceProfileId"]}
