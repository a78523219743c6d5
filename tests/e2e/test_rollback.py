"""rollback.yml, and what a killed deploy leaves behind, as a person types and sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.embedded_aws import ROOT, EmbeddedAws
from slipway.aws.clients import Aws, Connection
from slipway.release.history import latest
from slipway.release.lock import look
from slipway.release.record import Record
from tests.e2e.playbook import Result, ansible_playbook
from tests.emulators.emulator import Emulator

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(900)]
TABLE, SERVICE = "slipway-releases", "lms-ecs/lms-ecs-service"
LMS = ("-i", "local", "--limit", "lms-backend")
VOJ = ("-i", "local", "--limit", "voj-backend", "-e", "service_dns_weight=100")


def run(aws: EmbeddedAws, playbook: str, *arguments: str, succeeds: bool = True) -> Result:
    result = ansible_playbook(playbook, *LMS, *arguments, environment=aws.environment())
    assert (result.code == 0) == succeeds, result.output
    return result


def api(aws: EmbeddedAws) -> Aws:
    return Aws(Connection("ap-northeast-2", endpoint_url=aws.endpoint))


def version(number: int) -> tuple[str, str]:
    return ("-e", f'{{"service_environment": {{"RELEASE": "{number}"}}}}')


def records(aws: EmbeddedAws) -> list[Record]:
    return latest(api(aws), TABLE, SERVICE)


def test_back_by_hand_and_a_record_of_each(aws: EmbeddedAws) -> None:
    for number in (1, 2):
        run(aws, "deploy.yml", *version(number))
    first, second = (one.revision for one in reversed(records(aws)))
    planned = run(aws, "rollback.yml", "--check")
    assert f"would go back to {first}" in planned.output
    assert len(records(aws)) == 2
    done = run(aws, "rollback.yml")
    assert f"went back to {first}" in done.output
    newest = records(aws)[0]
    assert (newest.kind, newest.verdict, newest.revision, newest.serving) == ("rollback", "succeeded", first, first)
    assert newest.digest.startswith("sha256:")
    refused = run(aws, "rollback.yml", succeeds=False)
    assert "there is nothing to go back to" in refused.output
    assert "Traceback" not in refused.output
    assert len(records(aws)) == 3
    run(aws, "rollback.yml", "-e", f"to={second}")
    again = run(aws, "rollback.yml", "-e", f"to={second}")
    assert again.changed == {"lms-backend": 0}
    assert f"{second} (" in again.output
    assert look(api(aws), TABLE, SERVICE) is None


def test_a_share_of_the_requests_needs_a_weighted_record(aws: EmbeddedAws) -> None:
    refused = run(aws, "rollback.yml", "-e", "dns_weight=0", succeeds=False)
    assert "lms-backend has no weighted DNS record" in refused.output


def test_the_requests_go_elsewhere(aws: EmbeddedAws) -> None:
    def weights() -> dict[str, int]:
        route53 = Emulator("ministack", aws.endpoint).client("route53")
        (zone,) = [one for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == "voj-audiobook.com."]
        sets = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        return {one["SetIdentifier"]: one["Weight"] for one in sets if "Weight" in one}

    deployed = ansible_playbook("deploy.yml", *VOJ, environment=aws.environment())
    assert deployed.code == 0, deployed.output
    assert weights() == {"voj-backend": 100}
    for changed in (1, 0):
        moved = ansible_playbook("rollback.yml", *VOJ, "-e", "dns_weight=0", environment=aws.environment())
        assert (moved.code, moved.changed) == (0, {"voj-backend": changed}), moved.output
        assert weights() == {"voj-backend": 0}
    assert "went back" not in moved.output


def test_a_killed_deploy_gives_its_lock_back_and_is_recorded(aws: EmbeddedAws) -> None:
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ansible-playbook")), "deploy.yml", *LMS, *version(3)],
        cwd=ROOT,
        env={**os.environ, **aws.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    held = None
    for _ in process.stdout:
        held = held or look(api(aws), TABLE, SERVICE)
        if held is not None:
            # ansible-playbook alone: its workers must not go on without it.
            process.send_signal(signal.SIGKILL)
            break
    assert held is not None
    deadline = time.monotonic() + 20
    while look(api(aws), TABLE, SERVICE) is not None:
        assert time.monotonic() < deadline, "the lock stays"
        time.sleep(0.1)
    process.stdout.close()
    process.wait()
    newest = records(aws)[0]
    assert (newest.verdict, newest.cause_code, newest.started_at) == (
        "interrupted",
        "interrupted",
        held.record.started_at,
    )
    run(aws, "deploy.yml", *version(3))
    assert records(aws)[0].verdict == "succeeded"
