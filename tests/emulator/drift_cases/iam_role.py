"""Roles: who may assume them, and what they then may do."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.drift_cases.model import Document, Having, Scene, Shown, To, World

KIND = "iam_role"
NAME = "drift"
# What every emulator takes in a trust as well as elsewhere.
ONE, TWO = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"
THIS, THAT = "arn:aws:s3:::one", "arn:aws:s3:::two"
TRUST = {"principals": {"service": ["ecs-tasks.amazonaws.com"]}, "actions": ["sts:AssumeRole"]}
API_TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}


def _policies(world: World) -> None:
    """Policies of the account's own, which every emulator lets attach."""
    body = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [body]})
    for name in ("one", "two"):
        world.iam.create_policy(PolicyName=name, PolicyDocument=document)


def _before(world: World) -> tuple[()]:
    _policies(world)
    return ()


def _policy(name: str) -> Any:
    return lambda world: world.arn("iam", f"policy/{name}", region="")


def _boundary(name: str) -> Any:
    return lambda world: world.iam.put_role_permissions_boundary(
        RoleName=NAME, PermissionsBoundary=_policy(name)(world)
    )


def _tag(value: str) -> Any:
    return lambda world: world.iam.tag_role(RoleName=NAME, Tags=[{"Key": "Service", "Value": value}])


BASICS = Scene(
    KIND,
    lambda world: {
        "name": NAME,
        "description": "of the tests",
        "max_session_duration": 3600,
        "permissions_boundary": _policy("one")(world),
        "assume_role_policy": [TRUST],
        "managed_policies": [_policy("one")(world)],
        "tags": {"Service": "drift"},
    },
    {
        "description": "of somebody",
        "max_session_duration": 7200,
        "permissions_boundary": To(
            do=_boundary("two"), undo=_boundary("one"), found=_policy("two"), expected=_policy("one")
        ),
        "managed_policies": To(
            do=lambda world: world.iam.attach_role_policy(RoleName=NAME, PolicyArn=_policy("two")(world)),
            undo=lambda world: world.iam.detach_role_policy(RoleName=NAME, PolicyArn=_policy("two")(world)),
            found=lambda world: [_policy("one")(world), _policy("two")(world)],
        ),
        "tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other"),
    },
    before=_before,
    read=lambda _: {"Description": "of the tests", "MaxSessionDuration": 3600},
    put=lambda world, document: world.iam.update_role(RoleName=NAME, **document),
    pascal=True,
    title="basics",
)


def _anew(world: World, document: Document) -> None:
    """What AWS fixes at creation: somebody made another one of the same name."""
    world.iam.delete_role(RoleName=NAME)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [API_TRUST]})
    world.iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=policy, **document)


FIXED = Scene(
    KIND,
    lambda _: {"name": NAME, "path": "/drift/", "assume_role_policy": [TRUST]},
    {"path": "/other/"},
    read=lambda _: {"Path": "/drift/"},
    put=_anew,
    pascal=True,
    title="path",
)


def _document(world: World, document: Document) -> None:
    text = json.dumps({"Version": "2012-10-17", **document})
    world.iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=text)


def statement_changes(option: str, at: str, known: dict[str, Any], more: dict[str, Any]) -> dict[str, To]:
    """The changes of one statement: those of its fields that it has."""
    place = ("Statement", 0)
    condition = {"StringEquals": {"aws:SourceAccount": "1"}}
    every = {
        "sid": To("two", api=(*place, "Sid"), at=f"{at}[0].sid", expected="one"),
        "effect": To("Deny", api=(*place, "Effect"), at=f"{at}[0].effect", expected="Allow"),
        "actions": To([ONE, TWO], api=(*place, "Action"), at=f"{at}[0].actions", expected=[ONE]),
        "not_actions": To([ONE, TWO], api=(*place, "NotAction"), at=f"{at}[0].not_actions", expected=[ONE]),
        "resources": To([THIS, THAT], api=(*place, "Resource"), at=f"{at}[0].resources", expected=[THIS]),
        "not_resources": To([THIS, THAT], api=(*place, "NotResource"), at=f"{at}[0].not_resources", expected=[THIS]),
        "conditions[]": To(
            {**condition, "Bool": {"aws:SecureTransport": "true"}},
            api=(*place, "Condition"),
            at=f"{at}[0].conditions",
            expected=[_condition("StringEquals", "aws:SourceAccount", "1")],
            found=[
                _condition("Bool", "aws:SecureTransport", "true"),
                _condition("StringEquals", "aws:SourceAccount", "1"),
            ],
        ),
        "conditions[].operator": To(
            {"StringLike": condition["StringEquals"]},
            api=(*place, "Condition"),
            at=f"{at}[0].conditions[0].operator",
            expected="StringEquals",
            found="StringLike",
        ),
        "conditions[].key": To(
            {"StringEquals": {"aws:SourceArn": "1"}},
            api=(*place, "Condition"),
            at=f"{at}[0].conditions[0].key",
            expected="aws:SourceAccount",
            found="aws:SourceArn",
        ),
        "conditions[].values": To(
            {"StringEquals": {"aws:SourceAccount": ["1", "2"]}},
            api=(*place, "Condition"),
            at=f"{at}[0].conditions[0].values",
            expected=["1"],
            found=["1", "2"],
        ),
    }
    return {f"{option}.{name}": to for name, to in every.items() if name.partition("[")[0] in known} | {
        f"{option}.{name}" if name else option: to for name, to in more.items()
    }


def _condition(operator: str, key: str, value: str) -> dict[str, Any]:
    return {"operator": operator, "key": key, "values": [value]}


