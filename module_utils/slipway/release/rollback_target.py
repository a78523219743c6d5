"""What to go back to: pure functions over what was observed.

Never merely the revision before: it may be the one that failed. A service deployment tells what succeeded:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..resources.ecs_deployments import deployment_of, primary
from ..resources.names import last_part
from .record import Record
from .verdict import revision_arn, service_deployment

VERSION_LABEL = "org.opencontainers.image.version"
_BAD = frozenset({"STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_DIGEST = re.compile(r"(?:.*@)?(sha256:[0-9a-f]{12,64})")
# What a service revision keeps besides its task definition, and UpdateService takes.
_OF_REVISION = (
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "platformVersion",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)


@dataclass(frozen=True)
class Target:
    """What is gone back to.

    Attributes:
        task_definition: its ARN.
        digests: the image digest of each container that has one.
        tag: the image tag, as the task definition's label says it.
        why: why this one, in a few words.
        fields: what else of the service was otherwise then, as UpdateService takes it.
        same: whether it is the task definition that is gone back from, too.
    """

    task_definition: str
    digests: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""
    why: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    same: bool = False

    @property
    def name(self) -> str:
        """Such as `voj-backend-prod:11`."""
        return last_part(self.task_definition)

    def __str__(self) -> str:
        return f"{self.name} ({self.tag})" if self.tag else self.name


@dataclass(frozen=True)
class Sighting:
    """What a target is chosen from.

    Attributes:
        service: as DescribeServices has it.
        service_deployments: as DescribeServiceDeployments has them, newest first; none where the API is not there.
        revisions: service revisions by their ARN, as DescribeServiceRevisions has them.
        records: the records of releases, newest first.
        definitions: task definitions by name (`family:revision`), as DescribeTaskDefinition has them.
    """

    service: Mapping[str, Any]
    service_deployments: Sequence[Mapping[str, Any]] = ()
    revisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    records: Sequence[Record] = ()
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """Something that was deployed.

    Attributes:
        name: the task definition, as `family:revision`.
        revision: the ARN of the service revision, where it is known.
    """

    name: str
    outcome: Literal["good", "bad", "unknown"]
    why: str = ""
    revision: str = ""


def choose(
    sighting: Sighting, failed_id: str = "", before: Mapping[str, Any] | None = None, to: str = ""
) -> Target | str:
    """What to go back to, or why there is nothing.

    Args:
        sighting: what was observed.
        failed_id: the deployment to go back from, where it failed; without it, the PRIMARY one is left though it is
            good, and what was left in this way once is not gone back to.
        before: the PRIMARY deployment before the release: deployment_id, task_definition, rollout_state.
        to: what a person named: tag, revision, family:revision or digest.
    """
    if to:
        return _named(sighting, to)
    left_out = []
    for past in candidates(sighting, failed_id, before):
        target = _target(sighting, past, failed_id)
        if isinstance(target, Target):
            return target
        left_out.append(target)
    return "; ".join(["no other release has succeeded", *left_out])


def candidates(sighting: Sighting, failed_id: str = "", before: Mapping[str, Any] | None = None) -> list[Past]:
    """All that could be gone back to, the best first."""
    current = _current(sighting, failed_id)
    chain = pasts(sighting, failed_id)
    if failed_id:
        found = [past for past in chain if past.outcome == "good"]
        found += _standing(sighting, failed_id)
        if before and before.get("task_definition") and (before.get("rollout_state") or "COMPLETED") == "COMPLETED":
            found.append(Past(last_part(before["task_definition"]), "good", "it served before this release"))
    else:
        first = max((index for index, past in enumerate(chain) if past.name == current), default=-1)
        found = [past for past in chain[first + 1 :] if past.outcome == "good" and past.name != current]
        found += _standing(sighting, "")
    unique: dict[tuple[str, str], Past] = {}
    for past in found:
        unique.setdefault((past.name, past.revision), past)
    return list(unique.values())


def pasts(sighting: Sighting, failed_id: str = "") -> list[Past]:
    """What was deployed, newest first, without the deployment that failed: by AWS's own record, then by ours."""
    judged = _judged(sighting.records)
    failed = service_deployment(failed_id, sighting.service_deployments) if failed_id else None
    chain: list[Past] = []
    for one in sighting.service_deployments:
        if one is not failed:
            chain += _of_deployment(one, sighting.revisions, judged)
        elif one.get("rollback"):
            chain += _gone_back_to(one, sighting.revisions, judged)
    return chain if any(past.outcome == "good" for past in chain) else list(_of_records(sighting.records))


def _current(sighting: Sighting, failed_id: str) -> str:
    mine = deployment_of(sighting.service, failed_id) if failed_id else primary(sighting.service)
    if mine:
        return last_part(str(mine.get("taskDefinition") or ""))
    failed = service_deployment(failed_id, sighting.service_deployments) if failed_id else None
    return _name(sighting.revisions, revision_arn(failed)) if failed else ""


def _name(revisions: Mapping[str, Mapping[str, Any]], arn: str) -> str:
    return last_part(str(revisions.get(arn, {}).get("taskDefinition") or ""))


def _judged(records: Sequence[Record]) -> dict[str, bool]:
    """By our own last verdict, whether a task definition is good: ECS does not know the check through the balancer."""
    judged: dict[str, bool] = {}
    for one in records:
        # What was rolled out again and served on is no worse for it.
        served_on = one.verdict != "succeeded" and one.serving == one.revision
        if one.revision and one.verdict != "interrupted" and not served_on:
            judged.setdefault(one.revision, one.verdict == "succeeded")
    return judged


