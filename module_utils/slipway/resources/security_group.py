"""Security groups: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.plan import Call, Desired, Live, Output
from . import tags
from .security_rules import EVERYWHERE, from_permissions, identity, to_permission, to_rule

_DIRECTIONS = {"ingress": "Ingress", "egress": "Egress"}
_GONE = frozenset({"InvalidGroup.NotFound"})
# AWS does not know a group everywhere at once, nor at once that nothing uses it any more.
_SOON = frozenset({"InvalidGroup.NotFound"})
_IN_USE = frozenset({"DependencyViolation"})
_BATCH = 200
_KEY = "ip_protocol+from_port+to_port+cidr_ipv4+cidr_ipv6+prefix_list_id+source_security_group"


class SecurityGroup(Kind):
    """A security group with its rules: who may reach what."""

    name = "security_group"
    exists = frozenset({"InvalidGroup.Duplicate"})
    create_only = frozenset({"description"})
    rules = Rules(unordered={"ingress": _KEY, "egress": _KEY}, whole=frozenset({"tags"}))

    def references(self, options: Options) -> Iterable[Reference]:
        """The other groups that rules give by name."""
        if options.get("state") == "absent":
            return
        for direction in _DIRECTIONS:
            for rule in options.get(direction) or ():
                source = rule.get("source_security_group") or options["name"]
                if source != options["name"] and not source.startswith("sg-"):
                    yield self.name, source

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeSecurityGroups once for all: rules and tags come with it."""
        found = [group for group in _describe(aws, wanted) if group["GroupName"] in wanted]
        lives = {}
        for name, options in wanted.items():
            vpc = options.get("vpc_id")
            mine = [one for one in found if one["GroupName"] == name and vpc in (None, one.get("VpcId"))]
            if len(mine) > 1:
                raise SlipwayError(
                    f"there are several of this name, in {' and '.join(sorted(str(one.get('VpcId')) for one in mine))}",
                    where=f"{self.name} {name}",
                    remedy="give its vpc_id; where it is only named, give the group's id instead of its name",
                )
            if mine:
                lives[name] = _live(aws, mine[0])
        return lives

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateSecurityGroup, and the rules one by one."""
        name, where = options["name"], f"{self.name} {options['name']}"
        settings = {"vpc_id": options.get("vpc_id"), "arn": _arn(known.aws, "")}
        if options.get("state") == "absent":
            return Desired(name, settings=settings, absent=True)
        if name.startswith("sg-"):
            raise SlipwayError("a name cannot begin with sg-", where=where, remedy="choose another name")
        fields = {key: options.get(key) for key in ("description", "tags")}
        for direction in _DIRECTIONS:
            if options.get(direction) is not None:
                given = [self._sourced(rule, name, known) for rule in options[direction]]
                fields[direction] = _distinct([to_rule(rule, f"{where}: {direction}") for rule in given], where)
        return Desired(name, fields, settings)

    def _sourced(self, rule: Mapping[str, Any], name: str, known: Known) -> Mapping[str, Any]:
        """The rule with its source group's id instead of its name."""
        source = rule.get("source_security_group")
        if not source or source.startswith("sg-"):
            return rule
        if source == name:
            live = known.live(self.name, name)
            return {**rule, "source_security_group": live.outputs["id"] if live else Output("id")}
        return {**rule, "source_security_group": known.output(self.name, source, "id", "source_security_group")}

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateSecurityGroup, then the rules; AWS adds one of its own that lets everything out."""
        fields, vpc, prefix = desired.fields, desired.settings["vpc_id"], desired.settings["arn"]
        params: dict[str, Any] = {"GroupName": desired.name, "Description": fields.get("description") or desired.name}
        if vpc:
            params["VpcId"] = vpc
        if fields.get("tags"):
            pairs = tags.to_pairs(fields["tags"])
            params["TagSpecifications"] = [{"ResourceType": "security-group", "Tags": pairs}]

        def collect(answer: dict[str, Any]) -> dict[str, Any]:
            made = {"id": answer["GroupId"], "arn": answer.get("SecurityGroupArn") or f"{prefix}{answer['GroupId']}"}
            return {**made, "vpc_id": vpc} if vpc else made

        calls = [Call("ec2", "CreateSecurityGroup", params, collect)]
        group = Output("id")
        calls += _authorize(group, "ingress", fields.get("ingress") or ())
        if fields.get("egress") is not None:
            calls += _egress_of_new(group, fields["egress"])
        return calls

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """All that is added comes before anything is revoked, so that traffic which stays allowed never stops."""
        group, changed = live.outputs["id"], changed_options(found)
        adding, removing = [], []
        for direction in sorted(changed & set(_DIRECTIONS), reverse=True):
            wanted = {identity(rule): rule for rule in desired.fields[direction]}
            there = {identity(rule): rule for rule in live.fields[direction]}
            adding += _authorize(group, direction, [rule for key, rule in wanted.items() if key not in there])
            both = [rule for key, rule in wanted.items() if key in there and _renamed(rule, there[key])]
            adding += _call(f"UpdateSecurityGroupRuleDescriptions{_DIRECTIONS[direction]}", group, both)
            removing += _revoke(group, direction, [rule for key, rule in there.items() if key not in wanted])
        given, gone = tags.changes(found, desired.fields)
        if given:
            adding.append(Call("ec2", "CreateTags", {"Resources": [group], "Tags": tags.to_pairs(given)}))
        if gone:
            removing.append(Call("ec2", "DeleteTags", {"Resources": [group], "Tags": [{"Key": key} for key in gone]}))
        return [*adding, *removing]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteSecurityGroup, once nothing uses it: what did may have been removed a moment ago."""
        return [
            Call(
                "ec2",
                "DeleteSecurityGroup",
                {"GroupId": live.outputs["id"]},
                tolerate=_GONE,
                retry=_IN_USE,
                patience=120,
                every=5,
                progress="removing it as soon as nothing uses it, at most 120 s",
            )
        ]


