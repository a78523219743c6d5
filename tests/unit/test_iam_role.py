"""Roles: what AWS returns for a description is no difference, and the calls that end one."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.errors import AwsError, SlipwayError
from slipway.engine.kind import Known
from slipway.engine.plan import Call, Live, Plan
from slipway.resources.iam_role import IamRole
from tests.unit.fake_aws import FakeAws

KIND = IamRole()
names = st.text("abcdef-", min_size=1, max_size=6)
statements = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["Allow", "Deny"]),
        "actions": st.lists(st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:*"]), min_size=1, unique=True),
        "resources": st.lists(names.map("arn:aws:s3:::{}".format), min_size=1, max_size=3, unique=True),
    },
    optional={
        "sid": names,
        "conditions": st.just([{"operator": "StringEquals", "key": "aws:SourceAccount", "values": ["1", "2"]}]),
    },
)
trusts = st.fixed_dictionaries(
    {
        "principals": st.fixed_dictionaries({}, optional={"service": st.lists(names, min_size=1, unique=True)}),
        "actions": st.just(["sts:AssumeRole"]),
    }
)
roles = st.fixed_dictionaries(
    {"name": names, "assume_role_policy": st.lists(trusts, min_size=1, max_size=2)},
    optional={
        "path": st.sampled_from(["/", "life", "/life/", "/a/b"]),
        "description": st.sampled_from(["", "of the tests"]),
        "max_session_duration": st.integers(3600, 43200),
        "permissions_boundary": st.sampled_from(["", "arn:aws:iam::123456789012:policy/bound"]),
        "managed_policies": st.lists(st.sampled_from(["ReadOnlyAccess", "service-role/X"]), unique=True),
        "inline_policies": st.lists(
            st.fixed_dictionaries({"name": names, "statements": st.lists(statements, min_size=1, max_size=3)}),
            max_size=3,
            unique_by=lambda item: item["name"],
        ),
        "tags": st.dictionaries(names, names, max_size=3),
    },
)


class Iam(FakeAws):
    """IAM's reads, over one role as the writes left it."""

    def __init__(self, calls: Any = ()) -> None:
        super().__init__()
        self.role: dict[str, Any] | None = None
        self.managed: list[str] = []
        self.inline: dict[str, str] = {}
        for call in calls:
            self.write(call)

    def write(self, call: Call) -> None:
        params = dict(call.params)
        if call.operation == "CreateRole":
            boundary = params.pop("PermissionsBoundary", None)
            trust = quote(params.pop("AssumeRolePolicyDocument"))
            defaults = {"Path": "/", "MaxSessionDuration": 3600, "Arn": "arn:role", "RoleId": "AROA"}
            self.role = {**defaults, **params, "AssumeRolePolicyDocument": trust}
            if boundary:
                self.role["PermissionsBoundary"] = {"PermissionsBoundaryArn": boundary}
        elif call.operation == "AttachRolePolicy":
            self.managed.insert(0, params["PolicyArn"])
        else:
            assert call.operation == "PutRolePolicy"
            self.inline[params["PolicyName"]] = quote(params["PolicyDocument"])

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        if operation == "GetRole":
            if self.role is None:
                raise AwsError("no", code="NoSuchEntity", operation=operation)
            return {"Role": self.role}
        if operation == "GetRolePolicy":
            if params["PolicyName"] not in self.inline:
                raise AwsError("no", code="NoSuchEntity", operation=operation)
            return {"PolicyDocument": self.inline[params["PolicyName"]]}
        return {
            "ListAttachedRolePolicies": {"AttachedPolicies": [{"PolicyArn": arn} for arn in self.managed]},
            "ListRolePolicies": {"PolicyNames": sorted(self.inline)},
            "ListInstanceProfilesForRole": {"InstanceProfiles": [{"InstanceProfileName": "profile"}]},
        }[operation]


def plan(options: dict[str, Any], aws: FakeAws) -> Plan:
    known = Known(aws)
    live = KIND.observe(aws, {options["name"]: options}, known).get(options["name"])
    known.put("iam_role", options["name"], live)
    return KIND.plan(KIND.desired(options, known), live)


@given(roles)
def test_what_was_made_is_no_difference(options: dict[str, Any]) -> None:
    created = plan(options, Iam())
    assert created.verb == "create"
    assert plan(options, Iam(created.calls)).found == ()


@given(roles, st.data())
def test_any_single_changed_option_is_found(options: dict[str, Any], data: st.DataObject) -> None:
    aws = Iam(plan(options, Iam()).calls)
    other = copy.deepcopy(options)
    name = data.draw(st.sampled_from(sorted(set(options) - {"name", "path"})))
    match name:
        case "max_session_duration":
            other[name] = options[name] - 1 if options[name] > 3600 else 3601
        case "tags":
            other[name] = {**options[name], "another": "tag"}
        case "managed_policies":
            other[name] = [*options[name], "Another"]
        case "inline_policies":
            other[name] = [*options[name], {"name": "another", "statements": [{"actions": ["a:B"]}]}]
        case "assume_role_policy":
            other[name][0]["actions"] = ["sts:TagSession"]
        case _:
            other[name] = f"{options[name]}other"
    found = plan(other, aws)
    assert found.verb == "update"
    assert {item.path.partition("[")[0].partition(".")[0] for item in found.found} == {name}


