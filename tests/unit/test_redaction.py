"""What of a log line is shown."""

from __future__ import annotations

import pytest

from slipway.release.redaction import redacted


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "connecting to postgresql://homu:s3cr3t@db:5432/homu",
            "connecting to postgresql://homu:********@db:5432/homu",
        ),
        ("redis://:hunter22@cache:6379/0 refused", "redis://:********@cache:6379/0 refused"),
        ("JWT_SECRET=abc123 is too short", "JWT_SECRET=******** is too short"),
        ('{"password": "a b c", "user": "x"}', '{"password": ********, "user": "x"}'),
        ("db_password: 'p w'", "db_password: ********"),
        ("Authorization: Bearer abcdefghijk.lmnop", "Authorization: ******** ********"),
        ("sent Bearer abcdefghijklmnop", "sent Bearer ********"),
        ("key AKIAABCDEFGHIJKLMNOP used", "key ******** used"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123 expired", "******** expired"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(line: str, shown: str) -> None:
    assert redacted(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "ModuleNotFoundError: No module named 'app.main'",
        "KeyError: 'JWT_SECRET'",
        "http://127.0.0.1:8000/api/v1/health answered 404",
        "secret store is reachable",
        "2026-11-21T04:00:00Z INFO 10.0.0.1:8000 GET /tokens 200",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert redacted(line) == line
