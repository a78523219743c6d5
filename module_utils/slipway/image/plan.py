"""Whether an image is used, or built and pushed, and under which tag; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ..aws.errors import SlipwayError
from .registry import Image
from .source import Commit, names_commit

_TAG = "service_image_tag"


@dataclass(frozen=True)
class Wanted:
    """The image that is asked for.

    Attributes:
        tags: the tags that will do, the preferred one first.
        content: the hash of what to build from; empty where nothing may be built.
        explicit: whether a person chose the tag.
    """

    tags: tuple[str, ...]
    platform: str
    content: str = ""
    explicit: bool = False
    force: bool = False
    commit: Commit | None = None


@dataclass(frozen=True)
class Decision:
    """What to do. `image` is the one to use, or the one whose tag is moved."""

    verb: Literal["use", "push"]
    tag: str
    image: Image | None = None
    why: str = ""


class MissingError(SlipwayError):
    """The tag is not there, and it is not to be built."""


def decide(wanted: Wanted, found: Mapping[str, Image], mutable: Callable[[str], bool]) -> Decision:
    """What to do about an image, given what the repository has under its tags.

    Raises:
        MissingError: it is not there and may not be built.
        SlipwayError: an immutable tag would have to be moved, or the image is for another platform.
    """
    named = names_commit(wanted.tags[0]) if wanted.explicit else ""
    if not wanted.content or (named and not _is_of(wanted.commit, named)):
        return _only_use(wanted, found, named)
    return _explicit(wanted, found, mutable) if wanted.explicit else _derived(wanted, found, mutable)


def _only_use(wanted: Wanted, found: Mapping[str, Image], named: str) -> Decision:
    tag = wanted.tags[0]
    image = found.get(tag)
    if image is not None:
        return Decision("use", tag, _of_platform(image, wanted, tag), f"the repository has {tag}")
    if not wanted.content:
        remedy = "choose one of the tags that are there, or give a build context"
        raise MissingError(f"the image {tag} is not in the repository", where=_TAG, remedy=remedy)
    commit = wanted.commit
    at = f"at {commit.short}" if commit else "not in a git repository"
    also = f" with {len(commit.changed)} changed files" if commit and commit.changed else ""
    raise MissingError(
        f"the image {tag} is not in the repository, and the build context is {at}{also}",
        where=_TAG,
        remedy=f"check out {named} (git switch --detach {named}), leave {_TAG} out, or choose a tag that is there",
    )


def _explicit(wanted: Wanted, found: Mapping[str, Image], mutable: Callable[[str], bool]) -> Decision:
    tag = wanted.tags[0]
    image = found.get(tag)
    if image is None:
        return Decision("push", tag, why="the tag is new")
    if image.content == wanted.content and not wanted.force:
        return Decision("use", tag, image, "the same content is there already")
    if mutable(tag):
        return Decision("push", tag, image, "forced" if wanted.force else "the content has changed")
    if wanted.force:
        raise _forced(tag)
    if not image.content:
        return Decision("use", tag, _of_platform(image, wanted, tag), _FOREIGN)
    raise SlipwayError(
        f"the tag {tag} is in the repository with other content, and it is immutable",
        where=_TAG,
        remedy=f"commit the change and leave {_TAG} out, so that a new tag is made; or set another tag;"
        " or, to deploy the image that is there, set build to false",
    )


def _derived(wanted: Wanted, found: Mapping[str, Image], mutable: Callable[[str], bool]) -> Decision:
    first = wanted.tags[0]
    if wanted.force:
        if first in found and not mutable(first):
            raise _forced(first)
        return Decision("push", first, found.get(first), "forced")
    for tag in wanted.tags:
        image = found.get(tag)
        if image is not None and image.content == wanted.content:
            return Decision("use", tag, image, "the same content is there already")
    for tag in wanted.tags:
        image = found.get(tag)
        if image is None:
            return Decision("push", tag, why="the tag is new" if tag == first else f"{first} is of other content")
        if not image.content and image.platform == wanted.platform:
            return Decision("use", tag, image, _FOREIGN)
    raise SlipwayError(
        f"every tag of this content is taken by another image: {', '.join(wanted.tags)}",
        where=_TAG,
        remedy=f"set {_TAG}",
    )


_FOREIGN = "the repository has it, built by another tool"


def _is_of(commit: Commit | None, named: str) -> bool:
    return commit is not None and commit.is_named(named) and not commit.changed


def _of_platform(image: Image, wanted: Wanted, tag: str) -> Image:
    if image.platform and image.platform != wanted.platform:
        raise SlipwayError(
            f"the image {tag} is for {image.platform} and the service for {wanted.platform}",
            where="service_cpu_architecture",
            remedy="correct service_cpu_architecture, or choose an image that was built for it",
        )
    return image


def _forced(tag: str) -> SlipwayError:
    return SlipwayError(
        f"the tag {tag} is there and immutable, so it can't be built again",
        where="force",
        remedy="leave force out, or set another tag",
    )
