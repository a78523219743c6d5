"""Security groups: rules in every spelling are one rule, and no allowed traffic stops on the way."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.errors import SlipwayError
from slipway.engine.kind import Known
from slipway.engine.plan import Call, Live, Output, Plan, resolve
from slipway.resources.security_group import SecurityGroup
from slipway.resources.security_rules import from_permissions, identity, to_permission, to_rule
from tests.unit.fake_aws import FakeAws

KIND = SecurityGroup()
ports = st.integers(0, 65535)
sources = st.one_of(
    st.ip_addresses(v=4).map(lambda ip: {"cidr_ipv4": f"{ip}/24"}),
    st.ip_addresses(v=6).map(lambda ip: {"cidr_ipv6": f"{ip}/64"}),
    st.sampled_from(["sg-1", "sg-2", "g"]).map(lambda group: {"source_security_group": group}),
    st.just({"prefix_list_id": "pl-1"}),
)
heads = st.one_of(
    st.tuples(ports, ports).map(lambda two: {"ip_protocol": "tcp", "from_port": min(two), "to_port": max(two)}),
    ports.map(lambda port: {"ip_protocol": "UDP", "from_port": port}),
    st.sampled_from([{"ip_protocol": "-1"}, {"ip_protocol": "all"}, {"ip_protocol": "50"}]),
    st.sampled_from([{"ip_protocol": "icmp"}, {"ip_protocol": "58", "from_port": 128, "to_port": 0}]),
)
words = st.sampled_from([{}, {"description": ""}, {"description": "from there"}])
rules = st.builds(lambda head, source, more: {**head, **source, **more}, heads, sources, words)


def distinct(rule: Mapping[str, Any]) -> Any:
    """What makes a rule of the options another one."""
    return identity(to_rule(rule, ""))


lists = st.lists(rules, max_size=4, unique_by=distinct)
groups = st.fixed_dictionaries(
    {"name": st.just("g")},
    optional={
        "description": st.text("abc", min_size=1),
        "vpc_id": st.just("vpc-1"),
        "ingress": lists,
        "egress": lists,
        "tags": st.dictionaries(st.text("abc", min_size=1), st.text("xyz"), max_size=2),
    },
)


class Ec2(FakeAws):
    """One group as the writes left it, its rules gathered into permissions as EC2 gathers them."""

    def __init__(self, calls: Any = ()) -> None:
        super().__init__()
        self.group: dict[str, Any] | None = None
        outputs: dict[str, Any] = {}
        for call in calls:
            self.write(call, resolve(call.params, outputs))
            outputs = {"id": "sg-own"}

    def write(self, call: Call, params: dict[str, Any]) -> None:
        if call.operation == "CreateSecurityGroup":
            everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            tags = [tag for spec in params.get("TagSpecifications", ()) for tag in spec["Tags"]]
            self.group = {"GroupId": "sg-own", "GroupName": params["GroupName"], "Description": params["Description"]}
            self.group |= {"VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": [everywhere], "Tags": tags}
            return
        assert self.group is not None
        key = "IpPermissionsEgress" if call.operation.endswith("Egress") else "IpPermissions"
        there = {identity(rule): rule for rule in from_permissions(self.group[key])}
        for rule in from_permissions(params["IpPermissions"]):
            match call.operation.partition("SecurityGroup")[0]:
                case "Authorize":
                    assert identity(rule) not in there, "InvalidPermission.Duplicate"
                    there[identity(rule)] = rule
                case "Revoke":
                    there.pop(identity(rule), None)
                case _:
                    there[identity(rule)] = rule
        self.group[key] = _gathered(there.values())

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        assert operation == "DescribeSecurityGroups"
        return {"SecurityGroups": [self.group] if self.group else []}


def _gathered(rules: Any) -> list[dict[str, Any]]:
    gathered: dict[Any, dict[str, Any]] = {}
    for rule in rules:
        permission = to_permission(rule)
        head = (permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort"))
        empty: dict[str, Any] = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
        into = gathered.setdefault(head, {**empty, **{k: v for k, v in permission.items() if not isinstance(v, list)}})
        for name in empty:
            into[name] += permission.get(name, [])
    return list(gathered.values())


def plan(options: Mapping[str, Any], aws: FakeAws) -> Plan:
    known = Known(aws)
    live = KIND.observe(aws, {"g": options}, known).get("g")
    known.put("security_group", "g", live)
    return KIND.plan(KIND.desired(options, known), live)


@given(groups)
def test_what_was_made_is_no_difference(options: dict[str, Any]) -> None:
    created = plan(options, Ec2())
    assert created.verb == "create"
    assert plan(options, Ec2(created.calls)).found == ()


@given(groups, groups)
def test_one_update_ends_every_difference(one: dict[str, Any], other: dict[str, Any]) -> None:
    made = Ec2(plan(one, Ec2()).calls)
    wanted = {key: value for key, value in other.items() if key in {"name", "ingress", "egress"}}
    for call in plan(wanted, made).calls:
        made.write(call, dict(call.params))
    assert plan(wanted, made).found == ()


@given(groups, rules, st.sampled_from(["ingress", "egress"]))
def test_a_rule_added_by_hand_is_found(options: dict[str, Any], rule: dict[str, Any], direction: str) -> None:
    options = {direction: [], **options}
    extended = copy.deepcopy(options)
    extended[direction].append(rule)
    if len({distinct(one) for one in extended[direction]}) < len(extended[direction]):
        return
    (found,) = plan(options, Ec2(plan(extended, Ec2()).calls)).found
    assert found.path.startswith(f"{direction}[")
    assert found.after is None


def test_new_rules_are_authorised_before_old_ones_are_revoked() -> None:
    old = {"ip_protocol": "tcp", "from_port": 80, "cidr_ipv4": "10.0.0.0/8"}
    made = Ec2(plan({"name": "g", "ingress": [old], "tags": {"a": "b"}}, Ec2()).calls)
    other = {"name": "g", "ingress": [{**old, "cidr_ipv4": "0.0.0.0/0"}], "egress": [old], "tags": {}}
    assert [call.operation for call in plan(other, made).calls] == [
        "AuthorizeSecurityGroupIngress",
        "AuthorizeSecurityGroupEgress",
        "RevokeSecurityGroupIngress",
        "RevokeSecurityGroupEgress",
        "DeleteTags",
    ]


def test_a_new_group_with_egress_loses_what_aws_lets_out() -> None:
    calls = plan({"name": "g", "egress": []}, Ec2()).calls
    revoked = [from_permissions(call.params["IpPermissions"])[0] for call in calls[1:]]
    assert revoked == [{"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}, {"ip_protocol": "-1", "cidr_ipv6": "::/0"}]
    assert all("InvalidPermission.NotFound" in call.tolerate for call in calls[1:])
    assert [call.operation for call in plan({"name": "g"}, Ec2()).calls] == ["CreateSecurityGroup"]


def test_an_omitted_description_of_a_rule_is_not_managed() -> None:
    rule = {"ip_protocol": "tcp", "from_port": 80, "cidr_ipv4": "10.0.0.0/8"}
    made = Ec2(plan({"name": "g", "ingress": [{**rule, "description": "by hand"}]}, Ec2()).calls)
    assert plan({"name": "g", "ingress": [rule]}, made).found == ()
    (found,) = plan({"name": "g", "ingress": [{**rule, "description": ""}]}, made).found
    assert (found.path, found.before) == ("ingress[tcp/80/80/10.0.0.0/8].description", "by hand")


@pytest.mark.parametrize(
    ("option", "rule"),
    [
        ({"ip_protocol": "6", "from_port": 1}, {"ip_protocol": "tcp", "from_port": 1, "to_port": 1}),
        ({"ip_protocol": "TCP", "to_port": 1}, {"ip_protocol": "tcp", "from_port": 1, "to_port": 1}),
        ({"ip_protocol": "all", "from_port": 1, "to_port": 2}, {"ip_protocol": "-1"}),
        ({"ip_protocol": "50", "from_port": 1}, {"ip_protocol": "50"}),
        ({"ip_protocol": "icmp"}, {"ip_protocol": "icmp", "from_port": -1, "to_port": -1}),
    ],
)
def test_spellings(option: dict[str, Any], rule: dict[str, Any]) -> None:
    assert to_rule({**option, "prefix_list_id": "pl-1"}, "") == {**rule, "prefix_list_id": "pl-1"}


@pytest.mark.parametrize(
    ("option", "spelling"),
    [("cidr_ipv4", ("100.68.0.18/18", "100.68.0.0/18")), ("cidr_ipv6", ("2001:DB8:0::1/32", "2001:db8::/32"))],
)
def test_networks(option: str, spelling: tuple[str, str]) -> None:
    assert to_rule({"ip_protocol": "-1", option: spelling[0]}, "")[option] == spelling[1]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"ip_protocol": "tcp", "from_port": 1}, "says not whom it is for"),
        ({"ip_protocol": "-1", "cidr_ipv4": "::/0", "cidr_ipv6": "::/0"}, "cidr_ipv4 and cidr_ipv6"),
        ({"ip_protocol": "-1", "cidr_ipv4": "::/0"}, "cidr_ipv4: "),
        ({"ip_protocol": "tcp", "cidr_ipv4": "0.0.0.0/0"}, "has no port"),
        ({"ip_protocol": "tcp", "from_port": 2, "to_port": 1, "cidr_ipv4": "0.0.0.0/0"}, "the ports 2 to 1"),
        ({"ip_protocol": "udp", "from_port": 70000, "cidr_ipv4": "0.0.0.0/0"}, "70000"),
    ],
)
def test_bad_rules_are_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(SlipwayError, match=message) as failure:
        plan({"name": "g", "ingress": [rule]}, Ec2())
    assert failure.value.where == "security_group g: ingress"
    assert failure.value.remedy


def test_one_rule_in_two_spellings_is_refused() -> None:
    one, other = ({"ip_protocol": name, "from_port": 1, "cidr_ipv4": "10.0.0.0/8"} for name in ("tcp", "6"))
    with pytest.raises(SlipwayError, match="twice"):
        plan({"name": "g", "ingress": [one, other]}, Ec2())


def test_a_source_that_this_run_makes_is_known_later_and_its_own_at_once() -> None:
    rule = {"ip_protocol": "-1", "source_security_group": "other"}
    options = {"name": "g", "ingress": [rule, {**rule, "source_security_group": "g"}]}
    assert list(KIND.references(options)) == [("security_group", "other")]
    known = Known(FakeAws())
    known.expect("security_group", "other")
    ingress = KIND.desired(options, known).fields["ingress"]
    assert ingress[0]["source_security_group"] == Output("id", of="security_group other")
    assert ingress[1]["source_security_group"] == Output("id")
    known.put("security_group", "g", Live({}, {"id": "sg-own"}))
    assert KIND.desired(options, known).fields["ingress"][1]["source_security_group"] == "sg-own"


def test_groups_of_one_name_are_told_apart_by_their_vpc() -> None:
    two = [{"GroupId": f"sg-{n}", "GroupName": "g", "VpcId": f"vpc-{n}"} for n in (1, 2)]
    aws = FakeAws({"DescribeSecurityGroups": {"SecurityGroups": two}})
    assert KIND.observe(aws, {"g": {"vpc_id": "vpc-2"}}, Known(aws))["g"].outputs["id"] == "sg-2"
    assert KIND.observe(aws, {"g": {"vpc_id": "vpc-3"}}, Known(aws)) == {}
    with pytest.raises(SlipwayError, match="vpc-1 and vpc-2"):
        KIND.observe(aws, {"g": {}}, Known(aws))


def test_all_groups_are_described_by_one_call() -> None:
    asked: list[dict[str, Any]] = []

    def answer(params: dict[str, Any]) -> Any:
        asked.append(params)
        return {"SecurityGroups": []}

    aws = FakeAws({"DescribeSecurityGroups": answer})
    KIND.observe(aws, {"a": {"vpc_id": "vpc-1"}, "b*": {"vpc_id": "vpc-1"}}, Known(aws))
    assert asked == [
        {
            "Filters": [
                {"Name": "group-name", "Values": ["a", r"b\*"]},
                {"Name": "vpc-id", "Values": ["vpc-1"]},
            ]
        }
    ]


def test_a_removal_waits_until_nothing_uses_it() -> None:
    (call,) = plan({"name": "g", "state": "absent"}, Ec2(plan({"name": "g"}, Ec2()).calls)).calls
    assert call.retry == {"DependencyViolation"}
    assert call.progress
