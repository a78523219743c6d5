"""The image: it can be built here, or it is in the repository and made for the tasks' architecture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...aws.clients import Aws
from ...image.registry import Image, Repository
from .check import Check, fail, ok
from .seen import Seen

Service = Mapping[str, Any]


def is_built(service: Service) -> bool:
    """Whether this deploy may build the image."""
    return bool(service.get("build_context")) and not service.get("image_digest")


def platform(service: Service) -> str:
    """What an image says of itself that runs on the tasks' architecture."""
    return "linux/arm64" if service["cpu_architecture"] == "ARM64" else "linux/amd64"


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """DescribeRepositories; of an image that is not built here also BatchGetImage and its configuration."""
    registry = service.get("image_registry") or ""
    found = seen.read("repository", lambda: Repository.find(aws, service["repository"], registry))
    if is_built(service):
        files = Path(service["build_context"])
        seen.put("build", (files.is_dir(), (files / service["dockerfile"]).is_file()))
    elif found is not None and _named(service):
        image = seen.read("image", lambda: _image(found, service))
        if image is None:
            seen.read("tags", found.newest_tags)


def check_build(service: Service, seen: Seen) -> Iterator[Check]:
    """The build context and its Dockerfile."""
    if not is_built(service):
        return
    folder, dockerfile = seen["build"]
    context = service["build_context"]
    if not folder:
        remedy = "check the code out there, correct the path, or deploy an image that is there: service_image_tag"
        yield fail(f"{context} is no folder", remedy, "service_build_context")
    elif not dockerfile:
        remedy = "write it, or set service_dockerfile to its path below the build context"
        yield fail(f"there is no {service['dockerfile']} in {context}", remedy, "service_dockerfile")
    else:
        yield ok(f"is built from {context}")


def check_repository(service: Service, seen: Seen) -> Iterator[Check]:
    """A repository that is not there is made first; what is not built here cannot be in it."""
    name = service["repository"]
    if seen["repository"] is not None:
        yield ok(f"the repository {name} is there")
    elif is_built(service):
        yield ok(f"the repository {name} is made by this deploy")
    else:
        remedy = (
            "set service_build_context, and this deploy builds and pushes the image; or make the repository "
            f"(aws ecr create-repository --repository-name {name} --region {seen.region}) and push an image to it"
        )
        yield fail(f"there is no repository {name}, and nothing is built here", remedy, "service_repository")


def check_image(service: Service, seen: Seen) -> Iterator[Check]:
    """An image that is not built here is there, and for this architecture."""
    if is_built(service):
        return
    wanted = _named(service)
    if not wanted:
        remedy = "set service_build_context to build one, or push one and set service_image_tag"
        yield fail("there is neither an image to deploy nor anything to build one from", remedy, "service_image_tag")
        return
    if seen["repository"] is None:
        return
    image: Image | None = seen["image"]
    variable = "service_image_digest" if service.get("image_digest") else "service_image_tag"
    if image is None:
        tags = seen["tags"]
        there = f"it has {', '.join(tags)} (newest first)" if tags else "it has no tagged image"
        remedy = "push it, choose one that is there, or set service_build_context to build it"
        yield fail(f"{wanted} is not in the repository {service['repository']}: {there}", remedy, variable)
    elif image.platform and image.platform != platform(service):
        remedy = f"correct service_cpu_architecture, or choose an image that was built for {platform(service)}"
        yield fail(
            f"the image {wanted} is for {image.platform} and the tasks are for {platform(service)}",
            remedy,
            "service_cpu_architecture",
        )
    else:
        of = f"for {image.platform}" if image.platform else "which does not say its architecture"
        yield ok(f"the image {wanted} is there, {of}")


def _named(service: Service) -> str:
    return str(service.get("image_digest") or service.get("image_tag") or "")


def _image(repository: Repository, service: Service) -> Image | None:
    if service.get("image_digest"):
        return repository.image(service["image_digest"], platform(service))
    tag = service["image_tag"]
    return repository.images([tag], platform(service)).get(tag)
