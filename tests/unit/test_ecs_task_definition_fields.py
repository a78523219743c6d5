"""Task definitions by the model of the API: every field that there is counts, and what AWS fills in does not."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.errors import AwsError, SlipwayError
from slipway.aws.shapes import input_shape
from slipway.engine.kind import Known
from slipway.engine.plan import Live, Plan
from slipway.resources.ecs_task_definition import EcsTaskDefinition
from slipway.resources.secret import Secret
from tests.unit.documents import Path, full, leaves, parts, with_other
from tests.unit.fake_aws import FakeAws

KIND = EcsTaskDefinition()
ARN = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/f:7"
UNORDERED = {
    "containerDefinitions", "environment", "secrets", "portMappings", "mountPoints", "volumesFrom", "volumes",
    "ulimits", "dependsOn", "extraHosts", "systemControls", "resourceRequirements", "secretOptions",
    "placementConstraints", "requiresCompatibilities", "properties", "devices", "tmpfs", "tags",
}  # fmt: skip
FILLED_IN = {"essential": True, "cpu": 0, "versionConsistency": "enabled"}
EMPTY = ("environment", "mountPoints", "volumesFrom", "systemControls", "portMappings", "secrets", "dependsOn")


def as_options(document: dict[str, Any]) -> dict[str, Any]:
    """What a person writes for a document of the API: maps of names."""
    options = copy.deepcopy(document)
    for container in options["container_definitions"]:
        for key in ("environment", "secrets"):
            if key in container:
                pairs = container[key]
                container[key] = {one["name"]: one.get("value_from", one.get("value")) for one in pairs}
        log = container.get("log_configuration", {})
        if "secret_options" in log:
            log["secret_options"] = {one["name"]: one["value_from"] for one in log["secret_options"]}
        for secrets in (container.get("secrets", {}), log.get("secret_options", {})):
            secrets.update({name: f"ssm:/life/{text}" for name, text in secrets.items()})
    if "tags" in options:
        options["tags"] = {one["key"]: one["value"] for one in options["tags"]}
    return options


def whole() -> dict[str, Any]:
    """Every option that there is."""
    document = full(input_shape("ecs", "RegisterTaskDefinition"))
    return as_options(document) | {
        "family": "f",
        "cpu": "256",
        "memory": "512",
        "network_mode": "bridge",
        "requires_compatibilities": ["EC2"],
    }


WHOLE = whole()
KEPT = frozenset(
    {"family", "container_definitions", "name", "value", "value_from", "image", "container_port", "container_path"}
    | {"source_container", "container_name", "hostname", "namespace", "type", "expression", "host_path", "device_name"}
    | {"network_mode"}
)


class Ecs(FakeAws):
    """The newest revision as AWS returns what was registered."""

    def __init__(self, plan: Plan, shuffle: Any = None) -> None:
        (call,) = plan.calls
        self.definition = as_aws_returns(copy.deepcopy(dict(call.params)), shuffle)
        answer = {"taskDefinition": self.definition, "tags": self.definition.pop("tags", [])}
        super().__init__({"DescribeTaskDefinition": answer})


def as_aws_returns(params: dict[str, Any], shuffle: Any) -> dict[str, Any]:
    for container in params["containerDefinitions"]:
        container.update({key: value for key, value in FILLED_IN.items() if key not in container})
        container.update({key: [] for key in EMPTY if key not in container})
        for port in container["portMappings"]:
            port.setdefault("protocol", "tcp")
            port.setdefault("hostPort", port.get("containerPort", 0) if params.get("networkMode") == "awsvpc" else 0)
        for key, value in (("interval", 30), ("timeout", 5), ("retries", 3)):
            if "healthCheck" in container:
                container["healthCheck"].setdefault(key, value)
    params.setdefault("volumes", [])
    if shuffle:
        reorder(params, shuffle)
    return {
        **params,
        "taskDefinitionArn": ARN,
        "revision": 7,
        "status": "ACTIVE",
        "compatibilities": ["EC2"],
        "requiresAttributes": [{"name": "x"}],
    }


def reorder(value: Any, shuffle: Any, name: str = "") -> None:
    if isinstance(value, list) and name in UNORDERED:
        shuffle(value)
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        reorder(item, shuffle, str(key) if isinstance(value, dict) else "")


def planned(options: Mapping[str, Any], aws: FakeAws | None = None) -> Plan:
    aws = aws or FakeAws()
    live = KIND.observe(aws, {"f": options}, Known(aws)).get("f") if aws.answers else None
    return KIND.plan(KIND.desired(options, Known(aws)), live)


@given(parts(WHOLE, KEPT), st.randoms(use_true_random=False))
def test_what_aws_returns_is_no_difference(options: dict[str, Any], random: Any) -> None:
    plan = planned(options, Ecs(planned(options), random.shuffle))
    assert (list(plan.found), plan.verb) == ([], "none")


@pytest.mark.parametrize("path", list(leaves(WHOLE)), ids=lambda path: ".".join(map(str, path)))
def test_every_field_counts(path: Path) -> None:
    if path == ("family",):
        return
    other = {("cpu",): "512", ("memory",): "1024"}.get(path)
    plan = planned(with_other(WHOLE, path, other), Ecs(planned(WHOLE)))
    assert plan.found, path
    assert {call.operation for call in plan.calls} <= (
        {"TagResource"} if path[0] == "tags" else {"RegisterTaskDefinition"}
    )


@pytest.mark.parametrize("member", sorted(set(WHOLE) - {"family", "container_definitions", "tags"}))
def test_an_option_that_is_taken_out_counts(member: str) -> None:
    less = {name: value for name, value in WHOLE.items() if name != member}
    found = {item.path.partition("[")[0].partition(".")[0] for item in planned(less, Ecs(planned(WHOLE))).found}
    # bridge is the default
    assert found == (set() if member == "network_mode" else {member})


@pytest.mark.parametrize("member", sorted(set(WHOLE["container_definitions"][0]) - {"name", "essential"}))
def test_an_option_of_a_container_that_is_taken_out_counts(member: str) -> None:
    first, second = WHOLE["container_definitions"]
    less = {name: value for name, value in first.items() if name != member}
    there = with_other(WHOLE, ("container_definitions", 0, "version_consistency"), "disabled")
    there["container_definitions"][1]["version_consistency"] = second["version_consistency"]
    less = {**less, "version_consistency": "disabled"} if member != "version_consistency" else less
    found = planned({**WHOLE, "container_definitions": [less, second]}, Ecs(planned(there))).found
    assert found
    assert all(item.path.startswith(f"container_definitions[{first['name']}].{member}") for item in found)


ONE = {"name": "api", "image": "i"}


def described(**container: Any) -> dict[str, Any]:
    return {"family": "f", "network_mode": "awsvpc", "container_definitions": [{**ONE, **container}]}


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ({"cpu": "0.25 vCPU", "memory": "1GB"}, {"cpu": "256", "memory": "1024"}),
        (described(), described(essential=True)),
        (
            described(),
            described(cpu=0, privileged=False, readonly_root_filesystem=False, version_consistency="enabled"),
        ),
        (
            described(port_mappings=[{"container_port": 80}]),
            described(port_mappings=[{"container_port": 80, "host_port": 80}]),
        ),
        (
            {**described(port_mappings=[{"container_port": 80}]), "network_mode": "bridge"},
            described(port_mappings=[{"container_port": 80, "host_port": 0, "protocol": "tcp"}])
            | {"network_mode": "bridge"},
        ),
        (
            described(health_check={"command": ["CMD", "true"]}),
            described(
                health_check={"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3, "start_period": 0}
            ),
        ),
        (described(environment={}), described()),
        (described(environment={"N": 2, "B": True}), described(environment={"N": "2", "B": "true"})),
        (
            {"runtime_platform": {"cpu_architecture": "X86_64", "operating_system_family": "LINUX"}},
            {"runtime_platform": {"cpu_architecture": "X86_64"}},
        ),
        (
            {"requires_compatibilities": ["FARGATE"], "cpu": 256, "memory": 512},
            {
                "requires_compatibilities": ["FARGATE"],
                "cpu": 256,
                "memory": 512,
                "network_mode": "awsvpc",
            },
        ),
    ],
)
def test_two_ways_to_say_the_same(one: dict[str, Any], same: dict[str, Any]) -> None:
    base = {"family": "f", "container_definitions": [ONE]}
    one, same = {**base, **one}, {**base, **same}
    assert not planned(one, Ecs(planned(same))).found
    assert not planned(same, Ecs(planned(one))).found


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"environment": {"A": ""}}, {}, "environment[A]"),
        ({"docker_labels": {"a": ""}}, {"docker_labels": {"b": "x"}}, "docker_labels.b"),
        (
            {"extra_hosts": [{"hostname": "h", "ip_address": "1"}]},
            {
                "extra_hosts": [{"hostname": "h", "ip_address": "1"}, {"hostname": "h", "ip_address": "2"}],
            },
            "extra_hosts[h#2]",
        ),
        (
            {"environment_files": [{"value": "a", "type": "s3"}, {"value": "b", "type": "s3"}]},
            {
                "environment_files": [{"value": "b", "type": "s3"}, {"value": "a", "type": "s3"}],
            },
            "environment_files[0].value",
        ),
        ({"command": ["a", "b"]}, {"command": ["b", "a"]}, "command[0]"),
        (
            {"port_mappings": [{"container_port": 80}]},
            {
                "port_mappings": [{"container_port": 80, "protocol": "udp"}],
            },
            "port_mappings[80/udp]",
        ),
    ],
)
def test_what_must_count(before: dict[str, Any], after: dict[str, Any], path: str) -> None:
    found = planned(described(**after), Ecs(planned(described(**before)))).found
    assert f"container_definitions[api].{path}" in {item.path for item in found}


def test_a_new_revision_has_a_new_arn_and_tags_alone_make_none() -> None:
    tagged = {**described(), "tags": {"a": "1"}}
    plan = planned({**described(command=["x"]), "tags": {"a": "1"}}, Ecs(planned(tagged)))
    assert plan.verb == "update"
    assert set(plan.renews) == {"arn", "revision", "task_definition"}
    plan = planned({**tagged, "tags": {"b": "1"}}, Ecs(planned(tagged)))
    assert [call.operation for call in plan.calls] == ["TagResource", "UntagResource"]
    assert not plan.renews
    assert planned(described(), Ecs(planned(tagged))).verb == "none"


def test_every_active_revision_of_this_family_is_deregistered() -> None:
    revisions = [ARN, ARN.replace("f:7", "f:6"), ARN.replace("f:7", "f-other:1")]
    aws = Ecs(planned(described()))
    aws.answers["ListTaskDefinitions"] = {"taskDefinitionArns": revisions}
    gone = {**described(secrets={"A": "secretsmanager:gone"}), "state": "absent"}
    assert list(KIND.references(gone)) == []
    plan = planned(gone, aws)
    assert [call.params["taskDefinition"] for call in plan.calls] == revisions[:2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (described() | {"cpu": "half", "memory": "512"}, "cpu is 'half'"),
        (described() | {"requires_compatibilities": ["FARGATE"], "cpu": 256, "memory": 4096}, "no size of cpu 256"),
        (described() | {"requires_compatibilities": ["FARGATE"], "cpu": 300, "memory": 512}, "no size of cpu 300"),
        ({"family": "f"}, "container_definitions is empty"),
        (described(environment={"A": ["x"]}), r"environment.A: is no text"),
        (described(secrets={"A": "hunter2"}), r"container_definitions\[api\].secrets.A: is not a reference"),
        (described(secrets={"A": 5}), "is not a reference"),
        (described(secrets={"A": "secretsmanager:none"}), r"secrets.A: there is no secret named 'none'"),
    ],
)
def test_what_is_refused_before_anything_is_written(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SlipwayError, match=words) as failure:
        planned(options)
    assert failure.value.remedy
    assert "hunter2" not in str(failure.value)


def test_references_become_what_ecs_takes() -> None:
    known, arn = Known(FakeAws()), "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db-AbCdEf"
    known.put("secret", "db", Live({}, {"arn": arn}))
    secrets = {"S": "ssm:/a/b", "P": "ssm:plain", "D": "secretsmanager:db", "K": "secretsmanager:db#key", "R": arn}
    registry = {"credentials_parameter": "secretsmanager:db"}
    options = described(secrets=secrets, repository_credentials=registry)
    assert set(KIND.references(options)) == {("secret", "db")}
    (container,) = KIND.desired(options, known).fields["container_definitions"]
    assert {one["name"]: one["value_from"] for one in container["secrets"]} == {
        "S": "arn:aws:ssm:ap-northeast-2:123456789012:parameter/a/b",
        "P": "arn:aws:ssm:ap-northeast-2:123456789012:parameter/plain",
        "D": arn,
        "K": f"{arn}:key::",
        "R": arn,
    }
    assert container["repository_credentials"] == {"credentials_parameter": arn}


def refuse(code: str) -> Any:
    def answer(_: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("ecs:DescribeTaskDefinition: Unable to describe task definition.", code=code, operation="x")

    return answer


def test_a_family_that_is_not_there_is_absent_and_other_errors_are_errors() -> None:
    assert planned(described(), FakeAws({"DescribeTaskDefinition": refuse("ClientException")})).verb == "create"
    with pytest.raises(AwsError):
        planned(described(), FakeAws({"DescribeTaskDefinition": refuse("AccessDeniedException")}))


def test_one_secret_is_one_call_and_ten_are_one_call() -> None:
    here = {"ARN": "arn:a", "Name": "a"}

    def missing(params: dict[str, Any]) -> dict[str, Any]:
        if params["SecretId"] == "late":
            return {"ARN": "arn:late", "Name": "late"}
        raise AwsError("no", code="ResourceNotFoundException", operation="DescribeSecret")

    aws = FakeAws({"DescribeSecret": here})
    assert set(Secret().observe(aws, {"a": {}}, Known(aws))) == {"a"}
    assert aws.calls == {"secretsmanager:DescribeSecret": 1}
    listed = {"SecretList": [here, {"ARN": "arn:ab", "Name": "ab"}, {"ARN": "x", "Name": "b", "DeletedDate": 1}]}
    aws = FakeAws({"ListSecrets": listed, "DescribeSecret": missing})
    found = Secret().observe(aws, {"a": {}, "b": {}, "late": {}}, Known(aws))
    assert {name: live.outputs["arn"] for name, live in found.items()} == {"a": "arn:a", "late": "arn:late"}
    aws = FakeAws({"ListSecrets": refuse("AccessDeniedException"), "DescribeSecret": here})
    assert set(Secret().observe(aws, {"a": {}, "b": {}}, Known(aws))) == {"a", "b"}
