"""Drift from end to end: an untouched deployment has none; what somebody changed is told, and put back."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from demo import embedded_aws
from demo.embedded_aws import ROOT, client_environment
from demo.seed import seed
from slipway.release.process import Process
from tests.bench.emulator import Emulator as Counted
from tests.e2e.playbook import Result, ansible_playbook
from tests.emulators.calls import counting_between
from tests.emulators.emulator import Emulator

pytestmark = [pytest.mark.ministack, pytest.mark.timeout(600)]

SERVICES = ["homu-backend", "lms-backend", "realworld-backend", "voj-backend"]
# What inventories/local reads from the file that `make demo` writes.
SIMULATED = ("-e", json.dumps({"embedded_aws_runs_containers": False}))
SECRET = "hunter2-of-the-test"
_READS = ("Describe", "List", "Get", "BatchGet", "Lookup", "GET ")
_ENVIRONMENT = "container_definitions[api].environment"


@dataclass
class Scene:
    """A deployment of all four services, behind a server that counts what is called."""

    counted: Counted
    inventories: Path
    reports: Path

    def client(self, service: str) -> Any:
        """A client of a person's own, whom nobody counts with a check."""
        return Emulator("ministack", self.counted.endpoint).client(service)

    def play(self, playbook: str, *arguments: str, endpoint: str = "") -> Result:
        """Run a playbook with this inventory."""
        environment = client_environment(endpoint or self.counted.endpoint)
        return ansible_playbook(
            playbook, "-i", str(self.inventories / "local"), *SIMULATED, *arguments, environment=environment
        )

    def drift(self, *arguments: str, endpoint: str = "") -> Result:
        """One check, and what it wrote."""
        shutil.rmtree(self.reports, ignore_errors=True)
        where = ("-e", f"drift_report_dir={self.reports}", "-e", f"drift_history={self.reports.parent}/history.json")
        self.counted.reset_calls()
        return self.play("drift.yml", *where, *arguments, endpoint=endpoint)

    def report(self) -> dict[str, Any]:
        """The last report."""
        report: dict[str, Any] = json.loads((self.reports / "drift.json").read_text())
        return report

    def findings(self, state: str = "drift") -> list[tuple[str, str, str]]:
        """What the last report has in a state: kind, name, field."""
        found = [one for one in self.report()["findings"] if one["state"] == state]
        return sorted((one["kind"], one["name"], one["field"]) for one in found)

    def writes(self) -> list[str]:
        """The calls since the last check began that are none of those that read."""
        return [one for one in self.counted.calls() if not one.partition(":")[2].startswith(_READS)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Deployed, and untouched."""
    folder = tmp_path_factory.mktemp("drift")
    aws = embedded_aws.start(folder / "aws", containers=False)
    try:
        seed(aws)
        with counting_between(aws.endpoint, folder) as counted:
            inventories = shutil.copytree(ROOT / "inventories", folder / "inventories", symlinks=True)
            scene = Scene(counted, inventories, folder / "report")
            result = scene.play("deploy.yml")
            assert result.code == 0, result.output
            yield scene
    finally:
        embedded_aws.stop(aws)


def test_ten_checks_of_an_untouched_deployment_find_nothing_and_write_nothing(scene: Scene) -> None:
    for _ in range(10):
        result = scene.drift()
        assert result.code == 0, result.output
        report = scene.report()
        assert report["status"] == "clean"
        assert report["findings"] == []
        assert sorted(report["services"]) == SERVICES
        assert report["resources"] > 40
        assert scene.writes() == []
        # STS is asked once a process.
        assert report["api_calls"] == sum(scene.counted.calls().values())
        assert "all is as described" in result.output
        assert result.changed == dict.fromkeys(SERVICES, 0)


def by_hand(scene: Scene) -> None:
    """What a person in a hurry does to VOJ and HOMU."""
    ec2, ecs, elb = (scene.client(name) for name in ("ec2", "ecs", "elbv2"))
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["voj-backend"]}])
    (group,) = groups["SecurityGroups"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    ec2.create_tags(Resources=[group["GroupId"]], Tags=[{"Key": "db_password", "Value": SECRET}])

    definition = ecs.describe_task_definition(taskDefinition="voj-backend-prod")["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    values = {one["name"]: one["value"] for one in container["environment"]}
    values |= {"ENVIRONMENT": "debug", "API_TOKEN": SECRET}
    container["environment"] = [{"name": name, "value": value} for name, value in values.items()]
    kept = ("family", "networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn", "requiresCompatibilities")
    again = {name: definition[name] for name in (*kept, "containerDefinitions", "runtimePlatform")}
    tags = ecs.describe_task_definition(taskDefinition="voj-backend-prod", include=["TAGS"])["tags"]
    new = ecs.register_task_definition(**again, tags=tags)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster="voj-prod", service="voj-backend-api", taskDefinition=new)

    (balancer,) = elb.describe_load_balancers(Names=["homu-alb"])["LoadBalancers"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    (rule,) = [one for one in rules if not one["IsDefault"]]
    elb.delete_rule(RuleArn=rule["RuleArn"])


SSH = ("security_group", "voj-backend", "ingress[tcp/22/22/0.0.0.0/0]")
TAG = ("security_group", "voj-backend", "tags.db_password")
CHANGED = ("ecs_task_definition", "voj-backend-prod", f"{_ENVIRONMENT}[ENVIRONMENT].value")
ADDED = ("ecs_task_definition", "voj-backend-prod", f"{_ENVIRONMENT}[API_TOKEN]")
RULE = ("elb_listener_rule", "homu-alb:80/100", "")
CONFIRM = "confirm=ecs_task_definition:voj-backend-prod"


@pytest.fixture(scope="module")
def found(scene: Scene) -> Result:
    """The check after that."""
    by_hand(scene)
    return scene.drift("-vvv")


def test_exactly_what_somebody_did_is_found(scene: Scene, found: Result) -> None:
    assert found.code == 2, found.output
    assert scene.findings() == sorted([SSH, TAG, CHANGED, ADDED, RULE])
    assert len(scene.report()["findings"]) == 5
    severities = {(one["kind"], one["field"]): one["severity"] for one in scene.report()["findings"]}
    assert severities[SSH[0], SSH[2]] == severities[RULE[0], ""] == "critical"
    assert severities[CHANGED[0], CHANGED[2]] == "high"
    assert scene.writes() == []


def test_the_text_is_for_people(scene: Scene, found: Result) -> None:
    text = scene.drift().output
    for line in (
        "  critical drift: elb_listener_rule homu-alb:80/100: is gone",
        "  critical drift: security_group voj-backend: ingress[tcp/22/22/0.0.0.0/0] was added",
        f"  high drift: ecs_task_definition voj-backend-prod: {CHANGED[2]} is another one",
        "      described: production",
        "      there is:  debug",
        "      -> ansible-playbook deploy.yml -i ",
        f"-e repair=true -e {CONFIRM}  # it begins a new deployment",
        "]: FAILED!\n    5 drifted",
    ):
        assert line in text, text
    assert "{" not in text.partition("FAILED!")[2].partition("PLAY RECAP")[0]


def test_what_looks_like_a_secret_is_nowhere(scene: Scene, found: Result) -> None:
    assert SECRET not in found.output
    scene.drift()
    files = {file.name: file.read_text() for file in scene.reports.iterdir()}
    assert files.keys() == {"drift.json", "drift.xml", "drift.md", "drift.html"}
    assert [name for name, text in files.items() if SECRET in text] == []
    assert SECRET not in (scene.reports.parent / "history.json").read_text()


def test_the_reports(scene: Scene, found: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = scene.reports.parent / "summary.md"
    summary.write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert scene.drift().code == 2
    suite = ElementTree.fromstring((scene.reports / "drift.xml").read_text())  # noqa: S314 - our own
    assert suite.attrib["failures"] == "5"
    assert suite.attrib["errors"] == "0"
    # The two that nobody touched.
    assert suite.attrib["tests"] == "7"
    markdown = (scene.reports / "drift.md").read_text()
    assert summary.read_text() == f"# Before\n{markdown}"
    assert markdown.count("\n| 🔴 |") == 2
    assert (scene.reports / "drift.html").read_text().count("<article ") == 5


def edit(scene: Scene, old: str, new: str) -> None:
    description = scene.inventories / "prod" / "host_vars" / "voj-backend" / "description.yml"
    text = description.read_text()
    assert old in text
    description.write_text(text.replace(old, new))


def test_what_was_not_deployed_yet_is_told_apart(scene: Scene, found: Result) -> None:
    edit(scene, "service_memory: 1024", "service_memory: 2048")
    try:
        assert scene.drift().code == 2
        assert scene.findings() == sorted([SSH, TAG, CHANGED, ADDED, RULE])
        assert scene.findings("pending") == [("ecs_task_definition", "voj-backend-prod", "memory")]
    finally:
        edit(scene, "service_memory: 2048", "service_memory: 1024")


def test_nobody_answers(scene: Scene) -> None:
    result = scene.drift(endpoint="http://127.0.0.1:9")
    assert result.code == 4, result.output
    told = result.output.partition("NOT COMPLETE!")[2].partition("PLAY RECAP")[0]
    assert "not everything could be checked" in told
    assert "{" not in told
    assert "http://127.0.0.1:9 does not answer" in result.output


def test_a_plan_of_the_repair_writes_nothing(scene: Scene, found: Result) -> None:
    result = scene.drift("--check", "-e", "repair=true")
    assert result.code == 2, result.output
    assert scene.writes() == []
    assert "to make again: elb_listener_rule homu-alb:80/100" in result.output
    assert f"to put right: security_group voj-backend: {TAG[2]}, {SSH[2]}" in result.output
    assert len(scene.findings()) == 5


def test_all_at_once_is_nothing_to_confirm(scene: Scene, found: Result) -> None:
    result = scene.drift("-e", "repair=true", "-e", "confirm=all")
    assert result.code == 4, result.output
    assert "'all' names no resource" in result.output
    assert scene.writes() == []


def lock(scene: Scene, **more: Any) -> None:
    """As a release of VOJ holds it."""
    item = {"service": "voj-prod/voj-backend-api", "item": "lock", "token": "t", "kind": "release", "who": "kim"}
    values: dict[str, Any] = {key: {"S": value} for key, value in item.items()}
    numbers = {"taken_at": int(time.time()), "renewal": 1, "pid": os.getpid()} | more
    values |= {key: {"N": str(value)} for key, value in numbers.items()} | {"place": {"S": Process.of(1).place}}
    born = Process.of(numbers["pid"]).born
    scene.client("dynamodb").put_item(TableName="slipway-releases", Item=values | {"born": {"S": born}})


def unlock(scene: Scene) -> None:
    key = {"service": {"S": "voj-prod/voj-backend-api"}, "item": {"S": "lock"}}
    scene.client("dynamodb").delete_item(TableName="slipway-releases", Key=key)


def test_a_service_that_is_being_released_is_left_alone(scene: Scene, found: Result) -> None:
    lock(scene)
    try:
        result = scene.drift("--check", "-e", "repair=true", "-e", CONFIRM)
    finally:
        unlock(scene)
    assert result.code == 2, result.output
    assert scene.findings() == [RULE]
    assert "voj-backend was not judged: under way is the release by kim" in result.output


def test_what_is_safe_is_put_right_at_once(scene: Scene, found: Result) -> None:
    result = scene.drift("-e", "repair=true")
    assert result.code == 2, result.output
    assert scene.findings() == sorted([CHANGED, ADDED])
    assert "put right: security_group voj-backend" in result.output
    assert "made again: elb_listener_rule homu-alb:80/100" in result.output
    repaired = {(one["kind"], one["verb"]) for one in scene.report()["repaired"]}
    assert repaired == {("security_group", "update"), ("elb_listener_rule", "create")}
    # The lock was given back.
    keys = scene.client("dynamodb").scan(TableName="slipway-releases")["Items"]
    assert [one for one in keys if one["item"]["S"] == "lock"] == []


def test_what_interrupts_is_put_right_when_it_is_confirmed(scene: Scene, found: Result) -> None:
    result = scene.drift("-e", "repair=true", "-e", CONFIRM)
    assert result.code == 0, result.output
    assert scene.findings() == []
    ecs = scene.client("ecs")
    (service,) = ecs.describe_services(cluster="voj-prod", services=["voj-backend-api"])["services"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    values = {one["name"]: one["value"] for one in definition["containerDefinitions"][0]["environment"]}
    assert values == {"ENVIRONMENT": "production", "AWS_REGION": "ap-northeast-2"}
    again = scene.drift()
    assert again.code == 0, again.output
    assert scene.report()["findings"] == []
    assert "resolved" not in again.output
    # A repair with nothing to do is no change.
    assert scene.drift("-e", "repair=true").changed == dict.fromkeys(SERVICES, 0)
    assert scene.writes() == []


def test_what_was_added_by_hand_is_taken_away(scene: Scene) -> None:
    elb, iam = scene.client("elbv2"), scene.client("iam")
    (balancer,) = elb.describe_load_balancers(Names=["homu-alb"])["LoadBalancers"]
    arn = balancer["LoadBalancerArn"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    action = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    path = [{"Field": "path-pattern", "Values": ["/x"]}]
    elb.create_rule(ListenerArn=listener["ListenerArn"], Priority=7, Conditions=path, Actions=action)
    elb.create_listener(LoadBalancerArn=arn, Port=8080, Protocol="HTTP", DefaultActions=action)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="voj-backend-task", PolicyName="more", PolicyDocument=json.dumps(everything))

    assert scene.drift().code == 2
    listener_finding = ("elb_load_balancer", "homu-alb", "listeners[8080]")
    rule_finding = ("elb_listener", "homu-alb:80", "rules[7]")
    policy_finding = ("iam_role", "voj-backend-task", "inline_policies[more]")
    assert scene.findings() == sorted([listener_finding, rule_finding, policy_finding])

    # Of one service alone nobody can say what another one has put there.
    assert scene.drift("--limit", "homu-backend").code == 0
    assert scene.findings() == []

    assert scene.drift("-e", "repair=true", "-e", "confirm=elb_listener:homu-alb:8080").code == 2
    assert scene.findings() == [rule_finding]
    result = scene.drift("-e", "repair=true", "-e", "confirm=elb_listener_rule:homu-alb:80/7")
    assert result.code == 0, result.output
    assert scene.drift().code == 0


def test_after_a_rollback_nothing_has_drifted(scene: Scene) -> None:
    edit(scene, "ENVIRONMENT: production", "ENVIRONMENT: next")
    try:
        released = scene.play("deploy.yml", "--limit", "voj-backend")
        assert released.code == 0, released.output
        assert scene.drift().code == 0
        assert scene.report()["findings"] == []
        back = scene.play("rollback.yml", "--limit", "voj-backend")
        assert back.code == 0, back.output
        result = scene.drift()
        assert result.code == 0, result.output
        assert scene.findings("pending") == [("ecs_service", "voj-prod/voj-backend-api", "task_definition")]
    finally:
        edit(scene, "ENVIRONMENT: next", "ENVIRONMENT: production")
