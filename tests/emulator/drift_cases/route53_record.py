"""Records of Route 53: a change is the whole of a record set."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.elb import network
from tests.emulator.drift_cases.model import Document, Resource, Scene, To, World

KIND = "route53_record"
ZONE = "drift.example"
NAME = f"api.{ZONE}"
ELB_ZONE, OTHER_ZONE = "ZWKZPGTI48KDX", "Z35SXDOTRQ7X7K"


def _zone(world: World) -> tuple[()]:
    made = world.route53.create_hosted_zone(Name=ZONE, CallerReference=ZONE)
    world.ids["zone"] = made["HostedZone"]["Id"]
    return ()


def _put(world: World, document: Document) -> None:
    whole = {"Name": NAME, "Type": "A", **document}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": whole}]
    world.route53.change_resource_record_sets(HostedZoneId=world.ids["zone"], ChangeBatch={"Changes": changes})


def _scene(title: str, options: dict[str, Any], document: Any, changes: dict[str, Any], **more: Any) -> Scene:
    return Scene(
        KIND,
        lambda _: {"zone": ZONE, "name": NAME, "type": "A", **options},
        changes,
        **{"before": _zone, **more},
        read=document if callable(document) else lambda _: document,
        put=_put,
        pascal=True,
        answer=("ListResourceRecordSets", ("ResourceRecordSets", -1)),
        title=title,
    )


_VALUES = {"ttl": 60, "values": ["192.0.2.1"]}
_API_VALUES: Document = {"TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}


def _routed(title: str, options: dict[str, Any], document: Document, changes: dict[str, Any], **more: Any) -> Scene:
    """A record set by one of the routing policies."""
    whole = {"SetIdentifier": "one", **_API_VALUES, **document}
    return _scene(title, {"set_identifier": "one", **_VALUES, **options}, whole, changes, **more)


def _balancers(world: World) -> list[Resource]:
    _zone(world)
    subnets = network(world)["subnets"][:2]
    return [("elb_load_balancer", {"name": name, "subnets": subnets}) for name in ("drift", "second")]


def _target(world: World, name: str) -> Document:
    (found,) = world.elbv2.describe_load_balancers(Names=[name])["LoadBalancers"]
    return {
        "AliasTarget": {
            "DNSName": found["DNSName"],
            "HostedZoneId": found["CanonicalHostedZoneId"],
            "EvaluateTargetHealth": False,
        }
    }


def _dns_name(name: str) -> Any:
    return lambda world: _target(world, name)["AliasTarget"]["DNSName"].lower()


_ALIAS = {"dns_name": "one.elb.amazonaws.com", "hosted_zone_id": ELB_ZONE, "evaluate_target_health": True}
SCENES = (
    _scene(
        "values",
        _VALUES,
        _API_VALUES,
        {
            "ttl": To(300, api=("TTL",)),
            "values": To(
                [{"Value": "192.0.2.1"}, {"Value": "192.0.2.2"}],
                api=("ResourceRecords",),
                found=["192.0.2.1", "192.0.2.2"],
            ),
        },
    ),
    _scene(
        "alias",
        {"alias": _ALIAS},
        {
            "AliasTarget": {
                "DNSName": "one.elb.amazonaws.com",
                "HostedZoneId": ELB_ZONE,
                "EvaluateTargetHealth": True,
            }
        },
        {
            "alias.dns_name": To("two.elb.amazonaws.com", api=("AliasTarget", "DNSName")),
            "alias.hosted_zone_id": To(OTHER_ZONE, api=("AliasTarget", "HostedZoneId")),
            "alias.evaluate_target_health": To(False, api=("AliasTarget", "EvaluateTargetHealth")),
        },
    ),
    _scene(
        "alias of a load balancer",
        {"alias": {"load_balancer": "drift"}},
        lambda world: _target(world, "drift"),
        {
            "alias.load_balancer": To(
                _dns_name("second"),
                api=("AliasTarget", "DNSName"),
                at="alias.dns_name",
                expected=_dns_name("drift"),
            )
        },
        before=_balancers,
    ),
    _routed("weight", {"weight": 90}, {"Weight": 90}, {"weight": 0}),
    _routed(
        "failover",
        {"failover": "PRIMARY", "health_check_id": "check-1"},
        {"Failover": "PRIMARY", "HealthCheckId": "check-1"},
        {"failover": "SECONDARY", "health_check_id": "check-2"},
    ),
    _routed(
        "continent",
        {"geo_location": {"continent_code": "AS"}},
        {"GeoLocation": {"ContinentCode": "AS"}},
        {"geo_location.continent_code": "EU"},
    ),
    _routed(
        "country",
        {"geo_location": {"country_code": "US", "subdivision_code": "WA"}},
        {"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "WA"}},
        {"geo_location.country_code": "UA", "geo_location.subdivision_code": "CA"},
    ),
    _routed(
        "proximity",
        {
            "geo_proximity_location": {
                "aws_region": "ap-northeast-2",
                "local_zone_group": "one",
                "bias": 10,
                "coordinates": {"latitude": "37.5", "longitude": "127.0"},
            }
        },
        {
            "GeoProximityLocation": {
                "AWSRegion": "ap-northeast-2",
                "LocalZoneGroup": "one",
                "Bias": 10,
                "Coordinates": {"Latitude": "37.5", "Longitude": "127.0"},
            }
        },
        {
            "geo_proximity_location.aws_region": To("us-east-1", api=("GeoProximityLocation", "AWSRegion")),
            "geo_proximity_location.local_zone_group": "two",
            "geo_proximity_location.coordinates.latitude": "0.0",
            "geo_proximity_location.coordinates.longitude": "0.0",
            "geo_proximity_location.bias": 20,
        },
        whole=dict.fromkeys(("ministack", "moto"), "drops it"),
        made=lambda _: {"zone": ZONE, "name": NAME, "type": "A", "set_identifier": "one", "weight": 1, **_VALUES},
    ),
    _routed(
        "several",
        {"multi_value_answer": True},
        {"MultiValueAnswer": True},
        {"multi_value_answer": False},
    ),
    _routed(
        "networks",
        {"cidr_routing_config": {"collection_id": "one", "location_name": "one"}},
        {"CidrRoutingConfig": {"CollectionId": "one", "LocationName": "one"}},
        {"cidr_routing_config.collection_id": "two", "cidr_routing_config.location_name": "two"},
        unkept={"moto": {"cidr_*": "drops it"}},
    ),
)
NO_FIELDS = {
    KIND: {
        "zone": "part of its name",
        "private_zone": "part of its name: which zone is meant",
        "name": "its name: another name is another resource",
        "type": "part of its name: the types of one name are records of their own",
        "set_identifier": "part of its name, among those that share the rest of it",
        "wait": "says whether to wait for the name servers",
    }
}
