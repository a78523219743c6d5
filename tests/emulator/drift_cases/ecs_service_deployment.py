"""Services of ECS: what AWS tells with the deployment or the revision, and no emulator keeps."""

from __future__ import annotations

from typing import Any

from tests.emulator.drift_cases.ecs_service import KIND, before, service
from tests.emulator.drift_cases.model import Scene, Shown, To

S = "service_connect_configuration"
E = f"{S}.services[]"
V = "volume_configurations[]"
L = "vpc_lattice_configurations[]"
EBS = f"{V}.managed_ebs_volume"
ALIAS = f"{E}.client_aliases[]"
_DEPLOYMENT = ("services", 0, "deployments", 0)
_UNKEPT = dict.fromkeys(
    ("ministack", "moto"),
    dict.fromkeys(("service_connect_*", "volume_configurations*", "vpc_lattice_*", "monitoring*"), "drops it"),
)


def _laid(title: str, options: dict[str, Any], changes: dict[str, Any], **more: Any) -> Scene:
    """A scene of fields that are only laid over the emulators' answers."""
    return Scene(
        KIND,
        lambda world: service(world, **options),
        changes,
        before=before,
        unkept=_UNKEPT,
        title=title,
        **{"answer": ("DescribeServices", _DEPLOYMENT), **more},
    )


ROLE, OTHER = "arn:aws:iam::000000000000:role/one", "arn:aws:iam::000000000000:role/two"
_TLS = {
    "issuer_certificate_authority": {"aws_pca_authority_arn": "arn:one"},
    "kms_key": "key-1",
    "role_arn": ROLE,
}
_HEADER = {"header": {"name": "x-test", "value": {"exact": "yes"}}}
_CONNECT: dict[str, Any] = {
    "enabled": True,
    "namespace": "one",
    "services": [
        {
            "port_name": "web",
            "discovery_name": "api",
            "client_aliases": [{"port": 80, "dns_name": "api", "test_traffic_rules": _HEADER}],
            "ingress_port_override": 8080,
            "timeout": {"idle_timeout_seconds": 60, "per_request_timeout_seconds": 15},
            "tls": _TLS,
        }
    ],
    "log_configuration": {
        "log_driver": "awslogs",
        "options": {"awslogs-group": "/one"},
        "secret_options": [{"name": "token", "value_from": "arn:one"}],
    },
    "access_log_configuration": {"format": "TEXT", "include_query_parameters": "DISABLED"},
}
_AT = f"{S}.services[web]"
_ALIASES = [{"port": 80, "dns_name": "api", "test_traffic_rules": _HEADER}]
_SECRETS = [{"name": "token", "value_from": "arn:one"}]


def _renamed(at: str, key: str, value: str, expected: dict[str, Any]) -> To:
    """An element with another name: the one that is described is gone."""
    return To(
        value,
        at=f"{at}[{expected[key]}]",
        expected=expected,
        found=None,
        also=(Shown(f"{at}[{value}]", None, {**expected, key: value}),),
    )


