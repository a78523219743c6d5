"""Preflight against accounts that the emulators keep."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.release.preflight import Check, inspect
from slipway.service.description import check as complete
from slipway.service.spec import service_options
from tests.emulator.lifecycle import REGION
from tests.emulators.emulator import Emulator
from tests.unit.preflight_account import DESCRIPTION

SERVICES = (
    "acm",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "iam",
    "route53",
    "secretsmanager",
    "ssm",
)
BUILT = {"service_image_tag": None, "service_dockerfile": "Dockerfile"}


def found(emulator: Emulator, folder: Path, **variables: Any) -> list[Check]:
    """Every check of a description that is built from a folder."""
    (folder / "Dockerfile").write_text("FROM scratch\n")
    given = {**DESCRIPTION, **BUILT, "service_build_context": str(folder), **variables}
    checked = complete(given, service_options(), "web")
    assert not checked.findings, checked.findings
    return inspect(Aws(Connection(REGION, endpoint_url=emulator.endpoint)), checked.service)


def bad(checks: list[Check]) -> dict[str, str]:
    """What is not as it should be, by status and words."""
    return {one.what: one.status for one in checks if one.status in {"FAIL", "WARN"}}


def account(emulator: Emulator) -> None:
    """What no deploy makes."""
    emulator.client("ssm").put_parameter(Name="/a", Type="SecureString", Value="x")
    secrets = emulator.client("secretsmanager")
    secrets.create_secret(Name="b", SecretString="plain")
    secrets.create_secret(Name="k", SecretString=json.dumps({"jwt": "hunter2"}))
    emulator.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    emulator.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="n",
        MetricName="m",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )


@pytest.mark.aws(*SERVICES)
def test_a_fresh_account(emulator: Emulator, tmp_path: Path) -> None:
    account(emulator)
    checks = found(emulator, tmp_path)
    assert bad(checks) == {}
    assert "hunter2" not in repr(checks)
    words = {one.what for one in checks}
    for name in ("repository web", "execution role web-execution", "load balancer web", "target group web", "cluster c",
                 "service web"):  # fmt: skip
        assert f"the {name} is made by this deploy" in words
    assert "secretsmanager:k#jwt is there, with its key" in words


@pytest.mark.aws(*SERVICES)
def test_all_that_is_missing_at_once(emulator: Emulator, tmp_path: Path) -> None:
    secrets = emulator.client("secretsmanager")
    secrets.create_secret(Name="text", SecretString="hunter2")
    secrets.create_secret(Name="binary", SecretBinary=b"hunter2")
    secrets.create_secret(Name="other", SecretString=json.dumps({"jwt_secret": "hunter2"}))
    secrets.create_secret(Name="gone", SecretString="{}")
    secrets.delete_secret(SecretId="gone")
    references = {name.upper(): f"secretsmanager:{name}#jwt" for name in ("text", "binary", "other", "gone", "nowhere")}
    checks = found(emulator, tmp_path, service_secrets={**references, "P": "ssm:/p"})
    assert bad(checks) == dict.fromkeys(
        (
            "text is text and no JSON object, so it has no keys",
            "binary is binary and no JSON object, so it has no keys",
            "other has no key jwt",
            "refers to secretsmanager:gone#jwt, which is scheduled for deletion",
            f"refers to secretsmanager:nowhere#jwt, and there is no such thing in {REGION}",
            f"refers to ssm:/p, and there is no such thing in {REGION}",
            "example.com is no public hosted zone of this account",
            f"there is no alarm errors in {REGION}",
        ),
        "FAIL",
    )
    assert "hunter2" not in repr(checks)


@pytest.mark.aws(*SERVICES)
def test_what_is_there_and_does_not_fit(emulator: Emulator, tmp_path: Path) -> None:
    account(emulator)
    emulator.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    ec2, elb = emulator.client("ec2"), emulator.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ac")
    ]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]
    shop = elb.create_target_group(Name="shop", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
    default = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=443, DefaultActions=default
    )["Listeners"][0]
    elb.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=100,
        Conditions=[{"Field": "host-header", "Values": ["shop.example.com"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": shop["TargetGroupArn"]}],
    )
    where = {"service_vpc_id": vpc, "service_subnets": subnets, "service_load_balancer_scheme": "internal"}
    checks = found(emulator, tmp_path, **where)
    names = ", ".join(subnets)
    assert bad(checks) == {
        f"tasks in {names} have no way out of the VPC": "FAIL",
        "Port of the target group web is 80 and not 8000, which AWS cannot change": "FAIL",
        "the rule 100 of web:443 is not this service's: it leads to shop": "FAIL",
        "errors is in ALARM already, so ECS ignores it for this deployment": "WARN",
    }
    assert group["TargetGroupName"] == "web"
    assert all(one.remedy for one in checks if one.status in {"FAIL", "WARN"})

    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    checks = found(emulator, tmp_path, **where, service_assign_public_ip=True)
    assert "the tasks' subnets have a way to ECR, the logs and the secrets" in {one.what for one in checks}
    checks = found(emulator, tmp_path, **where)
    assert f"tasks in {names} have no public address, and their way out is {gateway}" in bad(checks)


@pytest.mark.aws(*SERVICES)
def test_subnets_that_are_not_there(emulator: Emulator, tmp_path: Path) -> None:
    account(emulator)
    subnets = ["subnet-00000000000000000", "subnet-00000000000000001"]
    where = {"service_vpc_id": "vpc-00000000000000000", "service_subnets": subnets}
    assert bad(found(emulator, tmp_path, **where)) == {f"not all of {', '.join(subnets)} exist in {REGION}": "FAIL"}


@pytest.mark.aws(*SERVICES)
def test_an_image_that_is_not_built_here(emulator: Emulator, tmp_path: Path) -> None:
    account(emulator)
    given = {"service_build_context": None, "service_image_tag": "v1"}
    assert bad(found(emulator, tmp_path, **given)) == {"there is no repository web, and nothing is built here": "FAIL"}
    emulator.client("ecr").create_repository(repositoryName="web")
    assert bad(found(emulator, tmp_path, **given)) == {
        "v1 is not in the repository web: it has no tagged image": "FAIL"
    }


@pytest.mark.aws(*SERVICES)
def test_a_role_that_is_there(emulator: Emulator, tmp_path: Path) -> None:
    account(emulator)
    trusted = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    emulator.client("iam").create_role(RoleName="web-execution", AssumeRolePolicyDocument=document)
    checks = found(emulator, tmp_path)
    assert bad(checks) == {}
    corrected = "the execution role web-execution does not trust ECS tasks yet: this deploy corrects that"
    assert corrected in {one.what for one in checks}


def test_what_it_costs(ministack: Emulator, tmp_path: Path) -> None:
    account(ministack)
    aws = Aws(Connection(REGION, endpoint_url=ministack.endpoint))
    (tmp_path / "Dockerfile").touch()
    given = {**DESCRIPTION, **BUILT, "service_build_context": str(tmp_path)}
    service = complete(given, service_options(), "web").service
    # The first look loads what the emulator and this process load once.
    inspect(aws, service)
    calls = sum(aws.calls.values())
    assert calls <= 30, aws.calls
    seconds = []
    for _ in range(5):
        started = time.monotonic()
        inspect(aws, service)
        seconds.append(time.monotonic() - started)
    assert min(seconds) <= 0.5, seconds
