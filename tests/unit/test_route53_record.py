"""Record sets: one spelling for what means the same, and an UPSERT that loses nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from botocore.model import StructureShape
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.errors import AwsError, SlipwayError
from slipway.aws.shapes import shape_of, xform_name
from slipway.engine.kind import Known
from slipway.engine.observe import Request
from slipway.engine.plan import Call, Live, Output, Plan
from slipway.resources import dns
from slipway.resources.hosted_zone import HostedZone, fqdn, holds, is_id
from slipway.resources.route53_record import Route53Record
from tests.unit.fake_aws import FakeAws

KIND = Route53Record()
ZONE = "Z0123456789ABC"
NAME = "api.example.com"
BASE = {"zone": ZONE, "name": NAME, "type": "A", "state": "present"}

ips = st.ip_addresses(v=4).map(str)
routings = st.one_of(
    st.integers(0, 255).map(lambda weight: {"weight": weight}),
    st.just({"region": "ap-northeast-2"}),
    st.sampled_from(["PRIMARY", "SECONDARY"]).map(lambda part: {"failover": part}),
    st.sampled_from([{"country_code": "KR"}, {"continent_code": "AS"}]).map(lambda place: {"geo_location": place}),
    st.just({"multi_value_answer": True}),
    st.just({"cidr_routing_config": {"collection_id": "c", "location_name": "seoul"}}),
    st.just({"geo_proximity_location": {"aws_region": "ap-northeast-2", "bias": 5}}),
).map(lambda policy: {**policy, "set_identifier": "one"})
answers = st.one_of(
    st.fixed_dictionaries({"values": st.lists(ips, min_size=1, max_size=3, unique=True), "ttl": st.integers(0, 900)}),
    st.builds(
        lambda name, more: {"alias": {"dns_name": name, "hosted_zone_id": "ZELB", **more}},
        st.sampled_from(["lb.elb.amazonaws.com", "Dualstack.LB.elb.amazonaws.com."]),
        st.sampled_from([{}, {"evaluate_target_health": True}, {"evaluate_target_health": False}]),
    ),
)
health = st.sampled_from([{}, {"health_check_id": "h"}, {"health_check_id": ""}])
records = st.builds(
    lambda answer, routing, check: {**BASE, **answer, **routing, **check},
    answers,
    st.one_of(st.just({}), routings),
    health,
)


class Route53(FakeAws):
    """One zone's record sets, as Route 53 gives them back."""

    def __init__(self, calls: Any = ()) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        for call in calls:
            self.write(call)

    def write(self, call: Call) -> None:
        if call.operation != "ChangeResourceRecordSets":
            return
        (change,) = call.params["ChangeBatch"]["Changes"]
        record = copy.deepcopy(change["ResourceRecordSet"])
        if change["Action"] == "DELETE":
            self.records.remove(record)
            return
        if "AliasTarget" in record:
            assert "TTL" not in record
            assert "ResourceRecords" not in record
            record["AliasTarget"]["DNSName"] = f"dualstack.{record['AliasTarget']['DNSName'].lower()}."
        key = ("Name", "Type", "SetIdentifier")
        self.records = [one for one in self.records if any(one.get(part) != record.get(part) for part in key)]
        self.records.append({**record, "ResourceRecords": record.get("ResourceRecords", [])})

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        assert operation == "ListResourceRecordSets"
        last = {"Name": "zzz.example.com.", "Type": "A", "ResourceRecords": []}
        return {"ResourceRecordSets": [*self.records, last], "IsTruncated": False}


def plan(options: dict[str, Any], aws: FakeAws) -> Plan:
    known = Known(aws)
    key = KIND.key(options)
    known.put("route53_record", key, KIND.observe(aws, {key: options}, known).get(key))
    return KIND.plan(KIND.desired(options, known), known.live("route53_record", key))


@given(records)
def test_what_was_made_is_no_difference(options: dict[str, Any]) -> None:
    created = plan(options, Route53())
    assert created.verb == "create"
    assert plan(options, Route53(created.calls)).found == ()


@given(records, records)
def test_one_update_ends_every_difference(one: dict[str, Any], other: dict[str, Any]) -> None:
    if one.get("set_identifier") != other.get("set_identifier"):
        other = {key: one.get(key, other.get(key)) for key in other if key not in one or key in BASE}
        if not ({"values", "alias"} & set(other)) or "set_identifier" in other:
            return
        other = {**other, **{key: one[key] for key in ("set_identifier",) if key in one}}
    made = Route53(plan(one, Route53()).calls)
    for call in plan(other, made).calls:
        made.write(call)
    assert plan(other, made).found == ()
    assert len(made.records) == 1


def test_an_upsert_keeps_what_is_not_managed() -> None:
    whole = {**BASE, "values": ["192.0.2.1"], "ttl": 60, "set_identifier": "one", "weight": 5, "health_check_id": "h"}
    made = Route53(plan(whole, Route53()).calls)
    (call,) = plan({**BASE, "set_identifier": "one", "weight": 0}, made).calls
    assert call.params["ChangeBatch"]["Changes"][0]["ResourceRecordSet"] == {
        "Name": "api.example.com.",
        "Type": "A",
        "SetIdentifier": "one",
        "Weight": 0,
        "TTL": 60,
        "HealthCheckId": "h",
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }


