"""The images that a machine may be made from, and what follows from the image and the instance type."""

from __future__ import annotations

import re

_ARCHITECTURES = {"X86_64": ("x86_64", "amd64"), "ARM64": ("arm64", "arm64")}
_UBUNTU = "/aws/service/canonical/ubuntu/server/{version}/stable/current/{debian_arch}/hvm/{disk}/ami-id"
_DEBIAN = "/aws/service/debian/release/{version}/latest/{debian_arch}"
_AMAZON = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}"
# Image -> the public parameter that names the newest one, and the user that the image lets in.
# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/, https://wiki.debian.org/Cloud/AmazonEC2Image,
# https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
IMAGES: dict[str, tuple[str, str]] = {
    "ubuntu-24.04": (_UBUNTU.format(version="24.04", disk="ebs-gp3", debian_arch="{debian_arch}"), "ubuntu"),
    "ubuntu-22.04": (_UBUNTU.format(version="22.04", disk="ebs-gp2", debian_arch="{debian_arch}"), "ubuntu"),
    "debian-13": (_DEBIAN.format(version="13", debian_arch="{debian_arch}"), "admin"),
    "debian-12": (_DEBIAN.format(version="12", debian_arch="{debian_arch}"), "admin"),
    "al2023": (_AMAZON, "ec2-user"),
}
# A family's name says after its generation, with a g, that it is Graviton: t4g, m7gd, c7gn.
_GRAVITON = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.")


def architecture(instance_type: str) -> str:
    """The architecture of an instance type, as the descriptions of services say it."""
    return "ARM64" if _GRAVITON.match(instance_type) else "X86_64"


def parameter(image: str, instance_type: str) -> str | None:
    """The public parameter that names the newest image; None for an image's id."""
    if image not in IMAGES:
        return None
    arch, debian_arch = _ARCHITECTURES[architecture(instance_type)]
    return IMAGES[image][0].format(arch=arch, debian_arch=debian_arch)


def user(image: str) -> str | None:
    """The user that the image lets in; nobody knows that of an image's id."""
    return IMAGES[image][1] if image in IMAGES else None
