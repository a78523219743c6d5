"""Errors for people: what was wrong, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from botocore import exceptions as boto


class SlipwayError(Exception):
    """A failure that a person can act on.

    Args:
        what: what was wrong, in one sentence.
        where: the variable, file or resource.
        remedy: what to do about it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.remedy:
            lines.append(f"  -> {self.remedy}")
        return "\n".join(lines)


class AwsError(SlipwayError):
    """A call that AWS answered with an error, or did not answer."""

    def __init__(
        self, what: str, *, code: str, operation: str, service: str = "", where: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.code = code
        self.operation = operation
        self.service = service

    @property
    def is_denial(self) -> bool:
        """Whether the caller lacks a permission."""
        return self.code in _DENIED

    @property
    def permission(self) -> str:
        """The permission that the call needs, as IAM writes it, or the one that AWS says is missing."""
        named = _NAMED.search(self.what) if self.is_denial else None
        return named[1] if named else permission(self.service, self.operation)

    @property
    def cause_code(self) -> str:
        """The class of cause that it is, as the record of a release has it."""
        if self.is_denial:
            return "access_denied"
        if self.is_about_credentials:
            return "credentials"
        return "aws_not_answering" if self.is_passing else "aws_refused"

    @property
    def is_passing(self) -> bool:
        """Whether AWS, or the way to it, had a bad moment: the same call may succeed a little later."""
        return self.code in _PASSING | _THROTTLED

    @property
    def is_about_credentials(self) -> bool:
        """Whether AWS does not know who calls, so that no other call can do better."""
        return self.code in _EXPIRED | _BAD_KEYS | _NO_CREDENTIALS

    def among(self, codes: Iterable[str]) -> bool:
        """Whether it is one of these; `Code: words` is that code with these words in what AWS said."""
        return any(
            self.code == code and words in self.what for code, _, words in (one.partition(": ") for one in codes)
        )


_LOG_IN = "log in again (aws sso login, or fetch new keys) and run the same command"
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_BAD_KEYS = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch",
     "InvalidSignatureException", "InvalidAccessKeyId", "IncompleteSignature"}
)  # fmt: skip
_NO_CREDENTIALS = frozenset(
    {"NoCredentialsError", "CredentialRetrievalError", "PartialCredentialsError", "TokenRetrievalError",
     "SSOTokenLoadError", "UnauthorizedSSOTokenError", "ProfileNotFound"}
)  # fmt: skip
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError"}
)
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
     "RequestLimitExceeded", "TooManyRequestsException", "ProvisionedThroughputExceededException", "SlowDown"}
)  # fmt: skip
# botocore's own errors, then AWS's, then what is left of an answer without a code.
_PASSING = frozenset(
    {"EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError",
     "ConnectionError", "ProxyConnectionError", "ResponseStreamingError", "IncompleteReadError", "SSLError",
     "ResponseParserError", "LimitExceededException",
     "ServerException", "ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalError",
     "InternalServerError", "InternalServiceError", "RequestTimeout", "RequestTimeoutException",
     "500", "502", "503", "504"}
)  # fmt: skip
# What AWS, where it has no such operation, and what an emulator that lacks it says.
UNKNOWN_OPERATION = frozenset({"UnknownOperationException", "InvalidAction"})
NOT_EMULATED = UNKNOWN_OPERATION | {
    "400", "404", "500", "501", "InternalFailure", "NotImplemented", "ResponseParserError",
}  # fmt: skip
# Where IAM calls a service by another name than botocore: the Service Authorization Reference.
_PREFIXES = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_NAMED = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")


def permission(service: str, operation: str) -> str:
    """The permission of an operation, as IAM writes it."""
    return f"{_PREFIXES.get(service, service)}:{operation}"


def from_client_error(error: boto.ClientError, service: str, operation: str) -> AwsError:
    """What AWS said, with the remedy for the codes that every service shares."""
    detail = error.response.get("Error", {})
    code = str(detail.get("Code", "Unknown"))
    message = str(detail.get("Message", "")).strip() or "AWS gave no message"
    call = f"{service}:{operation}"
    what, remedy = f"{call} was refused with {code}: {message}", ""
    missing = _NAMED.search(message)
    if code in _EXPIRED:
        what, remedy = "the AWS session token has expired", _LOG_IN
    elif code in _BAD_KEYS:
        what = f"AWS does not accept these credentials ({code})"
        remedy = "check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with: aws sts get-caller-identity"
    elif code in _DENIED or (missing and message.startswith("User: ")):
        # Not always that of the call itself: passing a role needs one of its own.
        action = missing[1] if missing else permission(service, operation)
        remedy = f"allow the action {action} to the role or user that runs Slipway"
    elif code in _THROTTLED:
        remedy = "AWS was still throttling after every retry: run the same command again in a minute"
    return AwsError(what, code=code, operation=operation, service=service, where="AWS", remedy=remedy)


def from_unreadable(service: str, operation: str, endpoint: str) -> AwsError:
    """An answer that is none of AWS's, such as the HTML page of a proxy; what it holds goes no further."""
    return AwsError(
        f"{endpoint} gave an answer to {service}:{operation} that is none of AWS's",
        code="ResponseParserError",
        operation=operation,
        service=service,
        where="AWS",
        remedy="check the proxy (HTTPS_PROXY) and, if it is set, aws_endpoint_url / AWS_ENDPOINT_URL",
    )


def from_botocore(error: boto.BotoCoreError, service: str, operation: str, endpoint: str) -> AwsError:
    """A call that never got an answer from AWS."""
    call = f"{service}:{operation}"
    what, remedy = f"{call} failed: {error}", ""
    match error:
        case boto.NoCredentialsError() | boto.CredentialRetrievalError():
            what = "no AWS credentials were found"
            remedy = "set AWS_PROFILE (or the aws_profile variable), run aws sso login, or export AWS_ACCESS_KEY_ID"
        case boto.PartialCredentialsError():
            what = f"the AWS credentials are incomplete: {error}"
            remedy = "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        case boto.TokenRetrievalError() | boto.SSOTokenLoadError() | boto.UnauthorizedSSOTokenError():
            what, remedy = "the AWS single sign-on session has expired", _LOG_IN
        case boto.ProfileNotFound():
            what, remedy = str(error), "list the profiles there are with: aws configure list-profiles"
        case boto.HTTPClientError() | boto.ConnectionError():
            what = f"{endpoint} does not answer ({call})"
            remedy = "check the network, the proxy and, if it is set, aws_endpoint_url / AWS_ENDPOINT_URL"
    return AwsError(what, code=type(error).__name__, operation=operation, service=service, where="AWS", remedy=remedy)
