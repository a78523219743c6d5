"""Blue/green, canary and linear releases: good ones, and bad ones after which the old version has all requests."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tests.e2e.playbook import Result
from tests.faults.releasing import Service, failed, succeeded

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]
# The layer's minutes are 1.2 s long.
STRATEGIES: dict[str, dict[str, Any]] = {
    "blue_green": {"service_deployment_strategy": "blue_green", "service_bake_time": 1},
    "canary": {
        "service_deployment_strategy": "canary",
        "service_canary": {"percent": 20, "bake_time": 2},
        "service_bake_time": 1,
    },
    "linear": {"service_deployment_strategy": "linear", "service_linear": {"step_percent": 25, "step_bake_time": 1}},
}
# The shares of each stand longer than the longest pause of a wait between two looks, which is 5 s.
SHARES: dict[str, tuple[int, dict[str, Any]]] = {
    "blue_green": (0, {}),
    "canary": (20, {"service_canary": {"percent": 20, "bake_time": 6}}),
    "linear": (50, {"service_linear": {"step_percent": 50, "step_bake_time": 6}}),
}
CRASH = {"VERSION": "broken", "EXIT_AT_START": "3"}


@pytest.fixture(scope="module", params=STRATEGIES)
def name(request: pytest.FixtureRequest) -> str:
    """A strategy; of the module's scope, so that all tests of one come together."""
    return str(request.param)


@pytest.fixture
def strategy(name: str, service: Service) -> dict[str, Any]:
    """The variables of a strategy, with which the service was released already."""
    if service.described()["deploymentConfiguration"].get("strategy") != name.upper():
        succeeded(service.deploy(version=service.next_version(), **STRATEGIES[name]))
        service.await_settled()
    return STRATEGIES[name]


def weights(service: Service) -> list[int]:
    """The weights of the production rule's target groups."""
    elb = service.client("elbv2")
    balancer = elb.describe_load_balancers(Names=["web"])["LoadBalancers"][0]["LoadBalancerArn"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    rule = next(one for one in rules if not one["IsDefault"])
    return sorted(one["Weight"] for one in rule["Actions"][0]["ForwardConfig"]["TargetGroups"])


def test_a_good_release(service: Service, strategy: dict[str, Any]) -> None:
    version = service.next_version()
    first, visible = SHARES[strategy["service_deployment_strategy"]]
    strategy = {**strategy, **visible, "service_bake_time": 6}
    with service.asked() as answers:
        result = service.deploy(version=version, **strategy)
        succeeded(result)
        answers.await_one()
    assert answers.last == f"version {version}"
    for share in (first, 100):
        assert f", {share} % of the requests go to the new version" in result.output, result.output
    assert "stage scale up" in result.output, result.output
    changes_nothing(service, strategy, version)


def changes_nothing(service: Service, strategy: dict[str, Any], version: str) -> None:
    """The weights are ECS's: a plain run leaves them as they are."""
    service.await_settled()
    assert weights(service) == [0, 100]
    again = service.deploy(version=version, **strategy)
    succeeded(again)
    assert again.changed == {"web": 0}, again.output


def bad(service: Service, strategy: dict[str, Any], *told: str, code: str, **variables: Any) -> Result:
    """A bad release: the old version has all requests again, and then a good one succeeds."""
    serving, revision, version = service.version(), service.revision(), service.next_version()
    with service.asked() as answers:
        result = service.deploy(version=version, **{**strategy, **variables})
        failed(result, *told, "what serves now: ")
        answers.await_one()
    assert answers.last == serving
    service.await_settled()
    assert (service.version(), service.revision(), weights(service)) == (serving, revision, [0, 100])
    last = service.records()[0]
    assert (last.verdict, last.cause_code, last.serving) == ("rolled_back", code, revision), result.output
    with service.asked() as answers:
        succeeded(service.deploy(version=version, **strategy))
        answers.await_one()
    assert answers.last == f"version {version}"
    changes_nothing(service, strategy, version)
    return result


def test_the_new_version_crashes(service: Service, strategy: dict[str, Any]) -> None:
    bad(service, strategy, "the container web exited with code 3", code="exit_code", service_environment=CRASH)


def test_the_check_through_the_load_balancer_fails(service: Service, strategy: dict[str, Any]) -> None:
    # Of the new version the answer is not what is wanted: ECS cannot know that.
    bad(service, strategy, "went back to", code="http_check", service_http_check_path="/",
        service_http_check_body="not what it says")  # fmt: skip


def hook(service: Service, status: str) -> list[dict[str, Any]]:
    """A lifecycle hook that always answers this."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", f"def handler(event, context):\n    return {json.dumps({'hookStatus': status})}\n")
    made = service.client("lambda").create_function(
        FunctionName=f"hook-{status.lower()}-{service.next_version()}",
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/hook",
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )
    return [{"function_arn": made["FunctionArn"], "lifecycle_stages": ["POST_SCALE_UP"]}]


def test_a_lifecycle_hook_says_no(service: Service, strategy: dict[str, Any]) -> None:
    bad(service, strategy, "lifecycle hook", code="hook_failed", service_lifecycle_hooks=hook(service, "FAILED"))
