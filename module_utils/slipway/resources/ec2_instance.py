"""EC2 instances: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import SlipwayError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live
from . import ec2_calls, machine_image, tags
from .identity import identity_of, only
from .names import security_group_id

METADATA = input_shape("ec2", "ModifyInstanceMetadataOptions")
_ALIVE = ["pending", "running", "stopping", "stopped"]
_PLAIN = ("instance_type", "image_id", "key_name", "subnet_id", "instance_profile", "termination_protection")
# What the API calls a volume's fields -> the options.
_VOLUME = {
    "Size": "size_gib",
    "VolumeType": "volume_type",
    "Iops": "iops",
    "Throughput": "throughput",
    "Encrypted": "encrypted",
    "KmsKeyId": "kms_key_id",
}


class Ec2Instance(Kind):
    """One instance with its root volume. It is never replaced, and stopped only where the options allow it."""

    name = "ec2_instance"
    after = ("security_group", "key_pair", "instance_profile")
    create_only = frozenset({"image_id", "key_name", "subnet_id"})
    rules = Rules(unordered={"security_groups": ""}, whole=frozenset({"tags"}))

    def references(self, options: Options) -> Iterable[Reference]:
        """The security groups that are given by name."""
        if options.get("state") != "absent":
            for group in options.get("security_groups") or ():
                if not group.startswith("sg-"):
                    yield "security_group", group

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeInstances by the tags that identify each; more only where the options manage it."""
        names = list(wanted)
        found = side_by_side(lambda name: _live(aws, name, wanted[name]), names)
        return {name: live for name, live in zip(names, found, strict=True) if live is not None}

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields that are compared; what counts only for a new instance is in the settings."""
        name, live = options["name"], known.live(self.name, options["name"])
        if options.get("state") == "absent":
            return Desired(name, absent=True)
        fields = {key: options[key] for key in _PLAIN if options.get(key) is not None}
        if options.get("security_groups") is not None:
            fields["security_groups"] = [
                security_group_id(known, group, "security_groups") for group in options["security_groups"]
            ]
        # What an emulator does not tell cannot differ.
        for key in ("metadata_options", "root_volume"):
            if options.get(key) is not None and (live is None or live.fields[key] is not None):
                fields[key] = options[key]
        fields["running"] = True
        if options.get("tags") is not None:
            fields["tags"] = {**options["tags"], **identity_of(options)}
        settings = {"allow_stop": bool(options.get("allow_stop")), "user_data": options.get("user_data")}
        if live is None:
            if not options.get("instance_type"):
                raise SlipwayError("a new instance needs instance_type", remedy="give one, for example t3.small")
            settings |= machine_image.find(known.aws, options) | {"identity": identity_of(options)}
        return Desired(name, fields, settings)

    def create(self, desired: Desired) -> Sequence[Call]:
        """RunInstances, and wait until it runs."""
        fields, settings = desired.fields, desired.settings
        params: dict[str, Any] = {
            "MinCount": 1,
            "MaxCount": 1,
            "ImageId": settings["image_id"],
            "InstanceType": fields["instance_type"],
            "TagSpecifications": _tagged(fields.get("tags") or settings["identity"]),
        }
        for option, key in (("key_name", "KeyName"), ("subnet_id", "SubnetId")):
            if fields.get(option):
                params[key] = fields[option]
        if fields.get("security_groups"):
            params["SecurityGroupIds"] = fields["security_groups"]
        if fields.get("instance_profile"):
            params["IamInstanceProfile"] = {"Name": fields["instance_profile"]}
        if fields.get("metadata_options"):
            params["MetadataOptions"] = to_api(METADATA, fields["metadata_options"])
        if fields.get("termination_protection") is not None:
            params["DisableApiTermination"] = fields["termination_protection"]
        if settings["user_data"]:
            params["UserData"] = settings["user_data"]
        if fields.get("root_volume"):
            disk = _to_volume(fields["root_volume"]) | {"DeleteOnTermination": True}
            params["BlockDeviceMappings"] = [{"DeviceName": settings["root_device"], "Ebs": disk}]
        return ec2_calls.run(params, outputs)

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """What interrupts nothing first, then what stops the instance, which nobody does unasked."""
        _refuse_impossible(found)
        _refuse_stop(found, live, allowed=desired.settings["allow_stop"])
        return ec2_calls.changes(desired, live, found, METADATA, _to_volume)

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """TerminateInstances, and wait: its security group and its address are in use until then."""
        return ec2_calls.terminate(live.outputs["id"])


def _live(aws: Aws, name: str, options: Options) -> Live | None:
    identity = identity_of({"name": name, **options})
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in identity.items()]
    filters.append({"Name": "instance-state-name", "Values": _ALIVE})
    reservations = aws.pages("ec2", "DescribeInstances", "Reservations", Filters=filters)
    alive = [one for item in reservations for one in item["Instances"] if one["State"]["Name"] in _ALIVE]
    instance = only(alive, identity, f"ec2_instance {name}", "InstanceId")
    if instance is None:
        return None
    profile = instance.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2] or None
    metadata = instance.get("MetadataOptions")
    fields: dict[str, Any] = {
        "instance_type": instance["InstanceType"],
        "image_id": instance["ImageId"],
        "key_name": instance.get("KeyName") or None,
        "subnet_id": instance.get("SubnetId"),
        "security_groups": [group["GroupId"] for group in instance.get("SecurityGroups", ())],
        "instance_profile": profile,
        "metadata_options": from_api(METADATA, metadata) if metadata else None,
        "root_volume": None,
        "running": instance["State"]["Name"] in ("pending", "running"),
        "tags": tags.from_pairs(instance.get("Tags")),
    }
    volume = _root_volume(instance)
    if options.get("root_volume") is not None and volume:
        (found,) = aws.call("ec2", "DescribeVolumes", VolumeIds=[volume])["Volumes"]
        fields["root_volume"] = {option: found.get(key) for key, option in _VOLUME.items()}
    if options.get("termination_protection") is not None:
        fields["termination_protection"] = _is_protected(aws, instance["InstanceId"])
    association = None
    if profile and options.get("instance_profile") not in (None, profile):
        association = _association(aws, instance["InstanceId"])
    return Live(fields, outputs(instance), {"volume": volume, "association": association})


def _root_volume(instance: Mapping[str, Any]) -> str | None:
    for mapping in instance.get("BlockDeviceMappings", ()):
        if mapping["DeviceName"] == instance.get("RootDeviceName"):
            return str(mapping["Ebs"]["VolumeId"])
    return None


def _is_protected(aws: Aws, instance: str) -> bool:
    answer = aws.call("ec2", "DescribeInstanceAttribute", InstanceId=instance, Attribute="disableApiTermination")
    return bool(answer.get("DisableApiTermination", {}).get("Value"))


def _association(aws: Aws, instance: str) -> str | None:
    filters = [{"Name": "instance-id", "Values": [instance]}]
    answer = aws.call("ec2", "DescribeIamInstanceProfileAssociations", Filters=filters)
    for one in answer["IamInstanceProfileAssociations"]:
        if one["InstanceId"] == instance and one["State"] in ("associating", "associated"):
            return str(one["AssociationId"])
    return None


def _refuse_impossible(found: Sequence[Difference]) -> None:
    for item in found:
        if item.path in ("root_volume.encrypted", "root_volume.kms_key_id"):
            raise SlipwayError(
                f"the encryption of a disk cannot be changed ({item.path}: {item.before} -> {item.after})",
                remedy="put the old value back, or make a second machine beside this one and move the services",
            )
        if item.path == "root_volume.size_gib" and (item.before or 0) > item.after:
            raise SlipwayError(
                f"a disk cannot be made smaller ({item.before} -> {item.after} GiB)",
                remedy=f"put {item.before} back, or make a second machine beside this one and move the services",
            )


def _refuse_stop(found: Sequence[Difference], live: Live, *, allowed: bool) -> None:
    for item in found:
        if item.path == "instance_type" and live.fields["running"] and not allowed:
            raise SlipwayError(
                f"from {item.before} to {item.after} the instance has to be stopped and started: "
                "every service on it is away for some minutes",
                remedy="when that is all right, say allow_stop: true (provision.yml: -e confirm=<machine>)",
            )


def _to_volume(volume: Mapping[str, Any]) -> dict[str, Any]:
    names = {**{option: key for key, option in _VOLUME.items()}, "size_gib": "VolumeSize"}
    return {names[option]: value for option, value in volume.items() if value is not None}


def _tagged(given: Mapping[str, str]) -> list[dict[str, Any]]:
    # The volume has them too, so that a bill can be read.
    return [{"ResourceType": kind, "Tags": tags.to_pairs(given)} for kind in ("instance", "volume")]


def outputs(instance: Mapping[str, Any]) -> dict[str, Any]:
    """What others, and a person, may ask of an instance."""
    return {
        "id": instance["InstanceId"],
        "private_ip": instance.get("PrivateIpAddress", ""),
        "image_id": instance["ImageId"],
        "vpc_id": instance.get("VpcId", ""),
        "availability_zone": instance.get("Placement", {}).get("AvailabilityZone", ""),
    }
