"""Observing what a rollback is decided from: the service, what was deployed before, and whether it can be again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..engine.parallel import side_by_side
from ..resources.ecs_deployments import newest_first, primary
from ..resources.names import last_part
from ..step import Report
from .history import key_of, latest
from .observe import describe
from .record import Record
from .rollback_decision import Asked
from .rollback_target import Sighting, candidates, named
from .verdict import revision_arn

_GONE = frozenset({"ClientException", "InvalidParameterException"})
# What DescribeServiceDeployments and DescribeServiceRevisions take at once.
_BATCH = 20
_RECORDS = 50
_DEFINITIONS = 50
_CANDIDATES = 10


def sight(aws: Aws, options: Mapping[str, Any], asked: Asked, report: Report) -> Sighting:
    """Everything that is needed to decide; what the caller may not see is left out, and said.

    Raises:
        AwsError: AWS refused or did not answer.
    """
    service = describe(aws, options["cluster"], options["service"])
    if service is None:
        return Sighting({})
    looks: dict[str, Callable[[], list[Any]]] = {
        "service deployments": lambda: service_deployments(aws, options["cluster"], options["service"]),
        "records": lambda: _records(aws, options),
    }

    def seen[T](name: str, look: Callable[[], T], nothing: T) -> T:
        try:
            return look()
        except AwsError as error:
            if not error.is_denial:
                raise
            report(f"the {name} can't be seen: {error.what}")
            return nothing

    nothing: list[Any] = []
    none: dict[str, Mapping[str, Any]] = {}
    deployments, records = side_by_side(lambda name: seen(name, looks[name], nothing), list(looks))
    revisions = seen("service revisions", lambda: _revisions(aws, deployments), none)
    return _with_definitions(aws, Sighting(service, deployments, revisions, records), asked)


def service_deployments(aws: Aws, cluster: str, service: str, newest: int = 5 * _BATCH) -> list[Mapping[str, Any]]:
    """The service deployments in full, newest first; none where the API is not there.

    Raises:
        AwsError: AWS refused or did not answer.
    """
    try:
        answer = aws.call("ecs", "ListServiceDeployments", cluster=cluster, service=service, maxResults=newest)
        found = list(answer.get("serviceDeployments") or ())
        # A short page is no end.
        while answer.get("nextToken") and len(found) < newest:
            more = {"maxResults": newest, "nextToken": answer["nextToken"]}
            answer = aws.call("ecs", "ListServiceDeployments", cluster=cluster, service=service, **more)
            found += answer.get("serviceDeployments") or ()
    except AwsError as error:
        if aws.lacks(error):
            return []
        raise
    full: dict[str, Mapping[str, Any]] = {}
    for some in batched([one["serviceDeploymentArn"] for one in found], _BATCH):
        answer = aws.call("ecs", "DescribeServiceDeployments", serviceDeploymentArns=list(some))
        full |= {one["serviceDeploymentArn"]: one for one in answer.get("serviceDeployments") or ()}
    return [{**one, **full.get(one["serviceDeploymentArn"], {})} for one in newest_first(found)]


def _revisions(aws: Aws, deployments: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    arns = [revision_arn(one) for one in deployments]
    arns += [str((one.get("rollback") or {}).get("serviceRevisionArn") or "") for one in deployments]
    found: dict[str, Mapping[str, Any]] = {}
    for some in batched(dict.fromkeys(arn for arn in arns if arn), _BATCH):
        answer = aws.call("ecs", "DescribeServiceRevisions", serviceRevisionArns=list(some))
        found |= {one["serviceRevisionArn"]: one for one in answer.get("serviceRevisions") or ()}
    return found


def _records(aws: Aws, options: Mapping[str, Any]) -> list[Record]:
    return latest(aws, options["table"], key_of(options["cluster"], options["service"]), _RECORDS)


def _with_definitions(aws: Aws, sighting: Sighting, asked: Asked) -> Sighting:
    """With the task definitions that may be gone back to, and the one that is deployed."""
    mine = primary(sighting.service)
    current = last_part(str(mine.get("taskDefinition") or sighting.service.get("taskDefinition") or ""))
    if not asked.to:
        failed_id = asked.failed_id or str(mine.get("id", ""))
        names = [past.name for past in candidates(sighting, failed_id, asked.before)[:_CANDIDATES]]
        names += [past.name for past in candidates(sighting, "", None)[:_CANDIDATES]]
        return replace(sighting, definitions=definitions(aws, [current, *names]))
    found = definitions(aws, [current, *named(sighting, asked.to)[:_CANDIDATES]])
    sighting = replace(sighting, definitions=found)
    family = current.rpartition(":")[0]
    if any(found[name].get("status") == "ACTIVE" for name in named(sighting, asked.to) if name in found) or not family:
        return sighting
    # Nobody recorded it: what the family still has may tell by its label and its digest.
    answer = aws.call(
        "ecs", "ListTaskDefinitions", familyPrefix=family, status="ACTIVE", sort="DESC", maxResults=_DEFINITIONS
    )
    return replace(sighting, definitions=found | definitions(aws, map(last_part, answer["taskDefinitionArns"])))


def definitions(aws: Aws, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Task definitions by name; without those that are gone.

    Raises:
        AwsError: AWS refused or did not answer.
    """

    def look(name: str) -> Mapping[str, Any] | None:
        try:
            answer = aws.call("ecs", "DescribeTaskDefinition", taskDefinition=name)
        except AwsError as error:
            if error.code in _GONE:
                return None
            raise
        found: Mapping[str, Any] = answer["taskDefinition"]
        return found

    wanted = [name for name in dict.fromkeys(names) if name]
    return {name: one for name, one in zip(wanted, side_by_side(look, wanted), strict=True) if one is not None}