CONNECT = _laid(
    "connect",
    {S: _CONNECT},
    {
        f"{S}.enabled": False,
        f"{S}.namespace": "two",
        E: To(
            {"portName": "more"},
            at=f"{S}.services[more]",
            found={"port_name": "more"},
        ),
        f"{E}.port_name": _renamed(f"{S}.services", "port_name", "other", _CONNECT["services"][0]),
        f"{E}.discovery_name": To("other", at=f"{_AT}.discovery_name"),
        ALIAS: To(
            {"port": 81},
            at=f"{_AT}.client_aliases",
            expected=_ALIASES,
            found=[*_ALIASES, {"port": 81}],
        ),
        f"{ALIAS}.port": To(81, at=f"{_AT}.client_aliases[0].port"),
        f"{ALIAS}.dns_name": To("other", at=f"{_AT}.client_aliases[0].dns_name"),
        f"{ALIAS}.test_traffic_rules.header.name": To(
            "x-other", at=f"{_AT}.client_aliases[0].test_traffic_rules.header.name"
        ),
        f"{ALIAS}.test_traffic_rules.header.value.exact": To(
            "no", at=f"{_AT}.client_aliases[0].test_traffic_rules.header.value.exact"
        ),
        f"{E}.ingress_port_override": To(8081, at=f"{_AT}.ingress_port_override"),
        f"{E}.timeout.idle_timeout_seconds": To(30, at=f"{_AT}.timeout.idle_timeout_seconds"),
        f"{E}.timeout.per_request_timeout_seconds": To(30, at=f"{_AT}.timeout.per_request_timeout_seconds"),
        f"{E}.tls.issuer_certificate_authority.aws_pca_authority_arn": To(
            "arn:two", at=f"{_AT}.tls.issuer_certificate_authority.aws_pca_authority_arn"
        ),
        f"{E}.tls.kms_key": To("key-2", at=f"{_AT}.tls.kms_key"),
        f"{E}.tls.role_arn": To(OTHER, at=f"{_AT}.tls.role_arn"),
        f"{S}.log_configuration.log_driver": "splunk",
        f"{S}.log_configuration.options": To(
            {"awslogs-group": "/two"},
            at=f"{S}.log_configuration.options.awslogs-group",
            expected="/one",
            found="/two",
        ),
        f"{S}.log_configuration.secret_options[]": To(
            {"name": "more", "valueFrom": "arn:two"},
            at=f"{S}.log_configuration.secret_options",
            expected=_SECRETS,
            found=[*_SECRETS, {"name": "more", "value_from": "arn:two"}],
        ),
        f"{S}.log_configuration.secret_options[].name": "other",
        f"{S}.log_configuration.secret_options[].value_from": "arn:two",
        f"{S}.access_log_configuration.format": "JSON",
        f"{S}.access_log_configuration.include_query_parameters": "ENABLED",
    },
)
_VOLUME = {
    "encrypted": True,
    "kms_key_id": "key-1",
    "volume_type": "gp3",
    "size_in_gib": 10,
    "snapshot_id": "snap-1",
    "volume_initialization_rate": 100,
    "iops": 3000,
    "throughput": 125,
    "tag_specifications": [
        {"resource_type": "volume", "tags": [{"key": "Service", "value": "drift"}], "propagate_tags": "SERVICE"}
    ],
    "role_arn": ROLE,
    "filesystem_type": "xfs",
}
_AT_VOLUME = "volume_configurations[data].managed_ebs_volume"
_SPECIFICATION = f"{EBS}.tag_specifications[]"
_SPECIFICATIONS = _VOLUME["tag_specifications"]
_TAGS = [{"key": "Service", "value": "drift"}]
VOLUMES = _laid(
    "volumes",
    {"volume_configurations": [{"name": "data", "managed_ebs_volume": _VOLUME}]},
    {
        V: To({"name": "more"}, at="volume_configurations[more]", found={"name": "more"}),
        f"{V}.name": _renamed(
            "volume_configurations", "name", "other", {"name": "data", "managed_ebs_volume": _VOLUME}
        ),
        **{
            f"{EBS}.{option}": To(value, at=f"{_AT_VOLUME}.{option}", api=f"{EBS}.{option}")
            for option, value in {
                "encrypted": False,
                "kms_key_id": "key-2",
                "volume_type": "io2",
                "size_in_gib": 20,
                "snapshot_id": "snap-2",
                "volume_initialization_rate": 200,
                "iops": 4000,
                "throughput": 250,
                "role_arn": OTHER,
                "filesystem_type": "ext4",
            }.items()
        },
        _SPECIFICATION: To(
            {"resourceType": "volume"},
            at=f"{_AT_VOLUME}.tag_specifications",
            expected=_SPECIFICATIONS,
            found=[*_SPECIFICATIONS, {"resource_type": "volume"}],  # type: ignore[misc]
        ),
        f"{_SPECIFICATION}.resource_type": To("other", at=f"{_AT_VOLUME}.tag_specifications[0].resource_type"),
        f"{_SPECIFICATION}.tags[]": To(
            {"key": "More", "value": "1"},
            at=f"{_AT_VOLUME}.tag_specifications[0].tags",
            expected=_TAGS,
            found=[*_TAGS, {"key": "More", "value": "1"}],
        ),
        f"{_SPECIFICATION}.tags[].key": To("Other", at=f"{_AT_VOLUME}.tag_specifications[0].tags[0].key"),
        f"{_SPECIFICATION}.tags[].value": To("other", at=f"{_AT_VOLUME}.tag_specifications[0].tags[0].value"),
        f"{_SPECIFICATION}.propagate_tags": To("NONE", at=f"{_AT_VOLUME}.tag_specifications[0].propagate_tags"),
    },
)
_LATTICE = {
    "role_arn": ROLE,
    "target_group_arn": "arn:one",
    "port_name": "web",
    "advanced_configuration": {
        "alternate_target_group_arn": "arn:two",
        "production_listener_rule": "arn:rule",
        "test_listener_rule": "arn:rule",
    },
}
LATTICE = _laid(
    "lattice",
    {"vpc_lattice_configurations": [_LATTICE]},
    {
        L: To(
            {"roleArn": ROLE, "targetGroupArn": "arn:two", "portName": "web"},
            at="vpc_lattice_configurations",
            expected=[_LATTICE],
            found=[_LATTICE, {"role_arn": ROLE, "target_group_arn": "arn:two", "port_name": "web"}],
        ),
        f"{L}.role_arn": OTHER,
        f"{L}.target_group_arn": "arn:other",
        f"{L}.port_name": "other",
        f"{L}.advanced_configuration.alternate_target_group_arn": "arn:other",
        f"{L}.advanced_configuration.production_listener_rule": "arn:other",
        f"{L}.advanced_configuration.test_listener_rule": "arn:other",
    },
)
_METRICS = [{"metric_names": ["CPUUtilization"], "resolution_seconds": 20}]


