"""What the description says of the parts that AWS's texts speak about: names for a title and a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...resources.ecs_deployments import deployment_of, primary
from ..evidence import Evidence
from ..verdict import service_deployment, verdict
from .signs import LOG_LINES

_SECRET_ARN = re.compile(
    r"arn:[^:]+:secretsmanager:[^:]*:\d*:secret:(?P<name>[^:]+?)(-[A-Za-z0-9]{6})?(:(?P<key>[^:]*).*)?"
)
_IMAGE = re.compile(
    r"(?:manifest for|failed to resolve ref|pull access denied for|resolve reference) \"?([^\s\",]+?)[:,]?\"?(?= |$)"
)


class Facts:
    """The evidence, with the questions that a cause asks of it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        definition = evidence.task_definition
        self.containers: Sequence[Mapping[str, Any]] = definition.get("containerDefinitions") or ()
        self.service: Mapping[str, Any] = evidence.service or {}
        self.cpu = str(definition.get("cpu") or "")
        self.memory = str(definition.get("memory") or "")
        self.execution_role = _last(definition.get("executionRoleArn"))
        self.task_role = _last(definition.get("taskRoleArn"))
        self.architecture = (definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"

    @property
    def is_service(self) -> bool:
        """Whether the tasks are a service's; otherwise they are one-off tasks, which are meant to end."""
        return bool(self.evidence.deployment_id or self.evidence.service)

    @property
    def deployment_id(self) -> str:
        """The deployment it is about; without a named one, the service's newest."""
        return self.evidence.deployment_id or str(primary(self.service).get("id") or "")

    @property
    def deployment(self) -> Mapping[str, Any]:
        """It, as DescribeServices has it."""
        return deployment_of(self.service, self.deployment_id)

    @property
    def is_complete(self) -> bool:
        """Whether it is what the service runs, and came to its end."""
        return self.deployment.get("status") == "PRIMARY" and self.deployment.get("rolloutState") == "COMPLETED"

    @property
    def record(self) -> Mapping[str, Any]:
        """AWS's record of it; without a named one, the newest."""
        records = self.evidence.service_deployments
        if self.evidence.deployment_id:
            return service_deployment(self.evidence.deployment_id, records) or {}
        return next(iter(records), {})

    @property
    def status_reason(self) -> str:
        """Why the record has its status, and why it was rolled back."""
        rollback = self.record.get("rollback") or {}
        return str(self.record.get("statusReason") or rollback.get("reason") or "")

    @property
    def is_replaced(self) -> bool:
        """Whether somebody else's deployment has taken its place."""
        if not self.evidence.deployment_id:
            return False
        found = verdict(self.evidence.deployment_id, self.evidence.service, self.evidence.service_deployments)
        if "another deployment has taken its place" in found.reason:
            return True
        newest = primary(self.service).get("id", "")
        return self.record.get("status") == "STOPPED" and newest not in {self.evidence.deployment_id, ""}

    @property
    def region(self) -> str:
        """The region, from whatever ARN there is."""
        arns = [self.service.get("serviceArn"), self.evidence.task_definition.get("taskDefinitionArn")]
        arns += [task.get("taskArn") for task in self.evidence.tasks]
        return next((str(arn).split(":")[3] for arn in arns if str(arn).count(":") > 3), "")

    @property
    def in_region(self) -> str:
        """The option of the aws command."""
        return f" --region {self.region}" if self.region else ""

    @property
    def port(self) -> int:
        """The container port that the load balancer asks; otherwise the first one."""
        balanced = [one.get("containerPort") for one in self.service.get("loadBalancers") or ()]
        mapped = [mapping.get("containerPort") for one in self.containers for mapping in one.get("portMappings") or ()]
        return next((int(port) for port in (*balanced, *mapped) if port), 0)

    @property
    def health_path(self) -> str:
        """The path of the target group's health check."""
        return str(self.evidence.target_group.get("HealthCheckPath") or "")

    @property
    def network(self) -> Mapping[str, Any]:
        """Subnets, security groups, public IP."""
        return (self.service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}

    @property
    def subnets(self) -> str:
        """The subnets, by id."""
        return ", ".join(self.network.get("subnets") or ()) or "the subnets"

    @property
    def security_groups(self) -> str:
        """The security groups, by id."""
        return ", ".join(self.network.get("securityGroups") or ()) or "the security group"

    def container(self, name: str) -> Mapping[str, Any]:
        """A container's definition; without a name, the one that matters."""
        named = (one for one in self.containers if one.get("name") == name)
        essential = (one for one in self.containers if one.get("essential", True))
        return next(named, None) or next(essential, None) or {}

    def image(self, text: str, container: str) -> str:
        """The image that a text speaks of."""
        images = [str(one.get("image") or "") for one in self.containers]
        for image in images:
            if image and image in text:
                return image
        if not container and (found := _IMAGE.search(text)):
            return found[1]
        return str(self.container(container).get("image") or "") or ""

    def log_group(self, container: str) -> str:
        """The container's log group."""
        options = (self.container(container).get("logConfiguration") or {}).get("options") or {}
        return str(options.get("awslogs-group") or "")

    def follow_logs(self, container: str) -> str:
        """A command that shows the logs, or words where the group is not known."""
        group = self.log_group(container)
        return f"aws logs tail {group} --since 1h{self.in_region}" if group else "the container's logs"

    def logs(self, container: str, task: str) -> tuple[str, ...]:
        """The last lines of a container of a task."""
        return tuple(self.evidence.logs.get(f"{container}/{task}") or ())[-LOG_LINES:]

    def all_logs(self) -> Iterator[str]:
        """Every line of every log."""
        for lines in self.evidence.logs.values():
            yield from lines

    def secrets(self, text: str, name: str = "", key: str = "") -> list[tuple[str, str]]:
        """Variable and reference of the secrets that a text speaks of, by ARN, name, JSON key or variable."""
        found = []
        for container in self.containers:
            for secret in container.get("secrets") or ():
                if _speaks_of(text, str(secret.get("valueFrom") or ""), str(secret.get("name") or ""), name, key):
                    found.append((str(secret["name"]), reference(str(secret["valueFrom"]))))
        return list(dict.fromkeys(found))

    def candidates(self, text: str) -> list[str]:
        """The references that a text may mean which names none: those of the store it speaks of."""
        store = "secretsmanager" if re.search(r"\basm\b|secrets manager", text, re.IGNORECASE) else "ssm"
        named = (reference(str(one.get("valueFrom"))) for each in self.containers for one in each.get("secrets") or ())
        return [one for one in dict.fromkeys(named) if one.startswith(store)]


def _speaks_of(text: str, value_from: str, variable: str, name: str, key: str) -> bool:
    parts = value_from.split(":")
    store = reference(value_from)
    own_key = store.partition("#")[2]
    if key:
        bare = ":".join(parts[:7])
        return own_key == key and ("arn:" not in text or bare in text or f"variable {variable}" in text)
    if f"environment variable {variable}" in text or (value_from and value_from in text):
        return True
    short = store.partition("#")[0].partition(":")[2]
    names = {one.strip(" '\".") for one in re.split(r"[,\s\[\]]+", name)} if name else set()
    return bool(short) and (short in names or value_from in names or _in(short, text))


def _in(name: str, text: str) -> bool:
    # A name is meant where it stands alone or, in an ARN, before the six characters that AWS adds.
    return (
        re.search(rf"(?<![\w/.-])(arn:\S*(secret:|parameter/?))?{re.escape(name)}(-[A-Za-z0-9]{{6}})?(?![\w/.-])", text)
        is not None
    )


def reference(value_from: str) -> str:
    """A secret as a description names it, from the task definition's `valueFrom`."""
    if found := _SECRET_ARN.fullmatch(value_from):
        return f"secretsmanager:{found['name']}" + (f"#{found['key']}" if found["key"] else "")
    name = value_from
    if value_from.startswith("arn:"):
        # The ARN of a name without a path has a slash of its own.
        path = value_from.partition(":parameter")[2]
        name = path if path.count("/") > 1 else path.removeprefix("/")
    return f"ssm:{name}"


def _last(arn: Any) -> str:
    return str(arn or "").rpartition("/")[2]
