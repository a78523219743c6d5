"""Task definitions: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError, SlipwayError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options, Reference
from ..engine.options import as_text
from ..engine.parallel import side_by_side
from ..engine.plan import Call, Desired, Live, Plan
from ..service.fargate import SIZES, cpu_units, memory_mib, memory_of
from ..service.references import ReferenceSyntaxError, SecretReference, parse_reference
from . import tags
from .names import arn, is_arn, role_arn

_SHAPE = input_shape("ecs", "RegisterTaskDefinition")
_NOT_FIELDS = frozenset({"state", "region", "profile", "endpoint_url", "tags"})
_CONTAINER = "container_definitions[]"
_SWITCHES = (
    "disable_networking", "privileged", "readonly_root_filesystem", "interactive", "pseudo_terminal",
    "linux_parameters.init_process_enabled",
)  # fmt: skip


class EcsTaskDefinition(Kind):
    """A family of task definitions: a difference registers a new revision, and none is ever changed."""

    name = "ecs_task_definition"
    after = ("iam_role", "log_group", "secret")
    rules = Rules(
        # What AWS fills in, so that a description that leaves it out is no difference.
        defaults={
            "network_mode": "bridge",
            "runtime_platform.cpu_architecture": "X86_64",
            "runtime_platform.operating_system_family": "LINUX",
            "enable_fault_injection": False,
            f"{_CONTAINER}.essential": True,
            f"{_CONTAINER}.cpu": 0,
            f"{_CONTAINER}.health_check.interval": 30,
            f"{_CONTAINER}.health_check.timeout": 5,
            f"{_CONTAINER}.health_check.retries": 3,
            f"{_CONTAINER}.health_check.start_period": 0,
            f"{_CONTAINER}.restart_policy.enabled": False,
            f"{_CONTAINER}.restart_policy.restart_attempt_period": 300,
            f"{_CONTAINER}.mount_points[].read_only": False,
            f"{_CONTAINER}.volumes_from[].read_only": False,
            f"{_CONTAINER}.version_consistency": "enabled",
            f"{_CONTAINER}.linux_parameters.devices[].permissions": ["mknod", "read", "write"],
            **dict.fromkeys((f"{_CONTAINER}.{switch}" for switch in _SWITCHES), False),
            "volumes[].configured_at_launch": False,
            "volumes[].docker_volume_configuration.scope": "task",
            "volumes[].docker_volume_configuration.autoprovision": False,
            "volumes[].docker_volume_configuration.driver": "local",
            "volumes[].efs_volume_configuration.root_directory": "/",
            "volumes[].efs_volume_configuration.transit_encryption": "DISABLED",
            "volumes[].efs_volume_configuration.transit_encryption_port": 0,
            "volumes[].efs_volume_configuration.authorization_config.iam": "DISABLED",
            "volumes[].s3files_volume_configuration.root_directory": "/",
            "volumes[].s3files_volume_configuration.transit_encryption_port": 0,
            "proxy_configuration.type": "APPMESH",
        },
        unordered={
            "container_definitions": "name",
            "requires_compatibilities": "",
            "placement_constraints": "type+expression",
            "inference_accelerators": "device_name",
            "volumes": "name",
            "proxy_configuration.properties": "name",
            f"{_CONTAINER}.environment": "name",
            f"{_CONTAINER}.secrets": "name",
            f"{_CONTAINER}.port_mappings": "container_port+container_port_range+protocol",
            f"{_CONTAINER}.mount_points": "container_path",
            f"{_CONTAINER}.volumes_from": "source_container",
            f"{_CONTAINER}.depends_on": "container_name",
            f"{_CONTAINER}.extra_hosts": "hostname",
            f"{_CONTAINER}.ulimits": "name",
            f"{_CONTAINER}.system_controls": "namespace",
            f"{_CONTAINER}.resource_requirements": "type",
            f"{_CONTAINER}.log_configuration.secret_options": "name",
            f"{_CONTAINER}.linux_parameters.capabilities.add": "",
            f"{_CONTAINER}.linux_parameters.capabilities.drop": "",
            f"{_CONTAINER}.linux_parameters.devices": "host_path",
            f"{_CONTAINER}.linux_parameters.devices[].permissions": "",
            f"{_CONTAINER}.restart_policy.ignored_exit_codes": "",
            f"{_CONTAINER}.docker_security_options": "",
            f"{_CONTAINER}.linux_parameters.tmpfs": "container_path",
        },
        # A revision is a whole document: what is left out is absent, not unmanaged.
        whole=frozenset({""}),
        maps=frozenset(
            {
                "tags",
                f"{_CONTAINER}.docker_labels",
                f"{_CONTAINER}.log_configuration.options",
                f"{_CONTAINER}.firelens_configuration.options",
                "volumes[].docker_volume_configuration.driver_opts",
                "volumes[].docker_volume_configuration.labels",
            }
        ),
    )

    def key(self, options: Options) -> str:
        """The family."""
        return str(options["family"])

    def references(self, options: Options) -> Iterable[Reference]:
        """Secrets of Secrets Manager, whose ARNs end in six characters that only AWS knows."""
        for where, text in () if options.get("state") == "absent" else _references(options):
            reference = _reference(text, where)
            if reference is not None and reference.store == "secretsmanager":
                yield "secret", reference.name

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeTaskDefinition of each family: its newest active revision. There is no batch form."""
        found = side_by_side(lambda family: _newest(aws, family, wanted[family]), list(wanted))
        return {family: live for family, live in zip(wanted, found, strict=True) if live is not None}

    def desired(self, options: Options, known: Known) -> Desired:
        """The parameters of RegisterTaskDefinition, in the one form in which revisions are compared."""
        family = options["family"]
        if options.get("state") == "absent":
            return Desired(family, absent=True)
        fields = {key: value for key, value in options.items() if key not in _NOT_FIELDS}
        for role in ("task_role_arn", "execution_role_arn"):
            if fields.get(role):
                fields[role] = role_arn(known.aws, fields[role])
        if "FARGATE" in (options.get("requires_compatibilities") or ()):
            fields.setdefault("network_mode", "awsvpc")
        fields.update(_size(options, family))
        fields["container_definitions"] = [
            _container(known, container) for container in options.get("container_definitions") or ()
        ]
        typed = canonical(from_api(_SHAPE, to_api(_SHAPE, fields)))
        if "tags" in options:
            typed["tags"] = dict(options["tags"])
        if not fields["container_definitions"]:
            raise SlipwayError("container_definitions is empty", remedy="describe at least one container")
        return Desired(family, typed)

    def plan(self, desired: Desired, live: Live | None) -> Plan:
        """A new revision has a new ARN, and whoever names the family gets it."""
        plan = super().plan(desired, live)
        registers = any(call.operation == "RegisterTaskDefinition" for call in plan.calls)
        return replace(plan, renews=frozenset({"arn", "revision", "task_definition"})) if registers else plan

    def create(self, desired: Desired) -> Sequence[Call]:
        """RegisterTaskDefinition."""
        params = to_api(_SHAPE, {key: value for key, value in desired.fields.items() if key != "tags"})
        if desired.fields.get("tags"):
            params["tags"] = tags.to_pairs(desired.fields["tags"], "key", "value")
        return [Call("ecs", "RegisterTaskDefinition", params, lambda answer: _outputs(answer["taskDefinition"]))]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """A new revision; other tags alone are put on the one that is there."""
        if changed_options(found) != {"tags"}:
            return self.create(desired)
        return tags.ecs_calls(found, desired.fields, live.outputs["arn"])

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeregisterTaskDefinition of every active revision."""
        return [Call("ecs", "DeregisterTaskDefinition", {"taskDefinition": revision}) for revision in live.raw]


def canonical(fields: Mapping[str, Any]) -> dict[str, Any]:
    """One form for what AWS takes in several: sizes as numbers, and host ports that say nothing left out."""
    whole = dict(fields)
    for key, number in (("cpu", cpu_units), ("memory", memory_mib)):
        if whole.get(key):
            whole[key] = str(number(str(whole[key])) or whole[key])
    same_port = whole.get("network_mode") in {"awsvpc", "host"}
    whole["container_definitions"] = [
        {**container, "port_mappings": [_port(port, same_port) for port in container.get("port_mappings") or ()]}
        for container in whole.get("container_definitions") or ()
    ]
    return whole


def _port(port: Mapping[str, Any], same_port: bool) -> dict[str, Any]:
    whole = {**port, "protocol": port.get("protocol") or "tcp"}
    # 0 asks for any port, as an absent one does; under awsvpc it can only be the container's.
    if not whole.get("host_port") or (same_port and whole["host_port"] == whole.get("container_port")):
        whole.pop("host_port", None)
    return whole


def _size(options: Options, family: str) -> dict[str, str]:
    sizes = {}
    for key, number in (("cpu", cpu_units), ("memory", memory_mib)):
        if options.get(key):
            value = number(str(options[key]))
            if value is None:
                remedy = "write 512 or 0.5 vCPU" if key == "cpu" else "write 1024 or 1 GB"
                raise SlipwayError(f"{key} is {options[key]!r}", where=f"ecs_task_definition {family}", remedy=remedy)
            sizes[key] = str(value)
    if "FARGATE" in (options.get("requires_compatibilities") or ()):
        cpu, memory = int(sizes.get("cpu", 0)), int(sizes.get("memory", 0))
        if memory not in SIZES.get(cpu, ()):
            remedy = f"with cpu {cpu} memory is {memory_of(cpu)}" if cpu in SIZES else f"cpu is one of {list(SIZES)}"
            what = f"Fargate has no size of cpu {cpu} and memory {memory}"
            raise SlipwayError(what, where=f"ecs_task_definition {family}", remedy=remedy)
    return sizes


def _container(known: Known, container: Mapping[str, Any]) -> dict[str, Any]:
    whole, where = dict(container), _where(container)
    if "environment" in whole:
        given = whole["environment"].items()
        whole["environment"] = [
            {"name": str(name), "value": _text(value, f"{where}.environment.{name}")} for name, value in given
        ]
    if "secrets" in whole:
        whole["secrets"] = _secrets(known, whole["secrets"], f"{where}.secrets")
    log = whole.get("log_configuration") or {}
    if "secret_options" in log:
        secrets = _secrets(known, log["secret_options"], f"{where}.log_configuration.secret_options")
        whole["log_configuration"] = {**log, "secret_options": secrets}
    credentials = _credentials(container)
    if credentials.startswith("secretsmanager:"):
        value = _value_from(known, credentials, f"{where}.repository_credentials")
        whole["repository_credentials"] = {"credentials_parameter": value}
    return whole


def _where(container: Mapping[str, Any]) -> str:
    return f"container_definitions[{container.get('name', '')}]"


def _text(value: Any, where: str) -> str:
    text = as_text(value)
    if not isinstance(text, str):
        raise SlipwayError("is no text", where=where, remedy="write a text; for a list or a map, its JSON in quotes")
    return text


def _secrets(known: Known, references: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    return [
        {"name": str(name), "value_from": _value_from(known, text, f"{where}.{name}")}
        for name, text in references.items()
    ]


def _credentials(container: Mapping[str, Any]) -> str:
    return str((container.get("repository_credentials") or {}).get("credentials_parameter") or "")


def _references(options: Options) -> Iterator[tuple[str, Any]]:
    """Every reference to a secret, and where it stands."""
    for container in options.get("container_definitions") or ():
        where = _where(container)
        log = (container.get("log_configuration") or {}).get("secret_options") or {}
        yield from ((f"{where}.secrets.{name}", text) for name, text in (container.get("secrets") or {}).items())
        yield from ((f"{where}.log_configuration.secret_options.{name}", text) for name, text in log.items())
        if _credentials(container).startswith("secretsmanager:"):
            yield f"{where}.repository_credentials", _credentials(container)


def _reference(text: Any, where: str) -> SecretReference | None:
    """The reference that a text is; None for an ARN, which is what ECS takes."""
    if is_arn(str(text)):
        return None
    try:
        return parse_reference(str(text))
    except ReferenceSyntaxError as error:
        raise SlipwayError(str(error), where=where, remedy=error.remedy) from error


def _value_from(known: Known, text: Any, where: str) -> Any:
    """What ECS takes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html."""
    reference = _reference(text, where)
    if reference is None:
        return str(text)
    if reference.store == "ssm":
        return arn(known.aws, "ssm", f"parameter/{reference.name.removeprefix('/')}")
    if known.live("secret", reference.name) is None:
        create = f"aws secretsmanager create-secret --name {reference.name} --secret-string ..."
        raise SlipwayError(
            f"there is no secret named {reference.name!r} in {known.aws.region}",
            where=where,
            remedy=f"create it ({create}), or correct the name",
        )
    secret = known.output("secret", reference.name, "arn", where)
    # json-key:version-stage:version-id, of which the last two stay empty: the current version.
    return f"{secret}:{reference.json_key}::" if reference.json_key else secret


def _newest(aws: Aws, family: str, options: Options) -> Live | None:
    include = {"include": ["TAGS"]} if "tags" in options else {}
    try:
        answer = aws.call("ecs", "DescribeTaskDefinition", taskDefinition=family, **include)
    except AwsError as error:
        # AWS has no code of its own for a family that is not there.
        if error.code == "ClientException" and "unable to describe" in error.what.lower():
            return None
        raise
    definition = answer["taskDefinition"]
    if definition.get("status") == "INACTIVE":
        return None
    fields = canonical(from_api(_SHAPE, {key: value for key, value in definition.items() if key != "tags"}))
    if "tags" in options:
        fields["tags"] = tags.from_pairs(answer.get("tags"), "key", "value")
    revisions = []
    if options.get("state") == "absent":
        found = aws.pages("ecs", "ListTaskDefinitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE")
        # The prefix may be the beginning of another family's name.
        revisions = [one for one in found if one.rpartition("/")[2].partition(":")[0] == family]
    return Live(fields, _outputs(definition), revisions)


def _outputs(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": definition["taskDefinitionArn"],
        "family": definition["family"],
        "revision": definition["revision"],
        "task_definition": f"{definition['family']}:{definition['revision']}",
    }
