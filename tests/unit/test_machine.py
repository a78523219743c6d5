"""A machine's description: what is refused, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from slipway.machine import images, resources
from slipway.machine.description import check

SERVICE: dict[str, Any] = {
    "name": "homu-backend",
    "region": "ap-northeast-2",
    "cpu_architecture": "X86_64",
    "container_port": 8000,
    "repository": "homu-backend",
    "secrets": {"DATABASE_URL": "secretsmanager:homu/db-url#url", "BUCKET": "ssm:/homu/prod/BUCKET"},
    "task_policy": None,
    "domain": None,
    "hosted_zone": None,
    "dns_weight": None,
    "dns_set_identifier": None,
}
OTHER = SERVICE | {"name": "lms", "repository": "lms-ecs", "secrets": {"A": "ssm:/homu/prod/BUCKET", "B": "ssm:key"}}
POLICY = [{"sid": "Files", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::files/*"]}]
ACCOUNT = "123456789012"
ECR = f"arn:aws:ecr:ap-northeast-2:{ACCOUNT}:repository"
SSM = f"arn:aws:ssm:ap-northeast-2:{ACCOUNT}:parameter"


@pytest.fixture
def described(tmp_path: Path) -> dict[str, Any]:
    key = tmp_path / "key.pub"
    key.write_text("ssh-ed25519 AAAA me")
    return {
        "deployment_environment": "prod",
        "machine_region": "ap-northeast-2",
        "machine_public_key_file": str(key),
        "machine_ssh_cidrs": ["203.0.113.7/32"],
    }


def machine(described: Mapping[str, Any], *services: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    checked = check({**described, **options}, "homu-machine", services)
    assert checked.findings == ()
    return checked.machine


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"machine_ssh_cidrs": []}, "machine_ssh_cidrs names nobody"),
        ({"machine_ssh_cidrs": ["0.0.0.0/0"]}, "machine_ssh_cidrs[0] opens SSH to 0.0.0.0/0"),
        ({"machine_ssh_cidrs": ["0.0.0.0/1"]}, "machine_ssh_cidrs[0] opens SSH to 0.0.0.0/1"),
        ({"machine_ssh_cidrs": ["::/0"]}, "machine_ssh_cidrs[0] opens SSH to ::/0"),
        ({"machine_ssh_cidrs": ["203.0.113.7"]}, "machine_ssh_cidrs[0] is '203.0.113.7', which is no block"),
        ({"machine_access": "ssm"}, "machine_ssh_cidrs opens port 22, which machine_access: ssm"),
        (
            {"machine_access": "ssm", "machine_ssh_cidrs": [], "machine_image": "debian-12"},
            "machine_image has no SSM agent",
        ),
        ({"machine_access": "telnet"}, "machine_access has no choice telnet"),
        (
            {"machine_open_ports": [{"port": 8000, "cidrs": ["0.0.0.0/0"]}]},
            "machine_open_ports[0] opens 8000 to the world. 8000 is the container's port of homu-backend",
        ),
        ({"machine_open_ports": [{"port": 5432, "cidrs": ["::/0"]}]}, "machine_open_ports[0] opens 5432 to the world."),
        (
            {"machine_open_ports": [{"port": 22, "cidrs": ["10.0.0.0/8"], "reason": "x"}]},
            "machine_open_ports[0].port is SSH's",
        ),
        ({"machine_open_ports": [{"port": 443, "cidrs": ["10.0.0.0/8"]}]}, "machine_open_ports[0].port 443 is open"),
        ({"machine_open_ports": [{"port": 0, "cidrs": ["10.0.0.0/8"]}]}, "machine_open_ports[0].port is 0"),
        ({"machine_public_key_file": None}, "machine_public_key_file is missing"),
        ({"machine_public_key_file": "/nowhere.pub"}, "machine_public_key_file there is no /nowhere.pub"),
        ({"machine_key_pair": "mine"}, "machine_public_key_file excludes machine_key_pair"),
        ({"machine_instance_type": "t3"}, "machine_instance_type is 't3'"),
        (
            {"machine_instance_type": "t4g.small"},
            "machine_instance_type is ARM64, and the image of homu-backend is for",
        ),
        ({"machine_region": "us-east-1"}, "machine_region is us-east-1, and homu-backend is described for"),
        ({"machine_image": "windows"}, "machine_image is 'windows'"),
        ({"machine_disk_size_gib": 4}, "machine_disk_size_gib is 4"),
        ({"machine_instance_typ": "t3.small"}, "machine_instance_typ there is no such option"),
    ],
)
def test_what_is_refused(described: dict[str, Any], options: dict[str, Any], found: str) -> None:
    findings = check({**described, **options}, "homu-machine", [SERVICE]).findings
    [finding] = findings
    assert f"{finding.variable} {finding.problem}".startswith(found)
    assert finding.remedy


def test_all_is_said_at_once(described: dict[str, Any]) -> None:
    options = {"machine_ssh_cidrs": ["0.0.0.0/0"], "machine_disk_size_gib": 4, "machine_public_key_file": None}
    assert len(check({**described, **options}, "homu-machine", [SERVICE]).findings) == 3


def test_what_follows(described: dict[str, Any]) -> None:
    found = machine(described, SERVICE)
    assert found["name"] == "prod-homu-machine"
    assert found["tags"] == {"Name": "prod-homu-machine"}
    assert found["identity"] == {"slipway:machine": "homu-machine", "slipway:environment": "prod"}
    assert found["hop_limit"] == 1
    assert (found["image_id"], found["image_parameter"]) == (
        None,
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
    )
    own = machine(described, machine_image="ami-0123", machine_instance_type="t4g.small")
    assert (own["image_id"], own["image_parameter"]) == ("ami-0123", None)


def test_containers_reach_the_metadata_only_where_one_may_call_aws(described: dict[str, Any]) -> None:
    assert machine(described, SERVICE, SERVICE | {"task_policy": POLICY})["hop_limit"] == 2


@pytest.mark.parametrize(
    ("image", "instance_type", "parameter"),
    [
        (
            "ubuntu-24.04",
            "t4g.small",
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
        ),
        (
            "ubuntu-22.04",
            "t3.small",
            "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
        ),
        ("debian-12", "t3.small", "/aws/service/debian/release/12/latest/amd64"),
        ("debian-13", "m7g.large", "/aws/service/debian/release/13/latest/arm64"),
        ("al2023", "t3.small", "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"),
        ("al2023", "c7gn.medium", "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"),
        ("ami-0123", "t3.small", None),
    ],
)
def test_the_parameter_of_an_image(image: str, instance_type: str, parameter: str | None) -> None:
    assert images.parameter(image, instance_type) == parameter


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        *(
            (name, "ARM64")
            for name in ("t4g.nano", "m6g.large", "m7gd.large", "c7gn.large", "a1.medium", "im4gn.large")
        ),
        *(
            (name, "X86_64")
            for name in ("t3.small", "t3a.small", "m7i.large", "g5.xlarge", "c5.large", "m7i-flex.large")
        ),
    ],
)
def test_the_architecture_of_an_instance_type(instance_type: str, architecture: str) -> None:
    assert images.architecture(instance_type) == architecture


def test_the_role_pulls_and_reads_for_all_services_and_no_more(described: dict[str, Any]) -> None:
    services = [SERVICE, OTHER | {"task_policy": POLICY}]
    role = resources.role(machine(described, *services), services, ACCOUNT)
    assert role["managed_policies"] == []
    [own, task] = role["inline_policies"]
    granted = {item["sid"]: item["resources"] for item in own["statements"]}
    assert granted == {
        "Login": ["*"],
        "PullImages": [f"{ECR}/homu-backend", f"{ECR}/lms-ecs"],
        "ReadParameters": [f"{SSM}/homu/prod/BUCKET", f"{SSM}/key"],
        "ReadSecrets": [f"arn:aws:secretsmanager:ap-northeast-2:{ACCOUNT}:secret:homu/db-url-??????"],
    }
    assert task == {"name": "lms-task", "statements": POLICY}


def test_a_machine_without_services_may_do_nothing(described: dict[str, Any]) -> None:
    assert resources.role(machine(described), [], ACCOUNT)["inline_policies"] == []


def test_session_manager_needs_a_policy_and_no_port(described: dict[str, Any]) -> None:
    by_session = machine(described, machine_access="ssm", machine_ssh_cidrs=[])
    assert resources.role(by_session, [], ACCOUNT)["managed_policies"] == ["AmazonSSMManagedInstanceCore"]
    assert {rule["from_port"] for rule in resources.ingress(by_session)} == {80, 443}


def test_the_records_of_domains() -> None:
    plain = SERVICE | {"domain": "api.homu.kr", "hosted_zone": "homu.kr"}
    weighted = plain | {"dns_weight": 10, "dns_set_identifier": "homu-backend"}
    record = {"zone": "homu.kr", "name": "api.homu.kr", "type": "A", "values": ["52.1.2.3"], "ttl": 60}
    assert resources.records([SERVICE, plain, weighted], "52.1.2.3") == [
        {"route53_record": record},
        {"route53_record": record | {"weight": 10, "set_identifier": "homu-backend-compose"}},
    ]
