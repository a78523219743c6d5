"""The values of secrets: read in batches, all that is missing told at once, never with a value."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.aws.errors import AwsError
from slipway.compose.secret_values import SecretsError, base_references, own_references, read_values
from slipway.service.references import parse_reference
from tests.unit.fake_aws import FakeAws
from tests.unit.test_compose_render import described

VALUES = {f"/shop/{number}": f"value {number}" for number in range(23)}
SECRETS = {"shop/json": '{"key": "of a key", "port": 5432}', "shop/text": "p$w'd \"\n"}


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    assert len(request["Names"]) <= 10
    assert request["WithDecryption"]
    found = [{"Name": name, "Value": VALUES[name]} for name in request["Names"] if name in VALUES]
    return {"Parameters": found, "InvalidParameters": [name for name in request["Names"] if name not in VALUES]}


def secret(request: dict[str, Any]) -> dict[str, Any]:
    name = request["SecretId"]
    if name == "shop/denied":
        raise AwsError("is not authorized", code="AccessDeniedException", operation="GetSecretValue", remedy="allow it")
    if name not in SECRETS:
        raise AwsError("can't find it", code="ResourceNotFoundException", operation="GetSecretValue")
    return {"SecretString": SECRETS[name]}


def aws() -> FakeAws:
    return FakeAws({"GetParameters": parameters, "GetSecretValue": secret})


def read(*maps: dict[str, str]) -> list[dict[str, str]]:
    return read_values(aws(), [{name: parse_reference(text) for name, text in one.items()} for one in maps])


def test_parameters_are_read_ten_at_a_time_and_each_once() -> None:
    one = aws()
    wanted = {f"V{number}": parse_reference(f"ssm:/shop/{number}") for number in range(23)}
    values, again = read_values(one, [wanted, {"AGAIN": wanted["V7"]}])
    assert values == {f"V{number}": f"value {number}" for number in range(23)}
    assert again == {"AGAIN": "value 7"}
    assert one.calls["ssm:GetParameters"] == 3


def test_a_secret_is_whole_or_one_of_its_keys() -> None:
    (values,) = read(
        {"A": "secretsmanager:shop/text", "B": "secretsmanager:shop/json#key", "C": "secretsmanager:shop/json#port"}
    )
    assert values == {"A": SECRETS["shop/text"], "B": "of a key", "C": "5432"}


def test_everything_that_is_missing_is_told_at_once_and_no_value() -> None:
    with pytest.raises(SecretsError) as failure:
        read(
            {
                "GOOD": "secretsmanager:shop/text",
                "ABSENT": "ssm:/shop/absent",
                "GONE": "secretsmanager:shop/gone",
                "KEYLESS": "secretsmanager:shop/json#other",
                "TEXT": "secretsmanager:shop/text#key",
            },
            {"DENIED": "secretsmanager:shop/denied"},
        )
    found = {cause.code: cause.title for cause in failure.value.causes}
    assert [cause.code for cause in failure.value.causes] == [
        "secret_not_found",
        "secret_not_found",
        "secret_key_not_found",
        "secret_key_not_found",
        "secret_denied",
    ]
    assert "ssm:/shop/absent does not exist (for ABSENT)" in str(failure.value)
    assert "has no JSON key key (for TEXT)" in found["secret_key_not_found"]
    assert all(cause.remedy for cause in failure.value.causes)
    for value in ("of a key", "p$w", "5432"):
        assert value not in str(failure.value)


def test_expired_credentials_are_no_missing_secret() -> None:
    def expired(_: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("the session has expired", code="ExpiredToken", operation="GetParameters")

    with pytest.raises(AwsError, match="expired"):
        read_values(FakeAws({"GetParameters": expired}), [{"A": parse_reference("ssm:/a")}])


def test_references_are_those_of_the_service_and_of_its_sidecars() -> None:
    service = described(
        service_secrets={"A": "ssm:/a"},
        service_sidecars={"db": {"image": "postgres:17", "secrets": {"P": "secretsmanager:db#p"}}},
    )
    assert {name: str(one) for name, one in own_references(service).items()} == {"A": "ssm:/a"}
    assert {name: str(one) for name, one in base_references(service).items()} == {"P": "secretsmanager:db#p"}
