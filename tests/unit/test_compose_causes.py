"""Causes on a machine have the codes and words that they have on Fargate; what to do speaks of the machine."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.compose import causes as why
from slipway.compose.machine import MachineError
from slipway.compose.watch import Watched
from tests.unit.test_compose_render import DIGEST, described, rendered

RELEASE = rendered()
DOWN: dict[str, Any] = {"service": "web-1", "state": "exited", "exit_code": 1, "oom_killed": False, "error": None}


def watched(down: dict[str, Any] | None = None, answer: dict[str, Any] | None = None, **more: Any) -> Watched:
    return Watched(
        down={"web-1": {**DOWN, **down}} if down is not None else {},
        answers={"web-1": {"service": "web-1", "status": None, "error": None, **answer}} if answer else {},
        **more,
    )


def first(seen: Watched, timeout: float | None = None) -> Any:
    (cause, *_) = why.of_watched(described(), RELEASE, seen, "the release failed", timeout)
    return cause


@pytest.mark.parametrize(
    ("seen", "code", "title"),
    [
        (watched({"exit_code": 3}), "exit_code", "the container shop exited with code 3"),
        (watched({"exit_code": 0}), "exit_code", "ended by itself with exit code 0"),
        (watched({"exit_code": 137, "oom_killed": True}), "out_of_memory", "more memory than the 256 MiB"),
        (watched({"exit_code": 127}), "command_not_found", "did not find its command"),
        (
            watched({"exit_code": None, "error": 'exec: "gunicron": executable file not found in $PATH'}),
            "command_not_found",
            "the command gunicron is not in the image",
        ),
        (
            watched({"exit_code": 1}, logs={"web-1": ["exec /srv/run: exec format error"]}),
            "image_architecture",
            "not built for the task's CPU architecture X86_64",
        ),
        (watched(answer={"status": 404}), "target_health_check", "/health is answered with 404, and 200 is expected"),
        (
            watched(answer={"error": "no answer within 5 s"}),
            "target_health_check",
            "/health gets no answer in time on port 8000",
        ),
        (watched(answer={"error": "Connection refused"}), "port_mismatch", "nothing answers HTTP on port 8000"),
        (
            watched(answer={"error": "Connection refused"}, logs={"web-1": ["Uvicorn running on http://0.0.0.0:9000"]}),
            "port_mismatch",
            "the application listens on port 9000, and requests come to port 8000",
        ),
        (
            watched(answer={"error": "Connection refused"}, ports={"web-1": [9000]}),
            "port_mismatch",
            "the application listens on port 9000, and requests come to port 8000",
        ),
        (
            watched(
                answer={"error": "Connection refused"},
                ports={"web-1": [8000]},
                logs={"web-1": ["Uvicorn running on http://127.0.0.1:8000"]},
            ),
            "port_mismatch",
            "the application listens on 127.0.0.1 only",
        ),
    ],
)
def test_what_was_seen(seen: Watched, code: str, title: str) -> None:
    cause = first(seen)
    assert (cause.code, title in cause.title) == (code, True), cause
    assert cause.remedy
    assert "security group" not in cause.remedy
    assert "aws logs" not in cause.remedy


def test_an_unhealthy_container_is_told_with_its_check() -> None:
    check = {"command": ["CMD-SHELL", "curl -f localhost"], "start_period": 10}
    service = described(service_container_health_check=check)
    seen = Watched(containers={"web-1": {"service": "web-1", "state": "running", "health": "unhealthy"}})
    (cause,) = why.of_watched(service, RELEASE, seen, "failed", None)
    assert cause.code == "container_health_check"
    assert "curl -f localhost" in cause.remedy


def test_the_log_is_shown_without_secrets() -> None:
    cause = first(watched({"exit_code": 1}, logs={"web-1": ["PASSWORD=hunter2", "bye"]}))
    assert "| bye" in cause.evidence
    assert "hunter2" not in str(cause)


def test_a_time_out_that_nothing_explains_is_one() -> None:
    assert first(watched(), timeout=30).code == "timeout"
    assert first(watched(answer={"status": 500}), timeout=30).code == "target_health_check"


def test_what_no_rule_explains_is_unknown_and_says_what_failed() -> None:
    cause = first(watched())
    assert cause.code == "unknown"
    assert "the release failed" in " ".join(cause.evidence)


def refused(code: str, what: str, **details: Any) -> MachineError:
    return MachineError("box", code, what, "do something", details)


@pytest.mark.parametrize(
    ("error", "code", "title"),
    [
        (
            refused("cannot_pull", "x cannot be pulled: manifest unknown", image="r/shop:v1"),
            "image_not_found",
            "r/shop:v1",
        ),
        (
            refused("cannot_pull", "cannot be pulled: pull access denied, no basic auth credentials"),
            "image_pull_denied",
            "may not be pulled",
        ),
        (
            refused("cannot_pull", "Get http://r/v2/: dial tcp 10.0.0.1:5000: connect: connection refused"),
            "network_to_endpoints",
            "the machine does not reach the image's registry",
        ),
        (refused("cannot_pull", "write /var/lib/docker/tmp/x: no space left on device"), "disk_full", "disk is full"),
        (refused("machine", "/etc/slipway: No space left on device"), "disk_full", "the machine's disk is full"),
        (refused("compose", "docker compose up failed: no space left on device"), "disk_full", "disk is full"),
        (refused("site_refused", "Caddy refuses the site"), "site_refused", "Caddy refuses the site"),
        (refused("busy", "something else works on shop"), "busy", "something else works on shop"),
        (
            refused("compose", "docker compose up of shop failed:  Container a Started\nnetwork x not found"),
            "compose",
            "network x not found",
        ),
    ],
)
def test_what_the_machine_refused(error: MachineError, code: str, title: str) -> None:
    (cause, *_) = why.of_error(described(), RELEASE, error)
    assert (cause.code, title in cause.title) == (code, True), cause
    assert cause.remedy


@pytest.mark.parametrize(
    ("words", "code", "title"),
    [
        (
            "container shop-db-1 is unhealthy",
            "container_health_check",
            "the health check inside the container db failed",
        ),
        ("container shop-db-1 exited (1)", "exit_code", "the container db exited with code 1"),
    ],
)
def test_a_sidecar_that_does_not_come_up(words: str, code: str, title: str) -> None:
    check = {"command": ["CMD-SHELL", "pg_isready"]}
    service = described(service_sidecars={"db": {"image": "postgres:17", "health_check": check}})
    what = f"docker compose up of shop failed:  Container shop-db-1 Waiting\n {words}"
    (cause,) = why.of_error(service, RELEASE, refused("compose", what, logs={"db": ["FATAL: no password"]}))
    assert (cause.code, cause.title) == (code, title)
    assert "| FATAL: no password" in cause.evidence
    assert "service_container_health_check" not in cause.remedy


def test_a_container_that_could_not_be_started() -> None:
    words = 'OCI runtime create failed: exec: "gunicron": executable file not found in $PATH: unknown'
    (cause,) = why.of_failed_start(described(), RELEASE, {"web-1": words})
    assert cause.code == "command_not_found"
    assert DIGEST in cause.title
    (cause,) = why.of_failed_start(described(), RELEASE, {"web-1": "mkdir /x: no space left on device"})
    assert cause.code == "disk_full"


@pytest.mark.parametrize(
    ("ended", "code", "words"),
    [
        ({"exit_code": 1, "log": ["no such column"]}, "exit_code", "| no such column"),
        ({"exit_code": 137, "oom_killed": True, "log": []}, "out_of_memory", "memory"),
        ({"exit_code": 137, "timed_out": True, "log": ["locking"]}, "timeout", "within 60 s"),
    ],
)
def test_a_migration_that_failed(ended: dict[str, Any], code: str, words: str) -> None:
    (cause, *_) = why.of_task(described(), RELEASE, ended, 60)
    assert (cause.code, words in f"{cause.title} {cause.evidence}") == (code, True), cause
