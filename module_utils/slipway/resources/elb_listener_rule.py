"""Listener rules: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live, Plan
from . import elb, elb_actions, tags

_ACTIONS = elb_actions.rules_for("actions")
_NEEDED = ("conditions", "actions")
_RANGES: elb.Ranges = {"port": (1, 65535), "priority": (1, 50000)}
_CONDITIONS = ("host_header", "path_pattern", "http_header", "http_request_method", "source_ip")


class ElbListenerRule(Kind):
    """A rule of a listener: under which conditions a request goes where."""

    name = "elb_listener_rule"
    exists = frozenset({"PriorityInUse"})
    through = ("elb_load_balancer", "elb_listener")
    after = ("elb_listener", "elb_target_group")
    secret_options = frozenset({"client_secret"})
    rules = Rules(
        defaults=_ACTIONS.defaults,
        unordered={
            **_ACTIONS.unordered,
            **{f"conditions[].{name}.values": "" for name in _CONDITIONS},
            **{f"conditions[].{name}.regex_values": "" for name in _CONDITIONS},
            "conditions[].query_string.values": "key+value",
        },
        whole=_ACTIONS.whole | {"conditions", "transforms", "tags"},
    )

    def key(self, options: Options) -> str:
        """LOAD_BALANCER:PORT/PRIORITY: a rule has no name, and a listener has one rule a priority."""
        return f"{elb.listener_key(options)}/{options['priority']}"

    def references(self, options: Options) -> Iterator[Reference]:
        """The load balancer and its listener; target groups that are given by name."""
        yield "elb_load_balancer", elb.load_balancer_name(options["load_balancer"])
        yield "elb_listener", elb.listener_key(options)
        if options.get("state") != "absent":
            yield from elb_actions.references(options.get("actions") or ())

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeRules once a listener, DescribeTags for all at once."""
        by_listener: dict[str, set[str]] = defaultdict(set)
        for key in wanted:
            by_listener[key.rpartition("/")[0]].add(key)

        def look(name: str) -> dict[str, Live]:
            listener = known.live("elb_listener", name)
            if listener is None:
                return {}
            found = aws.pages("elbv2", "DescribeRules", "Rules", ListenerArn=listener.outputs["arn"])
            items = {f"{name}/{item['Priority']}": item for item in found}
            return {key: _live(items[key]) for key in items if key in by_listener[name]}

        lives = [item for found in side_by_side(look, list(by_listener)) for item in found.items()]
        return elb.with_tags(aws, dict(lives), wanted)

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateRule, with names completed to ARNs."""
        key = self.key(options)
        if options.get("state") == "absent":
            return Desired(key, absent=True)
        elb.refuse_out_of_range(f"{self.name} {key}", options, _RANGES)
        elb.refuse_empty(f"{self.name} {key}", options, _NEEDED)
        fields: dict[str, Any] = {"tags": options.get("tags")}
        if options.get("conditions") is not None:
            fields["conditions"] = elb_actions.desired_conditions(options["conditions"])
        if options.get("actions") is not None:
            fields["actions"] = elb_actions.desired_actions(known, "actions", options["actions"])
        if options.get("transforms") is not None:
            fields["transforms"] = elb_actions.live_transforms(elb_actions.api_transforms(options["transforms"]))
        settings = {
            "listener_arn": known.output("elb_listener", elb.listener_key(options), "arn", "load_balancer and port"),
            "priority": options["priority"],
            "client_secrets": elb_actions.secrets(options.get("actions") or ()),
            "manage_weights": options.get("manage_weights", True),
            "alternate": options.get("alternate_target_group"),
        }
        return Desired(key, {name: value for name, value in fields.items() if value is not None}, settings)

    def plan(self, desired: Desired, live: Live | None) -> Plan:
        """Weights, and a second target group, that belong to ECS are left alone."""
        if not desired.absent and not desired.settings["manage_weights"]:
            desired = elb_actions.with_live_weights(desired, live, "actions")
        if not desired.absent and desired.settings["alternate"]:
            desired = elb_actions.with_live_groups(desired, live, "actions", desired.settings["alternate"])
        return super().plan(desired, live)

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateRule takes all of it."""
        fields = desired.fields
        elb.refuse_empty(f"{self.name} {desired.name}", fields, _NEEDED, new=True)
        params = {
            "ListenerArn": desired.settings["listener_arn"],
            "Priority": desired.settings["priority"],
            **self._modified(desired, set(fields), None),
        }
        if fields.get("tags"):
            params["Tags"] = tags.to_pairs(fields["tags"])
        # The listener and the target group may have been made a moment ago.
        soon = elb_actions.SOON | {"ListenerNotFound"}
        return [Call("elbv2", "CreateRule", params, lambda answer: _outputs(answer["Rules"][0]), retry=soon)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """One ModifyRule with the lists that differ, then the tags."""
        arn = live.outputs["arn"]
        params = self._modified(desired, changed_options(found), live)
        modify = Call("elbv2", "ModifyRule", {"RuleArn": arn, **params}, retry=elb_actions.SOON)
        return [*([modify] if params else []), *elb.tag_calls(arn, found, desired.fields)]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteRule."""
        params = {"RuleArn": live.outputs["arn"]}
        return [Call("elbv2", "DeleteRule", params, tolerate=frozenset({"RuleNotFound"}))]

    def _modified(self, desired: Desired, names: frozenset[str] | set[str], live: Live | None) -> dict[str, Any]:
        fields, params = desired.fields, dict[str, Any]()
        if "conditions" in names:
            params["Conditions"] = elb_actions.api_conditions(fields["conditions"])
        if "actions" in names:
            secrets, where = desired.settings["client_secrets"], f"{self.name} {desired.name}"
            params["Actions"] = elb_actions.api_actions(fields["actions"], secrets, live, where)
        if "transforms" in names and fields["transforms"]:
            params["Transforms"] = elb_actions.api_transforms(fields["transforms"])
        elif "transforms" in names and live:
            params["ResetTransforms"] = True
        return params


def _live(rule: Mapping[str, Any]) -> Live:
    fields = {
        "conditions": elb_actions.live_conditions(rule.get("Conditions") or []),
        "actions": elb_actions.live_actions(rule.get("Actions") or []),
        "transforms": elb_actions.live_transforms(rule.get("Transforms") or []),
    }
    return Live(fields, _outputs(rule))


def _outputs(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": rule["RuleArn"],
        "listener_arn": rule["RuleArn"].replace(":listener-rule/", ":listener/").rpartition("/")[0],
    }
