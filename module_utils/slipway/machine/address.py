"""Where a machine is: found by the tags that provision.yml gave it."""

from __future__ import annotations

from functools import lru_cache

from ..aws.clients import Aws, Connection
from ..aws.errors import SlipwayError
from ..resources.identity import only


# An answer is kept, an error is not: the machine may be made a moment later.
@lru_cache
def address_of(
    machine: str, environment: str, form: str, region: str | None, profile: str | None, endpoint_url: str | None
) -> str:
    """The public address of a machine, or the id of its instance.

    Raises:
        SlipwayError: there is no such machine (yet), or several.
    """
    aws = Aws(Connection.of({"region": region, "profile": profile, "endpoint_url": endpoint_url}))
    identity = {"slipway:machine": machine, "slipway:environment": environment}
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in identity.items()]
    addresses = aws.call("ec2", "DescribeAddresses", Filters=filters)["Addresses"]
    found = only(addresses, identity, f"machine {machine}", "AllocationId")
    answer = (found or {}).get("PublicIp" if form == "public_ip" else "InstanceId")
    if not answer:
        raise SlipwayError(
            f"there is no machine {machine} of {environment} in {aws.region}",
            where="machine_address",
            remedy=f"make it: ansible-playbook provision.yml -i <inventory> --limit {machine}",
        )
    return str(answer)
