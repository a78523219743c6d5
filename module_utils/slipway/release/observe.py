"""Observing one deployment: batched calls, side by side, and what was seen once stays, though AWS forgets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..engine.parallel import side_by_side
from ..resources.cloudwatch_alarm import described
from ..resources.ecs_deployments import newest_first
from .deployment_logs import DeploymentLogs
from .evidence import Answer, Evidence
from .verdict import service_deployment

# What DescribeTasks takes at once: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
_TASKS = 100
_SLACK = timedelta(minutes=1)
_YOUNG = timedelta(seconds=5)


@dataclass(frozen=True)
class Deployment:
    """The deployment that is observed.

    Attributes:
        since: when it was made; None where it is gone already, and nobody tells.
        task_definition: what it is to run, likewise.
    """

    aws: Aws
    cluster: str
    service: str
    id: str
    since: datetime | None = None
    task_definition: str = ""

    def is_young(self) -> bool:
        """Whether it was made a moment ago."""
        return self.since is not None and datetime.now(tz=UTC) - self.since < _YOUNG

    def owns(self, task: Mapping[str, Any]) -> bool:
        """Whether a task is of this deployment."""
        by = str(task.get("startedBy") or "")
        if by.startswith("ecs-svc/"):
            return by == self.id
        # A scheduler that names no deployment: the same task definition, and no older.
        created = task.get("createdAt")
        young = self.since is not None and created is not None and created >= self.since - _SLACK
        return young and task.get("taskDefinitionArn") == self.task_definition


def describe(aws: Aws, cluster: str, name: str) -> dict[str, Any] | None:
    """The service as it is now; None when there is none.

    Raises:
        AwsError: AWS refused or did not answer.
    """
    try:
        services = aws.call("ecs", "DescribeServices", cluster=cluster, services=[name])["services"]
    except AwsError as error:
        if error.code == "ClusterNotFoundException":
            return None
        raise
    return services[0] if services and services[0].get("status") != "INACTIVE" else None


def target_group_arns(service: Mapping[str, Any] | None) -> list[str]:
    """The target groups of a service; where ECS shifts requests there are two, and either may have them."""
    arns = []
    for one in (service or {}).get("loadBalancers") or ():
        arns += [one.get("targetGroupArn"), (one.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")]
    return list(dict.fromkeys(str(arn) for arn in arns if arn))


class Observer:
    """Gathers the evidence of one deployment, look by look.

    Attributes:
        service: as DescribeServices had it last; whoever polls it puts it here.
        logs: what the deployment's containers log.
        earlier: whether the records of service deployments before this one are of interest, too.
    """

    def __init__(
        self,
        deployment: Deployment,
        service: Mapping[str, Any] | None,
        digests: Mapping[str, str] | None = None,
        *,
        earlier: bool = False,
    ) -> None:
        self.deployment = deployment
        self.service = service
        self.logs = DeploymentLogs(deployment.aws, deployment.since)
        self.earlier = earlier
        self._digests = {name: digest for name, digest in (digests or {}).items() if digest}
        self._records: list[Mapping[str, Any]] = []
        self._tasks: dict[str, Mapping[str, Any]] = {}
        self._settled: set[str] = set()
        self._elsewhere: set[str] = set()
        self._definition: Mapping[str, Any] = {}
        self._group: Mapping[str, Any] = {}
        self._targets: list[Mapping[str, Any]] = []
        self._alarms: Sequence[Mapping[str, Any]] = ()
        self._unread: dict[str, str] = {}
        self._denied: set[str] = set()
        self._disturbed: set[str] = set()
        self._looks: dict[str, Callable[[], None]] = {
            "service deployments": self._see_records,
            "tasks": self._see_tasks,
            "task definition": self._see_definition,
            "target health": self._see_targets,
            "target group": self._see_group,
            "alarms": self._see_alarms,
        }
        self._reads: dict[str, Callable[[], None]] = {
            "new log lines": lambda: self.logs.read_news(self._tasks.values(), self._definition),
            "last log lines": lambda: self.logs.read_tails(self._tasks.values(), self._definition),
        }

    @property
    def records(self) -> list[Mapping[str, Any]]:
        """The service deployments, newest first; empty where the API is not there."""
        return self._records

    @property
    def is_disturbed(self) -> bool:
        """Whether AWS did not answer some of the last look's questions."""
        return bool(self._disturbed)

    def look(self) -> None:
        """See everything but the service itself.

        Raises:
            AwsError: AWS does not know the caller any more. Whatever else can't be read is noted, and no failure.
        """
        side_by_side(lambda name: self._try(name, self._looks[name]), list(self._looks))
        # Which logs there are is known by the tasks.
        side_by_side(lambda name: self._try(name, self._reads[name]), list(self._reads))

    def look_at_logs_of_the_living(self) -> None:
        """The last lines of what still runs, for a deployment that fails without a task that stopped."""
        if not self.logs.tails():
            self._try(
                "last log lines", lambda: self.logs.read_tails(self._tasks.values(), self._definition, living=True)
            )

    def look_at_service(self) -> None:
        """See the service alone."""
        self._try("service", self._see_service)

    def look_at_tasks(self) -> None:
        """See the tasks alone."""
        self._try("tasks", self._see_tasks)

    def evidence(self, *, answer: Answer | None = None, timed_out: float | None = None) -> Evidence:
        """What is known by now."""
        return Evidence(
            deployment_id=self.deployment.id,
            service=self.service,
            service_deployments=self._records,
            task_definition=self._definition,
            tasks=list(self._tasks.values()),
            targets=self._own_targets(),
            target_group=self._group,
            logs=self.logs.tails(),
            alarms=self._alarms,
            answer=answer,
            digests=self._digests,
            timed_out=timed_out,
            unread=list(self._unread.values()),
        )

    def _try(self, name: str, see: Callable[[], None]) -> None:
        if name in self._denied:
            return
        try:
            see()
        except AwsError as error:
            if error.is_about_credentials:
                raise
            # Asking again would be denied again.
            if error.is_denial:
                self._denied.add(name)
            if error.is_passing:
                self._disturbed.add(name)
            self._unread[name] = f"{name}: {error.what}" + (f" -> {error.remedy}" if error.remedy else "")
        else:
            self._unread.pop(name, None)
            self._disturbed.discard(name)

    def _see_service(self) -> None:
        self.service = describe(self.deployment.aws, self.deployment.cluster, self.deployment.service)

    def _see_records(self) -> None:
        of = self.deployment
        # The two clocks of one deployment differ by moments.
        since = {} if of.since is None or self.earlier else {"createdAt": {"after": of.since - _SLACK}}
        try:
            answer = of.aws.call(
                "ecs", "ListServiceDeployments", cluster=of.cluster, service=of.service, maxResults=_TASKS, **since
            )
        except AwsError as error:
            if not of.aws.lacks(error):
                raise
            return
        records = list(answer.get("serviceDeployments") or ())
        mine = service_deployment(of.id, records)
        if mine is not None and mine.get("serviceDeploymentArn"):
            found = self._detail(str(mine["serviceDeploymentArn"]))
            records = [{**one, **found} if one is mine else one for one in records]
        self._records = newest_first(records)

    def _detail(self, arn: str) -> Mapping[str, Any]:
        """Stage, traffic, breaker and alarms of one; the list alone still tells the verdict."""
        try:
            answer = self.deployment.aws.call("ecs", "DescribeServiceDeployments", serviceDeploymentArns=[arn])
        except AwsError as error:
            if error.is_about_credentials:
                raise
            self._unread["service deployment"] = f"service deployment: {error.what}"
            return {}
        self._unread.pop("service deployment", None)
        return next(iter(answer.get("serviceDeployments") or ()), {})

    def _see_tasks(self) -> None:
        of = self.deployment

        def listed(status: str) -> list[str]:
            return of.aws.pages(
                "ecs", "ListTasks", "taskArns", cluster=of.cluster, serviceName=of.service, desiredStatus=status
            )

        arns = dict.fromkeys(arn for arns in side_by_side(listed, ["RUNNING", "STOPPED"]) for arn in arns)
        for some in batched([arn for arn in arns if arn not in self._settled], _TASKS):
            for task in of.aws.call("ecs", "DescribeTasks", cluster=of.cluster, tasks=list(some))["tasks"]:
                self._note(task)

    def _note(self, task: Mapping[str, Any]) -> None:
        arn, owned = str(task["taskArn"]), self.deployment.owns(task)
        if owned:
            self._tasks[arn] = task
        else:
            self._elsewhere |= addresses(task)
        # Another deployment's task, and one that has stopped, stay what they are: once is enough.
        if not owned or task.get("lastStatus") == "STOPPED":
            self._settled.add(arn)

    def _see_definition(self) -> None:
        arn = self.deployment.task_definition or next(
            (str(task["taskDefinitionArn"]) for task in self._tasks.values() if task.get("taskDefinitionArn")), ""
        )
        if arn and not self._definition:
            answer = self.deployment.aws.call("ecs", "DescribeTaskDefinition", taskDefinition=arn)
            self._definition = answer["taskDefinition"]

    def _see_targets(self) -> None:
        def health(arn: str) -> list[Mapping[str, Any]]:
            answer = self.deployment.aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
            return list(answer.get("TargetHealthDescriptions") or ())

        self._targets = [one for some in side_by_side(health, target_group_arns(self.service)) for one in some]

    def _own_targets(self) -> list[Mapping[str, Any]]:
        """Without those of other deployments' tasks: their health says nothing of this one."""
        own = {address for task in self._tasks.values() for address in addresses(task)}
        foreign = self._elsewhere - own
        return [one for one in self._targets if (one.get("Target") or {}).get("Id") not in foreign]

    def _see_group(self) -> None:
        arns = target_group_arns(self.service)[:1]
        if arns and not self._group:
            answer = self.deployment.aws.call("elbv2", "DescribeTargetGroups", TargetGroupArns=arns)
            self._group = next(iter(answer.get("TargetGroups") or ()), {})

    def _see_alarms(self) -> None:
        guard = ((self.service or {}).get("deploymentConfiguration") or {}).get("alarms") or {}
        names = list(guard.get("alarmNames") or ())
        if guard.get("enable") and names:
            self._alarms = described(self.deployment.aws, names)


def addresses(task: Mapping[str, Any]) -> set[str]:
    """The private addresses of a task, by which a target group knows it."""
    return {
        str(detail.get("value"))
        for attachment in task.get("attachments") or ()
        for detail in attachment.get("details") or ()
        if detail.get("name") == "privateIPv4Address"
    }