def principals(option: str, at: str, kinds: dict[str, tuple[str, str]]) -> dict[str, To]:
    """The changes of who a statement is for: one more of each kind."""
    return {
        f"principals.{name}": To(
            [was, f"{was}2"],
            api=("Statement", 0, "Principal", api),
            at=f"{at}[0].principals.{name}",
            expected=[was],
        )
        for name, (api, was) in kinds.items()
    }


WHOLE = {
    "sid": "one",
    "effect": "Allow",
    "actions": [ONE],
    "conditions": [_condition("StringEquals", "aws:SourceAccount", "1")],
}
API_WHOLE = {
    "Sid": "one",
    "Effect": "Allow",
    "Action": ONE,
    "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
}
_USER = "arn:aws:iam::000000000000:user/one"
_KINDS = {
    "aws": ("AWS", _USER),
    "service": ("Service", "one.amazonaws.com"),
    "federated": ("Federated", "arn:aws:iam::000000000000:saml-provider/one"),
}
_SAID = {kind: [who] for kind, (_, who) in _KINDS.items()}
_API_SAID = dict(_KINDS.values())
_MORE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
_SHOWN_MORE = {"effect": "Allow", "principals": {"aws": ["*"]}, "actions": ["sts:AssumeRole"]}
TRUSTS = Scene(
    KIND,
    lambda _: {"name": NAME, "assume_role_policy": [{**WHOLE, "principals": _SAID}]},
    statement_changes(
        "assume_role_policy[]",
        "assume_role_policy",
        WHOLE,
        {
            **principals("assume_role_policy[]", "assume_role_policy", _KINDS),
            "": To(
                _MORE,
                api=("Statement", 0),
                at="assume_role_policy",
                expected=[{**WHOLE, "principals": _SAID}],
                # In the one order in which statements are compared.
                found=[_SHOWN_MORE, {**WHOLE, "principals": _SAID}],
            ),
        },
    ),
    read=lambda _: {"Statement": [{**API_WHOLE, "Principal": _API_SAID}]},
    put=_document,
    title="trust",
)
TRUSTS_BUT = Scene(
    KIND,
    lambda _: {"name": NAME, "assume_role_policy": [{"principals": TRUST["principals"], "not_actions": [ONE]}]},
    statement_changes("assume_role_policy[]", "assume_role_policy", {"not_actions": None}, {}),
    read=lambda _: {"Statement": [{"Effect": "Allow", "Principal": API_TRUST["Principal"], "NotAction": ONE}]},
    put=_document,
    answer=("GetRole", ("Role", "AssumeRolePolicyDocument")),
    unkept={"moto": {"*.not_actions": "refuses another NotAction"}},
    title="trust but",
)


def _inline(world: World, document: Document) -> None:
    text = json.dumps({"Version": "2012-10-17", **document})
    world.iam.put_role_policy(RoleName=NAME, PolicyName="one", PolicyDocument=text)


def _rename(old: str, new: str) -> Any:
    def rename(world: World) -> None:
        found = world.iam.get_role_policy(RoleName=NAME, PolicyName=old)["PolicyDocument"]
        world.iam.put_role_policy(RoleName=NAME, PolicyName=new, PolicyDocument=json.dumps(found))
        world.iam.delete_role_policy(RoleName=NAME, PolicyName=old)

    return rename


def _add(world: World) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    world.iam.put_role_policy(RoleName=NAME, PolicyName="more", PolicyDocument=text)


S = "inline_policies[].statements[]"
_AT = "inline_policies[one].statements"
_BODY = {**WHOLE, "resources": [THIS]}
_EVERYTHING = {"effect": "Allow", "actions": ["*"], "resources": ["*"]}
INLINE = Scene(
    KIND,
    lambda _: {
        "name": NAME,
        "assume_role_policy": [TRUST],
        "inline_policies": [{"name": "one", "statements": [_BODY]}],
    },
    statement_changes(
        S,
        _AT,
        _BODY,
        {
            "": To(
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                api=("Statement", 0),
                at=_AT,
                expected=[_BODY],
                found=[_EVERYTHING, _BODY],
            )
        },
    )
    | {
        "inline_policies[].name": To(
            do=_rename("one", "two"),
            undo=_rename("two", "one"),
            at="inline_policies[one]",
            expected=Having(name="one"),
            found=None,
            also=(Shown("inline_policies[two]", None, {"name": "two", "statements": [_BODY]}),),
        ),
        "inline_policies[]": To(
            do=_add,
            undo=lambda world: world.iam.delete_role_policy(RoleName=NAME, PolicyName="more"),
            at="inline_policies[more]",
            expected=None,
            found={"name": "more", "statements": [_EVERYTHING]},
        ),
    },
    read=lambda _: {"Statement": [{**API_WHOLE, "Resource": THIS}]},
    put=_inline,
    title="inline",
)
INLINE_BUT = Scene(
    KIND,
    lambda _: {
        "name": NAME,
        "assume_role_policy": [TRUST],
        "inline_policies": [{"name": "one", "statements": [{"not_actions": [ONE], "not_resources": [THIS]}]}],
    },
    statement_changes(S, _AT, {"not_actions": None, "not_resources": None}, {}),
    read=lambda _: {"Statement": [{"Effect": "Allow", "NotAction": ONE, "NotResource": THIS}]},
    put=_inline,
    title="inline but",
)
SCENES = (BASICS, FIXED, TRUSTS, TRUSTS_BUT, INLINE, INLINE_BUT)
NO_FIELDS = {
    KIND: {
        "name": "its name: another name is another resource",
        "purge_inline_policies": "says whether policies that nobody described are to go",
    }
}