def made(**options: Any) -> Live:
    whole = {"name": "r", "assume_role_policy": [{"actions": ["sts:AssumeRole"]}], **options}
    aws = Iam(plan(whole, Iam()).calls)
    return KIND.observe(aws, {"r": whole}, Known(aws))["r"]


def operations(live: Live, **options: Any) -> list[str]:
    known = Known(FakeAws())
    known.put("iam_role", "r", live)
    return [call.operation for call in KIND.plan(KIND.desired({"name": "r", **options}, known), live).calls]


def test_what_is_granted_comes_before_what_is_taken_away() -> None:
    policies = [{"name": "a", "statements": [{"actions": ["a:B"]}]}]
    live = made(managed_policies=["A"], inline_policies=policies)
    assert operations(live, managed_policies=["B"]) == ["AttachRolePolicy", "DetachRolePolicy"]
    other = [{"name": "b", "statements": [{"actions": ["a:B"]}]}]
    assert operations(live, inline_policies=other) == ["PutRolePolicy", "DeleteRolePolicy"]


def test_an_empty_text_removes_what_it_stands_for() -> None:
    live = made(permissions_boundary="arn:aws:iam::1:policy/b", description="x")
    assert operations(live, permissions_boundary="") == ["DeleteRolePermissionsBoundary"]
    assert operations(live, description="") == ["UpdateRole"]


def test_a_condition_added_by_hand_is_found() -> None:
    live = made()
    live.fields["assume_role_policy"][0]["conditions"] = [{"operator": "Bool", "key": "k", "values": ["true"]}]
    assert operations(live, assume_role_policy=[{"actions": ["sts:AssumeRole"]}]) == ["UpdateAssumeRolePolicy"]


def test_an_update_of_the_description_keeps_the_duration() -> None:
    known = Known(FakeAws())
    desired = KIND.desired({"name": "r", "description": "y"}, known_with(known, made(max_session_duration=7200)))
    live = known.live("iam_role", "r")
    assert live is not None
    (call,) = KIND.plan(desired, live).calls
    assert call.params == {"RoleName": "r", "Description": "y", "MaxSessionDuration": 7200}


def known_with(known: Known, live: Live) -> Known:
    known.put("iam_role", "r", live)
    return known


def test_other_policies_are_left_alone_without_a_purge() -> None:
    policies = [{"name": name, "statements": [{"actions": ["a:B"]}]} for name in "ab"]
    whole = {"name": "r", "assume_role_policy": [{"actions": ["sts:AssumeRole"]}], "inline_policies": policies}
    aws = Iam(plan(whole, Iam()).calls)
    aws.calls.clear()
    only = {"name": "r", "inline_policies": policies[:1], "purge_inline_policies": False}
    assert plan(only, aws).found == ()
    assert dict(aws.calls) == {"iam:GetRole": 1, "iam:GetRolePolicy": 1}
    assert [item.path for item in plan({**only, "purge_inline_policies": True}, aws).found] == ["inline_policies[b]"]


def test_a_removal_takes_everything_off_first() -> None:
    policies = [{"name": "a", "statements": [{"actions": ["a:B"]}]}]
    whole = {
        "name": "r",
        "assume_role_policy": [{"actions": ["sts:AssumeRole"]}],
        "managed_policies": ["A"],
        "inline_policies": policies,
    }
    calls = plan({"name": "r", "state": "absent"}, Iam(plan(whole, Iam()).calls)).calls
    assert [call.operation for call in calls] == [
        "RemoveRoleFromInstanceProfile",
        "DetachRolePolicy",
        "DeleteRolePolicy",
        "DeleteRole",
    ]


def test_a_new_role_needs_a_trust() -> None:
    with pytest.raises(SlipwayError, match="needs assume_role_policy"):
        plan({"name": "r"}, Iam())


def test_a_trust_in_a_role_made_a_moment_ago_is_tried_again() -> None:
    def retried(principals: dict[str, list[str]]) -> frozenset[str]:
        trust = [{"principals": principals, "actions": ["sts:AssumeRole"]}]
        return plan({"name": "r", "assume_role_policy": trust}, Iam()).calls[0].retry

    assert retried({"aws": ["arn:aws:iam::1:role/new"]}) == {"MalformedPolicyDocument"}
    assert retried({"service": ["ecs-tasks.amazonaws.com"]}) == frozenset()


def test_the_documents_are_policies() -> None:
    policies = [{"name": "a", "statements": [{"sid": "s", "actions": ["a:B"], "resources": ["*"]}]}]
    whole = {"name": "r", "assume_role_policy": [{"actions": ["sts:AssumeRole"]}], "inline_policies": policies}
    document = json.loads(plan(whole, Iam()).calls[1].params["PolicyDocument"])
    assert document["Statement"] == [{"Sid": "s", "Effect": "Allow", "Action": "a:B", "Resource": "*"}]
