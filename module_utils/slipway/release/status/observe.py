"""Reading what a table of services needs: in batches, side by side, and going on where something cannot be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Any

from ...aws.clients import Aws, Connection
from ...aws.errors import AwsError, SlipwayError
from ...engine.parallel import side_by_side
from ...resources.cloudwatch_alarm import AT_ONCE, described
from .. import history
from ..lock import item_key
from ..observe import target_group_arns
from .rows import Seen, serving

_SERVICES = 10
_LOCKS = 100
_AGAIN = 3


@dataclass(frozen=True)
class Job:
    """Something to read, and whom it concerns where it cannot be."""

    concerned: Sequence[Seen]
    work: Callable[[], None]

    def do(self) -> bool:
        """Whether it could be read."""
        try:
            self.work()
        except SlipwayError as error:
            denied = isinstance(error, AwsError) and error.is_denial
            problem = f"AccessDenied: {error.remedy}" if denied else error.what
            for seen in self.concerned:
                if problem not in seen.problems:
                    seen.problems.append(problem)
            return False
        return True


def observe(
    services: Sequence[Mapping[str, Any]], releases: int, on_machines: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Seen]:
    """Everything about these services, in their order; each account and region is asked for its own.

    Args:
        services: completed descriptions.
        releases: how many of the last releases to read of each.
        on_machines: of those on machines what was seen there, as fields of Seen, by `<machine>/<service>`.
    """
    seen_there = on_machines or {}
    every = [
        Seen(service, **seen_there.get(f"{service['cluster']}/{service['ecs_service']}", {})) for service in services
    ]
    groups: dict[Connection, list[Seen]] = defaultdict(list)
    for seen in every:
        groups[Connection.of(seen.description)].append(seen)
    _do([Job(group, partial(_group, Aws(connection), group, releases)) for connection, group in groups.items()])
    return every


def _do(jobs: Sequence[Job]) -> None:
    """All of them side by side."""
    side_by_side(lambda number: jobs[int(number)].do(), [str(number) for number in range(len(jobs))])


def _group(aws: Aws, group: Sequence[Seen], releases: int) -> None:
    # One short call tells whether anybody answers, and as whom; without it, every other one would wait in vain.
    account = aws.account
    own = []
    for seen in group:
        wanted = str(seen.description.get("account_id") or account)
        if wanted == account:
            own.append(seen)
        else:
            seen.problems.append(f"is in the account {wanted}, and the credentials are of {account}: check AWS_PROFILE")
    on_ecs = [seen for seen in own if seen.description.get("target") != "compose"]
    _do([*_services(aws, on_ecs), *_alarms(aws, on_ecs), *_locks(aws, own), *_history(aws, own, releases)])
    _do([*_task_definitions(aws, on_ecs), *_targets(aws, on_ecs)])


def _services(aws: Aws, group: Sequence[Seen]) -> Iterator[Job]:
    def read(cluster: str, some: Sequence[Seen]) -> None:
        names = [seen.description["ecs_service"] for seen in some]
        try:
            found = aws.call("ecs", "DescribeServices", cluster=cluster, services=names)["services"]
        except AwsError as error:
            if error.code == "ClusterNotFoundException":
                return
            raise
        by_name = {one["serviceName"]: one for one in found}
        for seen in some:
            seen.service = by_name.get(seen.description["ecs_service"])

    for cluster, members in _by(group, lambda seen: str(seen.description["cluster"])).items():
        for some in batched(members, _SERVICES):
            yield Job(some, partial(read, cluster, some))


def _alarms(aws: Aws, group: Sequence[Seen]) -> Iterator[Job]:
    def read(some: Sequence[str]) -> None:
        found = described(aws, some)
        for seen in group:
            own = set(seen.description.get("alarms") or ())
            seen.alarms.extend(one for one in found if one["AlarmName"] in own)

    names = sorted({name for seen in group for name in seen.description.get("alarms") or ()})
    for some in batched(names, AT_ONCE):
        yield Job(
            [seen for seen in group if set(seen.description.get("alarms") or ()) & set(some)], partial(read, some)
        )


def _locks(aws: Aws, group: Sequence[Seen]) -> Iterator[Job]:
    def read(table: str, some: Sequence[Seen]) -> None:
        wanted: Any = {table: {"Keys": [item_key(_key(seen)) for seen in some]}}
        found: dict[str, Any] = {}
        # DynamoDB may leave some for the next call; what it leaves again and again is no news.
        for _ in range(_AGAIN):
            try:
                answer = aws.call("dynamodb", "BatchGetItem", RequestItems=wanted)
            except AwsError as error:
                # The first release makes the table.
                if error.code == history.NO_TABLE:
                    return
                raise
            found |= {item["service"]["S"]: item for item in (answer.get("Responses") or {}).get(table) or ()}
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                break
        for seen in some:
            seen.lock = history.plain(found.get(_key(seen), {}))

    for table, members in _by(group, _table).items():
        for some in batched(members, _LOCKS):
            yield Job(some, partial(read, table, some))


def _history(aws: Aws, group: Sequence[Seen], releases: int) -> Iterator[Job]:
    def read(seen: Seen) -> None:
        seen.records = history.latest(aws, _table(seen), _key(seen), max(1, releases))

    return (Job([seen], partial(read, seen)) for seen in group)


def _task_definitions(aws: Aws, group: Sequence[Seen]) -> Iterator[Job]:
    def read(seen: Seen, revision: str) -> None:
        answer = aws.call("ecs", "DescribeTaskDefinition", taskDefinition=revision)
        seen.task_definition = answer["taskDefinition"]

    for seen in group:
        if revision := serving(seen.service).get("taskDefinition"):
            yield Job([seen], partial(read, seen, revision))


def _targets(aws: Aws, group: Sequence[Seen]) -> Iterator[Job]:
    def read(seen: Seen, target_groups: Sequence[str]) -> None:
        seen.targets = [
            one
            for arn in target_groups
            for one in aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)["TargetHealthDescriptions"]
        ]

    for seen in group:
        if arns := target_group_arns(seen.service):
            yield Job([seen], partial(read, seen, arns))


def _by(group: Sequence[Seen], key: Callable[[Seen], str]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    for seen in group:
        found[key(seen)].append(seen)
    return found


def _table(seen: Seen) -> str:
    return str(seen.description["release_table"])


def _key(seen: Seen) -> str:
    return history.key_of(seen.description["cluster"], seen.description["ecs_service"])
