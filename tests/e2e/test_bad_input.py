"""Bad input is refused before anything is touched, in words: the variable, where it was written, and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from demo.embedded_aws import ROOT, client_environment, free_port
from tests.e2e.http import answering
from tests.e2e.playbook import Result, ansible_playbook
from tests.emulators.calls import counting_between
from tests.emulators.emulator import Emulator

LMS = ("--limit", "lms-backend")
pytestmark = pytest.mark.timeout(300)


def refused(result: Result, *told: str) -> None:
    """A failure that a person can act on."""
    assert result.code != 0, result.output
    for text in told:
        assert text in result.output, f"{text!r} is not in:\n{result.output}"
    for trace in ("Traceback (most recent call last)", "Task failed: '", "object has no attribute"):
        assert trace not in result.output, result.output
    assert result.changed.get("lms-backend", 0) == 0, result.output


def deploy(environment: dict[str, str], *extra: str, without: tuple[str, ...] = ()) -> Result:
    """Deploy one service that needs nothing but an account."""
    return ansible_playbook("deploy.yml", "-i", "local", *LMS, *extra, environment=environment, without=without)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ('{"service_helth_check": 1}', ("service_helth_check", "service_health_check")),
        ('{"service_desired_count": "many"}', ("service_desired_count", "many")),
        ('{"service_cpu": 256, "service_memory": 4096}', ("service_memory", "256", "512")),
        ('{"service_container_port": 70000}', ("service_container_port", "65535")),
        ('{"service_secrets": {"TOKEN": "ssm:/no spaces/here"}}', ("service_secrets", "TOKEN")),
        ('{"service_environment": {"DB_PASSWORD": "hunter2hunter2"}}', ("service_environment", "service_secrets")),
    ],
    ids=["unknown key", "wrong type", "cpu and memory", "port", "secret syntax", "plain secret"],
)
def test_a_wrong_description(variables: str, told: tuple[str, ...], moto: Emulator, tmp_path: Path) -> None:
    with counting_between(moto.endpoint, tmp_path) as counted:
        result = deploy(client_environment(counted.endpoint), "-e", variables)
        refused(result, *told)
        assert "hunter2" not in result.output
        assert not counted.calls(), "AWS was called for a description that is wrong"


def test_the_file_and_line_are_named(moto: Emulator, tmp_path: Path) -> None:
    inventories = shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    description = inventories / "prod" / "host_vars" / "lms-backend" / "description.yml"
    lines = description.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("service_memory:"))
    description.write_text(description.read_text().replace(lines[line - 1], "service_memory: 700"))
    result = ansible_playbook(
        "deploy.yml", "-i", str(inventories / "local"), *LMS, environment=client_environment(moto.endpoint)
    )
    refused(result, "service_memory", f"description.yml:{line}")


def test_a_secret_that_is_not_there(moto: Emulator, tmp_path: Path) -> None:
    with counting_between(moto.endpoint, tmp_path) as counted:
        secrets = '{"service_secrets": {"TOKEN": "ssm:/lms/TOKEN", "KEY": "secretsmanager:lms/key#jwt"}}'
        result = deploy(client_environment(counted.endpoint), "-e", secrets)
        refused(result, "ssm:/lms/TOKEN", "secretsmanager:lms/key", "service_secrets")
        written = [name for name in counted.calls() if ":Create" in name or ":Put" in name or ":Register" in name]
        assert not written


def test_all_findings_at_once_with_their_places(moto: Emulator, tmp_path: Path) -> None:
    moto.client("secretsmanager").create_secret(Name="lms/key", SecretString='{"jwt_secret": "hunter2hunter2"}')
    inventories = shutil.copytree(ROOT / "inventories", tmp_path / "inventories", symlinks=True)
    description = inventories / "prod" / "host_vars" / "lms-backend" / "description.yml"
    more = ("service_secrets:", "  KEY: secretsmanager:lms/key#jwt", "service_alarms: [lms-errors]")
    lines = [*description.read_text().splitlines(), *more]
    description.write_text("\n".join(lines) + "\n")
    with counting_between(moto.endpoint, tmp_path) as counted:
        result = ansible_playbook(
            "deploy.yml", "-i", str(inventories / "local"), *LMS, environment=client_environment(counted.endpoint)
        )
        refused(
            result,
            "2 things are in the way of lms-backend; nothing was touched.",
            "service_secrets.KEY: lms/key has no key jwt",
            f"description.yml:{len(lines) - 1})",
            "service_alarms[0]: there is no alarm lms-errors",
            f"description.yml:{len(lines)})",
            "-> its keys are jwt_secret; correct the key",
        )
        assert "hunter2" not in result.output
        read = ("Describe", "Get", "List", "Batch", "Simulate")
        assert not [name for name in counted.calls() if not name.partition(":")[2].startswith(read)]


def test_the_preflight_alone_shows_every_check_and_touches_nothing(moto: Emulator, tmp_path: Path) -> None:
    with counting_between(moto.endpoint, tmp_path) as counted:
        result = deploy(client_environment(counted.endpoint), "--tags", "preflight")
        assert result.code == 0, result.output
        assert result.changed == {"lms-backend": 0}
        for told in ("lms-backend: preflight: ", "OK    roles", "the execution role ecsTaskExecutionRole is made by"):
            assert told in result.output, result.output
        assert "WARN" not in result.output
        assert "FAIL" not in result.output
        read = ("Describe", "Get", "List", "Batch", "Simulate")
        assert not [name for name in counted.calls() if not name.partition(":")[2].startswith(read)]


def test_a_missing_inventory() -> None:
    for arguments in (["-i", "nowhere"], []):
        result = ansible_playbook("deploy.yml", *arguments, environment={})
        assert result.code != 0, result.output
        assert "inventory" in result.output.lower()
        assert "Traceback" not in result.output


def test_no_credentials(tmp_path: Path) -> None:
    # Not an emulator's address, where any key would do; and nothing answers there either.
    environment = client_environment("http://aws.example.invalid:9")
    result = deploy(environment, without=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    refused(result, "no AWS credentials were found", "AWS_PROFILE")


def test_an_unknown_profile() -> None:
    environment = client_environment("http://aws.example.invalid:9")
    result = deploy(environment, "-e", "aws_profile=nobody")
    refused(result, "nobody", "aws configure list-profiles")


def test_no_region() -> None:
    environment = client_environment("http://127.0.0.1:9")
    refused(deploy(environment, "-e", '{"service_region": null}'), "service_region")


def test_an_endpoint_that_is_down() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    refused(deploy(client_environment(endpoint)), f"{endpoint} does not answer", "aws_endpoint_url")


def test_an_expired_token(moto: Emulator) -> None:
    answer = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        "<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message>"
        "</Error><RequestId>0</RequestId></ErrorResponse>"
    )
    with answering(403, answer, "text/xml") as endpoint:
        refused(deploy(client_environment(endpoint)), "session token has expired", "aws sso login")


def test_another_account(moto: Emulator) -> None:
    result = deploy(client_environment(moto.endpoint), "-e", "service_account_id=111122223333")
    refused(result, "service_account_id", "111122223333", moto.account)
