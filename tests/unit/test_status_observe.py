"""Services are read in batches, by their own accounts; what cannot be read is told, and the rest is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from slipway.aws.clients import Connection
from slipway.aws.errors import AwsError, SlipwayError
from slipway.release.history import stored
from slipway.release.status import observe as observing
from slipway.release.status.observe import observe
from slipway.release.status.rows import Seen
from slipway.release.status.step import show
from tests.unit.fake_aws import FakeAws

SEOUL, TOKYO = "ap-northeast-2", "ap-northeast-1"


def described(name: str, cluster: str = "prod", region: str = SEOUL, **more: Any) -> dict[str, Any]:
    given = {"name": name, "cluster": cluster, "ecs_service": name, "region": region, "release_table": "releases"}
    return {**given, "alarms": [f"{name}-5xx"], **more}


def refused(code: str, operation: str = "ecs:X", remedy: str = "") -> AwsError:
    return AwsError(f"{operation} was refused with {code}", code=code, operation=operation, where="AWS", remedy=remedy)


def services(params: dict[str, Any]) -> dict[str, Any]:
    """Every service is there, with one deployment and one target group."""
    return {
        "services": [
            {
                "serviceName": name,
                "status": "ACTIVE",
                "deployments": [{"status": "PRIMARY", "taskDefinition": f"td/{name}:1"}],
                "loadBalancers": [{"targetGroupArn": f"tg/{name}"}],
            }
            for name in params["services"]
        ]
    }


def alarms(params: dict[str, Any]) -> dict[str, Any]:
    assert len(params["AlarmNames"]) <= 100
    assert params["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]
    found = [{"AlarmName": name, "StateValue": "OK"} for name in params["AlarmNames"]]
    return {"MetricAlarms": found[1:], "CompositeAlarms": found[:1]}


def locks(params: dict[str, Any]) -> dict[str, Any]:
    keys = params["RequestItems"]["releases"]["Keys"]
    held = [{**key, "who": {"S": "lee"}, "renewal": {"N": "3"}} for key in keys if key["service"]["S"].endswith("/s01")]
    return {"Responses": {"releases": held}}


ANSWERS: dict[str, Any] = {
    "DescribeServices": services,
    "DescribeTaskDefinition": lambda params: {"taskDefinition": {"of": params["taskDefinition"]}},
    "DescribeTargetHealth": lambda params: {"TargetHealthDescriptions": [{"of": params["TargetGroupArn"]}]},
    "DescribeAlarms": alarms,
    "BatchGetItem": locks,
    "Query": lambda params: {
        "Items": [stored({"service": params["ExpressionAttributeValues"][":service"]["S"], "started_at": "2026"})]
    },
}
Account = Callable[[Connection], str]


class World:
    """An AWS for each connection; counts the calls of all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = dict(ANSWERS)
        self.made: list[FakeAws] = []
        self.account: Account = lambda _: "123456789012"
        monkeypatch.setattr(observing, "Aws", self._make)

    def _make(self, connection: Connection) -> FakeAws:
        world = self

        class OfConnection(FakeAws):
            def identity(self) -> dict[str, Any]:
                return {"Account": world.account(connection)}

            def answer(self, operation: str, params: dict[str, Any]) -> Any:
                answer = super().answer(operation, params)
                if isinstance(answer, AwsError):
                    raise answer
                return answer

        aws = OfConnection(self.answers)
        aws.connection = connection
        self.made.append(aws)
        return aws

    @property
    def calls(self) -> Counter[str]:
        return sum((aws.calls for aws in self.made), Counter())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return World(monkeypatch)


def problems(seen: list[Seen]) -> dict[str, list[str]]:
    return {one.description["name"]: one.problems for one in seen}


def test_everything_is_read_in_batches_and_goes_where_it_belongs(world: World) -> None:
    names = [f"s{number:02}" for number in range(23)]
    seen = observe([described(name) for name in names], 0)
    assert [one.description["name"] for one in seen] == names
    for name, one in zip(names, seen, strict=True):
        assert one.service is not None
        assert one.service["serviceName"] == name
        assert one.task_definition == {"of": f"td/{name}:1"}
        assert one.targets == [{"of": f"tg/{name}"}]
        assert [alarm["AlarmName"] for alarm in one.alarms] == [f"{name}-5xx"]
        assert [record.service for record in one.records] == [f"prod/{name}"]
        assert bool(one.lock) == (name == "s01")
        assert one.problems == []
    assert world.calls == {
        "ecs:DescribeServices": 3,
        "cloudwatch:DescribeAlarms": 1,
        "dynamodb:BatchGetItem": 1,
        "dynamodb:Query": 23,
        "ecs:DescribeTaskDefinition": 23,
        "elbv2:DescribeTargetHealth": 23,
    }


