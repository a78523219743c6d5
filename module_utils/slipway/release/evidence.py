"""What was observed of a release, in AWS's own words: what the verdict and the diagnosis are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """Everything that is known of one deployment. Whatever could not be read is empty, and named in `unread`.

    Attributes:
        deployment_id: the deployment's id (`ecs-svc/...`); empty where it is about the service as it is.
        service: as DescribeServices has it; None when it is gone.
        service_deployments: as DescribeServiceDeployments (or ListServiceDeployments) has them, newest first.
        task_definition: as DescribeTaskDefinition has what the deployment is to run.
        tasks: tasks of the deployment as DescribeTasks had them last, the stopped ones included.
        targets: TargetHealthDescriptions of the target group.
        target_group: as DescribeTargetGroups has it.
        logs: the last lines of the logs, by `<container>/<task id>`.
        alarms: as DescribeAlarms has the alarms that guard the deployment.
        answer: what the check through the load balancer got: url, status, body, problem; None where it was not asked.
        digests: the digest asked for, by container.
        timed_out: seconds after which the wait gave up; None where it did not.
        unread: what could not be read, and why: one line each.
    """

    deployment_id: str = ""
    service: Mapping[str, Any] | None = None
    service_deployments: Sequence[Mapping[str, Any]] = ()
    task_definition: Mapping[str, Any] = field(default_factory=dict)
    tasks: Sequence[Mapping[str, Any]] = ()
    targets: Sequence[Mapping[str, Any]] = ()
    target_group: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    alarms: Sequence[Mapping[str, Any]] = ()
    answer: Answer | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    timed_out: float | None = None
    unread: Sequence[str] = ()


@dataclass(frozen=True)
class Cause:
    """Why a release failed.

    Attributes:
        code: the class of cause, such as `image_not_found`; `unknown` where nobody can tell.
        title: one sentence for a person.
        evidence: what shows it: AWS's own words, the last log lines.
        remedy: what to do about it.
        count: how many tasks, targets or events show it.
    """

    code: str
    title: str
    evidence: Sequence[str] = ()
    remedy: str = ""
    count: int = 1

    def result(self) -> dict[str, Any]:
        """The cause as part of an Ansible result."""
        return {
            "code": self.code,
            "title": self.title,
            "evidence": list(self.evidence),
            "remedy": self.remedy,
            "count": self.count,
        }


def other_digests(evidence: Evidence) -> Iterator[tuple[str, str, str]]:
    """Containers that run another image than asked for: the name, what it has, what was asked for.

    One whose digest nobody tells is no mismatch.
    """
    for task in evidence.tasks:
        for container in task.get("containers") or ():
            name, has = str(container.get("name")), str(container.get("imageDigest") or "")
            wanted = evidence.digests.get(name, "")
            if task.get("lastStatus") == "RUNNING" and wanted and has and has != wanted:
                yield name, has, wanted


def render(causes: Sequence[Cause]) -> str:
    """The causes as a person reads them, the most telling first."""
    lines = []
    for cause in causes:
        lines.append(f"cause: {cause.title}" + (f" ({cause.count} times)" if cause.count > 1 else ""))
        lines += [f"    {line}" for line in cause.evidence]
        if cause.remedy:
            lines.append(f"  -> {cause.remedy}")
    return "\n".join(lines)
