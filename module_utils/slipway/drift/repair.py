"""What can be put right, what somebody has to confirm first, and what a person has to do. Pure.

What drifted goes back to what the last release applied, by the plans of a deploy: what is pending stays pending, and
what is ignored stays as it is.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..aws.errors import SlipwayError
from ..engine.kind import Kind, Known, Reference
from ..engine.observe import Request, planned
from ..engine.plan import Call, Plan
from .check import Wanted
from .finding import Finding
from .interruption import DEPENDED_ON, interrupts, interrupts_taken_away

# What was added to one kind of resource is a resource of another one.
_MEMBER = re.compile(r"(?P<set>[a-z_]+)\[(?P<name>[^\[\]]+)\]")


@dataclass(frozen=True)
class Item:
    """One resource to put right.

    Attributes:
        reference: it; of what was added by hand, that itself.
        request: it as the last release applied it, or absent.
        calls: what takes away what no kind of resource is.
        findings: what it puts right.
        interrupts: why somebody has to confirm it.
        needs: what is gone, and has to be there again before.
        followers: what names it, and has to be told of the new one.
        by_hand: why a person has to do it.
    """

    reference: Reference
    services: tuple[str, ...]
    findings: tuple[Finding, ...]
    request: Request | None = None
    calls: tuple[Call, ...] = ()
    interrupts: str = ""
    needs: tuple[Reference, ...] = ()
    followers: tuple[Reference, ...] = ()
    by_hand: str = ""

    @property
    def label(self) -> str:
        """Kind and name: what a person confirms."""
        return " ".join(self.reference)


@dataclass(frozen=True)
class Repair:
    """What to do, and what not.

    Attributes:
        items: what can be done now, in groups that have nothing to do with each other.
        requests: by resource, what goes along with the items.
        held: by label, the labels that have to be confirmed first, and why.
        by_hand: by label, why a person has to do it.
        of: by the key of each finding, the label that puts it right.
    """

    items: tuple[Item, ...] = ()
    requests: Mapping[Reference, Request] = field(default_factory=dict)
    held: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    by_hand: Mapping[str, str] = field(default_factory=dict)
    of: Mapping[str, str] = field(default_factory=dict)


def confirmed_of(given: Iterable[str]) -> frozenset[str]:
    """The labels that somebody confirmed: `kind:name` as well as `kind name`.

    Raises:
        SlipwayError: it is a word for everything.
    """
    labels = set()
    for text in given:
        words = [word for word in re.split(r"[\s:]+", text.strip(), maxsplit=1) if word]
        if len(words) != 2 or words[1] == "*":
            raise SlipwayError(
                f"{text!r} names no resource",
                where="confirm",
                remedy="name each resource as the report does: -e confirm=<kind>:<name>",
            )
        labels.add(" ".join(words))
    return frozenset(labels)


def words(labels: Iterable[str]) -> str:
    """What to type to confirm these."""
    texts = [label.replace(" ", ":", 1) for label in labels]
    if not texts:
        return ""
    if any(re.search(r"[\s,'\"]", text) for text in texts):
        return f"-e {shlex.quote(json.dumps({'confirm': texts}))}"
    return f"-e {shlex.quote('confirm=' + ','.join(texts))}"


def decide(
    findings: Sequence[Finding], wanted: Mapping[Reference, Wanted], known: Known, kinds: Mapping[str, Kind],
    confirmed: Collection[str],
) -> Repair:  # fmt: skip
    """Sort what drifted into what is done now, what waits for somebody's word, and what a person has to do."""
    found: dict[Reference, list[Finding]] = {}
    left: dict[Reference, set[str]] = {}
    items: dict[Reference, Item] = {}
    of: dict[str, str] = {}
    for one in findings:
        reference = (one.kind, one.name)
        taken = _taken_away(one, wanted.get(reference), known, kinds) if one.state == "drift" else None
        if taken is not None:
            items[taken.reference] = _joined(items.get(taken.reference), taken)
            of[one.key] = taken.label
        elif one.state == "drift":
            found.setdefault(reference, []).append(one)
            of[one.key] = " ".join(reference)
        elif one.state == "ignored":
            left.setdefault(reference, set()).add(one.field)
    requests = {
        reference: replace(one.sight.request, kind=kinds[reference[0]], leave=frozenset(left.get(reference, ())))
        for reference, one in wanted.items()
        if one.sight.plan
    }
    graph = _Graph(wanted, requests)
    for reference, drifted in found.items():
        item = _described(reference, drifted, wanted.get(reference), requests.get(reference), known, graph)
        items[reference] = _joined(items.get(reference), item)
    return _sorted(items, requests, frozenset(confirmed), of)


@dataclass(frozen=True)
class _Graph:
    """Who names whom among the described resources."""

    wanted: Mapping[Reference, Wanted]
    requests: Mapping[Reference, Request]

    def is_gone(self, reference: Reference) -> bool:
        """Whether the last release made it, and it is not there."""
        one = self.wanted.get(reference)
        return bool(one and one.was_applied and one.sight.plan and one.sight.plan.verb == "create")

    def named_by(self, reference: Reference) -> list[Reference]:
        """The resources that it needs."""
        request = self.requests.get(reference)
        return [*request.kind.references(request.options)] if request else []

    def dependents(self, reference: Reference) -> list[Reference]:
        """The applied resources that name it."""
        return [
            one for one in self.requests if self.wanted[one].was_applied and reference in self.named_by(one)
        ]  # fmt: skip


