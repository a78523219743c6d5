"""A description is refused with every finding at its place, or comes back complete."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.service.description import check
from slipway.service.fargate import SIZES, cpu_units, memory_mib
from slipway.service.findings import did_you_mean, render
from slipway.service.fleet import collisions
from slipway.service.references import ReferenceSyntaxError, SecretReference, parse_reference
from slipway.service.rules import PATTERNS, RANGES, variable_of
from slipway.service.spec import service_options
from tests.unit.descriptions import MINIMAL, complete, findings


def test_minimal_description_is_completed_with_defaults_and_derived_names() -> None:
    service = complete()
    described = {name.removeprefix("service_").removeprefix("aws_") for name in service_options()}
    assert set(service) == described | {"target"}
    assert (service["name"], service["task_family"], service["log_group"]) == ("shop", "shop", "/ecs/shop")
    assert service["execution_role"] == "shop-execution"
    assert service["load_balancer_security_group"] == "shop-alb"
    assert service["circuit_breaker"] == {"enable": True, "rollback": True}
    assert service["health_check"]["interval"] == 15
    assert service["assign_public_ip"] is True
    assert service["domain"] is None


def test_mapping_that_is_partly_given_keeps_its_other_defaults() -> None:
    assert complete(service_circuit_breaker={"rollback": False})["circuit_breaker"] == {
        "enable": True,
        "rollback": False,
    }


def test_null_in_an_overlay_takes_a_value_back() -> None:
    service = complete(service_task_family=None, service_health_check={"path": "/", "interval": None})
    assert (service["task_family"], service["health_check"]["interval"]) == ("shop", 15)


def test_own_subnets_mean_no_public_address() -> None:
    service = complete(service_vpc_id="vpc-1", service_subnets=["subnet-1", "subnet-2"])
    assert service["assign_public_ip"] is False
    assert service["load_balancer_subnets"] == ["subnet-1", "subnet-2"]


def test_sizes_may_be_written_as_aws_writes_them() -> None:
    service = complete(service_cpu="0.5 vCPU", service_memory="1 GB")
    assert (service["cpu"], service["memory"]) == (512, 1024)


def test_numbers_in_the_environment_become_text() -> None:
    assert complete(service_environment={"WORKERS": 2})["environment"] == {"WORKERS": "2"}


@pytest.mark.parametrize(
    ("changes", "variable", "problem", "remedy"),
    [
        ({"service_memmory": 1}, "service_memmory", "no such option", "did you mean service_memory?"),
        ({"service_cluster": None}, "service_cluster", "required and missing", "ECS cluster"),
        ({"service_cluster": ["a"]}, "service_cluster", "must be text, not a list", ""),
        ({"service_image_tag": 1.1}, "service_image_tag", "must be text, not the number 1.1", ""),
        ({"service_container_port": True}, "service_container_port", "whole number, not true", ""),
        ({"service_container_port": "eighty"}, "service_container_port", "whole number, not eighty", ""),
        ({"service_container_port": 65536}, "service_container_port", "out of range", "1 to 65535"),
        ({"service_command": "gunicorn app"}, "service_command", "must be a list, not text", "- item"),
        ({"service_secrets": ["A"]}, "service_secrets", "must be a mapping, not a list", ""),
        ({"service_http_redirect": "maybe"}, "service_http_redirect", "true or false, not maybe", ""),
        (
            {"service_load_balancer_scheme": "public"},
            "service_load_balancer_scheme",
            "no choice public",
            "internet-facing",
        ),
        (
            {"service_health_check": {"path": "/", "intervall": 5}},
            "service_health_check.intervall",
            "no such option",
            "did you mean interval?",
        ),
        ({"service_health_check": {}}, "service_health_check.path", "required and missing", ""),
        (
            {"service_health_check": {"path": "health"}},
            "service_health_check.path",
            "not what AWS accepts",
            "/",
        ),
        (
            {"service_health_check": {"path": "/", "timeout": 15}},
            "service_health_check.timeout",
            "not less than the interval of 15 s",
            "raise interval",
        ),
        ({"service_memory": 5000}, "service_memory", "512 CPU units and 5000 MiB", "1024 and 5120"),
        ({"service_cpu": 300}, "service_cpu", "no size with 300", "256, 512"),
        ({"service_account_id": 47111258821}, "service_account_id", "not what AWS accepts", "12 digits"),
        ({"service_region": "seoul"}, "service_region", "not what AWS accepts", "ap-northeast-2"),
        ({"service_target_group": "x" * 33}, "service_target_group", "not what AWS accepts", "1 to 32"),
        ({"service_name": "x" * 40}, "service_load_balancer", "not what AWS accepts", "1 to 32"),
        ({"service_load_balancer": "internal-x"}, "service_load_balancer", "not what AWS accepts", ""),
        (
            {"service_execution_role": "arn:aws:iam::1:role/x"},
            "service_execution_role",
            "not what",
            "not its ARN",
        ),
        ({"service_desired_count": -1}, "service_desired_count", "out of range", "0 to"),
        ({"service_maximum_percent": 100}, "service_maximum_percent", "no deployment could", "200"),
        (
            {"service_autoscaling": {"min_capacity": 3, "max_capacity": 2, "target_cpu_percent": 80}},
            "service_autoscaling.max_capacity",
            "less than min_capacity",
            "",
        ),
        (
            {"service_autoscaling": {"min_capacity": 1, "max_capacity": 2}},
            "service_autoscaling",
            "no target",
            "cpu",
        ),
        (
            {"service_capacity_providers": [{"capacity_provider": "FARGATE"}] * 2},
            "service_capacity_providers[1].capacity_provider",
            "twice",
            "",
        ),
        (
            {"service_domain": "api.other.com", "service_hosted_zone": "shop.com"},
            "service_domain",
            "not in the hosted zone shop.com",
            ".shop.com",
        ),
        ({"service_domain": "api.shop.com"}, "service_hosted_zone", "missing for the domain", ""),
        ({"service_dns_weight": 1}, "service_dns_weight", "no effect without a domain", ""),
        (
            {"service_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/x"},
            "service_certificate_arn",
            "is in us-east-1",
            "ap-northeast-2",
        ),
        ({"service_subnets": ["subnet-1", "subnet-2"]}, "service_vpc_id", "missing for service_subnets", ""),
        (
            {"service_load_balancer_ingress_cidrs": ["10.0.0.1/8"]},
            "service_load_balancer_ingress_cidrs[0]",
            "host",
            "",
        ),
        ({"service_wait_timeout": 60}, "service_wait_timeout", "within its grace period", ""),
        ({"service_http_check_body": "("}, "service_http_check_body", "no regular expression", ""),
        ({"service_http_check_status": [20]}, "service_http_check_status[0]", "out of range", "choose 100 to 599"),
        ({"service_migration": {"command": []}}, "service_migration.command", "is empty", "or remove"),
        ({"service_canary": {"percent": "many"}}, "service_canary.percent", "must be a number", ""),
        (
            {"service_task_policy": [{"actions": [], "resources": ["*"]}]},
            "service_task_policy[0].actions",
            "empty",
            "",
        ),
        ({"service_task_policy": []}, "", "", ""),
        (
            {"service_task_role": "t", "service_task_policy": [{"actions": ["s3:*"], "resources": ["*"]}]},
            "service_task_policy[0]",
            "whole groups of actions on everything",
            "",
        ),
        (
            {"service_environment": {"DB_PASSWORD": "hunter2"}},
            "service_environment.DB_PASSWORD",
            "a secret",
            "SSM",
        ),
        (
            {"service_environment": {"SECRET_KEY": "hunter2"}},
            "service_environment.SECRET_KEY",
            "a secret",
            "SSM",
        ),
        (
            {"service_environment": {"DSN": "pg://u:hunter2@db/x"}},
            "service_environment.DSN",
            "a secret",
            "SSM",
        ),
        (
            {"service_build_args": {"NPM_TOKEN": "hunter2"}},
            "service_build_args.NPM_TOKEN",
            "a secret",
            "run time",
        ),
        ({"service_environment": {"DEBUG": True}}, "service_environment.DEBUG", "a YAML true", '"true"'),
        ({"service_environment": {"VERSION": 1.1}}, "service_environment.VERSION", "a YAML number", "quotes"),
        ({"service_environment": {"A": None}}, "service_environment.A", "no text", ""),
        ({"service_environment": {"A B": "x"}}, "service_environment.A B", "no name", ""),
        (
            {"service_environment": {"A": "x"}, "service_secrets": {"A": "ssm:/a/b"}},
            "service_environment.A",
            "in service_secrets too",
            "",
        ),
        ({"service_secrets": {"A": "hunter2"}}, "service_secrets.A", "not a reference", "ssm:/path"),
    ],
)
def test_one_mistake_is_found_where_it_is(changes: dict[str, Any], variable: str, problem: str, remedy: str) -> None:
    found = findings(**changes)
    if not variable:
        assert not found
        return
    assert problem in found[variable].problem
    assert remedy in found[variable].remedy
    assert "hunter2" not in render("shop", found.values(), lambda _: None)


def test_all_mistakes_are_found_at_once() -> None:
    found = findings(service_cpu=None, service_container_port=0, service_secrets={"A": "x"}, service_nope=1)
    assert set(found) == {"service_cpu", "service_container_port", "service_secrets.A", "service_nope"}


@pytest.mark.parametrize("name", ["PASSWORD_MIN_LENGTH", "TOKEN_URL", "SECRET_KEY_FILE", "COMPASS", "API_V1_STR"])
def test_innocent_names_are_no_secrets(name: str) -> None:
    assert not findings(service_environment={name: "x"})


def test_every_bound_is_of_an_option_that_exists() -> None:
    options = service_options()
    for bound in (*PATTERNS, *RANGES):
        name, _, key = bound.partition(".")
        spec = options[variable_of(name)]
        assert not key or key in spec["options"]


def test_every_option_is_documented_and_typed() -> None:
    def walk(options: dict[str, dict[str, Any]]) -> None:
        for name, spec in options.items():
            assert spec.get("description"), name
            assert spec.get("type") in {"str", "int", "float", "bool", "list", "dict"}, name
            assert spec["type"] != "list" or spec.get("elements"), name
            walk(spec.get("options", {}))

    walk(service_options())


def test_the_only_free_mappings_are_of_names_and_texts() -> None:
    free = {n for n, spec in service_options().items() if spec["type"] == "dict" and "options" not in spec}
    parts = {"service_sidecars", "service_workers", "service_jobs"}
    assert free == parts | {"service_tags", "service_build_args", "service_environment", "service_secrets"}


@given(st.sampled_from([(cpu, memory) for cpu, sizes in SIZES.items() for memory in sizes]))
def test_every_size_that_fargate_has_is_accepted(size: tuple[int, int]) -> None:
    cpu, memory = size
    assert not findings(service_cpu=cpu, service_memory=memory)
    assert cpu_units(f"{cpu / 1024} vCPU") == cpu
    assert memory_mib(f"{memory / 1024:g}GB") == memory


@given(st.integers(0, 20_000), st.integers(0, 130_000))
def test_every_other_size_is_refused(cpu: int, memory: int) -> None:
    found = findings(service_cpu=cpu, service_memory=memory)
    assert bool(found) == (memory not in SIZES.get(cpu, ()))
    assert set(found) <= {"service_cpu", "service_memory"}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("aA0_ -/:#", max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("aA_", max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(service_options())), _VALUES, max_size=6))
def test_whatever_is_written_is_judged_and_never_breaks(changes: dict[str, Any]) -> None:
    checked = check(MINIMAL | changes, service_options(), "shop")
    assert bool(checked.findings) != bool(checked.service)
    for finding in checked.findings:
        assert str(finding.path[0]) in service_options()


@given(
    st.from_regex(r"(/[A-Za-z0-9_.-]+){2,6}", fullmatch=True).map(lambda n: SecretReference("ssm", n))
    | st.builds(
        SecretReference,
        st.just("secretsmanager"),
        st.from_regex(r"[A-Za-z0-9/_+=.@-]{1,60}", fullmatch=True),
        st.none() | st.from_regex(r"[A-Za-z0-9_]{1,20}", fullmatch=True),
    )
)
def test_a_reference_survives_being_written_and_read(reference: SecretReference) -> None:
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("ssm:", "path"),
        ("ssm:a/b", "starts with /"),
        ("ssm:/a/b#c", "parameter of its own"),
        ("secretsmanager:", "letters"),
        ("secretsmanager:a#", "json_key"),
        ("vault:a", "secretsmanager:name"),
        ("arn:aws:ssm:ap-northeast-2:123456789012:parameter/voj/prod/X", "write ssm:/voj/prod/X"),
        ("arn:aws:ssm:ap-northeast-2:123456789012:parameter/X", "write ssm:X"),
        (
            "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:homu/db-AbCdEf:url::",
            "write secretsmanager:homu/db#url",
        ),
    ],
)
def test_what_is_no_reference_is_refused_with_what_would_be(text: str, remedy: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        parse_reference(text)
    assert remedy in caught.value.remedy


def test_two_services_may_not_be_one_ecs_service() -> None:
    shared = {"service_region": "r", "service_cluster": "c", "service_ecs_service": "s"}
    assert [f.variable for f in collisions("a", shared, {"b": shared})] == ["service_ecs_service"]
    assert not list(collisions("a", shared, {"b": shared | {"service_account_id": "1"}}))
    assert not list(collisions("a", {"service_cluster": "c"}, {"b": {"service_cluster": "c"}}))


def test_two_services_at_one_load_balancer_need_two_priorities() -> None:
    shared = {"service_load_balancer": "shared"}
    assert [f.variable for f in collisions("a", shared, {"b": shared})] == ["service_listener_rule_priority"]
    assert not list(collisions("a", shared, {"b": shared | {"service_listener_rule_priority": 7}}))


def test_likeness_ignores_what_all_names_share() -> None:
    assert did_you_mean("service_image_tga", service_options()) == "did you mean service_image_tag?"
    assert did_you_mean("service_extra", service_options()) == ""
