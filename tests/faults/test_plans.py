"""What check mode says it would do, that it does none of it, and that no secret is shown, however much is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.release.redaction import redacted
from tests.e2e.http import answering
from tests.e2e.playbook import Result
from tests.faults.releasing import Service, failed, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]
# How the operations that only read begin.
READS = ("Describe", "List", "Get", "BatchGet", "Query", "Lookup", "Simulate", "Filter", "BatchCheck")
MIGRATION = {"service_migration": {"command": ["python", "-m", "migrate"], "timeout": 60}}
PASSWORD, WEBHOOK = "hunter2hunter2", "T000/B000/XXXXXXXX"


def writes(service: Service, playbook: str, *more: str, **variables: Any) -> tuple[Result, list[str]]:
    """A run, and the calls that write which it made."""
    service.faults.forget_calls()
    result = service.play(playbook, *more, **variables)
    succeeded(result)
    calls = service.faults.calls()
    assert calls
    return result, [call for call in calls if not call.partition(":")[2].startswith(READS)]


def test_a_deploy_that_is_only_planned_writes_nothing(service: Service) -> None:
    version = service.next_version()
    before = (service.revision(), service.records())
    result, written = writes(service, "deploy.yml", "--check", "--diff", version=version, **MIGRATION)
    assert written == []
    assert "would run before the switch: python -m migrate" in result.output
    assert "to update: ecs_service faults/web" in result.output
    assert (service.revision(), service.records(), service.locked()) == (*before, False)


def test_a_migration_is_not_announced_where_nothing_is_released(service: Service) -> None:
    result, written = writes(service, "deploy.yml", "--check")
    assert written == []
    assert "would run before the switch:" not in writes(service, "deploy.yml", "--check", **MIGRATION)[0].output
    assert result.changed == {"web": 0}, result.output


def test_a_rollback_that_is_only_planned_names_its_target(service: Service) -> None:
    first = service.revision()
    succeeded(service.deploy(version=service.next_version()))
    result, written = writes(service, "rollback.yml", "--check")
    assert written == []
    assert f"would go back to {first}" in result.output
    result, written = writes(service, "rollback.yml", "--check", "-e", f"to={first.partition(':')[2]}")
    assert written == []
    assert f"would go back to {first}" in result.output
    assert service.revision() != first


@pytest.mark.parametrize("verbosity", ["", "-vvvv"])
def test_no_secret_is_shown(service: Service, verbosity: str) -> None:
    ssm = service.client("ssm")
    ssm.put_parameter(Name="/web/password", Type="SecureString", Value=PASSWORD, Overwrite=True)
    service.client("secretsmanager").create_secret(
        Name=f"web{verbosity}", SecretString=json.dumps({"password": PASSWORD, "other": PASSWORD})
    )
    with answering(500, "no", "text/plain") as slack:
        ssm.put_parameter(Name="/web/slack", Type="SecureString", Value=f"{slack}/{WEBHOOK}", Overwrite=True)
        result = service.deploy(
            *filter(None, [verbosity, "--diff"]),
            version=service.next_version(),
            service_secrets={"PASSWORD": "ssm:/web/password", "OTHER": f"secretsmanager:web{verbosity}#password"},
            service_command=["sh", "-c", 'echo "password=$PASSWORD"; echo "error: Bearer $OTHER"; exit 3'],
            service_notify_slack_webhook="ssm:/web/slack",
        )
    failed(result, "exited with code 3", redacted(f"password={PASSWORD}"))
    assert "a notice was not sent: Slack" in result.output
    for secret in (PASSWORD, WEBHOOK):
        assert secret not in result.output
