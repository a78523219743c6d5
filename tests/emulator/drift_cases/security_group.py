"""Security groups: a rule is what it allows, so another one is one gone and one added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.emulator.drift_cases.model import Document, Resource, Scene, Shown, To, World

KIND = "security_group"
NAME, OTHER = "drift", "other"
_TO = {"ingress": "ingress", "egress": "egress"}


def _id(world: World, name: str = NAME) -> str:
    filters = [{"Name": "group-name", "Values": [name]}]
    found = world.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return next(str(one["GroupId"]) for one in found if one["GroupName"] == name)


def _vpc(world: World, cidr: str) -> str:
    if cidr not in world.ids:
        world.ids[cidr] = world.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    return str(world.ids[cidr])


def permission(**fields: Any) -> dict[str, Any]:
    """A permission of the API: TCP to one port, where nothing else is said."""
    whole = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, **fields}
    body: dict[str, Any] = {
        "IpProtocol": whole["ip_protocol"],
        "FromPort": whole["from_port"],
        "ToPort": whole["to_port"],
    }
    words = {"Description": whole["description"]} if whole.get("description") else {}
    for option, (where, name) in _SOURCES.items():
        if whole.get(option):
            body[where] = [{name: whole[option], **words}]
    return body


_SOURCES = {
    "cidr_ipv4": ("IpRanges", "CidrIp"),
    "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list_id": ("PrefixListIds", "PrefixListId"),
    "source_security_group": ("UserIdGroupPairs", "GroupId"),
}
Rule = Callable[[World], dict[str, Any]]


def authorize(direction: str, rule: Rule, *, name: str = NAME) -> Callable[[World], None]:
    """Let more in, or out."""
    return lambda world: getattr(world.ec2, f"authorize_security_group_{direction}")(
        GroupId=_id(world, name), IpPermissions=[permission(**rule(world))]
    )


def revoke(direction: str, rule: Rule, *, name: str = NAME) -> Callable[[World], None]:
    """Let less in, or out."""

    def call(world: World) -> None:
        plain = {key: value for key, value in rule(world).items() if key != "description"}
        getattr(world.ec2, f"revoke_security_group_{direction}")(
            GroupId=_id(world, name), IpPermissions=[permission(**plain)]
        )

    return call


def _exchange(direction: str, old: Rule, new: Rule) -> Callable[[World], None]:
    def call(world: World) -> None:
        revoke(direction, old)(world)
        authorize(direction, new)(world)

    return call


def _key(direction: str, rule: dict[str, Any]) -> str:
    parts = ("ip_protocol", "from_port", "to_port", *_SOURCES)
    return f"{direction}[{'/'.join(str(rule[part]) for part in parts if rule.get(part) is not None)}]"


def another(direction: str, old: Rule, new: Rule) -> To:
    """One rule gone, and another one in its place."""
    return To(
        do=_exchange(direction, old, new),
        undo=_exchange(direction, new, old),
        at=lambda world: _key(direction, old(world)),
        expected=old,
        found=None,
        also=(Shown(lambda world: _key(direction, new(world)), None, new),),
    )


WEB = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/8", "description": "web"}
SIX = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv6": "2001:db8::/32"}
LIST = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "prefix_list_id": "pl-1"}


def _from(name: str) -> Rule:
    return lambda world: {
        "ip_protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
        "source_security_group": _id(world, name),
    }


def _plain(rule: dict[str, Any], **more: Any) -> Rule:
    return lambda _: {**rule, **more}


def changes(direction: str) -> dict[str, To]:
    """The changes of the rules of one direction."""
    web = _plain(WEB)
    ssh = _plain({"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"})
    at = f"{direction}[]"
    return {
        at: To(
            do=authorize(direction, ssh),
            undo=revoke(direction, ssh),
            at=f"{direction}[tcp/22/22/0.0.0.0/0]",
            found=ssh,
        ),
        f"{at}.description": To(
            do=_exchange(direction, web, _plain(WEB, description="other")),
            undo=_exchange(direction, web, web),
            at=f"{_key(direction, WEB)}.description",
            found="other",
            expected="web",
        ),
        f"{at}.ip_protocol": another(direction, web, _plain(WEB, ip_protocol="udp")),
        f"{at}.from_port": another(direction, web, _plain(WEB, from_port=400)),
        f"{at}.to_port": another(direction, web, _plain(WEB, to_port=500)),
        f"{at}.cidr_ipv4": another(direction, web, _plain(WEB, cidr_ipv4="0.0.0.0/0")),
        f"{at}.cidr_ipv6": replace(
            another(direction, _plain(SIX), _plain(SIX, cidr_ipv6="2001:db9::/32")), value="2001:db9::/32"
        ),
        f"{at}.source_security_group": another(direction, _from(OTHER), _from("third")),
    }


def _tag(value: str) -> Callable[[World], None]:
    return lambda world: world.ec2.create_tags(Resources=[_id(world)], Tags=[{"Key": "Service", "Value": value}])


def _anew(world: World, document: Document) -> None:
    """What AWS fixes at creation: somebody made another one of the same name."""
    world.ec2.delete_security_group(GroupId=_id(world))
    world.ec2.create_security_group(GroupName=NAME, **document)


def _others(world: World) -> list[Resource]:
    return [(KIND, {"name": name, "vpc_id": _vpc(world, "10.60.0.0/16")}) for name in (OTHER, "third")]


def _lay_six(operation: str, answer: Any, _: str, value: Any) -> None:
    """Another network of IPv6 in the place of the one that may be reached."""
    if operation != "DescribeSecurityGroups":
        return
    for group in answer["SecurityGroups"]:
        for one in group["IpPermissionsEgress"] if group["GroupName"] == NAME else ():
            one["Ipv6Ranges"] = [{"CidrIpv6": value} for _ in one.get("Ipv6Ranges") or ()]


def _rules(direction: str) -> Scene:
    rules = [WEB, SIX, {"ip_protocol": "tcp", "from_port": 443, "source_security_group": OTHER}]
    return Scene(
        KIND,
        lambda world: {
            "name": NAME,
            "vpc_id": _vpc(world, "10.60.0.0/16"),
            direction: rules,
            "tags": {"Service": "drift"},
        },
        {
            **changes(direction),
            **(
                {"tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other")}
                if direction == "ingress"
                else {}
            ),
        },
        before=_others,
        lay=_lay_six,
        unkept={"moto": {"egress[].cidr_ipv6": "mixes up the rules of IPv6 that let out"}},
        title=direction,
    )


def _lists(direction: str) -> Scene:
    return Scene(
        KIND,
        lambda world: {"name": NAME, "vpc_id": _vpc(world, "10.60.0.0/16"), direction: [LIST]},
        {f"{direction}[].prefix_list_id": another(direction, _plain(LIST), _plain(LIST, prefix_list_id="pl-2"))},
        unkept={"ministack": {"": "drops rules for prefix lists"}},
        title=f"{direction} lists",
    )


SCENES = (
    _rules("ingress"),
    _rules("egress"),
    _lists("ingress"),
    _lists("egress"),
    Scene(
        KIND,
        lambda world: {"name": NAME, "description": "one", "vpc_id": _vpc(world, "10.60.0.0/16")},
        {"description": "two"},
        read=lambda world: {"Description": "one", "VpcId": world.ids["10.60.0.0/16"]},
        put=_anew,
        pascal=True,
        title="description",
    ),
)
NO_FIELDS = {
    KIND: {
        "name": "its name: another name is another resource",
        "vpc_id": "part of its name: where to look for it",
    }
}
