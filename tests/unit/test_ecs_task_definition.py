"""What RegisterTaskDefinition returns for a description is no difference; any single changed field is one."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.errors import SlipwayError
from slipway.aws.shapes import from_api, input_shape, to_api
from slipway.engine.kind import Known
from slipway.engine.plan import Live, Plan
from slipway.resources.ecs_task_definition import EcsTaskDefinition, canonical
from tests.unit.fake_aws import FakeAws

KIND = EcsTaskDefinition()
SHAPE = input_shape("ecs", "RegisterTaskDefinition")
words = st.text("abcdef", min_size=1, max_size=5)
environment = st.dictionaries(words, words, min_size=1, max_size=4)
OF_CONTAINER: dict[Any, st.SearchStrategy[Any]] = {
    "command": st.lists(words, min_size=1, max_size=4),
    "environment": environment,
    "secrets": st.dictionaries(words, words.map(lambda name: f"ssm:/{name}"), min_size=1, max_size=3),
    "essential": st.booleans(),
    "port_mappings": st.lists(
        st.fixed_dictionaries({"container_port": st.integers(1, 65535)}, optional={"protocol": st.just("tcp")}),
        min_size=1,
        max_size=3,
        unique_by=lambda port: port["container_port"],
    ),
    "health_check": st.fixed_dictionaries(
        {"command": st.lists(words, min_size=1)}, optional={"interval": st.integers(5, 300)}
    ),
    "mount_points": st.lists(
        st.fixed_dictionaries({"source_volume": words, "container_path": words}),
        min_size=1,
        max_size=2,
        unique_by=lambda mount: mount["container_path"],
    ),
    "docker_labels": st.dictionaries(words, words, min_size=1, max_size=2),
    "stop_timeout": st.integers(2, 120),
}
containers = st.fixed_dictionaries({"name": words, "image": words}, optional=OF_CONTAINER)
REQUIRED: dict[Any, st.SearchStrategy[Any]] = {
    "family": words,
    "network_mode": st.just("awsvpc"),
    "requires_compatibilities": st.just(["FARGATE"]),
    "cpu": st.sampled_from(["512", "0.5 vCPU", 512]),
    "memory": st.sampled_from(["1024", "1 GB", "2GB"]),
    "container_definitions": st.lists(containers, min_size=1, max_size=3, unique_by=lambda one: one["name"]),
}
OPTIONAL: dict[Any, st.SearchStrategy[Any]] = {
    "execution_role_arn": words,
    "runtime_platform": st.fixed_dictionaries({"cpu_architecture": st.sampled_from(["X86_64", "ARM64"])}),
    "ephemeral_storage": st.fixed_dictionaries({"size_in_gib": st.integers(21, 200)}),
    "volumes": st.lists(st.fixed_dictionaries({"name": words}), min_size=1, unique_by=lambda one: one["name"]),
}
definitions = st.fixed_dictionaries(REQUIRED, optional=OPTIONAL)


def registered(options: dict[str, Any], order: random.Random) -> Live:
    """The description as DescribeTaskDefinition returns it: defaults filled in, lists in another order."""
    answer = to_api(SHAPE, KIND.desired(options, Known(FakeAws())).fields)
    for container in answer["containerDefinitions"]:
        container.setdefault("essential", True)
        container.setdefault("cpu", 0)
        for key in ("environment", "secrets", "mountPoints", "volumesFrom", "portMappings", "systemControls"):
            order.shuffle(container.setdefault(key, []))
        for port in container["portMappings"]:
            port.setdefault("hostPort", port["containerPort"])
            port.setdefault("protocol", "tcp")
        if "healthCheck" in container:
            container["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **container["healthCheck"]}
    order.shuffle(answer["containerDefinitions"])
    for volume in answer.setdefault("volumes", []):
        volume.setdefault("host", {})
    answer.setdefault("placementConstraints", [])
    return Live(canonical(from_api(SHAPE, answer)), {"arn": "arn:old"}, [])


def plan(options: dict[str, Any], live: Live) -> Plan:
    return KIND.plan(KIND.desired(options, Known(FakeAws())), live)


@given(definitions, st.randoms(use_true_random=False))
def test_what_aws_returns_is_no_difference(options: dict[str, Any], order: random.Random) -> None:
    found = plan(options, registered(options, order))
    assert found.found == ()
    assert found.verb == "none"


CHANGES: dict[str, Any] = {
    "image": "other-image",
    "command": ["other", "command"],
    "environment": {"OTHER": "value"},
    "secrets": {"OTHER": "ssm:/other"},
    "port_mappings": [{"container_port": 1, "protocol": "udp"}],
    "health_check": {"command": ["other"], "retries": 9},
    "mount_points": [{"source_volume": "other", "container_path": "/other"}],
    "docker_labels": {"other": "label"},
    "stop_timeout": 1,
    "essential": None,
}


@given(definitions, st.randoms(use_true_random=False), st.sampled_from(sorted(CHANGES)), st.data())
def test_any_changed_field_of_a_container_is_a_new_revision(
    options: dict[str, Any], order: random.Random, field: str, data: st.DataObject
) -> None:
    live = registered(options, order)
    changed = copy.deepcopy(options)
    container = data.draw(st.sampled_from(changed["container_definitions"]))
    container[field] = (not container.get("essential", True)) if field == "essential" else CHANGES[field]
    found = plan(changed, live)
    assert found.verb == "update"
    assert all(item.path.startswith(f"container_definitions[{container['name']}].{field}") for item in found.found)
    assert [call.operation for call in found.calls] == ["RegisterTaskDefinition"]
    assert "arn" in found.renews


@given(definitions, st.randoms(use_true_random=False), st.data())
def test_a_changed_variable_at_any_position_is_found(
    options: dict[str, Any], order: random.Random, data: st.DataObject
) -> None:
    options["container_definitions"][0]["environment"] = data.draw(environment)
    live = registered(options, order)
    changed = copy.deepcopy(options)
    variables = changed["container_definitions"][0]["environment"]
    name = data.draw(st.sampled_from(sorted(variables)))
    variables[name] += "-other"
    container = changed["container_definitions"][0]["name"]
    assert [item.path for item in plan(changed, live).found] == [
        f"container_definitions[{container}].environment[{name}].value"
    ]


@pytest.mark.parametrize(("cpu", "memory"), [("256", "4096"), ("300", "512"), ("half", "512")])
def test_a_size_that_fargate_has_not_is_refused(cpu: str, memory: str) -> None:
    options = {
        "family": "f",
        "requires_compatibilities": ["FARGATE"],
        "cpu": cpu,
        "memory": memory,
        "container_definitions": [{"name": "api", "image": "i"}],
    }
    with pytest.raises(SlipwayError) as refused:
        KIND.desired(options, Known(FakeAws()))
    assert refused.value.remedy
