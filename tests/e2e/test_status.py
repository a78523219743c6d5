"""`ansible-playbook status.yml` as a person runs it, and notices as a play sends them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demo.embedded_aws import REGION, ROOT, client_environment, free_port
from slipway.aws.clients import Aws, Connection
from slipway.release import history
from slipway.release.record import Record
from tests.e2e.playbook import ansible_playbook
from tests.e2e.recording import Answer, recording
from tests.emulators.emulator import Emulator

pytestmark = pytest.mark.timeout(300)
TWO = ("--limit", "voj-backend,lms-backend")


def test_before_the_first_deploy(moto: Emulator) -> None:
    result = ansible_playbook("status.yml", "-i", "local", environment=moto.environment())
    assert result.code == 0, result.output
    lines = result.output.splitlines()
    header = next(number for number, line in enumerate(lines) if line.startswith("SERVICE"))
    assert [line.split()[0] for line in lines[header + 1 : header + 5]] == [
        "voj-backend",
        "homu-backend",
        "lms-backend",
        "realworld-backend",
    ]
    assert result.output.count("not deployed yet") == 4
    assert set(result.changed.values()) == {0}


def test_a_service_that_is_deployed_and_its_releases(moto: Emulator) -> None:
    ecs = moto.client("ecs")
    ecs.create_cluster(clusterName="lms-ecs")
    label = {"org.opencontainers.image.version": "sha-1a2b3c4"}
    container = {"name": "lms-ecs", "image": f"lms@sha256:{'0' * 64}", "memory": 512, "dockerLabels": label}
    ecs.register_task_definition(family="lms", containerDefinitions=[container])
    ecs.create_service(cluster="lms-ecs", serviceName="lms-ecs-service", taskDefinition="lms", desiredCount=1)
    record = Record(
        "lms-ecs/lms-ecs-service", "2025-11-21T07:00:00.000Z", verdict="rolled_back", who="김서연", tag="v2"
    )
    history.write(Aws(Connection(REGION, endpoint_url=moto.endpoint)), "slipway-releases", record)
    result = ansible_playbook("status.yml", "-i", "local", *TWO, "-e", "releases=5", environment=moto.environment())
    assert result.code == 0, result.output
    row = r"^lms-backend +sha-1a2b3c4 +000000000000 +1 +2/1 +- +rolled back +\d+ d +김서연 +-$"
    assert re.search(row, result.output, re.MULTILINE), result.output
    assert re.search(r"^2025-11-21 07:00:00  release  rolled back  v2 ", result.output, re.MULTILINE), result.output
    assert "voj-backend: no release is recorded" in result.output


def test_an_aws_that_does_not_answer_is_told_and_is_no_traceback() -> None:
    environment = client_environment(f"http://127.0.0.1:{free_port()}")
    result = ansible_playbook("status.yml", "-i", "local", *TWO, environment=environment)
    assert result.code == 0, result.output
    assert result.output.count("does not answer (sts:GetCallerIdentity)") == 2
    assert "Traceback" not in result.output
    assert "not deployed yet" not in result.output


def test_a_wrong_description_hides_no_other_service(moto: Emulator) -> None:
    environment = moto.environment()
    wrong = '{"service_memory": "{{ 700 if inventory_hostname == \'voj-backend\' else 1024 }}", "service_cpu": 512}'
    result = ansible_playbook("status.yml", "-i", "local", *TWO, "-e", wrong, environment=environment)
    assert result.code != 0, result.output
    assert "service_memory" in result.output
    assert re.search(r"^lms-backend +-", result.output, re.MULTILINE), result.output


def test_a_notice_that_fails_leaves_the_play_as_it_is_and_shows_no_secret(moto: Emulator, tmp_path: Path) -> None:
    play = tmp_path / "notice.yml"
    play.write_text(
        """
- hosts: lms-backend
  gather_facts: false
  tasks:
    - release_notify:
        region: ap-northeast-2
        name: lms-backend
        record: {service: prod/lms, started_at: "2026-11-21T07:00:00.000Z", verdict: failed, tag: v1}
        notify_slack_webhook: ssm:/lms/SLACK
"""
    )
    environment = {**moto.environment(), "ANSIBLE_LOG_PATH": str(tmp_path / "log"), "ANSIBLE_DEBUG": "1"}
    moto_ssm = moto.client("ssm")
    for status, changed, told in ((410, 0, "answered 410: channel_is_archived"), (200, 1, "Slack: sent")):
        body = "channel_is_archived" if status == 410 else "ok"
        with recording(lambda _, status=status, body=body: Answer(status, body)) as slack:  # type: ignore[misc]
            value = f"{slack.url}/services/hunter2Hunter2"
            moto_ssm.put_parameter(Name="/lms/SLACK", Type="SecureString", Value=value, Overwrite=True)
            result = ansible_playbook(str(play), "-i", str(ROOT / "local"), "-vvvv", environment=environment)
        assert result.code == 0, result.output
        assert result.changed == {"lms-backend": changed}
        assert told in result.output
        assert len(slack.requests) == 1
        assert "hunter2" not in result.output
    assert "hunter2" not in (tmp_path / "log").read_text()
