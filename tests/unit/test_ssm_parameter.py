"""Parameters: nothing is lost when a value changes, no value is shown, and few calls are made."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import SlipwayError
from slipway.engine.compare import SENSITIVE
from slipway.engine.kind import Known
from slipway.engine.plan import Plan
from slipway.resources.ssm_parameter import SsmParameter
from tests.unit.fake_aws import FakeAws

KIND = SsmParameter()
ARN = "arn:aws:ssm:ap-northeast-2:123456789012:parameter/p"
SECURE = {"Type": "SecureString", "KeyId": "alias/own", "Description": "a key", "Tier": "Advanced"}


def aws(**there: Any) -> FakeAws:
    """One parameter as each call of the API tells of it."""
    one = {"Name": "/p", "Type": "String", "Value": "v", "DataType": "text", "Version": 3, "ARN": ARN, **there}
    metadata = {"Tier": "Standard", **{key: value for key, value in one.items() if key != "Value"}}
    metadata.pop("Tags", None)
    return FakeAws(
        {
            "GetParameters": {"Parameters": [{key: one[key] for key in VALUE}]},
            "DescribeParameters": {"Parameters": [metadata]},
            "ListTagsForResource": {"TagList": there.get("Tags", [])},
        }
    )


VALUE = ("Name", "Type", "Value", "DataType", "Version", "ARN")


def planned(options: dict[str, Any], fake: FakeAws) -> Plan:
    """The plan for a description."""
    known, described = Known(fake), {"name": "/p", **options}
    live = KIND.observe(fake, {"/p": described}, known).get("/p")
    known.put("ssm_parameter", "/p", live)
    return KIND.plan(KIND.desired(described, known), live)


@pytest.mark.parametrize(
    ("options", "there", "calls"),
    [
        ({"value": "v"}, {}, ["GetParameters"]),
        ({"value": "v", "type": "String", "data_type": "text"}, {}, ["GetParameters"]),
        ({"value": "v"}, SECURE, ["GetParameters"]),
        ({"value": "v", "description": ""}, {}, ["GetParameters", "DescribeParameters"]),
        ({"value": "v", "key_id": "alias/own"}, SECURE, ["GetParameters", "DescribeParameters"]),
        ({"value": "v", "tier": "Intelligent-Tiering"}, SECURE, ["GetParameters", "DescribeParameters"]),
        ({"value": "v", "tags": {}}, {}, ["GetParameters", "ListTagsForResource"]),
    ],
)
def test_what_is_no_difference_and_how_it_is_seen(
    options: dict[str, Any], there: dict[str, Any], calls: list[str]
) -> None:
    fake = aws(**there)
    assert planned(options, fake).verb == "none"
    assert fake.calls == {f"ssm:{call}": 1 for call in calls}


def test_a_new_value_keeps_the_key_the_tier_and_the_description() -> None:
    plan = planned({"value": "new"}, aws(**SECURE, AllowedPattern=".*"))
    assert [(item.path, item.before, item.after) for item in plan.found] == [("value", SENSITIVE, SENSITIVE)]
    (call,) = plan.calls
    assert dict(call.params) == {
        "Name": "/p",
        "Value": "new",
        "Type": "SecureString",
        "DataType": "text",
        "KeyId": "alias/own",
        "Tier": "Advanced",
        "Description": "a key",
        "AllowedPattern": ".*",
        "Overwrite": True,
    }


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        ({"description": "d"}, "Description", "d"),
        ({"description": ""}, "Description", ""),
        ({"allowed_pattern": "x"}, "AllowedPattern", "x"),
        ({"tier": "Advanced"}, "Tier", "Advanced"),
        ({"type": "StringList"}, "Type", "StringList"),
        ({"data_type": "aws:ec2:image"}, "DataType", "aws:ec2:image"),
        ({"type": "SecureString", "key_id": "alias/k"}, "KeyId", "alias/k"),
    ],
)
def test_every_other_field_counts(options: dict[str, Any], key: str, value: str) -> None:
    plan = planned({"value": "v", **options}, aws(Description="old"))
    (call,) = plan.calls
    assert call.operation == "PutParameter"
    assert call.params[key] == value
    assert call.params["Overwrite"]


def test_tags_alone_put_no_new_version() -> None:
    plan = planned({"value": "v", "tags": {"b": "1"}}, aws(Tags=[{"Key": "a", "Value": "1"}]))
    assert [call.operation for call in plan.calls] == ["AddTagsToResource", "RemoveTagsFromResource"]


def test_a_new_parameter_has_its_tags_at_once_and_is_never_put_over_another() -> None:
    fake = FakeAws({"GetParameters": {"Parameters": []}, "DescribeParameters": {"Parameters": []}})
    plan = planned({"value": "v", "tags": {"a": "1"}}, fake)
    (call,) = plan.calls
    assert dict(call.params) == {
        "Name": "/p",
        "Value": "v",
        "Type": "String",
        "Tags": [{"Key": "a", "Value": "1"}],
        "Overwrite": False,
    }
    assert [item.after for item in plan.found if item.path == "value"] == [SENSITIVE]


@pytest.mark.parametrize(
    ("options", "there", "words"),
    [
        ({}, {}, "has no value"),
        ({"value": "v" * 4097}, {}, "4097 bytes"),
        ({"value": "v", "key_id": "alias/k"}, {}, "has a key_id, and is a String"),
        ({"value": "v", "type": "String", "key_id": "alias/k"}, SECURE, "has a key_id, and is a String"),
    ],
)
def test_what_is_refused_before_anything_is_written(options: dict[str, Any], there: dict[str, Any], words: str) -> None:
    with pytest.raises(SlipwayError, match=words) as failure:
        planned(options, aws(**there))
    assert failure.value.remedy


def test_an_advanced_parameter_stays_advanced() -> None:
    plan = planned({"value": "v", "tier": "Standard"}, aws(**SECURE))
    assert plan.blocked
    assert not plan.calls


def test_whoever_refers_to_a_parameter_does_not_learn_its_value() -> None:
    fake = aws()
    (live,) = KIND.observe(fake, {"/p": {}}, Known(fake)).values()
    assert (live.outputs["arn"], live.fields.get("value")) == (ARN, None)
    assert fake.calls == {"ssm:DescribeParameters": 1}


def test_the_descriptions_may_be_behind_a_new_parameter() -> None:
    fake = aws()
    fake.answers["DescribeParameters"] = {"Parameters": []}
    (live,) = KIND.observe(fake, {"/p": {}}, Known(fake)).values()
    assert live.outputs["arn"] == ARN


def test_ten_values_are_one_call() -> None:
    fake = FakeAws({"GetParameters": {"Parameters": []}})
    KIND.observe(fake, {str(number): {"value": "v"} for number in range(21)}, Known(fake))
    assert fake.calls == {"ssm:GetParameters": 3}
