"""What the Docker engine says when it fails, as errors for people; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..aws.errors import SlipwayError
from .progress import BuildLog

_NO_SPACE = re.compile(r"no space left on device", re.IGNORECASE)
_WRONG_ARCHITECTURE = re.compile(r"exec format error", re.IGNORECASE)
_OTHER_PLATFORM = re.compile(r"does not match the specified platform|no matching manifest for", re.IGNORECASE)
_BUILDKIT = re.compile(r"requires? BuildKit|unknown flag: (mount|link|chmod|parents)", re.IGNORECASE)
_UNREACHED = re.compile(
    r"dial tcp|connection refused|no such host|i/o timeout|TLS handshake|deadline exceeded|request canceled"
    r"|\bEOF\b|server misbehaving|network is unreachable",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"denied|no basic auth|unauthorized|forbidden|authorization token has expired", re.IGNORECASE)
_IMMUTABLE = re.compile(r"immutable|cannot be overwritten", re.IGNORECASE)
_NO_REPOSITORY = re.compile(r"name unknown|repository with name .* does not exist|NAME_UNKNOWN", re.IGNORECASE)

_REMEDIES = (
    (re.compile("unknown instruction"), "correct that line (a here-document, <<EOF, needs BuildKit and is not taken)"),
    (re.compile("build target"), "correct service_build_target: it names a stage, FROM ... AS stage"),
    (
        re.compile("excluded by .dockerignore|no source files"),
        "correct the path, .dockerignore or service_build_context",
    ),
)
_MAKE_ROOM = "make room with: docker system prune (and docker builder prune), then run the same command again"


def build_failure(log: BuildLog, dockerfile: str, platform: str) -> SlipwayError:
    """Why a build failed, with the last lines of the step that did."""
    where = f"{dockerfile}, step {log.step}: {log.text}" if log.step else dockerfile
    said = "\n".join([log.error, *log.tail()])
    if _NO_SPACE.search(said):
        return SlipwayError("the disk of the Docker engine is full", where=where, remedy=_MAKE_ROOM)
    if _BUILDKIT.search(said):
        what = f"the Dockerfile needs BuildKit, which this build does not use: {log.error}"
        remedy = "remove that flag, or build and push with docker buildx and deploy that tag without a build context"
        return SlipwayError(what, where=where, remedy=remedy)
    if log.text.upper().startswith("FROM"):
        return _base_image_failure(log, where, platform)
    if _WRONG_ARCHITECTURE.search(said):
        return SlipwayError(
            f"this machine cannot run programs for {platform}", where=where, remedy=_emulation(platform)
        )
    remedy = next((remedy for pattern, remedy in _REMEDIES if pattern.search(log.error)), "")
    what = _with_output(log.error or "the build ended without an image", log.tail())
    return SlipwayError(what, where=where, remedy=remedy)


def _base_image_failure(log: BuildLog, where: str, platform: str) -> SlipwayError:
    words = [word for word in log.text.split()[1:] if not word.startswith("--")]
    name = words[0] if words else "?"
    if _OTHER_PLATFORM.search(log.error):
        remedy = f"choose a base image that has {platform}, or remove the local copy with: docker image rm {name}"
        return SlipwayError(f"the base image {name} is not there for {platform}", where=where, remedy=remedy)
    remedy = f"try it by hand with: docker pull {name}"
    if _REFUSED.search(log.error):
        remedy = f"check the name; if it is private, log in with docker login and try: docker pull {name}"
    elif _UNREACHED.search(log.error):
        remedy = f"check the network and the proxy of the Docker engine; {remedy}"
    return SlipwayError(f"the base image {name} can't be pulled: {log.error}", where=where, remedy=remedy)


def push_failure(said: str, image: str) -> SlipwayError:
    """Why a registry did not take an image."""
    repository, _, tag = image.rpartition(":")
    what, remedy = f"the registry did not take the image: {said}", "run the same command again"
    if _IMMUTABLE.search(said):
        what = f"the tag {tag} is there already, and the repository's tags are immutable"
        remedy = "commit the change, so that a new tag is made, or set another service_image_tag"
    elif _NO_REPOSITORY.search(said):
        remedy = f"create the repository {repository.partition('/')[2]} first (a task ecr_repository)"
    elif _REFUSED.search(said):
        remedy = (
            "allow ecr:InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload, BatchCheckLayerAvailability"
            " and PutImage on the repository to the role or user that runs Slipway"
        )
    elif _NO_SPACE.search(said):
        what, remedy = "the disk of the Docker engine is full", _MAKE_ROOM
    elif _UNREACHED.search(said):
        what = f"the registry does not answer: {said}"
        remedy = "check the network and the proxy of the Docker engine, then run the same command again"
    return SlipwayError(what, where=image, remedy=remedy)


def no_engine(said: str) -> SlipwayError:
    """Why there is no Docker engine to build with."""
    what, remedy = "no Docker engine answers", "start Docker, or set DOCKER_HOST to the address of one"
    if "permission denied" in said.lower():
        what = "the Docker engine does not let this user in"
        remedy = "add the user to the group docker and log in again, or set DOCKER_HOST to an engine of the user's own"
    return SlipwayError(
        f"{what}: an image has to be built",
        where="docker",
        remedy=f"{remedy}; to deploy an image that is in the repository already, set build to false",
    )


def _emulation(platform: str) -> str:
    architecture = platform.rpartition("/")[2]
    return (
        f"install emulation with: docker run --privileged --rm tonistiigi/binfmt --install {architecture};"
        f" or build on a machine of that architecture; or change service_cpu_architecture"
    )


def _with_output(what: str, lines: Sequence[str]) -> str:
    if not lines:
        return what
    return "\n".join([f"{what}; its last lines:", *(f"    {line}" for line in lines)])
