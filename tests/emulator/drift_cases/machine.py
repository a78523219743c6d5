"""What a machine on EC2 is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.emulator.drift_cases.elb import network
from tests.emulator.drift_cases.model import Resource, Scene, To, World
from tests.emulator.test_machine_aws import EC2, IMAGES, KEY, OTHER_KEY

INSTANCE, ADDRESS, PAIR, PROFILE = "ec2_instance", "elastic_ip", "key_pair", "instance_profile"
NAME = "drift"


def _roles(_: World) -> list[Resource]:
    return [("iam_role", {"name": name, "assume_role_policy": [EC2]}) for name in ("one", "two")]


def _exchange_role(old: str, new: str) -> Callable[[World], None]:
    def call(world: World) -> None:
        world.iam.remove_role_from_instance_profile(InstanceProfileName=NAME, RoleName=old)
        world.iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=new)

    return call


PROFILES = Scene(
    PROFILE,
    lambda _: {"name": NAME, "role": "one"},
    {"role": To(do=_exchange_role("one", "two"), undo=_exchange_role("two", "one"), found="two")},
    before=_roles,
)


def _import_key(key: str) -> Callable[[World], None]:
    def call(world: World) -> None:
        world.ec2.delete_key_pair(KeyName=NAME)
        world.ec2.import_key_pair(KeyName=NAME, PublicKeyMaterial=key.encode())

    return call


PAIRS = Scene(
    PAIR,
    lambda _: {"name": NAME, "public_key": KEY},
    {"public_key": To(OTHER_KEY, do=_import_key(OTHER_KEY), undo=_import_key(KEY), api=("PublicKey",))},
    answer=("DescribeKeyPairs", ("KeyPairs", 0)),
    unkept={"ministack": {"public_key": "does not tell the key"}},
)


def _running(world: World, name: str = NAME) -> dict[str, Any]:
    filters = [{"Name": "tag:Name", "Values": [name]}, {"Name": "instance-state-name", "Values": ["running"]}]
    found = world.ec2.describe_instances(Filters=filters)["Reservations"]
    every: list[dict[str, Any]] = [one for item in found for one in item["Instances"]]
    return next(one for one in every if {"Key": "Name", "Value": name} in one["Tags"])


def instance(world: World, name: str = NAME, **options: Any) -> dict[str, Any]:
    """A small instance."""
    return {"name": name, "instance_type": "t3.small", "image_id": IMAGES[world.emulator.name], **options}


def _tag(resource: Callable[[World], str], value: str) -> Callable[[World], None]:
    return lambda world: world.ec2.create_tags(Resources=[resource(world)], Tags=[{"Key": "Service", "Value": value}])


def _tags(resource: Callable[[World], str]) -> To:
    return To(
        do=_tag(resource, "other"), undo=_tag(resource, "drift"), at="tags.Service", expected="drift", found="other"
    )


def _id(world: World) -> str:
    return world.once("instance", lambda: str(_running(world)["InstanceId"]))


def _disk_id(world: World) -> str:
    return world.once("disk", lambda: str(_running(world)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]))


def _modify(**attribute: Any) -> Callable[[World], None]:
    return lambda world: world.ec2.modify_instance_attribute(InstanceId=_id(world), **attribute)


def _groups(*numbers: int) -> Callable[[World], list[str]]:
    return lambda world: [world.ids["groups"][one] for one in numbers]


def _in_groups(*numbers: int) -> Callable[[World], None]:
    return lambda world: world.ec2.modify_instance_attribute(InstanceId=_id(world), Groups=_groups(*numbers)(world))


def _resize(kind: str) -> Callable[[World], None]:
    def call(world: World) -> None:
        identity = _id(world)
        world.ec2.stop_instances(InstanceIds=[identity])
        world.ec2.modify_instance_attribute(InstanceId=identity, InstanceType={"Value": kind})
        world.ec2.start_instances(InstanceIds=[identity])

    return call


M, R = "metadata_options", "root_volume"
_AT = ("Reservations", 0, "Instances", 0)


def _lay_instance(operation: str, answer: Any, option: str, value: Any) -> None:
    """What is told of an instance in several answers."""
    group, _, name = option.partition(".")
    if group == R and operation == "DescribeVolumes":
        answer["Volumes"][0][_VOLUME[name]] = value
    elif group == "termination_protection" and operation == "DescribeInstanceAttribute":
        answer["DisableApiTermination"] = {"Value": value}
    elif operation == "DescribeInstances" and answer["Reservations"]:
        found = answer["Reservations"][0]["Instances"][0]
        if group == M:
            found.setdefault("MetadataOptions", {})[_METADATA[name]] = value
        elif group == "instance_profile":
            found["IamInstanceProfile"] = {"Arn": f"arn:aws:iam::000000000000:instance-profile/{value}"}
        elif group == "security_groups":
            found["SecurityGroups"] = [{"GroupId": one} for one in value]
        elif group in _PLAIN:
            found[_PLAIN[group]] = value


_PLAIN = {"instance_type": "InstanceType", "image_id": "ImageId", "key_name": "KeyName", "subnet_id": "SubnetId"}
_VOLUME = {
    "size_gib": "Size",
    "volume_type": "VolumeType",
    "iops": "Iops",
    "throughput": "Throughput",
    "encrypted": "Encrypted",
    "kms_key_id": "KmsKeyId",
}
_METADATA = {
    "http_endpoint": "HttpEndpoint",
    "http_tokens": "HttpTokens",
    "http_put_response_hop_limit": "HttpPutResponseHopLimit",
    "http_protocol_ipv6": "HttpProtocolIpv6",
    "instance_metadata_tags": "InstanceMetadataTags",
}
_METADATA_SAID = {
    "http_endpoint": "enabled",
    "http_tokens": "required",
    "http_put_response_hop_limit": 1,
    "http_protocol_ipv6": "disabled",
    "instance_metadata_tags": "disabled",
}


def _metadata(option: str, value: Any) -> tuple[str, To]:
    def put(given: Any) -> Callable[[World], None]:
        return lambda world: world.ec2.modify_instance_metadata_options(
            InstanceId=_id(world),
            **{name: _METADATA_SAID[one] for one, name in _METADATA.items()} | {_METADATA[option]: given},
        )

    return f"{M}.{option}", To(value, do=put(value), undo=put(_METADATA_SAID[option]))


def _disk(option: str, value: Any, was: Any) -> tuple[str, To]:
    key = _VOLUME[option]

    def put(given: Any) -> Callable[[World], None]:
        return lambda world: world.ec2.modify_volume(VolumeId=_disk_id(world), **{key: given})

    return f"{R}.{option}", To(value, do=put(value), undo=put(was))


def _before(world: World) -> list[Resource]:
    network(world)
    profiles = [(PROFILE, {"name": name, "role": name}) for name in ("one", "two")]
    return [*_roles(world), *profiles, (PAIR, {"name": "one", "public_key": KEY})]


_NEVER = "AWS, too, lets nobody change it"
INSTANCES = Scene(
    INSTANCE,
    lambda world: instance(
        world,
        key_name="one",
        subnet_id=world.ids["subnets"][0],
        security_groups=_groups(0)(world),
        instance_profile="one",
        termination_protection=True,
        metadata_options=_METADATA_SAID,
        root_volume={
            "size_gib": 10,
            "volume_type": "gp3",
            "iops": 3000,
            "throughput": 125,
            "encrypted": True,
            "kms_key_id": "key-1",
        },
        tags={"Name": NAME, "Service": "drift"},
    ),
    {
        "instance_type": To("t3.large", do=_resize("t3.large"), undo=_resize("t3.small")),
        "image_id": "ami-0fedcba9876543210",
        "key_name": "two",
        "subnet_id": "subnet-other",
        "security_groups": To(
            _groups(0, 1), do=_in_groups(0, 1), undo=_in_groups(0), expected=_groups(0), was=_groups(0)
        ),
        "instance_profile": "two",
        "termination_protection": To(
            False,
            do=_modify(DisableApiTermination={"Value": False}),
            undo=_modify(DisableApiTermination={"Value": True}),
        ),
        **dict(
            [
                _metadata("http_endpoint", "disabled"),
                _metadata("http_tokens", "optional"),
                _metadata("http_put_response_hop_limit", 2),
                _metadata("http_protocol_ipv6", "enabled"),
                _metadata("instance_metadata_tags", "enabled"),
                _disk("size_gib", 20, 10),
                _disk("volume_type", "gp2", "gp3"),
                _disk("iops", 4000, 3000),
                _disk("throughput", 250, 125),
                _disk("encrypted", False, True),
                _disk("kms_key_id", "key-2", "key-1"),
            ]
        ),
        "tags": _tags(_id),
    },
    before=_before,
    lay=_lay_instance,
    unkept={
        "ministack": {
            **dict.fromkeys(
                ("instance_type", "security_groups", "termination_protection"), "has no ModifyInstanceAttribute"
            ),
            **dict.fromkeys((f"{M}*", f"{R}*"), "makes every disk alike, and tells nothing of the metadata"),
            **dict.fromkeys(("image_id", "key_name", "subnet_id"), _NEVER),
            "instance_profile": "knows profiles by associations alone",
        },
        "moto": {
            **dict.fromkeys(("image_id", "key_name", "subnet_id"), _NEVER),
            "instance_profile": "goes on to show the first profile",
            "termination_protection": "does not take it in RunInstances",
            **dict.fromkeys((f"{R}.iops", f"{R}.throughput", f"{R}.encrypted", f"{R}.kms_key_id"), _NEVER),
        },
    },
)


def _associate(name: str) -> Callable[[World], None]:
    return lambda world: world.ec2.associate_address(
        AllocationId=_allocation(world), InstanceId=_running(world, name)["InstanceId"], AllowReassociation=True
    )


def _allocation(world: World) -> str:
    found = world.ec2.describe_addresses()["Addresses"]
    return next(str(one["AllocationId"]) for one in found if {"Key": "Name", "Value": NAME} in one.get("Tags", []))


def _instance_id(name: str) -> Callable[[World], str]:
    return lambda world: str(_running(world, name)["InstanceId"])


ADDRESSES = Scene(
    ADDRESS,
    lambda _: {"name": NAME, "instance": "first", "tags": {"Name": NAME, "Service": "drift"}},
    {
        "instance": To(
            do=_associate("second"),
            undo=_associate("first"),
            expected=_instance_id("first"),
            found=_instance_id("second"),
        ),
        "tags": _tags(_allocation),
    },
    before=lambda world: [(INSTANCE, instance(world, name)) for name in ("first", "second")],
)
SCENES = (PROFILES, PAIRS, INSTANCES, ADDRESSES)
_NAMED = "its name: another name is another resource"
_FOUND = "the tags by which it is found: without them it is gone"
NO_FIELDS = {
    INSTANCE: {
        "name": _NAMED,
        "identity": _FOUND,
        "allow_stop": "says whether it may be stopped",
        "image_parameter": "says which image a new one is made of; a newer image is no difference",
        "user_data": "what a new one does at its first start",
    },
    ADDRESS: {"name": _NAMED, "identity": _FOUND},
    PAIR: {"name": _NAMED},
    PROFILE: {"name": _NAMED},
}