def _described(
    reference: Reference, drifted: Sequence[Finding], one: Wanted | None, request: Request | None, known: Known,
    graph: _Graph,
) -> Item:  # fmt: skip
    item = Item(reference, drifted[0].services, tuple(drifted), request)
    if one is None or request is None:
        return replace(item, by_hand="it can't be planned")
    plan = one.sight.plan
    try:
        # What was only compared can't be put right, and its plan says why.
        if plan is None or request.leave or not plan.changed:
            plan = planned(request, known)
    except SlipwayError as error:
        return replace(item, by_hand=error.what)
    if plan.blocked:
        return replace(item, by_hand=plan.blocked)
    if not plan.changed:
        return replace(item, by_hand="no plan of a deploy puts it back")
    if still := {difference.path for difference in plan.found} & request.leave:
        return replace(item, by_hand=f"{', '.join(sorted(still))} is ignored, and can't be left as it is beside it")
    names = tuple(name for name in graph.named_by(reference) if graph.is_gone(name))
    followers = tuple(graph.dependents(reference)) if _is_another_one(plan) else ()
    why = next((text for one in drifted if (text := interrupts(one.kind, one.field))), "")
    if not why and plan.verb == "create" and followers:
        why = DEPENDED_ON
    return replace(item, interrupts=why, needs=names, followers=followers)


def _is_another_one(plan: Plan) -> bool:
    return plan.verb == "create" or bool(plan.renews)


def _joined(one: Item | None, other: Item) -> Item:
    """Two ways in which one resource drifted."""
    if one is None:
        return other
    return replace(
        other if other.request else one,
        findings=(*one.findings, *other.findings),
        calls=(*one.calls, *other.calls),
        interrupts=one.interrupts or other.interrupts,
        by_hand=one.by_hand or other.by_hand,
    )


def _taken_away(finding: Finding, wanted: Wanted | None, known: Known, kinds: Mapping[str, Kind]) -> Item | None:
    """How something that was added by hand is taken away; None where the finding is none of these."""
    member = _MEMBER.fullmatch(finding.field)
    if member is None or wanted is None or finding.expected is not None:
        return None
    name, at = finding.name, member["name"]
    options: tuple[str, dict[str, Any]] | None = None
    call: Call | None = None
    match finding.kind, member["set"]:
        case "elb_load_balancer", "listeners":
            options = "elb_listener", {"load_balancer": name, "port": int(at)}
        case "elb_listener", "rules":
            balancer, _, port = name.rpartition(":")
            options = "elb_listener_rule", {"load_balancer": balancer, "port": int(port), "priority": int(at)}
        case "ecs_cluster", "services":
            options = "ecs_service", {"cluster": name, "name": at, "force": True}
        case "ecs_service", "task_sets":
            cluster, _, service = name.partition("/")
            gone = frozenset({"TaskSetNotFoundException"})
            where = {"cluster": cluster, "service": service, "taskSet": at, "force": True}
            call = Call("ecs", "DeleteTaskSet", where, tolerate=gone)
        case "elb_target_group", "targets":
            call = _deregister(known, name, at)
        case "iam_role", "inline_policies" if at not in _names(wanted, "inline_policies"):
            params = {"RoleName": name, "PolicyName": at}
            call = Call("iam", "DeleteRolePolicy", params, tolerate=frozenset({"NoSuchEntity"}))
        case "iam_role", "managed_policies":
            params = {"RoleName": name, "PolicyArn": str(finding.found)}
            call = Call("iam", "DetachRolePolicy", params, tolerate=frozenset({"NoSuchEntity"}))
    why = interrupts_taken_away(finding.kind, finding.field)
    if options is not None:
        request = Request(kinds[options[0]], {**options[1], "state": "absent"})
        return Item((options[0], request.key), finding.services, (finding,), request, interrupts=why)
    if call is not None:
        return Item((finding.kind, name), finding.services, (finding,), calls=(call,), interrupts=why)
    return None


def _names(wanted: Wanted, option: str) -> set[str]:
    return {str(one.get("name")) for one in wanted.sight.request.options.get(option) or ()}


def _deregister(known: Known, group: str, at: str) -> Call | None:
    live = known.live("elb_target_group", group)
    if live is None:
        return None
    address, _, port = at.rpartition(":")
    target = {"Id": address, **({"Port": int(port)} if port else {})}
    params = {"TargetGroupArn": live.outputs["arn"], "Targets": [target]}
    return Call("elbv2", "DeregisterTargets", params, tolerate=frozenset({"InvalidTarget"}))


def _sorted(
    items: Mapping[Reference, Item], requests: Mapping[Reference, Request], confirmed: frozenset[str],
    of: Mapping[str, str],
) -> Repair:  # fmt: skip
    done, held, by_hand = [], dict[str, tuple[tuple[str, str], ...]](), dict[str, str]()
    along: dict[Reference, Request] = {}
    for item in items.values():
        together = _together(item, items)
        if reasons := [one.by_hand for one in together if one.by_hand]:
            by_hand[item.label] = reasons[0]
            continue
        asked = {one.label: one.interrupts for one in together if one.interrupts}
        if asked:
            held[item.label] = tuple(sorted(asked.items()))
        if asked.keys() <= confirmed:
            done.append(item)
            along |= {name: requests[name] for one in together for name in one.followers if name in requests}
    return Repair(tuple(done), along, held, by_hand, of)


def _together(item: Item, items: Mapping[Reference, Item]) -> list[Item]:
    """What has to be put right in one go with it."""
    seen: dict[Reference, Item] = {}
    waiting = [item]
    while waiting:
        one = waiting.pop()
        if one.reference in seen:
            continue
        seen[one.reference] = one
        waiting += [items[name] for name in (*one.needs, *one.followers) if name in items]
    return list(seen.values())