def _describe(aws: Aws, wanted: Mapping[str, Options]) -> list[dict[str, Any]]:
    names, found = list(wanted), []
    vpcs = {options.get("vpc_id") for options in wanted.values()}
    in_vpc = [] if None in vpcs else [{"Name": "vpc-id", "Values": sorted(map(str, vpcs))}]
    for start in range(0, len(names), _BATCH):
        # In a filter, * and ? stand for any characters; in a name they stand for themselves.
        values = [name.replace("*", r"\*").replace("?", r"\?") for name in names[start : start + _BATCH]]
        filters = [{"Name": "group-name", "Values": values}, *in_vpc]
        found += aws.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=filters)
    return found


def _live(aws: Aws, group: Mapping[str, Any]) -> Live:
    fields = {
        "description": group.get("Description"),
        "ingress": from_permissions(group.get("IpPermissions") or ()),
        "egress": from_permissions(group.get("IpPermissionsEgress") or ()),
        "tags": tags.from_pairs(group.get("Tags")),
    }
    arn = group.get("SecurityGroupArn") or _arn(aws, group["GroupId"])
    return Live(fields, {"id": group["GroupId"], "arn": arn, "vpc_id": group.get("VpcId", "")})


def _arn(aws: Aws, group: str) -> str:
    return f"arn:{aws.partition}:ec2:{aws.region}:{aws.account}:security-group/{group}"


def _distinct(rules: list[dict[str, Any]], where: str) -> list[dict[str, Any]]:
    seen = set()
    for rule in rules:
        if identity(rule) in seen:
            words = ", ".join(f"{key}: {value}" for key, value in rule.items() if key != "description")
            raise SlipwayError(f"one rule is given twice ({words})", where=where, remedy="remove one of the two")
        seen.add(identity(rule))
    return rules


def _renamed(rule: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    return rule.get("description") is not None and rule["description"] != (live.get("description") or "")


def _call(operation: str, group: Any, rules: Iterable[Mapping[str, Any]]) -> list[Call]:
    permissions = [to_permission(rule) for rule in rules]
    params = {"GroupId": group, "IpPermissions": permissions}
    return [Call("ec2", operation, params, retry=_SOON, patience=15)] if permissions else []


def _authorize(group: Any, direction: str, rules: Iterable[Mapping[str, Any]]) -> list[Call]:
    return _call(f"AuthorizeSecurityGroup{_DIRECTIONS[direction]}", group, rules)


def _revoke(group: Any, direction: str, rules: Iterable[Mapping[str, Any]]) -> list[Call]:
    plain = [{key: value for key, value in rule.items() if key != "description"} for rule in rules]
    return _call(f"RevokeSecurityGroup{_DIRECTIONS[direction]}", group, plain)


def _egress_of_new(group: Any, wanted: Sequence[Mapping[str, Any]]) -> list[Call]:
    everywhere = {identity(rule): rule for rule in EVERYWHERE}
    calls = _authorize(group, "egress", [rule for rule in wanted if identity(rule) != identity(EVERYWHERE[0])])
    kept = [rule for rule in wanted if identity(rule) == identity(EVERYWHERE[0]) and rule.get("description")]
    calls += _call("UpdateSecurityGroupRuleDescriptionsEgress", group, kept)
    for key, rule in everywhere.items():
        if key not in map(identity, wanted):
            params = {"GroupId": group, "IpPermissions": [to_permission(rule)]}
            # The one for IPv6 is there only where the VPC has IPv6.
            absent = frozenset({"InvalidPermission.NotFound", "InvalidParameterValue"})
            calls.append(Call("ec2", "RevokeSecurityGroupEgress", params, tolerate=absent, retry=_SOON, patience=15))
    return calls
