"""What a service on a machine may say, and what each group refuses."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.service.description import check
from slipway.service.findings import Finding
from slipway.service.fleet import collisions
from slipway.service.spec import service_options
from slipway.service.target import targets_of
from tests.unit.test_compose_render import MINIMAL, described


def findings(**changes: Any) -> dict[str, Finding]:
    checked = check(MINIMAL | changes, service_options(), "shop", "compose")
    assert bool(checked.findings) != bool(checked.service)
    return {finding.variable: finding for finding in checked.findings}


def test_lock_and_records_are_kept_by_machine_and_service() -> None:
    service = described()
    assert (service["target"], service["cluster"], service["ecs_service"]) == ("compose", "box", "shop")


def test_the_machine_is_required_and_the_cluster_is_not() -> None:
    assert set(findings(service_machine=None)) == {"service_machine"}
    assert check(MINIMAL, service_options(), "shop").findings[0].variable == "service_cluster"


def test_what_only_fargate_has_is_ignored() -> None:
    described(
        service_cpu=100,
        service_memory=300,
        service_cluster="c",
        service_deployment_strategy="blue_green",
        service_capacity_providers=[],
        service_minimum_healthy_percent=100,
        service_maximum_percent=100,
        service_wait_timeout=30,
        service_domain="shop.example.com",
        service_subnets=["subnet-1"],
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("sidecars", {"db": {"image": "postgres:17"}}),
        ("workers", {"mail": {"command": ["work"]}}),
        ("jobs", {"report": {"command": ["report"], "schedule": "daily"}}),
        ("volumes", ["data:/data"]),
        ("git", {"repository": "https://example.com/shop.git", "ref": "main"}),
    ],
)
def test_what_only_a_machine_has_is_refused_on_fargate(option: str, value: Any) -> None:
    variable = f"service_{option}"
    found = check(
        MINIMAL | {"service_memory": 1024, "service_cluster": "c", variable: value}, service_options(), "shop"
    )
    (one,) = found.findings
    assert one.variable == variable
    assert "group compose" in one.problem
    assert "move the service to the group compose" in one.remedy
    described(**{variable: value})


SIDECAR = {"image": "postgres:17"}


@pytest.mark.parametrize(
    ("changes", "variable", "problem"),
    [
        ({"service_sidecars": {"db": {}}}, "service_sidecars.db.image", "required and missing"),
        ({"service_sidecars": {"db": "postgres"}}, "service_sidecars.db", "must be a mapping"),
        ({"service_sidecars": {"db": {**SIDECAR, "imag": 1}}}, "service_sidecars.db.imag", "no such option"),
        ({"service_sidecars": {"Db": SIDECAR}}, "service_sidecars.Db", "no name"),
        ({"service_sidecars": {"web-1": SIDECAR}}, "service_sidecars.web-1", "own containers"),
        (
            {"service_sidecars": {"db": SIDECAR}, "service_workers": {"db": {"command": ["x"]}}},
            "service_workers.db",
            "service_sidecars, too",
        ),
        (
            {"service_sidecars": {"db": {**SIDECAR, "volumes": ["/var:/data"]}}},
            "service_sidecars.db.volumes[0]",
            "no volume",
        ),
        ({"service_volumes": ["a:/x", "b:/x"]}, "service_volumes[1]", "has a volume already"),
        (
            {"service_sidecars": {"db": {**SIDECAR, "secrets": {"A": "hunter2"}}}},
            "service_sidecars.db.secrets.A",
            "not a reference",
        ),
        (
            {"service_sidecars": {"db": {**SIDECAR, "environment": {"POSTGRES_PASSWORD": "x"}}}},
            "service_sidecars.db.environment.POSTGRES_PASSWORD",
            "looks like a secret",
        ),
        (
            {
                "service_sidecars": {
                    "a": {**SIDECAR, "secrets": {"P": "ssm:/a"}},
                    "b": {**SIDECAR, "secrets": {"P": "ssm:/b"}},
                }
            },
            "service_sidecars.b.secrets.P",
            "another secret",
        ),
        (
            {"service_sidecars": {"db": {**SIDECAR, "health_check": {"command": ["pg_isready"]}}}},
            "service_sidecars.db.health_check.command",
            "CMD or CMD-SHELL",
        ),
        ({"service_sidecars": {"db": {**SIDECAR, "memory": "much"}}}, "service_sidecars.db.memory", "no amount"),
        ({"service_workers": {"mail": {"command": []}}}, "service_workers.mail.command", "is empty"),
        ({"service_jobs": {"r": {"command": ["x"], "schedule": "a\nb"}}}, "service_jobs.r.schedule", "no time"),
        (
            {"service_jobs": {"r": {"command": ["x"], "schedule": "daily", "timeout": 1}}},
            "service_jobs.r.timeout",
            "out of range",
        ),
        ({"service_desired_count": 0}, "service_desired_count", "no number"),
        ({"service_domain": "*.example.com"}, "service_domain", "wildcard"),
        ({"service_git": {"repository": "--upload-pack=x", "ref": "main"}}, "service_git.repository", "git takes"),
        ({"service_memory": "much"}, "service_memory", "no amount"),
    ],
)
def test_a_mistake_is_found_at_its_place(changes: dict[str, Any], variable: str, problem: str) -> None:
    found = findings(**changes)
    assert set(found) == {variable}
    assert problem in found[variable].problem
    assert "hunter2" not in str(found)


def test_of_one_machine_each_service_has_its_own_domain() -> None:
    own = {"service_machine": "box", "service_domain": "a.example.com"}
    same = {"service_machine": "box", "service_domain": "a.example.com"}
    elsewhere = {"service_machine": "other", "service_domain": "a.example.com"}
    (found,) = collisions("a", own, {"b": same, "c": elsewhere}, "compose")
    assert (found.variable, found.problem) == ("service_domain", "box / a.example.com is b's too")
    (found,) = collisions("a", {"service_machine": "box"}, {"b": {"service_machine": "box"}}, "compose")
    assert "without a domain, one service has all requests" in found.problem
    assert not list(collisions("a", {"service_machine": "box"}, {"b": {"service_machine": "other"}}, "compose"))


@pytest.mark.parametrize(
    ("groups", "targets"),
    [
        (["compose"], ["compose"]),
        (["fargate"], ["fargate"]),
        ([], ["fargate"]),
        (["compose", "fargate"], ["fargate", "compose"]),
    ],
)
def test_the_groups_say_the_targets(groups: list[str], targets: list[str]) -> None:
    assert targets_of(groups) == targets