def _of_deployment(
    one: Mapping[str, Any], revisions: Mapping[str, Mapping[str, Any]], judged: Mapping[str, bool]
) -> Iterator[Past]:
    yield from _gone_back_to(one, revisions, judged)
    arn, status = revision_arn(one), one.get("status")
    name = _name(revisions, arn)
    if not name:
        return
    if status in _BAD or not judged.get(name, True):
        yield Past(name, "bad", revision=arn)
    elif status == "SUCCESSFUL":
        yield Past(name, "good", "it is the last that succeeded", arn)
    else:
        yield Past(name, "unknown", revision=arn)


def _gone_back_to(
    one: Mapping[str, Any], revisions: Mapping[str, Mapping[str, Any]], judged: Mapping[str, bool]
) -> Iterator[Past]:
    arn = str((one.get("rollback") or {}).get("serviceRevisionArn") or "")
    name = _name(revisions, arn)
    if one.get("status") == "ROLLBACK_SUCCESSFUL" and name and judged.get(name, True):
        yield Past(name, "good", "it is the last that succeeded", arn)


def _of_records(records: Sequence[Record]) -> Iterator[Past]:
    judged = _judged(records)
    for one in records:
        if one.verdict == "rolled_back" and one.serving and judged.get(one.serving, True):
            yield Past(one.serving, "good", f"it served after the release of {one.started_at} had failed")
        if not one.revision:
            continue
        if one.verdict == "succeeded" and judged[one.revision]:
            yield Past(one.revision, "good", f"its {one.kind} of {one.started_at} succeeded")
        else:
            yield Past(one.revision, "unknown" if one.verdict == "interrupted" else "bad")


def _standing(sighting: Sighting, failed_id: str) -> Iterator[Past]:
    """An older deployment whose tasks still run."""
    for one in sighting.service.get("deployments") or ():
        if one.get("status") == "ACTIVE" and one.get("runningCount") and one.get("id") != failed_id:
            yield Past(last_part(str(one.get("taskDefinition") or "")), "good", "its tasks still run")


def _target(sighting: Sighting, past: Past, failed_id: str) -> Target | str:
    found = sighting.definitions.get(past.name)
    if found is None:
        return f"{past.name} is not there any more"
    if found.get("status", "ACTIVE") != "ACTIVE":
        return f"{past.name} is {found['status']}, and ECS deploys only what is ACTIVE"
    revision = sighting.revisions.get(past.revision, {})
    same = past.name == _current(sighting, failed_id)
    return Target(
        found["taskDefinitionArn"],
        {**digests(found), **_resolved(revision)},
        tag(found),
        past.why,
        _otherwise(sighting, failed_id, revision) if failed_id else {},
        same,
    )


def _otherwise(sighting: Sighting, failed_id: str, revision: Mapping[str, Any]) -> dict[str, Any]:
    """In what else the service was otherwise: a failed release may have changed the network, too."""
    failed = service_deployment(failed_id, sighting.service_deployments)
    left = sighting.revisions.get(revision_arn(failed), {}) if failed else {}
    if not left or not revision:
        return {}
    # What a revision has not can't be told apart from what it never tells.
    return {key: revision[key] for key in _OF_REVISION if revision.get(key) and revision[key] != left.get(key)}


def digests(definition: Mapping[str, Any]) -> dict[str, str]:
    """The digest that each container of a task definition is pinned to."""
    pinned = {
        one["name"]: str(one.get("image", "")).partition("@")[2] for one in definition.get("containerDefinitions") or ()
    }
    return {name: digest for name, digest in pinned.items() if digest}


def _resolved(revision: Mapping[str, Any]) -> dict[str, str]:
    images = revision.get("containerImages") or ()
    return {one["containerName"]: one["imageDigest"] for one in images if one.get("imageDigest")}


def tag(definition: Mapping[str, Any]) -> str:
    """The image tag that a task definition's label names."""
    for one in definition.get("containerDefinitions") or ():
        if (one.get("dockerLabels") or {}).get(VERSION_LABEL):
            return str(one["dockerLabels"][VERSION_LABEL])
    return ""


def named(sighting: Sighting, to: str) -> list[str]:
    """The task definitions that a person may mean, the likeliest first; those of `definitions` are looked at, too."""
    family = _current(sighting, "").rpartition(":")[0]
    if match := _DIGEST.fullmatch(to):
        wanted = match[1]
        names = [one.revision for one in sighting.records if one.digest.startswith(wanted)]
        names += [
            name
            for name, one in _newest(sighting)
            if any(digest.startswith(wanted) for digest in digests(one).values())
        ]
        return [name for name in dict.fromkeys(names) if name]
    if ":" in to:
        return [last_part(to)]
    names = [one.revision for one in sighting.records if one.tag == to]
    names += [name for name, one in _newest(sighting) if tag(one) == to]
    if to.isdecimal() and family:
        names.append(f"{family}:{to}")
    return [name for name in dict.fromkeys(names) if name]


def _newest(sighting: Sighting) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted(sighting.definitions.items(), key=lambda item: int(item[1].get("revision", 0)), reverse=True)


def _named(sighting: Sighting, to: str) -> Target | str:
    current = _current(sighting, "")
    family = current.rpartition(":")[0]
    reasons, found = [], []
    for name in named(sighting, to):
        if family and name.rpartition(":")[0] != family:
            reasons.append(f"{name} is of another family than {current}")
            continue
        target = _target(sighting, Past(name, "good", f"it was asked for ({to})"), "")
        if isinstance(target, Target):
            found.append(target)
        else:
            reasons.append(target)
    numbered = [one for one in found if to.isdecimal() and one.name == f"{family}:{to}" and one.tag != to]
    if numbered and len(found) > 1:
        return f"{to} is a revision and a tag: write {numbered[0].name} or {found[0].name}"
    if found:
        return found[0]
    return "; ".join(reasons) or f"nothing is known by {to!r}: no release, and no task definition that is ACTIVE"
