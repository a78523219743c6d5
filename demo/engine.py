"""The Docker engine of this machine: is there one, and what of ours is left on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker import DockerClient
from docker.errors import APIError, DockerException, NotFound


@contextmanager
def engine(timeout: int = 60) -> Iterator[DockerClient | None]:
    """Connect to the Docker engine, or give None where none answers."""
    client: DockerClient | None = None
    try:
        client = docker.from_env(timeout=timeout)
        client.ping()
    except (DockerException, OSError):
        if client is not None:
            client.close()
        client = None
    try:
        yield client
    finally:
        if client is not None:
            client.close()


def available() -> bool:
    """Say whether a Docker engine answers."""
    with engine(timeout=5) as client:
        return client is not None


def remove_containers(client: DockerClient, label: str) -> int:
    """Remove the containers that carry a label, with their anonymous volumes."""
    containers = client.containers.list(all=True, ignore_removed=True, filters={"label": label})
    for container in containers:
        try:
            container.remove(force=True, v=True)
        except (NotFound, APIError) as error:
            # Another one is removing it already (409) or has done so (404).
            if not isinstance(error, NotFound) and error.status_code != 409:
                raise
    return len(containers)


def image_names(client: DockerClient) -> list[tuple[str, list[str]]]:
    """List each image's id with its names, tags and digests.

    One call of the engine: docker-py's `images.list()` asks for each image again, and fails where one is gone by then.
    """
    return [(one["Id"], [*(one.get("RepoTags") or ()), *(one.get("RepoDigests") or ())]) for one in client.api.images()]


def remove_images(client: DockerClient, prefixes: tuple[str, ...], *, build_cache: bool) -> int:
    """Remove every name under these prefixes (`127.0.0.1:4566/`), and the images that have no other name.

    Args:
        client: the engine.
        prefixes: what the names start with.
        build_cache: the unnamed layers that a build made on its way, too. A build that runs at the same time and
            starts from the same layers would then fail.
    """
    removed = 0
    for _, names in image_names(client):
        for name in names:
            if name.startswith(prefixes):
                try:
                    client.images.remove(name, noprune=not build_cache)
                    removed += 1
                except NotFound:
                    # The last tag took the digests with it.
                    continue
    return removed
