"""Which image a new instance is made from: by id, or by the public parameter that names the newest one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError


def find(aws: Aws, options: Mapping[str, Any]) -> dict[str, str]:
    """The id of the image, and the name of its root device.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html

    Raises:
        SlipwayError: none is described, or what is described is not there.
    """
    image = options.get("image_id") or _of_parameter(aws, options.get("image_parameter"))
    try:
        images = aws.call("ec2", "DescribeImages", ImageIds=[image])["Images"]
    except AwsError as error:
        if not error.code.startswith("InvalidAMIID"):
            raise
        images = []
    if not images:
        raise SlipwayError(
            f"there is no image {image} in {aws.region}",
            where="image_id",
            remedy="correct the id (an image belongs to one region), or leave it out and give image_parameter",
        )
    return {"image_id": image, "root_device": images[0].get("RootDeviceName") or "/dev/sda1"}


def _of_parameter(aws: Aws, parameter: str | None) -> str:
    if not parameter:
        raise SlipwayError("a new instance needs image_id or image_parameter", remedy="give one of the two")
    try:
        return str(aws.call("ssm", "GetParameter", Name=parameter)["Parameter"]["Value"])
    except AwsError as error:
        if error.code != "ParameterNotFound":
            raise
        raise SlipwayError(
            f"there is no public parameter {parameter} in {aws.region}",
            where="image_parameter",
            remedy="correct it, or give image_id",
        ) from error
