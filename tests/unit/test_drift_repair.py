"""What a repair does at once, what it does only when somebody says so, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import AwsError, SlipwayError
from slipway.drift import check as checking
from slipway.drift import mend
from slipway.drift.applied import Applied
from slipway.drift.check import Checked, Described, Wanted, check, ignores_of
from slipway.drift.finding import Finding
from slipway.drift.interruption import interrupts, interrupts_taken_away
from slipway.drift.mend import Repaired, offered, repaired
from slipway.drift.repair import confirmed_of, decide, words
from slipway.drift.under_way import is_held
from slipway.engine.compare import Difference, Rules
from slipway.engine.inspect import Sight
from slipway.engine.kind import Kind, Known, Options, Reference
from slipway.engine.observe import Request
from slipway.engine.plan import Call, Desired, Live, Plan
from slipway.release.lock import Lock
from slipway.release.process import Process
from slipway.release.record import Record
from slipway.resources import KINDS

HERE = Connection("test-1")
COMMAND = "ansible-playbook drift.yml -i prod -e repair=true"

ASKED = [
    ("ecs_task_definition", "container_definitions[api].environment[A].value"),
    ("ecs_task_definition", ""),
    ("ecs_service", ""),
    ("ecs_service", "task_definition"),
    ("ecs_service", "load_balancers[x].container_port"),
    ("ecs_service", "network_configuration.awsvpc_configuration.subnets"),
    ("ecs_service", "rollout_state"),
    ("ecs_service", "deployment_configuration.strategy"),
    ("elb_listener", "default_actions[0].redirect.port"),
    ("elb_listener", "protocol"),
    ("elb_listener_rule", "actions[0].forward.target_groups"),
    ("elb_listener_rule", "conditions[0].host_header.values"),
    ("elb_load_balancer", ""),
    ("route53_record", "weight"),
    ("ec2_instance", ""),
    ("ec2_instance", "instance_type"),
    ("elastic_ip", "instance"),
]
SAFE = [
    ("ecs_task_definition", "tags.a"),
    ("ecs_service", "tags.a"),
    ("ecs_service", "desired_count"),
    ("ecs_service", "health_check_grace_period_seconds"),
    ("ecs_service", "deployment_configuration.maximum_percent"),
    ("elb_listener_rule", ""),
    ("elb_listener", "ssl_policy"),
    ("elb_target_group", "health_check.path"),
    ("elb_load_balancer", "idle_timeout_seconds"),
    ("security_group", "ingress[tcp/22/22/0.0.0.0/0]"),
    ("iam_role", "inline_policies[x].statements[0].actions"),
    ("iam_role", ""),
    ("log_group", ""),
    ("route53_record", ""),
    ("route53_record", "tags.a"),
    ("scalable_target", "max_capacity"),
    ("ec2_instance", "metadata_options.http_tokens"),
]


@pytest.mark.parametrize(("kind", "field"), ASKED)
def test_what_interrupts_a_service_has_a_reason(kind: str, field: str) -> None:
    assert interrupts(kind, field)


@pytest.mark.parametrize(("kind", "field"), SAFE)
def test_what_is_safe_needs_nobody(kind: str, field: str) -> None:
    assert interrupts(kind, field) == ""


def test_every_kind_of_the_table_is_one() -> None:
    for kind, _ in [*ASKED, *SAFE]:
        assert kind in KINDS


ADDED: list[tuple[Finding, str, bool]] = [
    (Finding((), "drift", "high", "elb_load_balancer", "web", "listeners[8080]"), "elb_listener web:8080", True),
    (Finding((), "drift", "high", "elb_listener", "web:443", "rules[7]"), "elb_listener_rule web:443/7", True),
    (Finding((), "drift", "high", "ecs_cluster", "main", "services[stray]"), "ecs_service main/stray", True),
    (Finding((), "drift", "high", "ecs_service", "main/web", "task_sets[ecs-svc/7]"), "ecs_service main/web", True),
    (Finding((), "drift", "high", "elb_target_group", "tg", "targets[10.0.0.9:80]"), "elb_target_group tg", True),
    (Finding((), "drift", "high", "iam_role", "r", "inline_policies[more]"), "iam_role r", False),
    (Finding((), "drift", "high", "iam_role", "r", "managed_policies[P]", found="arn:P"), "iam_role r", False),
]


@pytest.mark.parametrize(("finding", "label", "asks"), ADDED, ids=[one[1] for one in ADDED])
def test_what_was_added_by_hand_is_taken_away(finding: Finding, label: str, asks: bool) -> None:
    known = Known(Aws(HERE))
    known.put("elb_target_group", "tg", Live({}, {"arn": "arn:tg"}))
    reference = (finding.kind, finding.name)
    options = {"name": finding.name, "inline_policies": [{"name": "own", "statements": []}]}
    wanted = {reference: Wanted((), Sight(Request(KINDS[finding.kind], options), Plan("none")), True)}
    asked = decide([finding], wanted, known, KINDS, ())
    assert bool(asked.held) is asks
    assert [item.label for item in asked.items] == ([] if asks else [label])
    done = decide([finding], wanted, known, KINDS, {label})
    (item,) = done.items
    assert item.label == label
    assert bool(interrupts_taken_away(finding.kind, finding.field)) is asks
    if item.request is not None:
        assert item.request.options["state"] == "absent"
        assert f"{item.request.kind.name} {item.request.key}" == label
    else:
        (call,) = item.calls
        assert call.operation in {"DeregisterTargets", "DeleteRolePolicy", "DetachRolePolicy", "DeleteTaskSet"}


def test_a_statement_that_was_added_is_no_policy() -> None:
    one = Finding((), "drift", "high", "iam_role", "r", "inline_policies[own].statements[x]", found={"actions": ["*"]})
    request = Request(KINDS["iam_role"], {"name": "r", "inline_policies": [{"name": "own", "statements": []}]})
    plan = Plan("update", [Difference(one.field, {}, None)], [Call("iam", "PutRolePolicy", {})])
    wanted = {("iam_role", "r"): Wanted((), Sight(request, plan), True)}
    (item,) = decide([one], wanted, Known(Aws(HERE)), KINDS, ()).items
    assert item.calls == ()
    assert item.request is not None


CONFIRMED: list[tuple[list[str], set[str]]] = [
    (["ecs_service:main/web"], {"ecs_service main/web"}),
    (["elb_listener:web:443", "ecs_service main/web"], {"elb_listener web:443", "ecs_service main/web"}),
    ([" iam_role : r "], {"iam_role r "}),
    ([], set()),
]


@pytest.mark.parametrize(("given", "labels"), CONFIRMED)
def test_what_is_confirmed(given: list[str], labels: set[str]) -> None:
    assert {one.strip() for one in confirmed_of(given)} == {one.strip() for one in labels}


@pytest.mark.parametrize("word", ["all", "true", "*", "ecs_service:*", "", "ecs_service"])
def test_nothing_confirms_all_at_once(word: str) -> None:
    with pytest.raises(SlipwayError, match="names no resource"):
        confirmed_of([word])


def test_the_words_are_what_confirms() -> None:
    assert words([]) == ""
    assert words(["ecs_service main/web", "elb_listener web:443"]) == (
        "-e confirm=ecs_service:main/web,elb_listener:web:443"
    )
    assert words(["security_group a b"]) == """-e '{"confirm": ["security_group:a b"]}'"""


class Cloud(Aws):
    """An AWS of one dictionary; it fails once `left` calls were made."""

    world: ClassVar[dict[str, dict[str, Any]]] = {}
    log: ClassVar[list[str]] = []
    left: ClassVar[list[int]] = [1000]
    denied: ClassVar[set[str]] = set()

    def identity(self) -> dict[str, Any]:
        return {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        if service != "test":
            raise AwsError("may not look", code="AccessDenied", operation=operation, service=service)
        name = params.pop("name")
        if not self.left[0] or name in self.denied:
            raise AwsError("no more", code="AccessDenied" if self.left[0] else "Killed", operation=operation)
        self.left[0] -= 1
        self.log.append(f"{operation} {name}")
        self.world[name] = {**self.world.get(name, {}), **params}
        return {"arn": f"arn:{name}#{len(self.log)}"}


class Thing(Kind):
    """A kind of resource whose options are its fields; `of` refers to another one."""

    name = "thing"
    rules = Rules(unordered={"rules": "id"}, whole=frozenset({"rules"}))
    create_only = frozenset({"shape"})

    def references(self, options: Options) -> Iterable[Reference]:
        yield from (("thing", name) for name in options.get("of", ()))

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        assert isinstance(aws, Cloud)
        return {
            name: Live(aws.world[name], {"arn": aws.world[name].get("arn", f"arn:{name}")})
            for name in wanted
            if name in aws.world
        }

    def desired(self, options: Options, known: Known) -> Desired:
        fields = {key: value for key, value in options.items() if key not in {"name", "of"}}
        fields["arns"] = [known.output("thing", name, "arn", "of") for name in options.get("of", ())]
        return Desired(options["name"], fields)

    def create(self, desired: Desired) -> Sequence[Call]:
        arn = {"arn": f"arn:{desired.name}, again"}
        return [Call("test", "Create", {"name": desired.name, **desired.fields, **arn}, lambda _: arn)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        names = dict.fromkeys(item.path.partition("[")[0] for item in found)
        return [Call("test", "Update", {"name": desired.name, key: desired.fields[key]}) for key in names]

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        return [Call("test", "Delete", {"name": desired.name})]


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> type[Cloud]:
    values = {"world": {}, "log": [], "left": [1000], "denied": set()}
    mine: type[Cloud] = type("Mine", (Cloud,), values)
    monkeypatch.setattr(checking, "Aws", mine)
    monkeypatch.setattr(mend, "Aws", mine)
    return mine


def thing(name: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return "thing", {"name": name, **fields}


KIND = {"thing": Thing()}


def looked(*resources: Any, applied: Sequence[Any] | None = None, **more: Any) -> Checked:
    known = Applied([*(resources if applied is None else applied)], **more.pop("known", {}))
    return check([Described("shop", HERE, resources, known, **more)], KIND, {})


def repair(checked: Checked, *confirmed: str, dry: bool = False) -> Repaired:
    return repaired(checked, KIND, {}, confirmed, check=dry, report=lambda _: None, owner=0)


def told(checked: Checked) -> list[tuple[str, str, str]]:
    return [(one.state, one.name, one.field) for one in checked.findings]


def test_what_drifted_goes_back_and_what_is_pending_stays(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7, "colour": "red"}
    resources = [thing("a", size=1, colour="blue")]
    checked = looked(*resources, applied=[thing("a", size=1, colour="red")])
    done = repair(checked)
    assert [(one["name"], one["verb"], one["fields"]) for one in done.done] == [("a", "update", ["size"])]
    assert cloud.world["a"] == {"size": 1, "colour": "red"}
    assert told(looked(*resources, applied=[thing("a", size=1, colour="red")])) == [("pending", "a", "colour")]


def test_check_mode_says_the_same_and_writes_nothing(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7}
    planned = repair(looked(thing("a", size=1)), dry=True)
    assert cloud.log == []
    assert cloud.world["a"] == {"size": 7}
    assert planned.done == repair(looked(thing("a", size=1))).done


def test_what_is_ignored_stays_as_it_is(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"rules": [{"id": 1, "to": "x"}, {"id": 2, "to": "x"}, {"id": 3, "to": "x"}]}
    ignores = ignores_of([{"resource": "thing a", "field": "rules[2]", "reason": "we know"}])
    checked = looked(thing("a", rules=[{"id": 1, "to": "y"}]), ignores=ignores)
    assert told(checked) == [("drift", "a", "rules[1].to"), ("ignored", "a", "rules[2]"), ("drift", "a", "rules[3]")]
    repair(checked)
    assert cloud.world["a"] == {"rules": [{"id": 1, "to": "y"}, {"id": 2, "to": "x"}]}


def test_what_aws_cannot_change_is_for_a_person(cloud: type[Cloud]) -> None:
    cloud.world |= {"a": {"shape": "round"}, "b": {"size": 7}}
    checked = looked(thing("a", shape="square"), thing("b", size=1))
    done = repair(checked)
    assert [one["name"] for one in done.done] == ["b"]
    offers = {one.name: one for one in offered(checked, KIND, COMMAND)}
    assert offers["a"].repair == ""
    assert offers["a"].reason == "it can't be put back: shape cannot be changed after the thing was created"
    assert offers["b"].repair == COMMAND


def test_what_others_depend_on_is_made_again_only_when_confirmed(cloud: type[Cloud]) -> None:
    cloud.world["b"] = {"size": 1, "arns": ["arn:a"]}
    resources = [thing("a"), thing("b", size=1, of=["a"])]
    checked = looked(*resources)
    assert told(checked) == [("drift", "a", "")]
    (one,) = offered(checked, KIND, COMMAND)
    assert one.repair == f"{COMMAND} -e confirm=thing:a"
    assert one.interrupts == "it is made anew, and others depend on it"
    assert repair(checked).done == []
    done = repair(checked, "thing a")
    # Whoever names it is told of the new one in the same go.
    assert [(item["name"], item["verb"]) for item in done.done] == [("a", "create"), ("b", "update")]
    assert told(looked(*resources)) == []


def test_what_needs_something_that_is_gone_waits_for_it(cloud: type[Cloud]) -> None:
    resources = [thing("a"), thing("b", of=["a"]), thing("c")]
    checked = looked(*resources)
    assert told(checked) == [("drift", "a", ""), ("drift", "b", ""), ("drift", "c", "")]
    offers = {one.name: one.repair for one in offered(checked, KIND, COMMAND)}
    assert offers == {
        "a": f"{COMMAND} -e confirm=thing:a",
        "b": f"{COMMAND} -e confirm=thing:a",
        "c": COMMAND,
    }
    assert [one["name"] for one in repair(checked).done] == ["c"]
    assert [one["name"] for one in repair(checked, "thing a").done] == ["a", "b"]
    assert told(looked(*resources)) == []


def test_what_was_never_made_is_not_made_by_a_repair(cloud: type[Cloud]) -> None:
    cloud.world["b"] = {"size": 7, "arns": []}
    checked = looked(thing("a"), thing("b", size=1, of=["a"]), applied=[thing("b", size=1)])
    assert ("pending", "a", "") in told(checked)
    assert repair(checked).notes == []
    assert cloud.world == {"b": {"size": 1, "arns": []}}


def test_one_that_fails_keeps_nothing_else_back(cloud: type[Cloud]) -> None:
    cloud.world |= {"a": {"size": 7}, "b": {"size": 7}}
    cloud.denied.add("a")
    done = repair(looked(thing("a", size=1), thing("b", size=1)))
    assert [one["name"] for one in done.done] == ["b"]
    (note,) = done.notes
    assert note.startswith("thing a was not put right: ")


def test_a_word_for_nothing_is_told(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 1}
    assert repair(looked(thing("a", size=1)), "thing b").notes == [
        "confirm names thing b, and nothing of it needs that"
    ]


def test_interrupted_anywhere_a_second_run_ends_it(cloud: type[Cloud]) -> None:
    resources = [thing("a", size=1), thing("b", size=1, colour="red", of=["a"]), thing("c", of=["b"]), thing("d")]
    ended = []
    for calls in range(7):
        cloud.world.clear()
        cloud.world |= {"b": {"size": 7, "colour": "blue", "arns": ["arn:a"]}, "c": {"arns": ["arn:b"]}}
        cloud.left[0] = calls
        repair(looked(*resources), "thing a", "thing b", "thing d")
        cloud.left[0] = 1000
        repair(looked(*resources), "thing a", "thing b", "thing d")
        assert told(looked(*resources)) == [], calls
        ended.append({name: one.get("size") for name, one in sorted(cloud.world.items())})
    assert ended == [ended[0]] * 7


def test_while_a_release_is_under_way_nobody_judges_and_nothing_is_touched(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 7}
    checked = looked(thing("a", size=1), under_way="the release of sha-1 by kim")
    assert told(checked) == []
    assert checked.notes == ["shop was not judged: under way is the release of sha-1 by kim"]
    assert not checked.settled
    assert repair(checked).done == []


def test_what_an_unfinished_release_did_is_no_drift(cloud: type[Cloud]) -> None:
    """It had applied `a` and not yet `b` when it failed; the description has been put back since, or not."""
    cloud.world |= {"a": {"size": 2}, "b": {"size": 1}}
    old, new = ([thing("a", size=size), thing("b", size=size)] for size in (1, 2))
    known = {"attempted": new}
    assert told(looked(*new, applied=old, known=known)) == [("pending", "b", "size")]
    assert told(looked(*old, applied=old, known=known)) == [("pending", "a", "size")]
    cloud.world["a"]["size"] = 3
    assert told(looked(*new, applied=old, known=known))[0] == ("drift", "a", "size")


def test_what_another_service_applied_is_no_drift(cloud: type[Cloud]) -> None:
    cloud.world["a"] = {"size": 2}
    hosts = [
        Described(host, HERE, [thing("a", size=2)], Applied([thing("a", size=size)]))
        for host, size in (("shop", 2), ("blog", 1))
    ]
    for order in (hosts, hosts[::-1]):
        assert told(check(order, KIND, {})) == []


class EcsLike(Thing):
    """Services that name the newest of a family."""

    name = "ecs_service"

    def references(self, options: Options) -> Iterable[Reference]:
        return [] if ":" in options["task_definition"] else [("thing", options["task_definition"])]

    def desired(self, options: Options, known: Known) -> Desired:
        revision = options["task_definition"]
        if ":" not in revision:
            revision = known.output("thing", revision, "arn", "task_definition")
        return Desired(options["name"], {"task_definition": revision, "size": options.get("size", 1)})


@pytest.mark.parametrize(
    ("running", "found"),
    [
        ("web:2", []),
        ("web:1", [("pending", "task_definition")]),
        ("web:9", [("drift", "task_definition")]),
    ],
    ids=["the newest", "what a rollback left", "another one"],
)
def test_what_a_rollback_left_running_is_no_drift(
    cloud: type[Cloud], running: str, found: list[tuple[str, str]]
) -> None:
    kinds: dict[str, Kind] = {"thing": Thing(), "ecs_service": EcsLike()}
    resources = [thing("web", size=1), ("ecs_service", {"name": "shop", "task_definition": "web"})]
    cloud.world |= {"web": {"size": 1, "arn": "web:2"}, "shop": {"task_definition": running, "size": 5}}
    known = Applied(resources, serving="web:1")
    described = Described("shop", HERE, resources, known)
    checked = check([described], kinds, {})
    fields = [(one.state, one.field) for one in checked.findings]
    assert sorted(fields) == sorted([*found, ("drift", "size")])
    repaired(checked, kinds, {}, (), check=False, report=lambda _: None, owner=0)
    # What else drifted is put back without going forward again.
    assert cloud.world["shop"]["task_definition"] == running


HOUR = 3600
LOCKS: list[tuple[str, dict[str, int], bool]] = [
    ("a moment ago", {"taken_at": 1000}, True),
    ("renewed all the time", {"taken_at": 1000 - HOUR, "renewal": 240}, True),
    ("renewed with some renewals late", {"taken_at": 1000 - HOUR, "renewal": 200}, True),
    ("killed an hour ago", {"taken_at": 1000 - HOUR, "renewal": 3}, False),
    ("of an older version", {}, True),
]


@pytest.mark.parametrize(("lock", "is_so"), [one[1:] for one in LOCKS], ids=[one[0] for one in LOCKS])
def test_whether_a_release_is_under_way(lock: dict[str, int], is_so: bool) -> None:
    held = Lock("t", "token", Record("main/web", "2026-11-21T00:00:00.000Z"), Process(1, "elsewhere"), **lock)
    assert is_held(held, 1000.0) is is_so


def test_a_release_of_this_machine_that_is_dead_is_none() -> None:
    gone = Process(2**22 + 1, Process.of(1).place)
    assert not is_held(Lock("t", "token", Record("main/web", ""), gone, taken_at=1000), 1000.0)