def test_values_become_an_alias_and_back() -> None:
    values = {**BASE, "values": ["192.0.2.1"], "ttl": 60}
    alias = {**BASE, "alias": {"dns_name": "lb.example.net", "hosted_zone_id": "ZELB"}}
    made = Route53(plan(values, Route53()).calls)
    there = plan(alias, made)
    assert {item.path for item in there.found} == {"alias.dns_name", "alias.hosted_zone_id", "values"}
    made.write(there.calls[0])
    back = plan(values, made)
    made.write(back.calls[0])
    assert made.records[0]["ResourceRecords"] == [{"Value": "192.0.2.1"}]
    assert "AliasTarget" not in made.records[0]


def test_a_change_of_the_routing_policy_leaves_the_old_one_behind() -> None:
    weighted = {**BASE, "values": ["192.0.2.1"], "ttl": 60, "set_identifier": "one", "weight": 5}
    made = Route53(plan(weighted, Route53()).calls)
    other = {key: value for key, value in weighted.items() if key != "weight"} | {"failover": "PRIMARY"}
    (call,) = plan(other, made).calls
    record = call.params["ChangeBatch"]["Changes"][0]["ResourceRecordSet"]
    assert ("Weight" in record, record["Failover"]) == (False, "PRIMARY")


def test_a_removal_gives_the_record_exactly_as_it_is() -> None:
    raw = {"Name": "api.example.com.", "Type": "A", "AliasTarget": {"DNSName": "dualstack.LB.", "HostedZoneId": "Z1"}}
    made = Route53()
    made.records = [{**raw, "AliasTarget": {**raw["AliasTarget"], "EvaluateTargetHealth": False}}]  # type: ignore[dict-item]
    (call,) = plan({**BASE, "state": "absent"}, made).calls
    made.write(call)
    assert made.records == []


@pytest.mark.parametrize(
    ("kind", "given", "sent"),
    [
        ("TXT", "v=spf1 -all", '"v=spf1 -all"'),
        ("TXT", '"given" "quoted"', '"given" "quoted"'),
        ("TXT", 'say "a\\b"', '"say \\"a\\\\b\\""'),
        ("TXT", "한", '"\\355\\225\\234"'),
        ("TXT", "x" * 300, f'"{"x" * 255}" "{"x" * 45}"'),
        ("TXT", "", '""'),
        ("CNAME", "API.Example.com.", "api.example.com"),
        ("MX", "10 Mail.example.com.", "10 mail.example.com"),
        ("SRV", "1 2 443 A.example.com.", "1 2 443 a.example.com"),
        ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
        ("AAAA", "no address", "no address"),
        ("CAA", '0 issue "amazon.com"', '0 issue "amazon.com"'),
    ],
)
def test_values(kind: str, given: str, sent: str) -> None:
    assert dns.value(kind, given) == sent
    assert dns.value(kind, sent) == sent


@pytest.mark.parametrize(
    ("given", "name"),
    [("API.example.com", "api.example.com."), ("*.example.com.", "\\052.example.com."), ("\\052.a.b", "\\052.a.b.")],
)
def test_names(given: str, name: str) -> None:
    assert fqdn(given) == name


def test_a_zone_is_a_name_or_an_id() -> None:
    assert is_id("Z0123456789ABC")
    assert not is_id("example.com")
    assert holds("example.com", "a.b.Example.com.")
    assert holds("example.com", "example.com")
    assert not holds("example.com", "badexample.com")
    assert holds("Z0123456789ABC", "whatever")


def test_keys_tell_records_apart() -> None:
    assert KIND.key(BASE) == "api.example.com. A"
    assert KIND.key({**BASE, "set_identifier": "one"}) == "api.example.com. A one"
    assert KIND.key({**BASE, "private_zone": True}) == "api.example.com. A (private)"
    assert Request(KIND, BASE).label == "route53_record api.example.com. A"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs values or an alias"),
        ({"values": ["192.0.2.1"]}, "needs a ttl"),
        ({"values": [], "ttl": 1}, "values is empty"),
        ({"values": ["192.0.2.1"], "ttl": 1, "weight": 1}, "weight needs set_identifier"),
        ({"values": ["192.0.2.1"], "ttl": 1, "set_identifier": "x"}, "share a name"),
        (
            {"values": ["192.0.2.1"], "ttl": 1, "set_identifier": "x", "weight": 1, "region": "r"},
            "weight and region exclude",
        ),
        ({"alias": {"load_balancer": "lb"}, "ttl": 1}, "no ttl of its own"),
        ({"alias": {"dns_name": "x"}}, "needs either load_balancer"),
        ({"alias": {"dns_name": "x", "hosted_zone_id": "Z", "load_balancer": "lb"}}, "needs either load_balancer"),
        ({"zone": "example.org", "values": ["192.0.2.1"], "ttl": 1}, "no public hosted zone 'example.org'"),
    ],
)
def test_contradictions_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SlipwayError, match=message) as failure:
        plan({**BASE, **options}, Route53())
    assert failure.value.where.startswith("route53_record api.example.com")
    assert failure.value.remedy


