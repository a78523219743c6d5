"""Elastic IP addresses: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live, Output
from . import tags
from .identity import identity_of, only

_GONE = frozenset({"InvalidAllocationID.NotFound", "InvalidAssociationID.NotFound"})
# An address cannot be given to an instance that is still starting.
_STARTING = frozenset({"InvalidInstanceID", "IncorrectInstanceState"})


class ElasticIp(Kind):
    """An address that stays when the instance behind it stops or is another one."""

    name = "elastic_ip"
    after = ("ec2_instance",)
    rules = Rules(whole=frozenset({"tags"}))

    def references(self, options: Options) -> Iterable[Reference]:
        """The instance, where it is given by name."""
        instance = options.get("instance")
        if instance and not instance.startswith("i-") and options.get("state") != "absent":
            yield "ec2_instance", instance

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeAddresses by the tags that identify each."""
        names = list(wanted)
        found = side_by_side(lambda name: _live(aws, name, wanted[name]), names)
        return {name: live for name, live in zip(names, found, strict=True) if live is not None}

    def desired(self, options: Options, known: Known) -> Desired:
        """Whose it is, and its tags."""
        name = options["name"]
        if options.get("state") == "absent":
            return Desired(name, absent=True)
        fields: dict[str, Any] = {}
        instance = options.get("instance")
        if instance:
            by_id = instance.startswith("i-")
            fields["instance"] = instance if by_id else known.output("ec2_instance", instance, "id", "instance")
        if options.get("tags") is not None:
            fields["tags"] = {**options["tags"], **identity_of(options)}
        return Desired(name, fields, {"identity": identity_of(options)})

    def create(self, desired: Desired) -> Sequence[Call]:
        """AllocateAddress, then AssociateAddress."""
        pairs = tags.to_pairs(desired.fields.get("tags") or desired.settings["identity"])
        params = {"Domain": "vpc", "TagSpecifications": [{"ResourceType": "elastic-ip", "Tags": pairs}]}
        calls = [Call("ec2", "AllocateAddress", params, _outputs)]
        if desired.fields.get("instance"):
            calls.append(_associate(Output("id"), desired.fields["instance"]))
        return calls

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """AssociateAddress moves it in one step."""
        calls, allocation = [], live.outputs["id"]
        if "instance" in changed_options(found):
            calls.append(_associate(allocation, desired.fields["instance"]))
        given, gone = tags.changes(found, desired.fields)
        if given:
            calls.append(Call("ec2", "CreateTags", {"Resources": [allocation], "Tags": tags.to_pairs(given)}))
        if gone:
            params = {"Resources": [allocation], "Tags": [{"Key": key} for key in gone]}
            calls.append(Call("ec2", "DeleteTags", params))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """The address goes back to AWS: nobody gets it again."""
        calls = []
        if live.raw:
            calls.append(Call("ec2", "DisassociateAddress", {"AssociationId": live.raw}, tolerate=_GONE))
        return [*calls, Call("ec2", "ReleaseAddress", {"AllocationId": live.outputs["id"]}, tolerate=_GONE)]


def _live(aws: Aws, name: str, options: Options) -> Live | None:
    identity = identity_of({"name": name, **options})
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in identity.items()]
    found = aws.call("ec2", "DescribeAddresses", Filters=filters)["Addresses"]
    address = only([one for one in found if one.get("AllocationId")], identity, f"elastic_ip {name}", "AllocationId")
    if address is None:
        return None
    fields = {"instance": address.get("InstanceId") or None, "tags": tags.from_pairs(address.get("Tags"))}
    return Live(fields, _outputs(address), address.get("AssociationId"))


def _associate(allocation: Any, instance: Any) -> Call:
    params = {"AllocationId": allocation, "InstanceId": instance, "AllowReassociation": True}
    return Call("ec2", "AssociateAddress", params, retry=_STARTING, patience=60)


def _outputs(address: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": address["AllocationId"], "public_ip": address["PublicIp"]}
