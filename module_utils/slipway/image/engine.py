"""The Docker engine that builds and pushes, through its SDK."""

from __future__ import annotations

import errno
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import docker
import requests
from docker.errors import APIError, DockerException

from ..aws.clients import refuse_other_hosts
from ..aws.errors import SlipwayError
from ..step import Report
from .context import Context
from .failures import build_failure, no_engine, push_failure
from .progress import BuildLog, Event, PushLog

_ANSWER_SECONDS = 10
# Of silence: a step may compile for long without a word, but an engine that hangs must not hold a deploy for ever.
_SILENCE_SECONDS = 1800


class _Log(Protocol):
    def feed(self, event: Event, now: float) -> str: ...


class Engine:
    """A Docker engine that answers."""

    def __init__(self, api: Any, report: Report) -> None:
        self._api = api
        self._report = report

    def login(self, host: str, credentials: tuple[str, str]) -> None:
        """Let the engine into a registry, for base images of that registry too; nothing is written to a file.

        Raises:
            SlipwayError: the registry does not let us in, or does not answer.
        """
        refuse_other_hosts(host.partition(":")[0])
        user, password = credentials
        try:
            self._api.login(username=user, password=password, registry=host, reauth=True)
        except APIError as error:
            raise push_failure(_explained(error), host) from error

    def fetch(self, images: Iterable[str]) -> None:
        """Pull images whose layers may be used again; one that is not there does no harm."""
        for image in images:
            try:
                for _ in self._api.pull(image, stream=True, decode=True):
                    pass
            except APIError:
                self._report(f"no layers to use again from {image}")

    def build(
        self,
        context: Context,
        image: str,
        labels: Mapping[str, str],
        *,
        pull: bool = False,
        cache_from: Sequence[str] = (),
        use_cache: bool = True,
    ) -> str:
        """Build an image and name it; returns its id.

        Raises:
            SlipwayError: the build failed.
        """
        recipe, log = context.recipe, BuildLog()
        with tempfile.TemporaryFile() as archive:
            _write(context, archive)
            stream = self._stream(
                log,
                fileobj=archive,
                custom_context=True,
                dockerfile=recipe.dockerfile,
                tag=image,
                target=recipe.target or None,
                buildargs=dict(recipe.build_args),
                labels={**recipe.labels, **labels},
                platform=recipe.platform,
                cache_from=list(cache_from) or None,
                pull=pull,
                nocache=not use_cache,
                rm=True,
                forcerm=True,
                decode=True,
            )
            self._follow(stream, log)
        if log.error or not log.image:
            raise build_failure(log, recipe.dockerfile, recipe.platform)
        self._report(f"built {log.steps} steps, {log.cached} of them from the cache")
        self._require_platform(log.image, recipe.platform)
        return log.image

    def push(self, image: str, credentials: tuple[str, str]) -> str:
        """Push an image; returns the digest that the registry took.

        Raises:
            SlipwayError: the registry refused, or did not answer.
        """
        refuse_other_hosts(image.partition("/")[0].partition(":")[0])
        user, password = credentials
        repository, _, tag = image.rpartition(":")
        log = PushLog()
        stream = self._api.push(
            repository,
            tag=tag,
            stream=True,
            decode=True,
            auth_config={"username": user, "password": password},
        )
        self._follow(stream, log)
        if log.error or not log.digest:
            raise push_failure(log.error or "the push ended without a digest", image)
        self._report(f"{log.line()}, done: {log.digest}")
        return log.digest

    def _stream(self, log: BuildLog, **options: Any) -> Iterator[Event]:
        try:
            yield from self._api.build(**options)
        except APIError as error:
            # Before its first step: a line that cannot be read, or no such stage.
            log.error = _explained(error)

    def _follow(self, stream: Iterable[Event], log: _Log) -> None:
        for event in stream:
            line = log.feed(event, time.monotonic())
            if line:
                self._report(line)

    def _require_platform(self, image: str, platform: str) -> None:
        about = self._api.inspect_image(image)
        made = f"{about['Os']}/{about['Architecture']}"
        if made != platform:
            raise SlipwayError(
                f"the image was built for {made} and not for {platform}",
                where="Dockerfile",
                remedy="choose a base image of that platform, and no --platform in its FROM",
            )


@contextmanager
def engine(report: Report) -> Iterator[Engine]:
    """A connection to the Docker engine of the environment.

    Raises:
        SlipwayError: no engine answers, or it went away.
    """
    try:
        client = docker.from_env(timeout=_ANSWER_SECONDS)
    except DockerException as error:
        raise no_engine(str(error)) from error
    try:
        _ping(client)
        client.api.timeout = _SILENCE_SECONDS
        yield Engine(client.api, report)
    except APIError as error:
        raise SlipwayError(f"the Docker engine refused: {_explained(error)}", where="docker") from error
    except requests.RequestException as error:
        raise _went_away(error) from error
    except DockerException as error:
        remedy = "look at ~/.docker/config.json: credsStore and credHelpers name programs that must be installed"
        raise SlipwayError(f"the Docker client failed: {error}", where="docker", remedy=remedy) from error
    finally:
        client.close()


def _ping(client: Any) -> None:
    try:
        client.ping()
    except (DockerException, requests.RequestException) as error:
        raise no_engine(str(error)) from error


def _went_away(error: requests.RequestException) -> SlipwayError:
    silent = "timed out" in str(error).lower()
    what = f"said nothing for {_SILENCE_SECONDS // 60} minutes" if silent else "went away"
    return SlipwayError(
        f"the Docker engine {what}",
        where="docker",
        remedy="look at its log (journalctl -u docker), then run the same command again: it goes on where it stopped",
    )


def _write(context: Context, archive: Any) -> None:
    try:
        context.write(archive)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise SlipwayError(
            f"no room for the build context in {tempfile.gettempdir()}",
            where=str(context.root),
            remedy="list what no image needs in .dockerignore, make room, or set TMPDIR",
        ) from error


def _explained(error: APIError) -> str:
    return str(error.explanation or error).strip()
