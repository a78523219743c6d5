"""Containers of task definitions: all there is to say of one, and what is changed of it."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.model import Having, Shown, To

IMAGE = "000000000000.dkr.ecr.ap-northeast-2.amazonaws.com/drift@sha256:" + "0" * 64
C = "container_definitions[]"
P = f"{C}.port_mappings[]"
L = f"{C}.linux_parameters"
API = "container_definitions[api]"
SECRET = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:drift-AbCdEf"

CONTAINER: dict[str, Any] = {
    "name": "api",
    "image": IMAGE,
    "repository_credentials": {"credentials_parameter": SECRET},
    "cpu": 128,
    "memory": 512,
    "memory_reservation": 256,
    "links": ["side"],
    "port_mappings": [
        {"container_port": 8000, "host_port": 80, "protocol": "tcp", "name": "web", "app_protocol": "http"}
    ],
    "essential": True,
    "restart_policy": {"enabled": True, "ignored_exit_codes": [0], "restart_attempt_period": 120},
    "entry_point": ["/entry"],
    "command": ["serve"],
    "environment": {"MODE": "production"},
    "environment_files": [{"value": "arn:aws:s3:::drift/one.env", "type": "s3"}],
    "mount_points": [{"source_volume": "plain", "container_path": "/data", "read_only": True}],
    "volumes_from": [{"source_container": "side", "read_only": True}],
    "linux_parameters": {
        "capabilities": {"add": ["NET_ADMIN"], "drop": ["KILL"]},
        "devices": [{"host_path": "/dev/fuse", "container_path": "/dev/fuse", "permissions": ["read"]}],
        "init_process_enabled": True,
        "shared_memory_size": 64,
        "tmpfs": [{"container_path": "/tmp", "size": 64, "mount_options": ["noexec"]}],
        "max_swap": 128,
        "swappiness": 10,
    },
    "secrets": {"URL": "ssm:/drift/URL"},
    "depends_on": [{"container_name": "side", "condition": "START"}],
    "start_timeout": 60,
    "stop_timeout": 30,
    "version_consistency": "enabled",
    "hostname": "api",
    "user": "1000",
    "working_directory": "/srv",
    "disable_networking": False,
    "privileged": False,
    "readonly_root_filesystem": True,
    "dns_servers": ["10.0.0.2"],
    "dns_search_domains": ["drift.example"],
    "extra_hosts": [{"hostname": "db", "ip_address": "10.0.0.5"}],
    "docker_security_options": ["no-new-privileges"],
    "interactive": False,
    "pseudo_terminal": False,
    "docker_labels": {"of": "drift"},
    "ulimits": [{"name": "nofile", "soft_limit": 1024, "hard_limit": 4096}],
    "log_configuration": {
        "log_driver": "awslogs",
        "options": {"awslogs-group": "/drift"},
        "secret_options": {"splunk-token": "ssm:/drift/TOKEN"},
    },
    "health_check": {"command": ["CMD", "true"], "interval": 20, "timeout": 4, "retries": 2, "start_period": 10},
    "system_controls": [{"namespace": "net.core.somaxconn", "value": "128"}],
    "resource_requirements": [{"type": "GPU", "value": "1"}],
    "firelens_configuration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}},
    "credential_specs": ["credentialspec:one"],
}
SIDE = {"name": "side", "image": IMAGE, "memory": 64}
RANGED = {"name": "ranged", "image": IMAGE, "memory": 64, "port_mappings": [{"container_port_range": "100-200"}]}


def added(where: str, key: str, element: dict[str, Any], shown: dict[str, Any]) -> tuple[str, To]:
    """An element more in a list whose elements have names."""
    return where, To(element, at=f"{where[:-2].replace('[]', '[api]', 1)}[{key}]", found=Having(shown))


def renamed(place: str, at: str, old: dict[str, Any], new: Any, key: str, shown: dict[str, Any]) -> To:
    """An element with another name: the old one is gone, and the new one was added."""
    return To(
        new,
        api=place,
        at=at,
        expected=Having(old),
        found=None,
        also=(Shown(f"{at.rpartition('[')[0]}[{key}]", None, Having(shown)),),
    )


CONTAINER_CHANGES: dict[str, Any] = {
    **dict([added(C, "extra", {"name": "extra", "image": IMAGE, "memory": 64}, {"name": "extra", "image": IMAGE})]),
    f"{C}.name": renamed(
        "container_definitions.1.name",
        "container_definitions[side]",
        {"image": IMAGE, "memory": 64},
        "other",
        "other",
        {"name": "other", "image": IMAGE},
    ),
    f"{C}.image": "other:latest",
    f"{C}.repository_credentials.credentials_parameter": f"{SECRET}2",
    f"{C}.cpu": 256,
    f"{C}.memory": 1024,
    f"{C}.memory_reservation": 300,
    f"{C}.links": ["side", "other"],
    **dict([added(P, "9000/tcp", {"containerPort": 9000, "protocol": "tcp"}, {"container_port": 9000})]),
    f"{P}.container_port": renamed(
        f"{P}.container_port",
        f"{API}.port_mappings[8000/tcp]",
        {"container_port": 8000, "name": "web"},
        8001,
        "8001/tcp",
        {"container_port": 8001, "name": "web"},
    ),
    f"{P}.host_port": 81,
    f"{P}.protocol": renamed(
        f"{P}.protocol",
        f"{API}.port_mappings[8000/tcp]",
        {"container_port": 8000, "protocol": "tcp"},
        "udp",
        "8000/udp",
        {"container_port": 8000, "protocol": "udp"},
    ),
    f"{P}.name": "other",
    f"{P}.app_protocol": "grpc",
    f"{P}.container_port_range": To(
        "100-300",
        api="container_definitions.2.port_mappings[].container_port_range",
        at="container_definitions[ranged].port_mappings[100-200/tcp]",
        expected=Having(container_port_range="100-200"),
        found=None,
        also=(
            Shown(
                "container_definitions[ranged].port_mappings[100-300/tcp]", None, Having(container_port_range="100-300")
            ),
        ),
    ),
    f"{C}.essential": False,
    f"{C}.restart_policy.enabled": False,
    f"{C}.restart_policy.ignored_exit_codes": [0, 1],
    f"{C}.restart_policy.restart_attempt_period": 60,
    f"{C}.entry_point": ["/entry", "more"],
    f"{C}.command": ["serve", "--debug"],
    f"{C}.environment": To(
        "staging", api=f"{C}.environment[].value", at=f"{API}.environment[MODE].value", expected="production"
    ),
    f"{C}.environment_files[]": To(
        {"value": "arn:aws:s3:::drift/two.env", "type": "s3"},
        at=f"{API}.environment_files",
        expected=[{"value": "arn:aws:s3:::drift/one.env", "type": "s3"}],
        found=[{"value": f"arn:aws:s3:::drift/{one}.env", "type": "s3"} for one in ("one", "two")],
    ),
    f"{C}.environment_files[].value": "arn:aws:s3:::drift/two.env",
    f"{C}.environment_files[].type": "other",
    **dict(
        [
            added(
                f"{C}.mount_points[]",
                "/more",
                {"sourceVolume": "plain", "containerPath": "/more"},
                {"source_volume": "plain", "container_path": "/more"},
            )
        ]
    ),
    f"{C}.mount_points[].source_volume": "efs",
    f"{C}.mount_points[].container_path": renamed(
        f"{C}.mount_points[].container_path",
        f"{API}.mount_points[/data]",
        {"container_path": "/data"},
        "/other",
        "/other",
        {"container_path": "/other", "read_only": True},
    ),
    f"{C}.mount_points[].read_only": False,
    **dict([added(f"{C}.volumes_from[]", "ranged", {"sourceContainer": "ranged"}, {"source_container": "ranged"})]),
    f"{C}.volumes_from[].source_container": renamed(
        f"{C}.volumes_from[].source_container",
        f"{API}.volumes_from[side]",
        {"source_container": "side"},
        "ranged",
        "ranged",
        {"source_container": "ranged"},
    ),
    f"{C}.volumes_from[].read_only": False,
    f"{L}.capabilities.add": ["NET_ADMIN", "SYS_PTRACE"],
    f"{L}.capabilities.drop": ["KILL", "CHOWN"],
    **dict([added(f"{L}.devices[]", "/dev/null", {"hostPath": "/dev/null"}, {"host_path": "/dev/null"})]),
    f"{L}.devices[].host_path": renamed(
        f"{L}.devices[].host_path",
        f"{API}.linux_parameters.devices[/dev/fuse]",
        {"host_path": "/dev/fuse"},
        "/dev/kvm",
        "/dev/kvm",
        {"host_path": "/dev/kvm"},
    ),
    f"{L}.devices[].container_path": "/dev/other",
    f"{L}.devices[].permissions": ["read", "write"],
    f"{L}.init_process_enabled": False,
    f"{L}.shared_memory_size": 128,
    **dict(
        [added(f"{L}.tmpfs[]", "/run", {"containerPath": "/run", "size": 8}, {"container_path": "/run", "size": 8})]
    ),
    f"{L}.tmpfs[].container_path": renamed(
        f"{L}.tmpfs[].container_path",
        f"{API}.linux_parameters.tmpfs[/tmp]",
        {"size": 64},
        "/run",
        "/run",
        {"container_path": "/run", "size": 64},
    ),
    f"{L}.tmpfs[].size": 128,
    f"{L}.tmpfs[].mount_options": ["noexec", "nosuid"],
    f"{L}.max_swap": 256,
    f"{L}.swappiness": 20,
    f"{C}.secrets": To(
        "arn:aws:ssm:ap-northeast-2:000000000000:parameter/drift/OTHER",
        api=f"{C}.secrets[].value_from",
        at=f"{API}.secrets[URL].value_from",
        expected=lambda world: world.arn("ssm", "parameter/drift/URL"),
    ),
    **dict(
        [
            added(
                f"{C}.depends_on[]",
                "ranged",
                {"containerName": "ranged", "condition": "START"},
                {"container_name": "ranged", "condition": "START"},
            )
        ]
    ),
    f"{C}.depends_on[].container_name": renamed(
        f"{C}.depends_on[].container_name",
        f"{API}.depends_on[side]",
        {"container_name": "side"},
        "ranged",
        "ranged",
        {"container_name": "ranged"},
    ),
    f"{C}.depends_on[].condition": "HEALTHY",
    f"{C}.start_timeout": 90,
    f"{C}.stop_timeout": 60,
    f"{C}.version_consistency": "disabled",
    f"{C}.hostname": "other",
    f"{C}.user": "root",
    f"{C}.working_directory": "/",
    f"{C}.disable_networking": True,
    f"{C}.privileged": True,
    f"{C}.readonly_root_filesystem": False,
    f"{C}.dns_servers": ["10.0.0.2", "10.0.0.3"],
    f"{C}.dns_search_domains": ["drift.example", "other.example"],
    **dict(
        [
            added(
                f"{C}.extra_hosts[]",
                "cache",
                {"hostname": "cache", "ipAddress": "10.0.0.6"},
                {"hostname": "cache", "ip_address": "10.0.0.6"},
            )
        ]
    ),
    f"{C}.extra_hosts[].hostname": renamed(
        f"{C}.extra_hosts[].hostname",
        f"{API}.extra_hosts[db]",
        {"hostname": "db"},
        "other",
        "other",
        {"hostname": "other", "ip_address": "10.0.0.5"},
    ),
    f"{C}.extra_hosts[].ip_address": "10.0.0.9",
    f"{C}.docker_security_options": ["no-new-privileges", "label:disable"],
    f"{C}.interactive": True,
    f"{C}.pseudo_terminal": True,
    f"{C}.docker_labels": To("other", api=f"{C}.docker_labels.of", at=f"{API}.docker_labels.of", expected="drift"),
    **dict(
        [
            added(
                f"{C}.ulimits[]",
                "core",
                {"name": "core", "softLimit": 0, "hardLimit": 0},
                {"name": "core", "soft_limit": 0},
            )
        ]
    ),
    f"{C}.ulimits[].name": renamed(
        f"{C}.ulimits[].name", f"{API}.ulimits[nofile]", {"name": "nofile"}, "nproc", "nproc", {"soft_limit": 1024}
    ),
    f"{C}.ulimits[].soft_limit": 2048,
    f"{C}.ulimits[].hard_limit": 8192,
    f"{C}.log_configuration.log_driver": "splunk",
    f"{C}.log_configuration.options": To(
        "/other",
        api=f"{C}.log_configuration.options.awslogs-group",
        at=f"{API}.log_configuration.options.awslogs-group",
        expected="/drift",
    ),
    f"{C}.log_configuration.secret_options": To(
        "arn:aws:ssm:ap-northeast-2:000000000000:parameter/drift/OTHER",
        api=f"{C}.log_configuration.secret_options[].value_from",
        at=f"{API}.log_configuration.secret_options[splunk-token].value_from",
        expected=lambda world: world.arn("ssm", "parameter/drift/TOKEN"),
    ),
    f"{C}.health_check.command": ["CMD", "true", "more"],
    f"{C}.health_check.interval": 40,
    f"{C}.health_check.timeout": 8,
    f"{C}.health_check.retries": 5,
    f"{C}.health_check.start_period": 20,
    **dict(
        [
            added(
                f"{C}.system_controls[]",
                "net.other",
                {"namespace": "net.other", "value": "1"},
                {"namespace": "net.other", "value": "1"},
            )
        ]
    ),
    f"{C}.system_controls[].namespace": renamed(
        f"{C}.system_controls[].namespace",
        f"{API}.system_controls[net.core.somaxconn]",
        {"value": "128"},
        "net.other",
        "net.other",
        {"value": "128"},
    ),
    f"{C}.system_controls[].value": "256",
    **dict(
        [
            added(
                f"{C}.resource_requirements[]",
                "NeuronDevice",
                {"type": "NeuronDevice", "value": "1"},
                {"type": "NeuronDevice", "value": "1"},
            )
        ]
    ),
    f"{C}.resource_requirements[].value": "2",
    f"{C}.resource_requirements[].type": renamed(
        f"{C}.resource_requirements[].type",
        f"{API}.resource_requirements[GPU]",
        {"type": "GPU"},
        "NeuronDevice",
        "NeuronDevice",
        {"value": "1"},
    ),
    f"{C}.firelens_configuration.type": "fluentd",
    f"{C}.firelens_configuration.options": To(
        "false",
        api=f"{C}.firelens_configuration.options.enable-ecs-log-metadata",
        at=f"{API}.firelens_configuration.options.enable-ecs-log-metadata",
        expected="true",
    ),
    f"{C}.credential_specs": ["credentialspec:one", "credentialspec:two"],
}
