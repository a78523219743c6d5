"""From options to an image in the repository: what the module ecr_image does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import SlipwayError
from ..step import Report
from .context import Context, Recipe
from .engine import engine
from .plan import Decision, MissingError, Wanted, decide
from .registry import CONTENT_LABEL, Image, Repository
from .source import commit_of, tags_of

Options = Mapping[str, Any]


def deliver(options: Options, *, check: bool, report: Report) -> dict[str, Any]:
    """See to it that the image is in the repository; in check mode only say what would be done.

    Returns:
        An Ansible result.

    Raises:
        SlipwayError: see ecr_image's documentation.
    """
    started = time.monotonic()
    aws = Aws(Connection.of(options))
    context = _context(options)
    wanted = _wanted(options, context)
    aws.identity()
    repository = Repository.find(aws, options["repository"], options.get("registry") or "")
    if repository is None:
        result = _without_repository(aws, options, wanted, check=check)
    elif options.get("digest"):
        result = _by_digest(repository, options)
    else:
        result = _by_tag(repository, context, wanted, options, check=check, report=report)
    if wanted.commit is not None:
        result["commit"] = wanted.commit.full
    return {**result, "seconds": round(time.monotonic() - started, 3), "api_calls": sum(aws.calls.values())}


def _context(options: Options) -> Context | None:
    if not options.get("context") or not options["build"] or options.get("digest"):
        return None
    recipe = Recipe(
        options["dockerfile"],
        options["platform"],
        options.get("target") or "",
        {name: str(value) for name, value in (options.get("build_args") or {}).items()},
        {name: str(value) for name, value in (options.get("labels") or {}).items()},
    )
    return Context(Path(options["context"]).expanduser(), recipe)


def _wanted(options: Options, context: Context | None) -> Wanted:
    tag, platform = options.get("tag") or "", options["platform"]
    if context is None:
        if not tag and not options.get("digest"):
            raise SlipwayError(
                "neither a tag, nor a digest, nor a build context is given",
                where="service_image_tag",
                remedy="set service_build_context to build an image, or service_image_tag to deploy one that is there",
            )
        return Wanted((tag,), platform, explicit=True)
    commit = commit_of(context)
    tags = (tag,) if tag else tags_of(commit, context.content)
    return Wanted(tags, platform, context.content, bool(tag), bool(options.get("force")), commit)


def _without_repository(aws: Aws, options: Options, wanted: Wanted, *, check: bool) -> dict[str, Any]:
    name = options["repository"]
    if not check or not wanted.content:
        raise SlipwayError(
            f"there is no repository {name} in {aws.region}",
            where="service_repository",
            remedy="create it first (a task ecr_repository), or correct the name",
        )
    # Check mode of a first deploy: the repository is to be made by the task before.
    host = options.get("registry") or f"{aws.account}.dkr.ecr.{aws.region}.amazonaws.com"
    return _planned(f"{host}/{name}", Decision("push", wanted.tags[0], why="the repository is new"), wanted)


def _by_digest(repository: Repository, options: Options) -> dict[str, Any]:
    image = repository.image(options["digest"], options["platform"])
    if image is None:
        raise _with_tags(
            repository,
            MissingError(f"the image {options['digest']} is not in the repository", where="service_image_digest"),
        )
    wanted = Wanted((options.get("tag") or "",), options["platform"], explicit=True)
    decision = decide(wanted, {wanted.tags[0]: image}, repository.mutable)
    return _result(repository.uri, decision.tag, image)


def _by_tag(
    repository: Repository,
    context: Context | None,
    wanted: Wanted,
    options: Options,
    *,
    check: bool,
    report: Report,
) -> dict[str, Any]:
    found = repository.images(wanted.tags, wanted.platform)
    try:
        decision = decide(wanted, found, repository.mutable)
    except MissingError as error:
        raise _with_tags(repository, error) from error
    if decision.verb == "use" and decision.image is not None:
        return _result(repository.uri, decision.tag, decision.image)
    if check or context is None:
        return _planned(repository.uri, decision, wanted)
    name = f"{repository.uri}:{decision.tag}"
    if wanted.commit is not None and wanted.commit.changed:
        report(_about_changes(wanted.commit.changed))
    report(f"{decision.why}: building {name} for {wanted.platform}")
    image = _build_and_push(repository, context, name, wanted.content, options, report)
    return {
        **_result(repository.uri, decision.tag, image),
        "changed": True,
        "built": True,
        "pushed": True,
        "diff": _diff(repository.uri, decision, image.digest),
    }


def _build_and_push(
    repository: Repository, context: Context, name: str, content: str, options: Options, report: Report
) -> Image:
    with engine(report) as docker:
        docker.login(repository.host, repository.credentials)
        previous = [_complete(repository, image) for image in options.get("cache_from") or ()]
        docker.fetch(previous)
        docker.build(
            context,
            name,
            {CONTENT_LABEL: content},
            pull=bool(options.get("pull")),
            cache_from=previous,
            use_cache=not options.get("force"),
        )
        digest = docker.push(name, repository.credentials)
    there, size = repository.digest_and_size(name.rpartition(":")[2])
    if there and there != digest:
        raise SlipwayError(
            f"somebody else pushed the same tag at the same time: it leads to {there}, and {digest} was pushed here",
            where=name,
            remedy="run the same command again",
        )
    return Image(digest, content, context.recipe.platform, size)


def _complete(repository: Repository, image: str) -> str:
    """A tag alone is one of the repository's."""
    return image if "/" in image or ":" in image else f"{repository.uri}:{image}"


def _with_tags(repository: Repository, error: MissingError) -> MissingError:
    tags = repository.newest_tags()
    there = f"it has {', '.join(tags)} (newest first)" if tags else "it has no tagged images"
    return MissingError(
        f"{error.what}: {there}", where=f"{error.where}, repository {repository.name}", remedy=error.remedy
    )


def _about_changes(changed: tuple[str, ...]) -> str:
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"not as committed: {', '.join(changed[:3])}{more}"


def _result(uri: str, tag: str, image: Image) -> dict[str, Any]:
    return {
        "changed": False,
        "built": False,
        "pushed": False,
        "uri": uri,
        "tag": tag,
        "digest": image.digest,
        "image": f"{uri}@{image.digest}",
        "content": image.content,
        "platform": image.platform,
        "size": image.size,
    }


def _planned(uri: str, decision: Decision, wanted: Wanted) -> dict[str, Any]:
    """Check mode: the digest is known when it is built."""
    image = Image("", wanted.content, wanted.platform)
    return {
        **_result(uri, decision.tag, image),
        "changed": True,
        "image": f"{uri}:{decision.tag}",
        "diff": _diff(uri, decision, "(known after the push)"),
    }


def _diff(uri: str, decision: Decision, digest: str) -> dict[str, str]:
    before = f"digest: {decision.image.digest}\n" if decision.image else ""
    return {
        "before_header": f"ecr_image {uri}:{decision.tag}{'' if before else ' (absent)'}",
        "after_header": f"ecr_image {uri}:{decision.tag} ({decision.why})",
        "before": before,
        "after": f"digest: {digest}\n",
    }
