"""provision.yml as a person runs it, on the embedded AWS: the AWS side of a machine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.embedded_aws import ROOT
from tests.e2e.playbook import Result, ansible_playbook
from tests.emulators.emulator import Emulator
from tests.lab.host import LabHost
from tests.lab.releases import offer

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1d6Lr3mPqXK4o2yqk9Yw3y7m3r8yW3F4e8b9l0tQ2V"
MACHINE: dict[str, Any] = {
    # A disk as the embedded AWS makes every disk.
    "machine_disk_size_gib": 8,
    "machine_disk_encrypted": False,
    "machine_ssh_cidrs": ["203.0.113.7/32"],
    "machine_image": "ami-0123456789abcdef0",
    "ansible_user": "ubuntu",
}
AWS = ("--tags", "aws")


class Inventory:
    """The local inventory, with HOMU on a machine."""

    def __init__(self, directory: Path, emulator: Emulator) -> None:
        self.directory, self.emulator = directory / "inventory", emulator
        for folder in ("group_vars", "host_vars"):
            shutil.copytree(ROOT / "inventories" / "local" / folder, self.directory / folder)
        (directory / "key.pub").write_text(f"{KEY} me@home\n")
        members = {"compose": "homu-backend", "machine": "homu-machine"}
        groups: dict[str, Any] = {"fargate": {}} | {group: {"hosts": {host: {}}} for group, host in members.items()}
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        (self.directory / "hosts.yml").write_text(json.dumps({"all": {"vars": local, "children": groups}}))
        self.machine()
        self.service()

    def machine(self, **options: Any) -> None:
        """Describe the machine."""
        described = MACHINE | {"machine_public_key_file": str(self.directory.with_name("key.pub"))} | options
        self._write("homu-machine", described)

    def service(self, **options: Any) -> None:
        """Describe the service that runs on it."""
        self._write("homu-backend", {"service_machine": "homu-machine", **options})

    def _write(self, host: str, variables: dict[str, Any]) -> None:
        (self.directory / "host_vars" / host).mkdir(exist_ok=True)
        (self.directory / "host_vars" / host / "z.yml").write_text(json.dumps(variables))

    def provision(self, *arguments: str) -> Result:
        """What a person types."""
        command = ("provision.yml", "-i", str(self.directory), *AWS, *arguments)
        return ansible_playbook(*command, environment=self.emulator.environment())

    def changed(self, *arguments: str) -> int:
        """How many tasks changed something in a run that succeeds."""
        done = self.provision(*arguments)
        assert done.code == 0, done.output
        return done.changed["homu-machine"]


@pytest.fixture
def inventory(tmp_path: Path, request: pytest.FixtureRequest) -> Inventory:
    return Inventory(tmp_path, request.getfixturevalue(getattr(request, "param", "ministack")))


def instances(emulator: Emulator) -> list[dict[str, Any]]:
    found = emulator.client("ec2").describe_instances()["Reservations"]
    every = [one for item in found for one in item["Instances"]]
    return [one for one in every if one["State"]["Name"] != "terminated"]


def test_a_machine_from_nothing(inventory: Inventory) -> None:
    ministack = inventory.emulator
    ministack.client("route53").create_hosted_zone(Name="homu.kr", CallerReference="1")
    inventory.service(service_domain="api.homu.kr", service_hosted_zone="homu.kr")
    assert inventory.changed("--check") == 1, "a machine is planned"
    assert instances(ministack) == [], "and nothing is made"

    assert inventory.changed() == 2, "the machine and its name"
    assert inventory.changed() == 0
    assert inventory.changed("--check") == 0
    [machine] = instances(ministack)
    [address] = ministack.client("ec2").describe_addresses()["Addresses"]
    assert address["InstanceId"] == machine["InstanceId"]
    tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
    assert tags["slipway:machine"] == "homu-machine"
    assert tags["slipway:environment"] == "local"
    assert tags["Name"] == machine["KeyName"] == "local-homu-machine"

    [zone] = ministack.client("route53").list_hosted_zones()["HostedZones"]
    records = ministack.client("route53").list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    [record] = [one for one in records if one["Type"] == "A"]
    assert record["Name"] == "api.homu.kr."
    assert record["ResourceRecords"] == [{"Value": address["PublicIp"]}]
    assert _value(inventory, "homu-machine") == address["PublicIp"]
    assert _value(inventory, "homu-backend") == address["PublicIp"]


def _value(inventory: Inventory, host: str, variable: str = "ansible_host") -> str:
    """What a host's variable comes to; by default, where Ansible would go."""
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("ansible")), "-i", str(inventory.directory), host),
            *("-m", "ansible.builtin.debug", "-a", f"msg=<<{{{{ {variable} }}}}>>"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            **inventory.emulator.environment(),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    found = re.search(r"<<(.*)>>", done.stdout)
    assert found, done.stdout + done.stderr
    return str(json.loads(f'"{found[1]}"'))


def test_its_role_reads_what_its_services_need_and_nothing_else(inventory: Inventory) -> None:
    inventory.changed()
    iam = inventory.emulator.client("iam")
    answer = iam.get_role_policy(RoleName="local-homu-machine", PolicyName="services")["PolicyDocument"]
    document = json.loads(answer) if isinstance(answer, str) else answer
    granted = {
        (action, one)
        for item in document["Statement"]
        for action in _list(item["Action"])
        for one in _list(item["Resource"])
    }
    account, region = inventory.emulator.account, "ap-northeast-2"
    secrets = f"arn:aws:secretsmanager:{region}:{account}:secret:homu"
    repository = f"arn:aws:ecr:{region}:{account}:repository/homu-backend"
    assert granted == {
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchCheckLayerAvailability", repository),
        ("ecr:BatchGetImage", repository),
        ("ecr:GetDownloadUrlForLayer", repository),
        *(
            ("secretsmanager:GetSecretValue", f"{secrets}/{name}-??????")
            for name in ("db-url", "redis-url", "secret-key")
        ),
    }
    # A limit leaves the service out of the play, and not out of the role.
    assert inventory.changed("--limit", "homu-machine") == 0


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_who_reaches_it(inventory: Inventory) -> None:
    inventory.machine(
        machine_open_ports=[
            {"port": 9100, "cidrs": ["10.0.0.0/16"]},
            {"port": 443, "protocol": "udp", "cidrs": ["0.0.0.0/0"], "reason": "HTTP/3"},
        ]
    )
    inventory.changed()
    ec2 = inventory.emulator.client("ec2")
    filters = [{"Name": "group-name", "Values": ["local-homu-machine"]}]
    [group] = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    rules = {
        (item["IpProtocol"], item["FromPort"], source.get("CidrIp") or source.get("CidrIpv6"))
        for item in group["IpPermissions"]
        for source in [*item["IpRanges"], *item.get("Ipv6Ranges", [])]
    }
    assert rules == {
        ("tcp", 80, "0.0.0.0/0"),
        ("tcp", 80, "::/0"),
        ("tcp", 443, "0.0.0.0/0"),
        ("tcp", 443, "::/0"),
        ("tcp", 22, "203.0.113.7/32"),
        ("tcp", 9100, "10.0.0.0/16"),
        ("udp", 443, "0.0.0.0/0"),
    }


def test_a_port_that_is_open_to_the_world_is_refused(inventory: Inventory) -> None:
    inventory.machine(machine_open_ports=[{"port": 8000, "cidrs": ["0.0.0.0/0"]}], machine_ssh_cidrs=["0.0.0.0/0"])
    refused = inventory.provision()
    assert refused.code != 0
    assert "machine_ssh_cidrs[0]: opens SSH to 0.0.0.0/0" in refused.output
    assert "8000 is the container's port of homu-backend: requests reach it by 443" in refused.output
    assert "say in reason: why the whole world has to reach it" in refused.output
    assert instances(inventory.emulator) == []


@pytest.mark.parametrize("inventory", ["moto"], indirect=True)
def test_another_instance_type_has_to_be_confirmed(inventory: Inventory) -> None:
    moto = inventory.emulator
    inventory.machine(machine_image="ami-03cf127a", machine_disk_size_gib=20, machine_disk_encrypted=True)
    inventory.changed()
    [before] = instances(moto)
    assert before["MetadataOptions"]["HttpTokens"] == "required"
    assert before["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    [volume] = moto.client("ec2").describe_volumes()["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"]) == (20, "gp3", True)
    assert inventory.changed() == 0

    bigger = {"machine_image": "ami-03cf127a", "machine_disk_size_gib": 20, "machine_instance_type": "t3.medium"}
    inventory.machine(**bigger, machine_disk_encrypted=True)
    planned = inventory.provision("--check", "--diff")
    assert planned.code == 0, planned.output
    assert "t3.medium" in planned.output
    refused = inventory.provision()
    assert refused.code != 0
    assert "every service on it is away for some minutes" in refused.output
    assert "-e confirm=" in refused.output
    assert instances(moto)[0]["InstanceType"] == "t3.small"

    assert inventory.changed("-e", "confirm=homu-machine") == 1
    [after] = instances(moto)
    assert (after["InstanceId"], after["InstanceType"]) == (before["InstanceId"], "t3.medium")
    assert after["State"]["Name"] == "running"
    assert inventory.changed() == 0


def test_a_domain_that_leads_elsewhere_is_not_taken_away_unasked(inventory: Inventory) -> None:
    route53 = inventory.emulator.client("route53")
    zone = route53.create_hosted_zone(Name="homu.kr", CallerReference="1")["HostedZone"]["Id"]
    there = {"Name": "api.homu.kr", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "198.51.100.4"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": there}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    inventory.service(service_domain="api.homu.kr", service_hosted_zone="homu.kr")
    refused = inventory.provision()
    assert refused.code != 0
    assert "api.homu.kr: what is asked for there is served elsewhere" in refused.output
    assert inventory.changed("-e", "confirm=homu-machine") == 1
    assert inventory.changed() == 0


def test_check_mode_of_both_halves_where_there_is_no_machine_yet(inventory: Inventory) -> None:
    command = ("provision.yml", "-i", str(inventory.directory), "--check")
    planned = ansible_playbook(*command, environment=inventory.emulator.environment())
    assert planned.code == 0, planned.output
    assert planned.changed == {"homu-machine": 1}


def test_another_account_is_refused(inventory: Inventory) -> None:
    inventory.machine(machine_account_id="111122223333")
    refused = inventory.provision()
    assert refused.code != 0
    assert "homu-machine belongs to the account 111122223333" in refused.output
    assert instances(inventory.emulator) == []


def test_an_environment_without_machines_has_nothing_to_do(inventory: Inventory) -> None:
    done = ansible_playbook("provision.yml", "-i", "local", environment=inventory.emulator.environment())
    assert done.code == 0, done.output
    assert done.changed == {}


def test_what_it_costs(inventory: Inventory) -> None:
    inventory.machine(machine_instance_type="t3.medium")
    done = ansible_playbook("cost.yml", "-i", str(inventory.directory), environment=inventory.emulator.environment())
    assert done.code == 0, done.output
    assert re.search(r"^machine +t3.medium +37.96$", done.output, re.MULTILINE)
    assert re.search(r"^load balancer +1 +16.43$", done.output, re.MULTILINE)


@pytest.mark.parametrize("inventory", ["moto"], indirect=True)
def test_a_subnet_that_nobody_reaches_is_refused(inventory: Inventory) -> None:
    ec2 = inventory.emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    described = {"machine_image": "ami-03cf127a", "machine_subnet": subnet, "machine_disk_encrypted": True}
    inventory.machine(**described)
    refused = inventory.provision()
    assert refused.code != 0
    assert f"{subnet} has no route to an internet gateway" in refused.output
    assert instances(inventory.emulator) == []

    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    [table] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert inventory.changed() == 1
    [made] = instances(inventory.emulator)
    assert (made["SubnetId"], made["VpcId"]) == (subnet, vpc)
    assert inventory.changed() == 0


def test_session_manager_needs_no_open_port(inventory: Inventory) -> None:
    inventory.machine(machine_access="ssm", machine_ssh_cidrs=[])
    inventory.changed()
    [machine] = instances(inventory.emulator)
    assert _value(inventory, "homu-machine") == machine["InstanceId"]
    assert shlex.split(_value(inventory, "homu-machine", "ansible_ssh_common_args"))[-1] == (
        "ProxyCommand=aws ssm start-session --target %h --document-name AWS-StartSSHSession "
        "--parameters portNumber=%p --region ap-northeast-2"
    )
    attached = inventory.emulator.client("iam").list_attached_role_policies(RoleName="local-homu-machine")
    assert [one["PolicyName"] for one in attached["AttachedPolicies"]] == ["AmazonSSMManagedInstanceCore"]


def test_both_halves(inventory: Inventory, docker_host: LabHost) -> None:
    # A machine of the lab stands in for the instance, which the embedded AWS does not boot.
    inventory.machine(**docker_host.variables(), **offer(docker_host))
    command = ("provision.yml", "-i", str(inventory.directory))
    first = ansible_playbook(*command, environment=inventory.emulator.environment(), timeout=900)
    assert first.code == 0, first.output
    assert instances(inventory.emulator)
    assert docker_host.exec("systemctl", "is-active", "docker", "caddy") == "active\nactive"
    again = ansible_playbook(*command, environment=inventory.emulator.environment(), timeout=900)
    assert again.code == 0, again.output
    assert again.changed == {"homu-machine": 0}
