"""What a machine is made of, each through its life: key pair, instance profile, instance, address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import SlipwayError
from tests.emulator.lifecycle import LIBRARY, REGION, Case, Change, apply, walk, writes
from tests.emulators.emulator import Emulator

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1d6Lr3mPqXK4o2yqk9Yw3y7m3r8yW3F4e8b9l0tQ2V"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGd5bWxhYmVsb3RoZXJrZXlmb3J0aGV0ZXN0c29ubHkx"
EC2 = {"principals": {"service": ["ec2.amazonaws.com"]}, "actions": ["sts:AssumeRole"]}
NO_ATTRIBUTES = "has no ModifyInstanceAttribute"
ALIKE = "makes every disk alike, and tells nothing of the metadata"

# Images that each emulator has from its start.
IMAGES = {"ministack": "ami-0123456789abcdef0", "moto": "ami-03cf127a", "localstack": "ami-03cf127a"}

ROLES = [("iam_role", {"name": name, "assume_role_policy": [EC2]}) for name in ("slipway-one", "slipway-two")]
PROFILES = [("instance_profile", {"name": name, "role": name}) for name in ("slipway-one", "slipway-two")]
GROUPS = [("security_group", {"name": name}) for name in ("slipway-one", "slipway-two")]


def instance(emulator: Emulator, **options: object) -> tuple[str, dict[str, object]]:
    """A small instance, as a role would describe it."""
    return "ec2_instance", {
        "name": "slipway-life",
        "identity": {"slipway:machine": "life", "slipway:environment": "tests"},
        "instance_type": "t3.small",
        "image_id": IMAGES[emulator.name],
        **options,
    }


@pytest.mark.aws("ec2")
def test_key_pair(emulator: Emulator) -> None:
    case = Case("key_pair", {"name": "slipway-life", "public_key": f"{KEY} me@home"}, changes=[], no_op_calls=1)
    walk(case, *emulator)


def test_a_key_pair_that_exists_is_not_exchanged(moto: Emulator) -> None:
    apply(moto.endpoint, [("key_pair", {"name": "slipway", "public_key": KEY})])
    with pytest.raises(SlipwayError, match="public_key cannot be changed"):
        apply(moto.endpoint, [("key_pair", {"name": "slipway", "public_key": OTHER_KEY})])


@pytest.mark.aws("iam")
def test_instance_profile(emulator: Emulator) -> None:
    case = Case(
        "instance_profile",
        {"name": "slipway-life", "role": "slipway-one"},
        changes=[Change({"role": "slipway-two"}, frozenset({"role"}))],
        no_op_calls=2,
        before=ROLES,
    )
    walk(case, *emulator)


@pytest.mark.aws("ec2", "iam", "ssm")
def test_instance(emulator: Emulator) -> None:
    options = {
        "security_groups": ["slipway-one"],
        "instance_profile": "slipway-one",
        "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1},
        "root_volume": {"size_gib": 10, "volume_type": "gp3", "encrypted": True},
        "user_data": "#cloud-config\n",
        "tags": {"Name": "slipway-life"},
        "allow_stop": True,
    }
    kind, described = instance(emulator, **options)
    case = Case(
        kind,
        described,
        changes=[
            Change({"tags": {"Name": "other", "Owner": "life"}}, frozenset({"tags.Name", "tags.Owner"})),
            Change(
                {"instance_profile": "slipway-two"},
                frozenset({"instance_profile"}),
                not_on={"moto": "goes on to show the first profile", "localstack": "does not know it"},
            ),
            Change(
                {"security_groups": ["slipway-two"]},
                frozenset({"security_groups"}),
                not_on={"ministack": NO_ATTRIBUTES},
            ),
            Change(
                {"metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2}},
                frozenset({"metadata_options.http_put_response_hop_limit"}),
                not_on={"ministack": ALIKE},
            ),
            Change(
                {"root_volume": {"size_gib": 20, "volume_type": "gp3", "encrypted": True}},
                frozenset({"root_volume.size_gib"}),
                not_on={"ministack": ALIKE},
            ),
            Change({"instance_type": "t3.medium"}, frozenset({"instance_type"}), not_on={"ministack": NO_ATTRIBUTES}),
        ],
        no_op_calls={"ministack": 2}.get(emulator.name, 3),
        before=[*ROLES, *PROFILES, *GROUPS],
        # LocalStack's instances do not know the profiles of its IAM.
        without={"ministack": ["root_volume", "metadata_options"], "localstack": ["instance_profile"]},
    )
    walk(case, *emulator)


@pytest.mark.aws("ec2")
def test_a_running_instance_is_not_stopped_unasked(emulator: Emulator) -> None:
    apply(emulator.endpoint, [instance(emulator)])
    try:
        with pytest.raises(SlipwayError, match="every service on it is away") as refused:
            apply(emulator.endpoint, [instance(emulator, instance_type="t3.large")])
        assert "confirm" in refused.value.remedy
    finally:
        apply(emulator.endpoint, [instance(emulator, state="absent")])


@pytest.mark.aws("ec2")
def test_an_instance_is_never_replaced(emulator: Emulator) -> None:
    apply(emulator.endpoint, [instance(emulator)])
    try:
        with pytest.raises(SlipwayError, match="image_id cannot be changed"):
            apply(emulator.endpoint, [instance(emulator, image_id="ami-0fedcba9876543210")])
        with pytest.raises(SlipwayError, match="cannot be made smaller"):
            apply(emulator.endpoint, [instance(emulator, root_volume={"size_gib": 4})])
        with pytest.raises(SlipwayError, match="encryption of a disk"):
            apply(emulator.endpoint, [instance(emulator, root_volume={"encrypted": True})])
    finally:
        apply(emulator.endpoint, [instance(emulator, state="absent")])


@pytest.mark.aws("ec2")
def test_an_instance_that_was_stopped_by_hand_is_started(emulator: Emulator) -> None:
    ([made], _) = apply(emulator.endpoint, [instance(emulator)])
    Aws(Connection(REGION, endpoint_url=emulator.endpoint)).call(
        "ec2", "StopInstances", InstanceIds=[made.outputs["id"]]
    )
    ([found], calls) = apply(emulator.endpoint, [instance(emulator)])
    assert [item.path for item in found.plan.found] == ["running"]
    assert writes(calls) == {"ec2:StartInstances": 1}
    apply(emulator.endpoint, [instance(emulator, state="absent")])


def test_two_instances_of_one_identity_are_an_error(moto: Emulator) -> None:
    apply(moto.endpoint, [instance(moto)])
    twin = {"name": "slipway-life", "identity": {"slipway:twin": "1"}, "tags": {}}
    tags = {"slipway:machine": "life", "slipway:environment": "tests"}
    kind, options = instance(moto, **twin)
    apply(moto.endpoint, [(kind, {**options, "tags": tags})])
    with pytest.raises(SlipwayError, match="all have the tags slipway:machine=life"):
        apply(moto.endpoint, [instance(moto)])


def test_the_image_of_a_public_parameter(moto: Emulator) -> None:
    parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    kind, options = instance(moto, image_parameter=parameter)
    del options["image_id"]
    ([made], _) = apply(moto.endpoint, [(kind, options)])
    ssm = Aws(Connection(REGION, endpoint_url=moto.endpoint)).call("ssm", "GetParameter", Name=parameter)
    assert made.outputs["image_id"] == ssm["Parameter"]["Value"]
    ([again], calls) = apply(moto.endpoint, [(kind, options)])
    assert again.plan.verb == "none"
    assert calls == {"ec2:DescribeInstances": 1}, "a newer image is no difference, and nobody asks for it"


@pytest.mark.aws("ec2")
def test_elastic_ip(emulator: Emulator) -> None:
    case = Case(
        "elastic_ip",
        {
            "name": "slipway-life",
            "identity": {"slipway:machine": "life"},
            "instance": "slipway-life",
            "tags": {"A": "b"},
        },
        changes=[Change({"tags": {"A": "c"}}, frozenset({"tags.A"}))],
        no_op_calls=2,
        before=[(kind, {**options, "identity": None}) for kind, options in [instance(emulator)]],
    )
    walk(case, *emulator)


PEER = {
    "state": "running",
    "name": "peer",
    "instance_type": "t3.small",
    "image_id": IMAGES["moto"],
    "region": REGION,
    "volumes": [{"device_name": "/dev/sda1", "ebs": {"volume_size": 10, "volume_type": "gp3"}}],
    "wait": False,
}


def peer(moto: Emulator, *, check: bool = False, **options: object) -> bool:
    """Whether the module of amazon.aws says that it changed something."""
    command = [str(Path(sys.executable).with_name("ansible")), "localhost", "-m", "amazon.aws.ec2_instance"]
    arguments = json.dumps({**PEER, "endpoint_url": moto.endpoint, **options})
    environment = {**os.environ, **moto.environment(), "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1"}
    done = subprocess.run(
        [*command, "-a", arguments, *(["--check"] if check else [])],
        env={**environment, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PYTHON_INTERPRETER": sys.executable},
        cwd=LIBRARY.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return "changed: [localhost]" in done.stdout


def test_why_the_instance_is_no_task_of_amazon_aws(moto: Emulator) -> None:
    assert peer(moto)
    assert not peer(moto)
    larger = [{"device_name": "/dev/sda1", "ebs": {"volume_size": 40, "volume_type": "gp3"}}]
    assert not peer(moto, volumes=larger), "a larger disk is no change to it"
    [volume] = moto.client("ec2").describe_volumes()["Volumes"]
    assert volume["Size"] == 10
    # It stops a machine in use, unasked.
    assert peer(moto, instance_type="t3.large")
    [found] = moto.client("ec2").describe_instances()["Reservations"]
    assert found["Instances"][0]["InstanceType"] == "t3.large"
