"""Preflight: what each check says of what was seen, and how all of it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.aws.errors import AwsError
from slipway.release.preflight import Check, Seen, inspect, judge, render
from slipway.release.preflight import domain as domain_checks
from slipway.release.preflight import secrets as secret_checks
from slipway.release.preflight.check import counts, results, worst
from slipway.release.preflight.network import default_way
from slipway.release.preflight.secrets import SecretSeen
from slipway.release.preflight.seen import Unread
from tests.unit.fake_aws import FakeAws
from tests.unit.preflight_account import (
    ENDPOINTS,
    FRONT,
    OTHER,
    ROLE_ARN,
    TASKS,
    checks,
    described,
    fresh,
    healthy,
    permission,
    rule,
    table,
    to,
    told,
    trust,
)
from tests.unit.preflight_cases import CASES, DENY, STACK


def test_an_account_in_which_nothing_is_wrong() -> None:
    found = checks()
    assert told(found) == []
    assert {one.group for one in found} == {
        "account", "image", "secrets", "roles", "network", "load balancer", "domain", "size", "service", "alarms",
        "quotas",
    }  # fmt: skip


def test_a_fresh_account_passes() -> None:
    seen = Seen(FakeAws())
    for name, value in fresh().items():
        seen.put(name, value)
    found = judge(described(service_build_context="/"), seen_with_build(seen))
    assert told(found) == []
    made = [one.what for one in found if "made by this deploy" in one.what]
    assert len(made) >= 7


def seen_with_build(seen: Seen) -> Seen:
    seen.put("build", (True, True))
    return seen


@pytest.mark.parametrize(("changes", "variables", "status", "group", "words"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_one_thing_is_wrong(
    changes: dict[str, Any], variables: dict[str, Any], status: str, group: str, words: tuple[str, ...]
) -> None:
    found = told(checks(changes, **variables))
    assert [(one[0], one[1]) for one in found] == ([(status, group)] if status else [])
    for word in words:
        assert word in found[0][2]


FINE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("the trust is corrected", {"execution_role": {"Arn": ROLE_ARN, "AssumeRolePolicyDocument": trust("ec2")}}, {},
     "does not trust ECS tasks yet: this deploy corrects that"),
    ("what an emulator's simulation leaves out", {"simulation": [{**DENY, "EvalDecision": "implicitDeny"}]}, {},
     "may pull the image, write the logs and read the secrets"),
    ("a denial of what nobody asks for", {"simulation": [{"EvalActionName": "ecr:BatchGetImage",
     "EvalResourceName": "*", "EvalDecision": "explicitDeny"}]}, {}, "may pull the image"),
    ("a key that a policy allows", {"kms_keys": {"k": {"KeyState": "Enabled", "Arn": "arn:k"}}, "simulation": [
        {"EvalActionName": "kms:Decrypt", "EvalResourceName": "arn:k", "EvalDecision": "allowed"}]}, {},
     "may use the KMS key arn:k"),
    ("behind a NAT", {"routes": [table(to("nat-1", "NatGatewayId"))]},
     {"service_assign_public_ip": False, "service_load_balancer_scheme": "internal"}, "have a way to ECR"),
    ("endpoints", {"routes": [table()], "endpoints": ENDPOINTS}, {"service_load_balancer_scheme": "internal"},
     "have a way to ECR"),
    ("egress by group", {"security_groups": [
        {"GroupName": "web", "GroupId": TASKS, "IpPermissionsEgress": [permission(443)]},
        {"GroupName": "web-alb", "GroupId": FRONT,
         "IpPermissionsEgress": [permission(8000, UserIdGroupPairs=[{"GroupId": TASKS}])]}]}, {},
     "the security group web-alb: its rules are brought to the description by this deploy"),
    ("another health check path", {"target_group": {**healthy()["target_group"], "HealthCheckPath": "/"}}, {},
     "asks for /: this deploy changes it to /health"),
    ("not attached yet", {"target_group": {**healthy()["target_group"], "LoadBalancerArns": []}}, {},
     "is attached to web by this deploy"),
    ("our rule leads to our old group", {"rules": [(443, [rule(target=OTHER, path_pattern=["/*"])])], "service": {
        "status": "ACTIVE", "loadBalancers": [{"targetGroupArn": OTHER}]}}, {}, "is this service's"),
    ("our domain's rule", {"rules": [(443, [rule(target=OTHER)])]}, {}, "is this service's"),
    ("a free priority", {"rules": [(443, [])]}, {}, "the rule 100 of web:443 is free"),
    ("no listener", {"rules": [(80, [rule(target=OTHER)])]}, {}, "the listener web:443 is made by this deploy"),
    ("delegated", {"delegation": frozenset({"ns-1."})}, {}, "the hosted zone example.com is there"),
    ("inactive", {"service": {"status": "INACTIVE"}, "cluster": {"status": "INACTIVE"}}, {},
     "the service web is made by this deploy"),
    ("a stack of somebody else", {"stacks": [STACK], "owned": {"web-stack": ["shop"]}}, {}, "no broken CloudFormation"),
    ("no quota known", {"vCPU quota": None, "services quota": None, "interfaces quota": None, "elb_limits": {}}, {},
     "are a size of Fargate"),
    ("an image that says nothing", {"image": type("Image", (), {"platform": ""})()}, {}, "does not say its"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "variables", "words"), [c[1:] for c in FINE], ids=[c[0] for c in FINE])
def test_what_is_no_finding(changes: dict[str, Any], variables: dict[str, Any], words: str) -> None:
    found = checks(changes, **variables)
    assert told(found) == []
    assert any(words in one.what for one in found)


def test_a_rule_with_our_conditions_that_comes_first() -> None:
    earlier = rule(5, OTHER, path_pattern=["/*"])
    without_domain = {"service_domain": None, "service_hosted_zone": None}
    changes = {"rules": [(80, [rule(path_pattern=["/*"]), earlier])]}
    ((status, group, words),) = told(checks(changes, **without_domain))
    assert (status, group) == ("WARN", "load balancer")
    assert "the rule 5 has the same conditions, comes first and leads to shop" in words


SECRETS = [
    (SecretSeen(form="JSON", keys=frozenset({"jwt"})), "OK", "with its key"),
    (SecretSeen(exists=False), "FAIL", "there is no such thing"),
    (SecretSeen(deleted=True), "FAIL", "scheduled for deletion"),
    (SecretSeen(form="JSON", keys=frozenset({"jwt_secret", "url"})), "FAIL", "k has no key jwt"),
    (SecretSeen(form="text"), "FAIL", "is text and no JSON object"),
    (SecretSeen(form="binary"), "FAIL", "is binary and no JSON object"),
    (SecretSeen(form="empty"), "FAIL", "has no value yet"),
    (SecretSeen(unread=Unread("denied", "secretsmanager:GetSecretValue", "")), "WARN",
     "cannot see whether secretsmanager:k#jwt has the key: needs secretsmanager:GetSecretValue"),
    (Unread("denied", "secretsmanager:DescribeSecret", ""), "WARN", "needs secretsmanager:DescribeSecret"),
]  # fmt: skip


@pytest.mark.parametrize(("secret", "status", "words"), SECRETS)
def test_a_key_of_a_secret(secret: SecretSeen | Unread, status: str, words: str) -> None:
    found = [one for one in checks({"secrets": {"b": SecretSeen(), "k": secret}}) if one.group == "secrets"]
    (one,) = [one for one in found if words in one.what]
    assert one.status == status
    assert worst(found) == status
    assert one.path == (("service_secrets", "K") if status == "FAIL" else one.path)


NOW = datetime(2026, 11, 21, tzinfo=UTC)
ISSUED = {"DomainName": "example.com", "Status": "ISSUED", "NotAfter": datetime(2027, 11, 1, tzinfo=UTC)}
CERTIFICATES = [
    ({**ISSUED, "SubjectAlternativeNames": ["*.example.com"]}, [("OK", "is issued")]),
    ({**ISSUED, "DomainName": "API.example.com."}, [("OK", "is issued")]),
    (ISSUED, [("FAIL", "covers example.com, and not api.example.com")]),
    ({**ISSUED, "DomainName": "*.api.example.com"}, [("FAIL", "and not api.example.com")]),
    ({**ISSUED, "Status": "PENDING_VALIDATION"}, [("FAIL", "waits for its validation")]),
    ({**ISSUED, "Status": "FAILED", "FailureReason": "CAA_ERROR"}, [("FAIL", "is FAILED (CAA_ERROR)")]),
    ({**ISSUED, "DomainName": "*.example.com", "NotAfter": datetime(2026, 11, 1, tzinfo=UTC)},
     [("FAIL", "ran out at 2026-11-01")]),
    ({**ISSUED, "DomainName": "*.example.com", "NotAfter": datetime(2026, 12, 1, tzinfo=UTC)},
     [("WARN", "runs out at 2026-12-01"), ("OK", "is issued")]),
    ({**ISSUED, "DomainName": "*.example.com", "NotAfter": datetime(2026, 12, 1, tzinfo=UTC),
      "RenewalEligibility": "ELIGIBLE"}, [("OK", "is issued")]),
]  # fmt: skip


@pytest.mark.parametrize(("certificate", "expected"), CERTIFICATES)
def test_a_certificate_that_a_person_chose(certificate: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = list(domain_checks.judge(certificate, "api.example.com", NOW))
    assert [one.status for one in found] == [status for status, _ in expected]
    for one, (_, words) in zip(found, expected, strict=True):
        assert words in one.what


@pytest.mark.parametrize(
    "name", sorted(set(healthy()) - {"tags", "build", "secrets", "owned", "delegation", "endpoints"})
)
@pytest.mark.parametrize("why", ["denied", "no such API", "failed"])
def test_whatever_cannot_be_read_is_a_warning_at_most(name: str, why: Any) -> None:
    found = checks({name: Unread(why, "x:Describe", "said")})
    statuses = {one.status for one in found}
    assert "FAIL" not in statuses
    if why == "denied":
        warned = [one for one in found if one.status == "WARN"]
        assert warned
        for one in warned:
            assert "needs x:Describe" in one.what
            assert one.remedy
        assert len({(one.group, one.what) for one in warned}) == len(warned), "one line a branch"
    elif why == "no such API":
        assert "WARN" not in statuses
        assert "SKIP" in statuses


def test_endpoints_are_asked_for_only_where_there_is_no_other_way() -> None:
    unread = {"endpoints": Unread("denied", "ec2:DescribeVpcEndpoints", "no")}
    assert told(checks(unread)) == []
    inside = {"service_load_balancer_scheme": "internal"}
    ((status, group, words),) = told(checks({**unread, "routes": [table()]}, **inside))
    assert (status, group) == ("WARN", "network")
    assert "needs ec2:DescribeVpcEndpoints" in words


ROUTES = [
    ([], ""),
    ([to("igw-1")], "igw-1"),
    ([to("nat-1", "NatGatewayId")], "nat-1"),
    ([to("nat-1", "NatGatewayId", "blackhole")], ""),
    ([to("pcx-1", "VpcPeeringConnectionId")], "other"),
    ([{"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}, to("nat-1", "NatGatewayId")], "nat-1"),
    ([{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}], "other"),
]


@pytest.mark.parametrize(("routes", "way"), ROUTES)
def test_where_the_route_to_everywhere_leads(routes: list[dict[str, str]], way: str) -> None:
    assert default_way(table(*routes)) == way


def test_every_finding_has_a_remedy_and_all_come_at_once() -> None:
    everything: dict[str, Any] = {}
    for _, changes, variables, *_ in CASES:
        if not variables:
            everything.update(changes)
    found = checks(everything)
    bad = [one for one in found if one.status in {"FAIL", "WARN"}]
    assert len(bad) >= 12
    assert all(one.remedy for one in bad)


def test_the_tree() -> None:
    found = [
        Check("OK", "account 1", group="account"),
        Check("OK", "b is there", group="secrets"),
        Check("FAIL", "k has no key jwt", "add it", ("service_secrets", "K"), "secrets"),
        Check("SKIP", "not checked: x", group="quotas"),
        Check("OK", "size", group="size"),
        Check("SKIP", "not checked: y", group="size"),
    ]
    short = render(found, lambda _: "description.yml:7", whole=False)
    assert short.splitlines() == [
        "    OK    account",
        "    FAIL  secrets",
        "      FAIL  service_secrets.K: k has no key jwt  (description.yml:7)",
        "            -> add it",
        "    SKIP  quotas",
        "    OK    size  (1 not checked)",
    ]
    whole = render(found, lambda _: None, whole=True)
    assert "      OK    b is there" in whole
    assert "      SKIP  not checked: y" in whole
    assert counts(found) == "3 OK, 1 FAIL, 2 SKIP"
    assert results(found, lambda _: "description.yml:7")[2] == {
        "group": "secrets",
        "status": "FAIL",
        "what": "k has no key jwt",
        "remedy": "add it",
        "variable": "service_secrets.K",
        "where": "description.yml:7",
    }


def test_the_value_of_a_secret_is_not_kept() -> None:
    def value(params: dict[str, Any]) -> dict[str, Any]:
        return {"SecretString": '{"jwt": "hunter2", "url": "hunter3"}'}

    aws = FakeAws(
        {
            "GetParameters": {"Parameters": [{"Name": "/a", "Type": "SecureString", "Value": "cipher"}]},
            "DescribeParameters": {"Parameters": [{"Name": "/a", "KeyId": "alias/aws/ssm"}]},
            "DescribeSecret": {"ARN": "arn"},
            "GetSecretValue": value,
        }
    )
    seen = Seen(aws)
    secret_checks.observe(aws, described(), seen)
    assert seen["secrets"]["k"] == SecretSeen(form="JSON", keys=frozenset({"jwt", "url"}))
    assert "hunter" not in repr(vars(seen))
    assert "cipher" not in repr(vars(seen))
    # Only the one of which a key is asked for is read.
    assert aws.calls["secretsmanager:GetSecretValue"] == 1
    assert aws.calls["secretsmanager:DescribeSecret"] == 2


def test_a_caller_who_may_do_nothing_is_told_what_is_needed() -> None:
    def refused(operation: str) -> Any:
        def refuse(params: dict[str, Any]) -> dict[str, Any]:
            raise AwsError("refused", code="AccessDeniedException", operation=operation, service="any")

        return refuse

    class Denied(FakeAws):
        def answer(self, operation: str, params: dict[str, Any]) -> Any:
            return refused(operation)(params)

    found = inspect(Denied(), described())
    assert {one.status for one in found} == {"OK", "WARN"}
    needed = {one.what.rpartition("needs ")[2] for one in found if one.status == "WARN"}
    assert needed == {
        f"any:{name}"
        for name in "DescribeRepositories GetParameters DescribeSecret GetSecretValue GetRole DescribeVpcs "
        "DescribeLoadBalancers DescribeTargetGroups DescribeAccountLimits ListCertificates ListHostedZonesByName "
        "DescribeClusters DescribeServices DescribeStacks DescribeAlarms GetServiceQuota".split()
    }


def test_without_credentials_no_check_goes_on() -> None:
    def refuse(params: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("expired", code="ExpiredToken", operation="GetRole", service="iam")

    seen = Seen(FakeAws())
    with pytest.raises(AwsError, match="expired"):
        seen.read("x", lambda: refuse({}))
