"""Faults of AWS and of the way to it: what can be waited for is waited for, and everything else is told as it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from tests.e2e.playbook import Result
from tests.faults.releasing import CLUSTER, SERVICE, Service, breaks, failed, recovers, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]


def deployments(service: Service) -> int:
    """How many service deployments there were."""
    found = service.client("ecs").list_service_deployments(cluster=CLUSTER, service=SERVICE, maxResults=100)
    return len(found["serviceDeployments"])


def survives(service: Service, scenario: str, revisions: int = 1) -> Result:
    """Release a version though the way to AWS is bad: one deployment, the right verdict, and nobody sees any of it."""
    before, revision = deployments(service), int(service.revision().rpartition(":")[2])
    version = service.next_version()
    with service.asked() as answers:
        service.faults.play(scenario)
        result = service.deploy(version=version)
        service.faults.stop()
        succeeded(result)
        answers.await_one()
    assert answers.last == f"version {version}"
    service.await_settled()
    assert deployments(service) == before + 1, result.output
    assert revision < int(service.revision().rpartition(":")[2]) <= revision + revisions, result.output
    last = service.records()[0]
    assert (last.verdict, last.serving) == ("succeeded", service.revision())
    return result


@pytest.mark.parametrize(
    "scenario",
    [
        "throttled",
        "throttled-reads",
        "server-errors",
        "update-fails-once",
        "service-unavailable",
        "resets",
        "slow-answers",
        "stale-services",
        "stale-deployments",
        "stale-tasks",
        "short-pages",
        "reset-after-update",
        "spot-interruption",
        "task-retired",
        "no-capacity-for-a-while",
    ],
)
def test_the_release_succeeds_though(service: Service, scenario: str) -> None:
    survives(service, scenario)


def test_a_lost_answer_to_register_task_definition_costs_a_revision_and_nothing_else(service: Service) -> None:
    # It is not idempotent: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
    survives(service, "reset-after-register", revisions=2)


@pytest.mark.parametrize(
    ("scenario", "permission"),
    [
        ("update-denied", "ecs:UpdateService"),
        ("register-denied", "ecs:RegisterTaskDefinition"),
        ("pass-role-denied", "iam:PassRole"),
    ],
)
def test_a_missing_permission_is_named_and_nothing_is_switched(
    service: Service, scenario: str, permission: str
) -> None:
    told = f"allow the action {permission} to the role or user that runs Slipway"
    breaks(service, told, "nothing was switched", cause="access_denied", scenario=scenario)


def test_without_the_lock_nothing_is_touched(service: Service) -> None:
    before, version = (service.version(), service.described(), service.records()), service.next_version()
    service.faults.play("lock-denied")
    with service.asked():
        result = service.deploy(version=version)
    service.faults.stop()
    failed(result, "allow the action dynamodb:PutItem to the role or user that runs Slipway")
    assert (service.version(), service.described(), service.records()) == before
    recovers(service, version)


def test_denied_everything_half_way(service: Service) -> None:
    serving, version = service.version(), service.next_version()
    service.faults.play("denied-half-way")
    with service.asked():
        result = service.deploy(version=version)
    service.faults.stop()
    failed(result, "allow the action ecs:UpdateService", "what serves now: unknown", "ecs:DescribeServices")
    assert service.version() == serving
    last = service.records()[0]
    assert (last.verdict, last.cause_code, last.serving) == ("failed", "access_denied", "")
    service.await_settled()
    recovers(service, version)


def test_denied_everything_after_the_switch(service: Service) -> None:
    version = service.next_version()
    service.faults.play("denied-after-the-switch")
    with service.asked():
        result = service.deploy(version=version)
    service.faults.stop()
    failed(result, "allow the action ecs:DescribeServices", "what serves now: unknown")
    last = service.records()[0]
    assert (last.verdict, last.cause_code, last.serving) == ("failed", "access_denied", "")
    # ECS goes on by itself, and the next run sees it.
    recovers(service, version)


READING = {
    "reading-tasks-denied": ("can't be read: tasks: ", "ecs:ListTasks"),
    "reading-deployments-denied": ("can't be read: service deployments: ", "ecs:ListServiceDeployments"),
    "reading-logs-denied": ("can't be read: new log lines: ", "logs:FilterLogEvents"),
    "target-health-denied": ("can't be read: target health: ", "elasticloadbalancing:DescribeTargetHealth"),
}


@pytest.mark.parametrize("scenario", READING)
def test_what_may_not_be_read_changes_no_good_verdict(service: Service, scenario: str) -> None:
    survives(service, scenario)


@pytest.mark.parametrize("scenario", READING)
def test_what_may_not_be_read_changes_no_bad_verdict(service: Service, scenario: str) -> None:
    crash = {"VERSION": "broken", "EXIT_AT_START": "3"}
    code = "unknown" if scenario == "reading-tasks-denied" else "exit_code"
    result = breaks(service, *READING[scenario], cause=code, scenario=scenario, service_environment=crash)
    assert service.records()[1].verdict == "rolled_back", result.output
    if code == "unknown":
        assert "the cause is not known: tasks could not be read\n" in result.output
        assert "-> allow ecs:ListTasks to the role or user that runs Slipway, and run diagnose.yml" in result.output


@pytest.mark.parametrize(
    ("scenario", "code", "told"),
    [
        ("no-capacity", "capacity", "Capacity is unavailable at this time"),
        ("quota-of-vcpus", "quota", "limit on the number of vCPUs"),
        ("security-group-closed-for-new-tasks", "target_health_check", "Request timed out"),
        ("health-check-503-of-new-tasks", "target_health_check", "[503]"),
    ],
)
def test_the_new_tasks_cannot_run(service: Service, scenario: str, code: str, told: str) -> None:
    breaks(service, told, cause=code, scenario=scenario)


@pytest.mark.parametrize(
    ("scenario", "code", "told"),
    [
        ("secret-denied", "secret_denied", "secretsmanager:GetSecretValue"),
        ("kms-denied", "kms_denied", "Access to KMS is not allowed"),
        ("no-way-to-the-secrets", "network_to_endpoints", "context deadline exceeded"),
        ("log-group-missing", "log_group_missing", "The specified log group does not exist"),
    ],
)
def test_the_new_tasks_cannot_start(service: Service, scenario: str, code: str, told: str) -> None:
    crash = {"VERSION": "broken", "EXIT_AT_START": "3"}
    breaks(service, told, cause=code, scenario=scenario, service_environment=crash)


def test_a_one_off_task_without_capacity(service: Service) -> None:
    migration = {"command": ["python", "-c", "print('migrated')"]}
    breaks(
        service,
        "Capacity is unavailable at this time",
        "nothing was switched",
        cause="capacity",
        scenario="run-task-no-capacity",
        service_migration=migration,
    )


@contextmanager
def meanwhile(service: Service, act: Callable[[dict[str, Any]], Any], seconds: float = 60) -> Iterator[None]:
    """Do something to the service as soon as a new deployment of it has begun."""
    before = deployments(service)

    def await_it() -> None:
        deadline = time.monotonic() + seconds
        while deployments(service) == before and time.monotonic() < deadline:
            time.sleep(0.1)
        # The wait has begun by then.
        time.sleep(1)
        act(service.described())

    thread = Thread(target=await_it, daemon=True)
    thread.start()
    yield
    thread.join(seconds)
    assert not thread.is_alive()


def newest(service: Service) -> str:
    """The ARN of the newest service deployment."""
    found = service.client("ecs").list_service_deployments(cluster=CLUSTER, service=SERVICE)
    return str(found["serviceDeployments"][0]["serviceDeploymentArn"])


@pytest.mark.parametrize("how", ["ROLLBACK", "ABORT"])
def test_somebody_stops_the_deployment(service: Service, how: str) -> None:
    def stop(_: dict[str, Any]) -> None:
        service.client("ecs").stop_service_deployment(serviceDeploymentArn=newest(service), stopType=how)

    with meanwhile(service, stop):
        breaks(service, "somebody stopped the deployment", cause="stopped_by_hand", **slow(service))


def slow(service: Service) -> dict[str, Any]:
    """A version that takes some time to start."""
    return {"service_environment": {"VERSION": service.version().partition(" ")[2] + "-slow", "START_SECONDS": "3"}}


def test_somebody_starts_another_deployment(service: Service) -> None:
    before = service.revision()

    def update(_: dict[str, Any]) -> None:
        service.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=before)

    with meanwhile(service, update):
        breaks(service, "another deployment has taken this one's place", cause="replaced", **slow(service))


def test_somebody_deletes_the_service(service: Service) -> None:
    def delete(_: dict[str, Any]) -> None:
        service.client("ecs").delete_service(cluster=CLUSTER, service=SERVICE, force=True)

    with meanwhile(service, delete):
        result = service.deploy(version=service.next_version(), **slow(service))
    failed(result, "the ECS service is not there: it was deleted", "what serves now: ", "nothing serves now")
    last = service.records()[0]
    assert (last.verdict, last.cause_code, last.serving) == ("failed", "service_gone", "")
    assert not service.locked()
    # As the preflight tells whoever is faster: ECS makes no service of a name whose last tasks are still stopping.
    inactive = service.client("ecs").get_waiter("services_inactive")
    inactive.wait(cluster=CLUSTER, services=[SERVICE], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    version = service.next_version()
    succeeded(service.deploy(version=version))
    assert service.version() == f"version {version}"


def test_an_alarm_goes_off(service: Service) -> None:
    cloudwatch = service.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="web-5xx",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    cloudwatch.set_alarm_state(AlarmName="web-5xx", StateValue="OK", StateReason="quiet")

    def alarm(_: dict[str, Any]) -> None:
        reason = "Threshold Crossed: 1 datapoint [9.0] was greater than the threshold (1.0)."
        cloudwatch.set_alarm_state(AlarmName="web-5xx", StateValue="ALARM", StateReason=reason)

    with meanwhile(service, alarm):
        breaks(service, "the alarm web-5xx went off", "9.0", cause="alarm", service_alarms=["web-5xx"], **slow(service))
    # They were part of the fault: the plain description names none.
    assert service.described()["deploymentConfiguration"]["alarms"]["enable"] is False


def test_a_deployment_that_never_ends(service: Service) -> None:
    crash = {"VERSION": "broken", "EXIT_AT_START": "3"}
    result = breaks(
        service,
        "the deployment did not end within 30 s",
        "went back to",
        cause="exit_code",
        service_circuit_breaker={"enable": False},
        service_wait_timeout=30,
        service_environment=crash,
    )
    assert service.records()[1].verdict == "rolled_back", result.output


def test_a_lost_answer_to_create_service_makes_no_second_one(service: Service) -> None:
    service.client("ecs").delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    deadline = time.monotonic() + 30
    while service.described()["status"] != "INACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    version = service.next_version()
    service.faults.play("reset-after-create")
    succeeded(service.deploy(version=version))
    service.faults.stop()
    assert service.version() == f"version {version}"
    service.await_settled()
    assert deployments(service) == 1
    assert service.records()[0].verdict == "succeeded"
