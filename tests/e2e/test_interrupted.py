"""Killed at any point, a deploy is finished by the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo import embedded_aws
from demo.embedded_aws import ROOT, EmbeddedAws
from demo.seed import seed
from tests.e2e.playbook import ansible_playbook

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(600)]
DEPLOY = ("deploy.yml", "-i", "local", "--limit", "lms-backend")
POINTS = [
    "created: ecr_repository",
    "step 7/14",
    "pushing:",
    "created: iam_role",
    "created: security_group",
    "created: elb_load_balancer",
    "created: ecs_task_definition",
    "created: ecs_service",
    "deployment completed",
]


def killed_at(point: str, aws: EmbeddedAws) -> bool:
    """Run the deploy and kill it, all its processes at once, when it says so; or it ends well, and never said so."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ansible-playbook")), *DEPLOY],
        cwd=ROOT,
        env={**os.environ, **aws.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if point in line:
            os.killpg(process.pid, signal.SIGKILL)
            break
    process.stdout.close()
    code, is_there = process.wait(60), point in said[-1]
    assert code == (-signal.SIGKILL if is_there else 0), "".join(said)
    return is_there


@pytest.mark.parametrize(
    "points",
    [POINTS, ["created: ecs_service"]],
    ids=["at every point in turn", "at the service"],
)
def test_a_killed_deploy_is_finished_by_the_next(tmp_path: Path, python_image: str, points: list[str]) -> None:
    """Each run goes on from where the one before was killed, and comes to its own point."""
    aws = embedded_aws.start(tmp_path, containers=True)
    try:
        seed(aws)
        for point in points:
            if not killed_at(point, aws):
                # The one before had come further than its own point when it was killed.
                aws.reset()
                seed(aws)
                assert killed_at(point, aws), f"it never said {point!r}"
        again = ansible_playbook(*DEPLOY, environment=aws.environment())
        assert again.code == 0, again.output
        assert "-> 200" in again.output
        once_more = ansible_playbook(*DEPLOY, environment=aws.environment())
        assert once_more.changed == {"lms-backend": 0}, once_more.output
    finally:
        embedded_aws.stop(aws, build_cache=False)
