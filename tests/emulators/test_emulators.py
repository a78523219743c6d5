"""The emulators and the guard themselves."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from docker import DockerClient

from demo.embedded_aws import ROOT
from demo.engine import image_names
from tests.emulators import servers
from tests.emulators.calls import counting_between, counting_here
from tests.emulators.emulator import Emulator
from tests.emulators.loopback.sitecustomize import allowed

OUTSIDE = [
    "ecs.ap-northeast-2.amazonaws.com",
    "sts.amazonaws.com.",
    "ecr.ap-northeast-2.api.aws",
    "pricing.us-east-1.amazonaws.com",
    "169.254.169.254",
    "fe80::a9fe:a9fe%eth0",
    "8.8.8.8",
    "localhost.example.com",
]


@pytest.mark.parametrize("host", OUTSIDE)
def test_outside_is_refused(host: str) -> None:
    assert not allowed(host)
    with pytest.raises(socket.gaierror, match="emulators only"):
        socket.getaddrinfo(host, 443)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "localhost", "voj-alb.elb.localhost", "172.17.0.2", None, b"localhost"]
)
def test_this_machine_is_allowed(host: str | bytes | None) -> None:
    assert allowed(host)


def test_boto_cannot_reach_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with pytest.raises(EndpointConnectionError, match=r"amazonaws\.com"):
        boto3.client("sts", config=Config(retries={"total_max_attempts": 1})).get_caller_identity()


def test_a_child_process_cannot_reach_aws() -> None:
    program = "import socket; socket.getaddrinfo('sts.amazonaws.com', 443)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "not on this machine" in ended.stderr


def test_nothing_of_the_users_account_is_left() -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "test"
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_CONFIG_FILE"] == os.devnull


@pytest.mark.aws("sts", "ssm")
def test_a_client_talks_to_its_emulator(emulator: Emulator) -> None:
    assert emulator.client("sts").get_caller_identity()["Account"] == emulator.account
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="/slipway/test", Value="x", Type="String", Overwrite=True)
    assert ssm.get_parameter(Name="/slipway/test")["Parameter"]["Value"] == "x"
    ssm.delete_parameter(Name="/slipway/test")


def test_a_reset_empties_ministack_and_moto(ministack: Emulator, moto: Emulator) -> None:
    for emulator in (ministack, moto):
        emulator.client("sns").create_topic(Name="slipway")
        emulator.reset()
        assert emulator.client("sns").list_topics()["Topics"] == []


def test_calls_of_this_process_are_counted(ministack: Emulator) -> None:
    with counting_here() as calls:
        ministack.client("ecs").list_clusters()
        ministack.client("iam").list_roles()
        ministack.client("iam").list_roles()
    ministack.client("iam").list_roles()
    assert calls == {"ecs:ListClusters": 1, "iam:ListRoles": 2}


def test_calls_of_a_child_process_are_counted(ministack: Emulator, tmp_path: Path) -> None:
    program = "import boto3; boto3.client('ecs').list_clusters(); boto3.client('elbv2').describe_load_balancers()"
    with counting_between(ministack.endpoint, tmp_path) as between:
        environment = {**os.environ, **Emulator("ministack", between.endpoint).environment()}
        subprocess.run([sys.executable, "-c", program], env=environment, cwd=ROOT, check=True)
        assert between.calls() == {
            "ecs:ListClusters": 1,
            "elasticloadbalancing:DescribeLoadBalancers": 1,
        }
        between.reset_calls()
        assert between.calls() == {}


def test_pro_needs_its_token_and_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCALSTACK_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("SLIPWAY_LOCALSTACK_ENDPOINT", "http://127.0.0.1:4566/")
    with pytest.raises(ValueError, match="set both"):
        servers.pro_endpoint()
    monkeypatch.setenv("LOCALSTACK_AUTH_TOKEN", "t")
    assert servers.pro_endpoint() == "http://127.0.0.1:4566"
    monkeypatch.setenv("SLIPWAY_LOCALSTACK_ENDPOINT", "https://ecs.ap-northeast-2.amazonaws.com")
    with pytest.raises(ValueError, match="address of this machine"):
        servers.pro_endpoint()


def test_ministack_leaves_nothing_on_the_engine(docker_engine: DockerClient, python_image: str, tmp_path: Path) -> None:
    with servers.ministack(tmp_path) as emulator:
        address = emulator.endpoint.removeprefix("http://")
        docker_engine.images.get(python_image).tag(f"{address}/left-over", "1")
        ecs = emulator.client("ecs")
        ecs.create_cluster(clusterName="left-over")
        container = {"name": "sleep", "image": python_image, "command": ["sleep", "600"], "memory": 64}
        ecs.register_task_definition(family="left-over", containerDefinitions=[container])
        ecs.run_task(cluster="left-over", taskDefinition="left-over", count=2)
        _wait_for_containers(docker_engine, emulator, 2)
        assert _images(docker_engine, address) == [f"{address}/left-over:1"]
    assert _containers(docker_engine, emulator) == []
    assert _images(docker_engine, address) == []
    assert [path.name for path in tmp_path.iterdir()] == ["ministack.log"]


def _containers(client: DockerClient, emulator: Emulator) -> list[str | None]:
    port = emulator.endpoint.rpartition(":")[2]
    found = client.containers.list(all=True, ignore_removed=True, filters={"label": "ministack.instance"})
    return [one.name for one in found if one.labels["ministack.instance"].endswith(f":{port}")]


def _images(client: DockerClient, address: str) -> list[str]:
    return [name for _, names in image_names(client) for name in names if name.startswith(address)]


def _wait_for_containers(client: DockerClient, emulator: Emulator, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(_containers(client, emulator)) < count:
        assert time.monotonic() < deadline, "the tasks' containers did not start"
        time.sleep(0.1)
