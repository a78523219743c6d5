"""One table of several services, as real APIs answer."""

from __future__ import annotations

import time
from typing import Any

import pytest

from demo.embedded_aws import REGION
from slipway.aws.clients import Aws, Connection
from slipway.release import history
from slipway.release.record import Record
from slipway.release.status.step import show
from tests.emulators.calls import counting_here
from tests.emulators.emulator import FARGATE, Emulator

TABLE = "slipway-releases"
DIGEST = "sha256:" + "0123456789abcdef" * 4
pytestmark = pytest.mark.aws("ecs", "elbv2", "cloudwatch", "dynamodb")


def described(emulator: Emulator, name: str, **more: Any) -> dict[str, Any]:
    given = {
        "name": name,
        "cluster": "prod",
        "ecs_service": f"{name}-api",
        "container_name": "api",
        "region": REGION,
        "endpoint_url": emulator.endpoint,
        "release_table": TABLE,
    }
    return {**given, **more}


def target_group(emulator: Emulator) -> str:
    """A target group with two targets, behind a load balancer."""
    ec2, elb = emulator.client("ec2"), emulator.client("elbv2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"] if one["VpcId"] == vpc][:2]
    group = elb.create_target_group(Name="voj", Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip")
    arn = str(group["TargetGroups"][0]["TargetGroupArn"])
    balancer = elb.create_load_balancer(Name="voj", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": f"172.31.0.{n}", "Port": 8000} for n in (4, 5)])
    return arn


def deploy(emulator: Emulator, name: str, **more: Any) -> None:
    """A service of no tasks: what counts is what is said of it."""
    ecs = emulator.client("ecs")
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(
        family=name,
        **FARGATE,
        containerDefinitions=[
            {
                "name": "api",
                "image": f"repository.example/{name}@{DIGEST}",
                "memory": 512,
                "dockerLabels": {"org.opencontainers.image.version": "sha-1a2b3c4"},
            }
        ],
    )
    ecs.create_service(cluster="prod", serviceName=f"{name}-api", taskDefinition=name, desiredCount=0, **more)


def shown(services: list[dict[str, Any]], releases: int = 0) -> dict[str, Any]:
    return show({"services": services, "releases": releases}, check=False, report=lambda _: None)


def test_before_anything_is_deployed(emulator: Emulator) -> None:
    result = shown([described(emulator, "voj"), described(emulator, "homu", alarms=["homu-5xx"])])
    assert [one["deployed"] for one in result["services"]] == [False, False]
    assert [one["notes"] for one in result["services"]] == [
        ["not deployed yet"],
        ["not deployed yet", "no such alarm: homu-5xx"],
    ]
    assert result["table"].splitlines()[1:3] == [
        "voj      -        -       -         -      -        -        -    -    -",
        "homu     -        -       -         -      -        -        -    -    0/1",
    ]
    assert result["changed"] is False


def test_several_services(emulator: Emulator) -> None:
    load_balancers = [{"targetGroupArn": target_group(emulator), "containerName": "api", "containerPort": 8000}]
    deploy(emulator, "voj", loadBalancers=load_balancers)
    for number in range(11):
        deploy(emulator, f"s{number}")
    cloudwatch = emulator.client("cloudwatch")
    for name in ("voj-5xx", "voj-latency"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="a",
            MetricName="b",
            Period=60,
            Statistic="Sum",
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    cloudwatch.set_alarm_state(AlarmName="voj-5xx", StateValue="ALARM", StateReason="test")
    aws = Aws(Connection(REGION, endpoint_url=emulator.endpoint))
    for day, verdict in (("20", "rolled_back"), ("21", "succeeded")):
        started = f"2025-11-{day}T07:00:00.000Z"
        record = Record("prod/voj-api", started, verdict=verdict, who="kim", tag=f"v{day}", revision="voj:1")  # type: ignore[arg-type]
        history.write(aws, TABLE, record)
    held = {"service": {"S": "prod/s3-api"}, "item": {"S": "lock"}, "who": {"S": "lee"}, "renewal": {"N": "1"}}
    emulator.client("dynamodb").put_item(TableName=TABLE, Item=held)

    services = [described(emulator, "voj", alarms=["voj-5xx", "voj-latency", "gone"])]
    services += [described(emulator, f"s{number}") for number in range(12)]
    with counting_here() as calls:
        started_at = time.monotonic()
        result = shown(services, releases=10)
        seconds = time.monotonic() - started_at
    voj, *others = result["services"]
    assert {key: voj[key] for key in ("version", "digest", "revision", "verdict", "who", "released_at")} == {
        "version": "sha-1a2b3c4",
        "digest": DIGEST,
        "revision": "voj:1",
        "verdict": "succeeded",
        "who": "kim",
        "released_at": "2025-11-21T07:00:00.000Z",
    }
    # moto says of every service that two tasks run.
    running = 2 if emulator.name == "moto" else 0
    assert (voj["running_count"], voj["desired_count"], voj["targets"]) == (running, 0, 2)
    assert (voj["alarms"], voj["alarms_in_alarm"]) == (3, 1)
    assert voj["notes"] == ["in ALARM: voj-5xx", "no such alarm: gone"]
    assert [one["tag"] for one in voj["releases"]] == ["v21", "v20"]
    assert [one["deployed"] for one in others] == [True] * 11 + [False]
    assert others[3]["notes"] == ["the release of an unknown version is under way: lee"]
    assert "voj:\nSTARTED (UTC)" in result["table"]
    assert dict(calls) == {
        "sts:GetCallerIdentity": 1,
        "ecs:DescribeServices": 2,
        "cloudwatch:DescribeAlarms": 1,
        "dynamodb:BatchGetItem": 1,
        "dynamodb:Query": 13,
        "ecs:DescribeTaskDefinition": 12,
        "elbv2:DescribeTargetHealth": 1,
    }
    assert seconds < 10
