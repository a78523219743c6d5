"""The verdict and the diagnosis over recorded shapes, and what a diagnosis is made of."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from slipway.release.diagnosis import diagnose
from slipway.release.diagnosis.facts import reference
from slipway.release.diagnosis.rules import RULES, rule_for
from slipway.release.diagnosis.signs import ORDER
from slipway.release.evidence import Evidence, render
from slipway.release.verdict import verdict

from .recorded import end, place, run, start, stop
from .recorded.shapes import (
    ID,
    NOW,
    SECRET,
    TASK,
    as_it_is,
    definition,
    deployment,
    exited,
    failed,
    going,
    record,
    running,
    service,
    target,
    task,
)

ROOT = Path(__file__).parents[2]
RECORDED = (start.CASES, place.CASES, run.CASES, stop.CASES, end.CASES)
CASES = {name: case for cases in RECORDED for name, case in cases.items()}
STEADY = "(service voj-backend) has reached a steady state."
NO_PLACE = "(service voj-backend) was unable to place a task. Reason: Capacity is unavailable at this time."


def test_there_are_many_cases() -> None:
    assert len(CASES) == sum(map(len, RECORDED)) >= 90
    assert all(case.source for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_recorded(name: str) -> None:
    case = CASES[name]
    evidence = case.evidence
    found = verdict(evidence.deployment_id, evidence.service, evidence.service_deployments)
    causes = diagnose(evidence)
    assert tuple(cause.code for cause in causes) == case.codes
    assert found.state == case.state
    if causes:
        assert case.title in causes[0].title
        assert case.remedy in causes[0].remedy
        assert case.shows in "\n".join(causes[0].evidence)
        assert causes[0].count == case.count
        assert causes[0].evidence
        assert causes[0].remedy
    text = render(causes)
    assert "never-to-be-shown" not in text
    assert "{" not in text.replace('{"', "")


def test_every_class_of_the_order_is_recorded() -> None:
    recorded = {code for case in CASES.values() for code in case.codes}
    assert set(ORDER) == recorded
    assert {rule.code for rule in RULES} <= set(ORDER)
    assert all(rule.source.startswith("https://") for rule in RULES)


def test_remedies_name_variables_that_exist() -> None:
    spec = yaml.safe_load((ROOT / "roles/service/meta/argument_specs.yml").read_text(encoding="utf-8"))
    known = set(spec["argument_specs"]["main"]["options"])
    sources = (ROOT / "module_utils/slipway/release/diagnosis").glob("*.py")
    nodes = [node for source in sources for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))]
    texts = [str(node.value) for node in nodes if isinstance(node, ast.Constant)]
    named = {name for text in texts for name in re.findall(r"(?<![\w.])service_[a-z_]*[a-z]", text)}
    assert named - {"service_gone"} <= known


def test_several_causes_keep_their_order() -> None:
    found = diagnose(
        going(
            task("Your Spot Task was interrupted.", "SpotInterruption", "1"),
            exited(1, identity="2"),
            exited(1, identity="3"),
            task("MoonPhaseError: the moon is full", identity="4"),
            exited(3, identity="5"),
            task("CannotPullContainerError: manifest unknown", identity="6"),
            events=(NO_PLACE,),
            targets=[
                target("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]")
            ],
        )
    )
    assert [(cause.code, cause.count) for cause in found] == [
        ("image_not_found", 1),
        ("exit_code", 2),
        ("exit_code", 1),
        ("target_health_check", 1),
        ("capacity", 1),
        ("spot_interruption", 1),
        ("unknown", 1),
    ]


def test_the_same_cause_is_told_once() -> None:
    tasks = [exited(1, identity=str(number)) for number in range(7)]
    logs = {f"api/{number}": [f"line {line}" for line in range(30)] for number in range(7)}
    (cause,) = diagnose(failed(*tasks, logs=logs))
    assert cause.count == 7
    assert cause.evidence == (
        "Essential container in task exited (api: exit code 1)",
        *(f"| line {line}" for line in range(20, 30)),
    )
    assert cause.result() == {
        "code": "exit_code",
        "title": "the container api exited with code 1",
        "evidence": list(cause.evidence),
        "remedy": cause.remedy,
        "count": 7,
    }


def test_many_different_words_are_cut() -> None:
    tasks = [task(f"MoonPhaseError: {number}", identity=str(number)) for number in range(9)]
    (cause,) = diagnose(failed(*tasks))
    assert len(cause.evidence) == 5
    assert cause.evidence[-1] == "... and 5 more"


def test_an_event_is_no_further_case_of_what_a_task_says() -> None:
    (cause,) = diagnose(going(task("Capacity is unavailable at this time."), events=(NO_PLACE,)))
    assert cause.count == 1
    assert cause.evidence == ("Capacity is unavailable at this time.", NO_PLACE)


def test_nothing_is_known() -> None:
    (cause,) = diagnose(Evidence())
    assert cause.code == "service_gone"


def test_what_could_not_be_read_is_said() -> None:
    (cause,) = diagnose(Evidence(deployment_id=ID, unread=["ecs:DescribeServices: AccessDeniedException"]))
    assert cause.code == "unknown"
    assert "could not be read: ecs:DescribeServices: AccessDeniedException" in cause.evidence


def test_what_could_not_be_read_is_no_failure() -> None:
    unread = ["alarms: AccessDeniedException"]
    healthy = as_it_is(running(), service_deployments=[], unread=unread)
    assert diagnose(healthy) == []
    assert diagnose(replace(healthy, deployment_id=ID)) == []
    (cause,) = diagnose(failed(unread=unread))
    assert cause.evidence[-1] == "could not be read: alarms: AccessDeniedException"


def test_a_deployment_that_has_just_begun_has_no_cause() -> None:
    begun = deployment(rolloutState="IN_PROGRESS", runningCount=0)
    assert diagnose(going(service=service(begun, runningCount=0))) == []


def test_an_answer_alone() -> None:
    answer = {"url": "https://api.voj.kr/", "status": 502, "body": "", "problem": "answers 502", "remedy": "look"}
    (cause,) = diagnose(Evidence(answer=answer))
    assert (cause.code, cause.remedy, cause.evidence) == (
        "http_check",
        "look",
        ("GET https://api.voj.kr/: status 502",),
    )


def test_a_healthy_service_has_no_cause() -> None:
    assert diagnose(as_it_is(running(), service_deployments=[record("SUCCESSFUL")], targets=[target("healthy")])) == []


def test_what_was_before_the_steady_state_is_past() -> None:
    healthy = as_it_is(running(), service_deployments=[], events=(STEADY, NO_PLACE))
    assert diagnose(healthy) == []
    assert diagnose(replace(healthy, deployment_id=ID)) == []
    (cause,) = diagnose(replace(healthy, service=service(deployment(), events=(NO_PLACE, STEADY))))
    assert cause.code == "capacity"


def test_events_from_before_the_deployment_are_past() -> None:
    evidence = going(events=(NO_PLACE,))
    assert [cause.code for cause in diagnose(evidence)] == ["capacity"]
    later = deployment(rolloutState="IN_PROGRESS", createdAt=NOW + timedelta(hours=1))
    assert diagnose(replace(evidence, service=service(later, events=(NO_PLACE,)))) == []


def test_too_few_tasks_run_and_nobody_knows_why() -> None:
    evidence = as_it_is(service=service(deployment(runningCount=0), runningCount=0), service_deployments=[])
    (cause,) = diagnose(evidence)
    assert (cause.code, cause.evidence) == ("unknown", ("0 of 2 tasks are running",))


def test_a_one_off_task() -> None:
    def alone(one: dict[str, object], **more: object) -> list[str]:
        evidence = Evidence(tasks=[one], task_definition=definition(), **more)  # type: ignore[arg-type]
        return [cause.code for cause in diagnose(evidence)]

    assert alone(exited(0)) == []
    assert alone(exited(3)) == ["exit_code"]
    assert alone(task("Task stopped by user", "UserInitiated"), timed_out=30.0) == ["timeout"]
    assert alone(running(), timed_out=30.0) == ["timeout"]
    assert alone(task("CannotPullContainerError: manifest unknown")) == ["image_not_found"]


def test_a_one_off_task_that_did_not_end_shows_its_log() -> None:
    logs = {f"api/{TASK}": ["waiting for the lock"]}
    (cause,) = diagnose(Evidence(tasks=[running()], task_definition=definition(), logs=logs, timed_out=30.0))
    assert cause.title == "the task did not end within 30 s"
    assert "| waiting for the lock" in cause.evidence


def test_without_a_description_a_cause_is_still_named() -> None:
    (cause,) = diagnose(failed(task("CannotPullContainerError: manifest unknown"), task_definition={}))
    assert cause.title == "the image does not exist"
    (cause,) = diagnose(failed(exited(1), task_definition={}, target_group={}))
    assert "the container's logs" in cause.remedy


@pytest.mark.parametrize(
    ("value_from", "expected"),
    [
        (f"{SECRET}:jwt_secret::", "secretsmanager:voj/prod#jwt_secret"),
        (f"{SECRET}:::", "secretsmanager:voj/prod"),
        (SECRET, "secretsmanager:voj/prod"),
        ("arn:aws:secretsmanager:ap-northeast-2:1:secret:plain", "secretsmanager:plain"),
        ("/voj/prod/KEY", "ssm:/voj/prod/KEY"),
        ("arn:aws:ssm:ap-northeast-2:1:parameter/voj/prod/KEY", "ssm:/voj/prod/KEY"),
        ("arn:aws:ssm:ap-northeast-2:1:parameter/KEY", "ssm:KEY"),
        ("KEY", "ssm:KEY"),
    ],
)
def test_secrets_have_the_description_s_names(value_from: str, expected: str) -> None:
    assert reference(value_from) == expected


REFUSED = target("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Server listening on port 3000", "listens on port 3000, and requests come to port 8000"),
        ("[INFO] Listening at: http://0.0.0.0:5000 (7)", "listens on port 5000"),
        ("Tomcat started on port(s): 8080 (http) with context path ''", "listens on port 8080"),
        ("INFO: Uvicorn running on http://127.0.0.1:8000", "listens on 127.0.0.1 only"),
        # Node prints localhost, and listens everywhere.
        ("app listening on http://localhost:8000", "nothing answers HTTP on port 8000"),
        ("Listening at: http://0.0.0.0:8000", "nothing answers HTTP on port 8000"),
        ("redis connection running at localhost:6379", "nothing answers HTTP on port 8000"),
        ("started at 12:30:45", "nothing answers HTTP on port 8000"),
    ],
)
def test_where_an_application_says_that_it_listens(line: str, title: str) -> None:
    (cause,) = diagnose(going(running(), targets=[REFUSED], logs={f"api/{TASK}": ["starting", line]}))
    assert cause.code == "port_mismatch"
    assert title in cause.title


@pytest.mark.parametrize("text", ["", "Essential container in task exited", "Task failed to start", "all is well"])
def test_what_no_rule_knows(text: str) -> None:
    assert rule_for(text) is None
