"""The calls that make, change and end an EC2 instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.model import StructureShape

from ..aws.shapes import to_api
from ..engine.compare import Difference, changed_options, laid_over
from ..engine.plan import Call, Desired, Live, Output
from . import tags

# AWS does not know a group or an instance profile everywhere at once.
_SOON = frozenset({"InvalidGroup.NotFound", "InvalidParameterValue: nvalid IAM Instance Profile"})
_NEW = frozenset({"InvalidInstanceID.NotFound"})
_PATIENCE = 300.0


def run(params: Mapping[str, Any], outputs: Callable[[Mapping[str, Any]], dict[str, Any]]) -> list[Call]:
    """RunInstances, and wait until it runs."""
    made = Call("ec2", "RunInstances", params, lambda answer: outputs(answer["Instances"][0]), retry=_SOON, patience=60)
    return [made, _until(Output("id"), "running", "waiting until the instance runs")]


def changes(
    desired: Desired,
    live: Live,
    found: Sequence[Difference],
    metadata: StructureShape,
    to_volume: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> list[Call]:
    """What interrupts nothing first, then what stops the instance."""
    fields, changed, instance = desired.fields, changed_options(found), live.outputs["id"]
    one = {"InstanceId": instance}
    calls = []
    if "security_groups" in changed:
        calls.append(Call("ec2", "ModifyInstanceAttribute", {**one, "Groups": fields["security_groups"]}))
    if "instance_profile" in changed:
        calls.append(_profile(instance, fields["instance_profile"], live.raw["association"]))
    if "metadata_options" in changed:
        # Each option that is not given is set back to its default.
        options = to_api(metadata, laid_over(live.fields["metadata_options"], fields["metadata_options"]))
        calls.append(Call("ec2", "ModifyInstanceMetadataOptions", {**one, **options}))
    if "termination_protection" in changed:
        value = {"Value": fields["termination_protection"]}
        calls.append(Call("ec2", "ModifyInstanceAttribute", {**one, "DisableApiTermination": value}))
    if "root_volume" in changed:
        differing = {
            item.path.removeprefix("root_volume."): item.after for item in found if "root_volume." in item.path
        }
        disk = to_volume(differing)
        if "VolumeSize" in disk:
            disk["Size"] = disk.pop("VolumeSize")
        calls.append(Call("ec2", "ModifyVolume", {"VolumeId": live.raw["volume"], **disk}))
    given, gone = tags.changes(found, fields)
    if given:
        calls.append(Call("ec2", "CreateTags", {"Resources": [instance], "Tags": tags.to_pairs(given)}))
    if gone:
        calls.append(Call("ec2", "DeleteTags", {"Resources": [instance], "Tags": [{"Key": key} for key in gone]}))
    if "instance_type" in changed:
        if live.fields["running"]:
            calls.append(Call("ec2", "StopInstances", {"InstanceIds": [instance]}))
        # One that was found stopped may still be stopping.
        calls.append(_until(instance, "stopped", "stopping the instance: its services are away until it runs again"))
        value = {"Value": fields["instance_type"]}
        calls.append(Call("ec2", "ModifyInstanceAttribute", {**one, "InstanceType": value}))
    if changed & {"instance_type", "running"}:
        if "instance_type" not in changed:
            calls.append(_until(instance, "stopped", "waiting until the instance can be started"))
        calls.append(Call("ec2", "StartInstances", {"InstanceIds": [instance]}))
        calls.append(_until(instance, "running", "starting the instance"))
    return calls


def terminate(instance: str) -> list[Call]:
    """TerminateInstances, and wait: its security group and its address are in use until then."""
    gone = Call("ec2", "TerminateInstances", {"InstanceIds": [instance]}, tolerate=_NEW)
    return [gone, _until(instance, "terminated", "waiting until the instance is gone")]


def _profile(instance: str, name: str, association: str | None) -> Call:
    profile = {"IamInstanceProfile": {"Name": name}}
    if association:
        params = {"AssociationId": association, **profile}
        return Call("ec2", "ReplaceIamInstanceProfileAssociation", params, retry=_SOON, patience=60)
    return Call("ec2", "AssociateIamInstanceProfile", {"InstanceId": instance, **profile}, retry=_SOON, patience=60)


def _until(instance: Any, state: str, progress: str) -> Call:
    def reached(answer: dict[str, Any]) -> bool:
        found = [one for item in answer["Reservations"] for one in item["Instances"]]
        return all(one["State"]["Name"] == state for one in found) and (bool(found) or state == "terminated")

    return Call(
        "ec2",
        "DescribeInstances",
        {"InstanceIds": [instance]},
        retry=_NEW,
        # Tolerated only where it is waited for that it is gone.
        tolerate=_NEW if state == "terminated" else frozenset(),
        until=reached,
        patience=_PATIENCE,
        every=3,
        progress=f"{progress}, at most {_PATIENCE:.0f} s",
    )
