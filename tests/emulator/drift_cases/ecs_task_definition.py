"""Task definitions: what is changed by hand is another revision."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.ecs_containers import (
    CONTAINER,
    CONTAINER_CHANGES,
    RANGED,
    SECRET,
    SIDE,
    C,
    L,
    P,
    added,
    renamed,
)
from tests.emulator.drift_cases.model import Document, Having, Scene, Shown, To, World, described

KIND = "ecs_task_definition"
FAMILY = "drift-task"
_OF_THE_REVISION = frozenset(
    {
        "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
        "registeredBy", "deregisteredAt",
    }
)  # fmt: skip

FSX = {
    "file_system_id": "fs-1",
    "root_directory": "share",
    "authorization_config": {"credentials_parameter": SECRET, "domain": "drift.example"},
}

VOLUMES: list[dict[str, Any]] = [
    {"name": "plain", "host": {"source_path": "/srv/data"}},
    {
        "name": "docker",
        "docker_volume_configuration": {
            "scope": "shared",
            "autoprovision": True,
            "driver": "local",
            "driver_opts": {"type": "nfs"},
            "labels": {"of": "drift"},
        },
    },
    {
        "name": "efs",
        "efs_volume_configuration": {
            "file_system_id": "fs-1",
            "root_directory": "/data",
            "transit_encryption": "ENABLED",
            "transit_encryption_port": 2049,
            "authorization_config": {"access_point_id": "fsap-1", "iam": "ENABLED"},
        },
    },
    {
        "name": "s3files",
        "s3files_volume_configuration": {
            "file_system_arn": "arn:one",
            "root_directory": "/data",
            "transit_encryption_port": 2049,
            "access_point_arn": "arn:point",
        },
    },
    {"name": "fsx", "fsx_windows_file_server_volume_configuration": FSX},
    {"name": "launch", "configured_at_launch": True},
]


def options(world: World) -> dict[str, Any]:
    """A task definition that says all there is to say; no engine has to run it."""
    return {
        "family": FAMILY,
        "task_role_arn": world.arn("iam", "role/one", region=""),
        "execution_role_arn": world.arn("iam", "role/one", region=""),
        "network_mode": "bridge",
        "container_definitions": [CONTAINER, SIDE, RANGED],
        "volumes": VOLUMES,
        "placement_constraints": [{"type": "memberOf", "expression": "attribute:zone == a"}],
        "requires_compatibilities": ["EC2"],
        "cpu": "1024",
        "memory": "2048",
        "pid_mode": "task",
        "ipc_mode": "task",
        "proxy_configuration": {
            "type": "APPMESH",
            "container_name": "side",
            "properties": [{"name": "ProxyIngressPort", "value": "15000"}],
        },
        "inference_accelerators": [{"device_name": "one", "device_type": "eia2.medium"}],
        "ephemeral_storage": {"size_in_gib": 30},
        "runtime_platform": {"cpu_architecture": "X86_64", "operating_system_family": "LINUX"},
        "enable_fault_injection": True,
        "tags": {"Service": "drift"},
    }


def read(world: World) -> Document:
    """The newest revision, as RegisterTaskDefinition takes it."""
    answer = world.ecs.describe_task_definition(taskDefinition=FAMILY, include=["TAGS"])
    found = answer["taskDefinition"]
    kept = {key: value for key, value in found.items() if key not in _OF_THE_REVISION and value}
    return {**kept, "tags": answer["tags"]}


def put(world: World, document: Document) -> None:
    """A revision more."""
    world.ecs.register_task_definition(**document)


def _tag(value: str) -> Any:
    def tag(world: World) -> None:
        arn = world.ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]["taskDefinitionArn"]
        world.ecs.tag_resource(resourceArn=arn, tags=[{"key": "Service", "value": value}])

    return tag


V = "volumes[]"
_VOLUMES = ("plain", "docker", "efs", "s3files", "fsx", "launch")
DOCKER, EFS, S3, FSX_AT = (
    f"{one}_volume_configuration" for one in ("docker", "efs", "s3files", "fsx_windows_file_server")
)


def _volume(index: int, option: str, value: Any, **more: Any) -> tuple[str, To]:
    """A field of one of the volumes."""
    expected = described(VOLUMES[index], option)
    to = {"api": f"volumes.{index}.{option}", "at": f"volumes[{_VOLUMES[index]}].{option}", "expected": expected}
    return f"{V}.{option}", To(value, **{**to, **more})


CHANGES: dict[str, Any] = {
    "task_role_arn": "arn:aws:iam::000000000000:role/other",
    "execution_role_arn": "arn:aws:iam::000000000000:role/other",
    "network_mode": "none",
    **CONTAINER_CHANGES,
    **dict([added(V, "more", {"name": "more"}, {"name": "more"})]),
    f"{V}.name": To(
        "other",
        api="volumes.5.name",
        at="volumes[launch]",
        expected=Having(name="launch"),
        found=None,
        also=(Shown("volumes[other]", None, Having(name="other", configured_at_launch=True)),),
    ),
    **dict(
        [
            _volume(0, "host.source_path", "/srv/other"),
            _volume(1, f"{DOCKER}.scope", "task"),
            _volume(1, f"{DOCKER}.autoprovision", False),
            _volume(1, f"{DOCKER}.driver", "rexray"),
            _volume(
                1,
                f"{DOCKER}.driver_opts",
                "tmpfs",
                api=f"volumes.1.{DOCKER}.driver_opts.type",
                at=f"volumes[docker].{DOCKER}.driver_opts.type",
                expected="nfs",
            ),
            _volume(
                1,
                f"{DOCKER}.labels",
                "other",
                api=f"volumes.1.{DOCKER}.labels.of",
                at=f"volumes[docker].{DOCKER}.labels.of",
                expected="drift",
            ),
            _volume(2, f"{EFS}.file_system_id", "fs-2"),
            _volume(2, f"{EFS}.root_directory", "/other"),
            _volume(2, f"{EFS}.transit_encryption", "DISABLED"),
            _volume(2, f"{EFS}.transit_encryption_port", 2050),
            _volume(2, f"{EFS}.authorization_config.access_point_id", "fsap-2"),
            _volume(2, f"{EFS}.authorization_config.iam", "DISABLED"),
            _volume(3, f"{S3}.file_system_arn", "arn:two"),
            _volume(3, f"{S3}.root_directory", "/other"),
            _volume(3, f"{S3}.transit_encryption_port", 2050),
            _volume(3, f"{S3}.access_point_arn", "arn:other"),
            _volume(4, f"{FSX_AT}.file_system_id", "fs-2"),
            _volume(4, f"{FSX_AT}.root_directory", "other"),
            _volume(4, f"{FSX_AT}.authorization_config.credentials_parameter", f"{SECRET}2"),
            _volume(4, f"{FSX_AT}.authorization_config.domain", "other.example"),
            _volume(5, "configured_at_launch", False),
        ]
    ),
    "placement_constraints[]": To(
        {"type": "memberOf", "expression": "attribute:zone == b"},
        at="placement_constraints[memberOf/attribute:zone == b]",
        found={"type": "memberOf", "expression": "attribute:zone == b"},
    ),
    "placement_constraints[].type": renamed(
        "placement_constraints[].type",
        "placement_constraints[memberOf/attribute:zone == a]",
        {"type": "memberOf"},
        "other",
        "other/attribute:zone == a",
        {"type": "other"},
    ),
    "placement_constraints[].expression": renamed(
        "placement_constraints[].expression",
        "placement_constraints[memberOf/attribute:zone == a]",
        {"type": "memberOf"},
        "attribute:zone == c",
        "memberOf/attribute:zone == c",
        {"expression": "attribute:zone == c"},
    ),
    "requires_compatibilities": ["EC2", "EXTERNAL"],
    "cpu": To("2048"),
    "memory": To("4096"),
    "pid_mode": "host",
    "ipc_mode": "none",
    "proxy_configuration.type": "other",
    "proxy_configuration.container_name": "api",
    "proxy_configuration.properties[]": To(
        {"name": "AppPorts", "value": "8000"},
        at="proxy_configuration.properties[AppPorts]",
        found={"name": "AppPorts", "value": "8000"},
    ),
    "proxy_configuration.properties[].name": To(
        "AppPorts",
        at="proxy_configuration.properties[ProxyIngressPort]",
        expected={"name": "ProxyIngressPort", "value": "15000"},
        found=None,
        also=(Shown("proxy_configuration.properties[AppPorts]", None, {"name": "AppPorts", "value": "15000"}),),
    ),
    "proxy_configuration.properties[].value": "15001",
    "inference_accelerators[]": To(
        {"deviceName": "two", "deviceType": "eia2.large"},
        at="inference_accelerators[two]",
        found={"device_name": "two", "device_type": "eia2.large"},
    ),
    "inference_accelerators[].device_name": To(
        "other",
        at="inference_accelerators[one]",
        expected={"device_name": "one", "device_type": "eia2.medium"},
        found=None,
        also=(Shown("inference_accelerators[other]", None, {"device_name": "other", "device_type": "eia2.medium"}),),
    ),
    "inference_accelerators[].device_type": "eia2.large",
    "ephemeral_storage.size_in_gib": 40,
    "runtime_platform.cpu_architecture": "ARM64",
    "runtime_platform.operating_system_family": "WINDOWS_SERVER_2022_CORE",
    "enable_fault_injection": False,
    "tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other"),
}

SCENES = (
    Scene(
        KIND,
        options,
        CHANGES,
        read=read,
        put=put,
        answer=("DescribeTaskDefinition", ("taskDefinition",)),
        names={
            C: "api",
            P: "8000/tcp",
            f"{C}.mount_points[]": "/data",
            f"{C}.volumes_from[]": "side",
            f"{L}.devices[]": "/dev/fuse",
            f"{L}.tmpfs[]": "/tmp",
            f"{C}.depends_on[]": "side",
            f"{C}.extra_hosts[]": "db",
            f"{C}.ulimits[]": "nofile",
            f"{C}.system_controls[]": "net.core.somaxconn",
            f"{C}.resource_requirements[]": "GPU",
            "proxy_configuration.properties[]": "ProxyIngressPort",
            "inference_accelerators[]": "one",
        },
        unkept={
            "ministack": dict.fromkeys(("enable_fault_injection", "inference_accelerators*"), "drops it"),
            "moto": {
                "enable_fault_injection": "drops it",
                "requires_compatibilities": "changes the network mode with it",
            },
        },
    ),
)
NO_FIELDS = {KIND: {"family": "its name: another family is another resource"}}