def test_a_name_outside_of_its_zone_is_refused() -> None:
    known = Known(FakeAws())
    known.put("hosted_zone", "example.org.", Live({}, {"id": ZONE}))
    with pytest.raises(SlipwayError, match=r"is not in the zone example\.org"):
        KIND.desired({**BASE, "zone": "example.org", "values": ["192.0.2.1"], "ttl": 1}, known)


def test_the_alias_of_a_load_balancer_that_this_run_makes_is_known_later() -> None:
    options = {**BASE, "zone": "example.com", "alias": {"load_balancer": "lb"}}
    assert list(KIND.references(options)) == [("hosted_zone", "example.com."), ("elb_load_balancer", "lb")]
    known = Known(FakeAws())
    known.put("hosted_zone", "example.com.", Live({}, {"id": ZONE}))
    known.expect("elb_load_balancer", "lb")
    alias = KIND.desired(options, known).fields["alias"]
    assert alias["hosted_zone_id"] == Output("canonical_hosted_zone_id", of="elb_load_balancer lb")
    known.put("elb_load_balancer", "lb", Live({}, {"dns_name": "LB-1.elb", "canonical_hosted_zone_id": "ZELB"}))
    assert KIND.desired(options, known).fields["alias"] == {"dns_name": "lb-1.elb", "hosted_zone_id": "ZELB"}


def test_waiting_is_asked_for() -> None:
    options = {**BASE, "values": ["192.0.2.1"], "ttl": 60, "wait": True}
    change, wait = plan(options, Route53()).calls
    assert change.collect is not None
    assert change.collect({"ChangeInfo": {"Id": "/change/C1"}})["change_id"] == "/change/C1"
    assert wait.until is not None
    assert [wait.until({"ChangeInfo": {"Status": status}}) for status in ("PENDING", "INSYNC")] == [False, True]


def test_a_name_with_more_records_than_a_page_is_read_to_its_end() -> None:
    record = {"Name": "api.example.com.", "Type": "A", "ResourceRecords": [{"Value": "192.0.2.1"}], "TTL": 1}
    first = {"ResourceRecordSets": [{**record, "SetIdentifier": "a", "Weight": 1}], "IsTruncated": True}
    first |= {"NextRecordName": "api.example.com.", "NextRecordType": "A", "NextRecordIdentifier": "b"}
    second = {"ResourceRecordSets": [{**record, "SetIdentifier": "b", "Weight": 2}], "IsTruncated": True}
    second |= {"NextRecordName": "b.example.com.", "NextRecordType": "A"}
    aws = FakeAws({"ListResourceRecordSets": lambda params: second if "StartRecordIdentifier" in params else first})
    live = KIND.observe(aws, {"k": {**BASE, "set_identifier": "b"}}, Known(aws))["k"]
    assert live.fields["weight"] == 2
    assert aws.calls["route53:ListResourceRecordSets"] == 2


def test_a_zone_id_that_is_none_has_a_remedy() -> None:
    def refuse(_: dict[str, Any]) -> Any:
        raise AwsError("no", code="NoSuchHostedZone", operation="ListResourceRecordSets")

    with pytest.raises(SlipwayError) as failure:
        plan({**BASE, "values": ["192.0.2.1"], "ttl": 1}, FakeAws({"ListResourceRecordSets": refuse}))
    assert "zone" in failure.value.remedy


def test_zones_of_one_name_are_told_apart() -> None:
    def zone(number: int, name: str, *, private: bool) -> dict[str, Any]:
        return {"Id": f"/hostedzone/Z{number}", "Name": name, "Config": {"PrivateZone": private}}

    zones = [zone(1, "example.com.", private=False), zone(2, "example.com.", private=True)]
    aws = FakeAws({"ListHostedZonesByName": {"HostedZones": [*zones, zone(3, "example.net.", private=False)]}})
    found = HostedZone().observe(aws, {"example.com.": {}, "example.com. (private)": {}, "a.": {}}, Known(aws))
    assert {key: live.outputs["id"] for key, live in found.items()} == {
        "example.com.": "Z1",
        "example.com. (private)": "Z2",
    }
    aws.answers = {"ListHostedZonesByName": {"HostedZones": [*zones, zone(4, "example.com.", private=False)]}}
    with pytest.raises(SlipwayError, match="Z1 and Z4"):
        HostedZone().observe(aws, {"example.com.": {}}, Known(aws))


def test_every_member_of_a_record_set_is_an_option() -> None:
    from tests.unit.test_documentation import spec

    renamed = {"resource_records": "values", "alias_target": "alias"}
    left = {"traffic_policy_instance_id": "Route 53 sets it on the records that a traffic policy makes"}
    shape = shape_of("route53", "ResourceRecordSet")
    assert isinstance(shape, StructureShape)
    members = {xform_name(name) for name in shape.members}
    assert {renamed.get(name, name) for name in members - set(left)} <= set(spec("route53_record"))
