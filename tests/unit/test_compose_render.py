"""A description becomes one document, the same for the same description."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.compose.render import Image, base_hash, document, literal, site
from slipway.service.description import check
from slipway.service.spec import service_options

MINIMAL: dict[str, Any] = {
    "deployment_environment": "prod",
    "service_region": "ap-northeast-2",
    "service_machine": "box",
    "service_repository": "shop",
    "service_cpu": 512,
    "service_memory": 256,
    "service_container_port": 8000,
    "service_health_check": {"path": "/health"},
}
DIGEST = "sha256:" + "a" * 64
IMAGE = Image(f"registry/shop@{DIGEST}", "v1", DIGEST, "c0ffee")


def described(**changes: Any) -> dict[str, Any]:
    checked = check(MINIMAL | changes, service_options(), "shop", "compose")
    assert checked.findings == ()
    return checked.service


def rendered(secrets: dict[str, str] | None = None, base: dict[str, str] | None = None, **changes: Any) -> Any:
    return document(described(**changes), IMAGE, secrets or {}, base or {})


def test_the_least_is_one_container() -> None:
    release = rendered()
    assert release["compose"] == {
        "services": {
            "web-1": {
                "image": f"registry/shop@{DIGEST}",
                "init": True,
                "stop_grace_period": "30s",
                "labels": {"org.opencontainers.image.version": "v1"},
                "mem_limit": "256m",
                "memswap_limit": "256m",
                "cpus": 0.5,
                "restart": "unless-stopped",
            }
        },
        "networks": {"default": {"name": "shop", "external": True}},
    }
    assert (release["web"], release["base"], release["port"]) == (["web-1"], None, 8000)
    assert release["health"] == {"path": "/health", "matcher": "200", "timeout": 5}


def test_the_same_again_has_the_same_id_and_every_change_another() -> None:
    first = rendered()["id"]
    assert rendered()["id"] == first
    assert len(first) == 12
    others = [
        rendered(secrets={"A": "1"}),
        rendered(secrets={"A": "2"}),
        rendered(service_environment={"A": "1"}),
        rendered(service_desired_count=2),
        rendered(service_memory=512),
        rendered(service_workers={"w": {"command": ["x"]}}),
        rendered(service_jobs={"j": {"command": ["x"], "schedule": "daily"}}),
        rendered(service_jobs={"j": {"command": ["x"], "schedule": "hourly"}}),
        rendered(service_container_port=9000),
        document(described(), Image("registry/shop@sha256:b", "v2"), {}, {}),
    ]
    ids = {one["id"] for one in others}
    assert len(ids) == len(others)
    assert first not in ids


@pytest.mark.parametrize(
    "changes",
    [
        {"service_deregistration_delay": 7},
        {"service_health_check": {"path": "/other"}},
        {"service_domain": "shop.example.com"},
        {"service_sidecars": {"db": {"image": "postgres:17"}}},
        {"service_migration": {"command": ["x"]}},
    ],
)
def test_what_is_no_part_of_the_containers_is_no_new_release(changes: dict[str, Any]) -> None:
    assert rendered(**changes)["id"] == rendered()["id"]


def test_dollars_are_doubled_in_what_compose_reads_and_nowhere_else() -> None:
    release = rendered(
        {"SECRET": "p$w"}, service_environment={"PRICE": "$5"}, service_command=["sh", "-c", "echo $HOME"]
    )
    web = release["compose"]["services"]["web-1"]
    assert web["environment"] == {"PRICE": "$$5"}
    assert web["command"] == ["sh", "-c", "echo $$HOME"]
    assert web["env_file"] == [".env"]
    assert release["env"] == {"SECRET": "p$w"}
    assert literal({"a": ["$", 1, None]}) == {"a": ["$$", 1, None]}


def test_sidecars_outlive_releases_and_have_their_own_secrets() -> None:
    release = rendered(
        base={"POSTGRES_PASSWORD": "x"},
        service_volumes=["files:/files", "data:/shared:ro"],
        service_sidecars={
            "postgres": {
                "image": "postgres:17",
                "secrets": {"POSTGRES_PASSWORD": "ssm:/db"},
                "volumes": ["data:/var/lib/postgresql/data"],
                "memory": "0.5 GB",
                "health_check": {"command": ["CMD-SHELL", "pg_isready"]},
            },
            "redis": {"image": "redis:8"},
        },
    )
    postgres, redis = release["base"]["services"]["postgres"], release["base"]["services"]["redis"]
    assert postgres["env_file"] == [".env"]
    assert "env_file" not in redis
    assert postgres["mem_limit"] == "512m"
    assert postgres["healthcheck"]["interval"] == "10s"
    assert "mem_limit" not in redis
    assert release["base"]["volumes"] == {"data": {"name": "shop_data"}}
    # The same volume is made once: by what outlives releases.
    assert release["compose"]["volumes"] == {
        "data": {"name": "shop_data", "external": True},
        "files": {"name": "shop_files"},
    }
    assert base_hash(release) != base_hash({**release, "base_env": {"POSTGRES_PASSWORD": "y"}})


def test_workers_and_jobs_have_the_services_image_and_environment() -> None:
    release = rendered(
        {"TOKEN": "x"},
        service_environment={"A": "1"},
        service_workers={"mail": {"command": ["work"], "memory": 64, "cpu": 128}},
        service_jobs={"report": {"command": ["report"], "schedule": "daily", "timeout": 60}},
    )
    mail, report = release["compose"]["services"]["mail"], release["compose"]["services"]["report"]
    assert (mail["mem_limit"], mail["cpus"], mail["restart"]) == ("64m", 0.125, "unless-stopped")
    assert (report["mem_limit"], report["profiles"], report["restart"]) == ("256m", ["jobs"], "no")
    for one in (mail, report):
        assert one["environment"] == {"A": "1"}
        assert one["env_file"] == [".env"]
    assert release["workers"] == ["mail"]
    assert release["jobs"] == [{"name": "report", "schedule": "daily", "timeout": 60}]


def test_the_site_names_no_release() -> None:
    text = site(described(service_domain="shop.example.com"))
    assert "\nshop.example.com {\n" in text
    assert "name shop.slipway.internal" in text
    assert "port 8000" in text
    assert "\nhttp://:80 {\n" in site(described())
    assert rendered()["site"] == rendered(service_environment={"A": "1"})["site"]


def test_no_value_of_a_secret_is_anywhere_but_in_its_place() -> None:
    release = rendered({"TOKEN": "hunter2-hunter2"}, {"PASSWORD": "hunter3-hunter3"})
    text = str({key: value for key, value in release.items() if key not in {"env", "base_env"}})
    assert "hunter" not in text
    assert set(release["env_marks"]) == {"TOKEN"}
