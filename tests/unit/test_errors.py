"""What a person is told when AWS says no, or says nothing."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import SlipwayError, from_botocore, from_client_error


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


def test_a_real_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(SlipwayError, match="was refused"):
        Aws(Connection("ap-northeast-2", endpoint_url="https://sts.ap-northeast-2.amazonaws.com")).identity()
