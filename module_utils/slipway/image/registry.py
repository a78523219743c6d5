"""What an ECR repository has: images by tag, their labels and their platform."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import requests

from ..aws.clients import Aws, is_loopback, refuse_other_hosts
from ..aws.errors import AwsError, SlipwayError

# A reverse-DNS label on every image that is built here.
CONTENT_LABEL = "org.slipway.content-hash"
_MANIFESTS = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
]
_SECONDS = 30
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Image:
    """An image of the repository.

    Attributes:
        content: the hash of what it was built from; empty for an image of another tool.
        platform: os/architecture; empty where the image does not say.
        size: the bytes that a pull transfers.
    """

    digest: str
    content: str = ""
    platform: str = ""
    size: int = 0


class Repository:
    """One ECR repository, and the registry that it is in."""

    def __init__(self, aws: Aws, described: Mapping[str, Any], registry: str = "") -> None:
        self._aws = aws
        self.name = str(described["repositoryName"])
        own, _, _ = str(described["repositoryUri"]).partition("/")
        self.host = registry or own
        self.uri = f"{self.host}/{self.name}"
        self._mutability = str(described.get("imageTagMutability", "MUTABLE"))
        filters = described.get("imageTagMutabilityExclusionFilters") or ()
        self._excluded = [str(item["filter"]) for item in filters]

    @classmethod
    def find(cls, aws: Aws, name: str, registry: str = "") -> Repository | None:
        """The repository of that name, if it exists."""
        try:
            answer = aws.call("ecr", "DescribeRepositories", repositoryNames=[name])
        except AwsError as error:
            if error.code == "RepositoryNotFoundException":
                return None
            raise
        return cls(aws, answer["repositories"][0], registry)

    def mutable(self, tag: str) -> bool:
        """Whether a tag that is there may be moved to another image."""
        excluded = any(fnmatchcase(tag, pattern) for pattern in self._excluded)
        return self._mutability.startswith("MUTABLE") is not excluded

    @cached_property
    def credentials(self) -> tuple[str, str]:
        """User and password for the registry; kept in memory only."""
        return credentials(self._aws)

    def images(self, tags: Sequence[str], platform: str) -> dict[str, Image]:
        """The images that these tags name, by tag; of several platforms, the one that is asked for."""
        found = self._get([{"imageTag": tag} for tag in tags])
        named = {item["imageId"].get("imageTag"): item for item in found}
        return {tag: self._image(named[tag], platform) for tag in tags if tag in named}

    def image(self, digest: str, platform: str) -> Image | None:
        """The image of that digest, if it is there."""
        found = self._get([{"imageDigest": digest}])
        return self._image(found[0], platform) if found else None

    def digest_and_size(self, tag: str) -> tuple[str, int]:
        """The digest that a tag leads to now, and what a pull of it transfers."""
        found = self._get([{"imageTag": tag}])
        if not found:
            return "", 0
        return str(found[0]["imageId"]["imageDigest"]), _size(json.loads(found[0]["imageManifest"]))

    def newest_tags(self, count: int = 10) -> list[str]:
        """The tags that were pushed last, newest first."""
        details = self._aws.pages(
            "ecr", "DescribeImages", "imageDetails", repositoryName=self.name, filter={"tagStatus": "TAGGED"}
        )
        details.sort(key=lambda item: item.get("imagePushedAt") or _NEVER, reverse=True)
        return [tag for item in details for tag in item.get("imageTags") or ()][:count]

    def _get(self, ids: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
        answer = self._aws.call(
            "ecr",
            "BatchGetImage",
            repositoryName=self.name,
            imageIds=list(ids),
            acceptedMediaTypes=_MANIFESTS,
        )
        return list(answer["images"])

    def _image(self, item: Mapping[str, Any], platform: str) -> Image:
        digest = str(item["imageId"]["imageDigest"])
        manifest = json.loads(item["imageManifest"])
        if "manifests" in manifest:
            one = _of_platform(manifest["manifests"], platform)
            if one is None:
                there = sorted({_platform(entry.get("platform", {})) for entry in manifest["manifests"]})
                return Image(digest, platform=", ".join(there))
            manifest = json.loads(self._get([{"imageDigest": one}])[0]["imageManifest"])
        config = self._config(str(manifest["config"]["digest"]))
        labels = (config.get("config") or {}).get("Labels") or {}
        return Image(digest, str(labels.get(CONTENT_LABEL, "")), _platform(config), _size(manifest))

    def _config(self, digest: str) -> dict[str, Any]:
        """The image's configuration, from the registry itself: the one way that every registry has."""
        host = self.host.partition(":")[0]
        refuse_other_hosts(host)
        scheme = "http" if is_loopback(host) else "https"
        url = f"{scheme}://{self.host}/v2/{self.name}/blobs/{digest}"
        try:
            with requests.Session() as session:
                # A proxy has no business between two processes of one machine.
                session.trust_env = not is_loopback(host)
                answer = session.get(url, auth=self.credentials, timeout=_SECONDS)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise SlipwayError(
                f"the registry does not give the configuration of an image: {_said(error)}",
                where=self.uri,
                remedy="check the network, and that ecr:GetDownloadUrlForLayer is allowed",
            ) from error
        if f"sha256:{hashlib.sha256(answer.content).hexdigest()}" != digest:
            raise SlipwayError(
                "the registry answered with something else than the image's configuration",
                where=self.uri,
                remedy=f"look at what {host} answers: a proxy may stand in between",
            )
        config: dict[str, Any] = json.loads(answer.content)
        return config


def credentials(aws: Aws) -> tuple[str, str]:
    """User and password for the account's registry, for twelve hours."""
    answer = aws.call("ecr", "GetAuthorizationToken")
    token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    user, _, password = token.partition(":")
    return user, password


def login(aws: Aws, image: str) -> dict[str, str]:
    """How to log in to the registry of an image."""
    user, password = credentials(aws)
    return {"host": image.partition("/")[0], "username": user, "password": password}


def _of_platform(manifests: Sequence[Mapping[str, Any]], platform: str) -> str | None:
    return next((str(m["digest"]) for m in manifests if _platform(m.get("platform", {})) == platform), None)


def _platform(named: Mapping[str, Any]) -> str:
    return f"{named['os']}/{named['architecture']}" if named.get("os") and named.get("architecture") else ""


def _size(manifest: Mapping[str, Any]) -> int:
    parts = [manifest.get("config") or {}, *(manifest.get("layers") or ())]
    return sum(int(part.get("size", 0)) for part in parts)


def _said(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