def test_alarms_beyond_a_hundred_take_another_call(world: World) -> None:
    names = [f"a{number}" for number in range(150)]
    (one,) = observe([described("s", alarms=names)], 0)
    assert sorted(alarm["AlarmName"] for alarm in one.alarms) == sorted(names)
    assert world.calls["cloudwatch:DescribeAlarms"] == 2


def test_each_region_and_profile_is_a_connection_of_its_own(world: World) -> None:
    observe([described("a"), described("b", region=TOKYO), described("c", profile="other"), described("d")], 0)
    connections = [aws.connection for aws in world.made]
    assert connections == [Connection(SEOUL), Connection(TOKYO), Connection(SEOUL, "other")]
    assert [aws.calls["ecs:DescribeTaskDefinition"] for aws in world.made] == [2, 1, 1]


def test_locks_that_are_left_for_the_next_call_are_asked_for_again(world: World) -> None:
    def some(params: dict[str, Any]) -> dict[str, Any]:
        keys = params["RequestItems"]["releases"]["Keys"]
        left = {"releases": {"Keys": keys[1:]}} if keys[1:] else {}
        one = {"RequestItems": {"releases": {"Keys": keys[:1]}}}
        return {**locks(one), "UnprocessedKeys": left}

    world.answers["BatchGetItem"] = some
    found = observe([described("s00"), described("s01")], 0)
    assert [one.lock.get("who") for one in found] == [None, "lee"]


def test_where_requests_are_shifted_the_targets_of_both_groups_count(world: World) -> None:
    def shifting(params: dict[str, Any]) -> dict[str, Any]:
        answer = services(params)
        for one in answer["services"]:
            one["loadBalancers"][0]["advancedConfiguration"] = {"alternateTargetGroupArn": "tg/other"}
        return answer

    world.answers["DescribeServices"] = shifting
    (one,) = observe([described("a")], 0)
    assert one.targets == [{"of": "tg/a"}, {"of": "tg/other"}]


def test_a_cluster_that_is_not_there_yet_is_no_problem(world: World) -> None:
    world.answers["DescribeServices"] = refused("ClusterNotFoundException")
    world.answers["BatchGetItem"] = world.answers["Query"] = refused("ResourceNotFoundException")
    (one,) = observe([described("a")], 0)
    assert (one.service, one.targets, one.records, one.lock, one.problems) == (None, None, [], {}, [])


@pytest.mark.parametrize("operation", ANSWERS)
def test_a_permission_that_lacks_is_named_and_the_rest_is_read(world: World, operation: str) -> None:
    remedy = f"allow the action x:{operation} to the role or user that runs Slipway"
    world.answers[operation] = refused("AccessDeniedException", operation, remedy)
    seen = observe([described("a"), described("b")], 0)
    assert [one.problems for one in seen] == [[f"AccessDenied: {remedy}"]] * 2
    assert all(one.task_definition for one in seen) == (operation not in {"DescribeServices", "DescribeTaskDefinition"})
    assert all(one.records for one in seen) == (operation != "Query")


def test_an_account_that_does_not_answer_costs_one_call_and_hides_no_other(world: World) -> None:
    def account(connection: Connection) -> str:
        if connection.region == TOKYO:
            raise refused("EndpointConnectionError", "sts:GetCallerIdentity")
        return "123456789012"

    world.account = account
    seen = observe([described("a"), described("b", region=TOKYO), described("c", region=TOKYO)], 0)
    told = ["sts:GetCallerIdentity was refused with EndpointConnectionError"]
    assert problems(seen) == {"a": [], "b": told, "c": told}
    assert seen[0].service
    assert world.calls["ecs:DescribeServices"] == 1


def test_a_service_of_another_account_is_not_looked_for_in_this_one(world: World) -> None:
    seen = observe([described("a", account_id="123456789012"), described("b", account_id="999999999999")], 0)
    assert problems(seen)["a"] == []
    (told,) = problems(seen)["b"]
    assert told.startswith("is in the account 999999999999, and the credentials are of 123456789012")
    assert seen[1].service is None
    assert world.calls["ecs:DescribeTaskDefinition"] == 1


def test_how_many_releases_are_read(world: World) -> None:
    limits: list[int] = []

    def query(params: dict[str, Any]) -> dict[str, Any]:
        limits.append(params["Limit"])
        return {"Items": []}

    world.answers["Query"] = query
    observe([described("a")], 0)
    observe([described("a")], 10)
    assert limits == [1, 10]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"services": [{"name": "a"}], "releases": 0}, "a service has no cluster, ecs_service, region, release_table"),
        ({"services": [described("a")], "releases": -1}, "-1 is out of range"),
    ],
)
def test_what_cannot_be_shown(world: World, options: dict[str, Any], told: str) -> None:
    with pytest.raises(SlipwayError, match=told):
        show(options, check=False, report=lambda _: None)
    assert not world.made
