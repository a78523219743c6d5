"""What the demonstration reads out of an inventory, and where it keeps to itself."""

from __future__ import annotations

import socket

from demo.embedded_aws import client_environment, free_port
from demo.seed import required


def test_everything_referred_to_is_seeded() -> None:
    account = required(
        {
            "one": {
                "service_hosted_zone": "example.com",
                "service_secrets": {
                    "A": "ssm:/one/A",
                    "B": "secretsmanager:one/database#url",
                    "C": "secretsmanager:one/database#password",
                    "D": "secretsmanager:one/plain",
                },
            },
            "two": {"service_hosted_zone": "example.com", "service_secrets": None},
            "three": {},
        }
    )
    assert account.zones == {"example.com"}
    assert account.parameters == {"/one/A"}
    assert account.secrets == {"one/database": {"url", "password"}, "one/plain": set()}


def test_a_taken_port_is_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) not in {0, port}


def test_clients_stay_on_this_machine() -> None:
    environment = client_environment("http://127.0.0.1:4566")
    assert environment["SLIPWAY_LOOPBACK_ONLY"] == "1"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
