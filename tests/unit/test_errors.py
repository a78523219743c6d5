"""What a person is told when AWS says no, or says nothing."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import AwsError, SlipwayError, from_botocore, from_client_error
from tests.e2e.http import answering


@pytest.mark.parametrize(
    ("code", "what", "remedy"),
    [
        ("ExpiredToken", "session token has expired", "aws sso login"),
        ("ExpiredTokenException", "session token has expired", "aws sso login"),
        ("InvalidClientTokenId", "does not accept these credentials", "AWS_PROFILE"),
        ("UnrecognizedClientException", "does not accept these credentials", "sts get-caller-identity"),
        ("AccessDeniedException", "ecs:CreateService was refused", "allow the action ecs:CreateService"),
        ("UnauthorizedOperation", "ecs:CreateService was refused", "allow the action ecs:CreateService"),
        ("ThrottlingException", "ecs:CreateService was refused", "again in a minute"),
        ("ClusterNotFoundException", "ClusterNotFoundException: said AWS", ""),
    ],
)
def test_what_aws_refused(code: str, what: str, remedy: str) -> None:
    answer = boto.ClientError({"Error": {"Code": code, "Message": "said AWS"}}, "CreateService")
    error = from_client_error(answer, "ecs", "CreateService")
    assert error.code == code
    assert what in error.what
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("AccessDeniedException", "access_denied"),
        ("ExpiredToken", "credentials"),
        ("ServiceUnavailable", "aws_not_answering"),
        ("ThrottlingException", "aws_not_answering"),
        ("InvalidParameterException", "aws_refused"),
    ],
)
def test_every_refusal_has_a_class_of_cause(code: str, cause: str) -> None:
    answer = boto.ClientError({"Error": {"Code": code, "Message": "said AWS"}}, "CreateService")
    assert from_client_error(answer, "ecs", "CreateService").cause_code == cause


@pytest.mark.parametrize(
    ("code", "message", "permission"),
    [
        ("AccessDenied", "said AWS", "elasticloadbalancing:DescribeRules"),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
        ("AccessDeniedException", "User: arn:aws:iam::1:user/a is not authorized to perform: iam:PassRole on resource: "
         "arn:aws:iam::1:role/web because no identity-based policy allows the iam:PassRole action", "iam:PassRole"),
        ("ClientException", "User: arn:aws:iam::1:user/a is not authorized to perform: iam:PassRole on resource: r",
         "iam:PassRole"),
    ],
)  # fmt: skip
def test_the_missing_permission_is_named_as_iam_writes_it(code: str, message: str, permission: str) -> None:
    answer = boto.ClientError({"Error": {"Code": code, "Message": message}}, "DescribeRules")
    error = from_client_error(answer, "elbv2", "DescribeRules")
    assert error.remedy == f"allow the action {permission} to the role or user that runs Slipway"
    assert not error.is_denial or error.permission == permission


@pytest.mark.parametrize(
    ("cause", "what"),
    [
        (boto.NoCredentialsError(), "no AWS credentials were found"),
        (boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "incomplete"),
        (boto.ProfileNotFound(profile="nobody"), "nobody"),
        (boto.UnauthorizedSSOTokenError(), "single sign-on session has expired"),
        (boto.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "does not answer"),
        (boto.ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"), "does not answer"),
        (boto.ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), "does not answer"),
    ],
)
def test_what_never_reached_aws(cause: boto.BotoCoreError, what: str) -> None:
    assert what in str(from_botocore(cause, "sts", "GetCallerIdentity", "http://127.0.0.1:1"))


def test_no_region_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(SlipwayError, match="service_region"):
        Connection.of({})


@pytest.mark.parametrize("endpoint", ["nonsense", "127.0.0.1:4566", "http://", "http://a b"])
def test_an_endpoint_that_is_no_url(endpoint: str) -> None:
    with pytest.raises(SlipwayError, match="is no URL"):
        Connection.of({"region": "ap-northeast-2", "endpoint_url": endpoint})


def test_a_real_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(SlipwayError, match="was refused"):
        Aws(Connection("ap-northeast-2", endpoint_url="https://sts.ap-northeast-2.amazonaws.com")).identity()


@pytest.mark.parametrize(
    ("status", "answer", "service", "operation"),
    [
        (200, "<html><p>please log in: token=abc123</html>", "iam", "ListRoles"),
        (403, "<html><p>please log in: token=abc123</html>", "iam", "ListRoles"),
        (200, "<html>token=abc123</html>", "ecs", "ListClusters"),
    ],
)
def test_an_answer_that_is_none_of_awss(status: int, answer: str, service: str, operation: str) -> None:
    with answering(status, answer, "text/html") as server:
        aws = Aws(Connection("ap-northeast-2", endpoint_url=server))
        with pytest.raises(AwsError) as caught:
            aws.call(service, operation)
        assert caught.value.is_passing
        assert "is none of AWS's" in str(caught.value)
        # It may be the page of a login, or half of a secret.
        assert "abc123" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("endpoint", "code", "lacks"),
    [
        (None, "UnknownOperationException", True),
        # A bad moment of AWS itself, which has the operation.
        (None, "500", False),
        (None, "404", False),
        ("http://127.0.0.1:1", "500", True),
        ("http://127.0.0.1:1", "501", True),
        ("http://127.0.0.1:1", "AccessDeniedException", False),
    ],
)
def test_an_operation_that_is_not_there(endpoint: str | None, code: str, lacks: bool) -> None:
    aws = Aws(Connection("ap-northeast-2", endpoint_url=endpoint))
    assert aws.lacks(AwsError("", code=code, operation="ListServiceDeployments")) is lacks