def _lay_monitoring(operation: str, answer: Any, option: str, value: Any) -> None:
    """The revision that the service runs is what tells of its monitoring."""
    if operation == "DescribeServices" and answer["services"]:
        answer["services"][0]["currentServiceRevisions"] = [{"arn": "arn:revision"}]
    if operation != "DescribeServiceRevisions":
        return
    if not answer.get("serviceRevisions"):
        answer["serviceRevisions"] = [{"monitoring": {"metricConfigurations": [{}]}}]
    metrics = answer["serviceRevisions"][0]["monitoring"]["metricConfigurations"]
    if option.endswith("[]"):
        metrics.append(value)
    else:
        metrics[0][{"metric_names": "metricNames"}.get(option.rpartition(".")[2], "resolutionSeconds")] = value


MONITORING = _laid(
    "monitoring",
    {"monitoring": {"metric_configurations": _METRICS}},
    {
        "monitoring.metric_configurations[]": To(
            {"metricNames": ["MemoryUtilization"], "resolutionSeconds": 60},
            at="monitoring.metric_configurations",
            expected=_METRICS,
            found=[*_METRICS, {"metric_names": ["MemoryUtilization"], "resolution_seconds": 60}],
        ),
        "monitoring.metric_configurations[].metric_names": ["CPUUtilization", "MemoryUtilization"],
        "monitoring.metric_configurations[].resolution_seconds": 60,
    },
    lay=_lay_monitoring,
    instead=frozenset({"DescribeServiceRevisions"}),
)
SCENES = (CONNECT, VOLUMES, LATTICE, MONITORING)
NO_FIELDS: dict[str, dict[str, str]] = {}
