"""The host program as a file, its command line, and how it talks to an engine."""

from __future__ import annotations

import base64
import json
import socketserver
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from slipway.compose import program
from slipway_host import main
from slipway_host.engine import Engine, EngineError
from slipway_host.errors import HostError


def test_the_same_program_has_the_same_bytes(tmp_path: Path) -> None:
    first = program.packed()
    program.packed.cache_clear()
    assert program.packed() == first
    assert len(first.sha256) == 64
    packed = tmp_path / "slipway-host.pyz"
    packed.write_bytes(first.content)
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist()[0] == "__main__.py"
        assert "slipway_host/main.py" in archive.namelist()


@pytest.mark.parametrize(
    ("arguments", "sent", "what"),
    [
        (["nothing"], "{}", "'nothing' is no verb"),
        ([], "{}", "'' is no verb"),
        (["look", "more"], "{}", "'look' is no verb"),
        (["look"], "{", "the request is no JSON"),
        (["look"], "[]", "the request is no object"),
        (["settle"], "{}", "the request has no 'service'"),
        (["settle"], '{"service": "../x"}', "'../x' is no name of a service"),
        (["prepare"], "{}", "the release document has no service"),
    ],
)
def test_it_answers_with_one_object_and_never_a_traceback(
    tmp_path: Path, arguments: list[str], sent: str, what: str
) -> None:
    packed = tmp_path / "slipway-host.pyz"
    packed.write_bytes(program.packed().content)
    done = subprocess.run(
        [sys.executable, str(packed), *arguments], input=sent, capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr, answer["ok"]) == (1, "", False)
    assert set(answer["error"]) >= {"code", "what", "remedy"}
    assert answer["error"]["code"] in {"bad_request", "not_root"}
    assert answer["error"]["code"] == "not_root" or what in answer["error"]["what"]


def test_a_fault_of_its_own_names_the_place_and_not_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_engine: Engine, _request: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("s3cret")

    monkeypatch.setitem(main.VERBS, "look", faulty)
    monkeypatch.setattr(main, "_request", dict)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    error = main._answer("look", [])["error"]
    assert error["what"].startswith("a fault in this program: ValueError at test_slipway_host_program.py:")
    assert "s3cret" not in json.dumps(error)


class FakeEngine(BaseHTTPRequestHandler):
    """Answers as it was told by path, and remembers."""

    answers: ClassVar[dict[str, tuple[int, bytes]]] = {}
    asked: ClassVar[list[tuple[str, str, dict[str, str]]]] = []

    def do_POST(self) -> None:
        path = self.path.partition("?")[0]
        self.asked.append((self.command, self.path, dict(self.headers)))
        status, body = self.answers.get(path, (404, b'{"message": "no such thing"}'))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "unix"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine at a socket."""
    FakeEngine.answers, FakeEngine.asked = {}, []
    path = str(tmp_path / "docker.sock")
    with socketserver.ThreadingUnixStreamServer(path, FakeEngine) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Engine(path)
        server.shutdown()
        thread.join()


LOGIN = {"host": "1.dkr.ecr.amazonaws.com", "username": "AWS", "password": "t0ken"}


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        ("1.dkr.ecr.amazonaws.com/homu@sha256:ab", "fromImage=1.dkr.ecr.amazonaws.com%2Fhomu&tag=sha256%3Aab"),
        ("127.0.0.1:5000/homu:v1", "fromImage=127.0.0.1%3A5000%2Fhomu&tag=v1"),
        ("127.0.0.1:5000/homu", "fromImage=127.0.0.1%3A5000%2Fhomu&tag=latest"),
        ("redis:7", "fromImage=redis&tag=7"),
    ],
)
def test_an_image_is_pulled_with_the_login_in_a_header(engine: Engine, image: str, asked: str) -> None:
    FakeEngine.answers["/images/create"] = (200, b'{"status": "Pulling"}\r\n{"status": "Done"}\r\n')
    engine.pull(image, LOGIN)
    [(method, path, headers)] = FakeEngine.asked
    assert (method, path) == ("POST", f"/images/create?{asked}")
    told = json.loads(base64.urlsafe_b64decode(headers["X-Registry-Auth"]))
    assert told == {"username": "AWS", "password": "t0ken", "serveraddress": "1.dkr.ecr.amazonaws.com"}
    engine.pull(image, None)
    assert "X-Registry-Auth" not in FakeEngine.asked[-1][2]


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (404, b'{"message": "manifest unknown"}', "manifest unknown"),
        (500, b"no basic auth credentials", "no basic auth credentials"),
        (200, b'{"status": "Pulling"}\r\n{"error": "no space left on device"}\r\n', "no space left on device"),
    ],
)
def test_a_pull_that_fails_says_why(engine: Engine, status: int, body: bytes, what: str) -> None:
    FakeEngine.answers["/images/create"] = (status, body)
    with pytest.raises(HostError) as refused:
        engine.pull("redis:7", LOGIN)
    assert refused.value.as_json() == {
        "code": "cannot_pull",
        "what": f"redis:7 cannot be pulled: {what}",
        "remedy": "Is the image in its registry, and may this machine read it? Is there room on the disk?",
        "image": "redis:7",
    }


def test_what_is_absent_is_nothing_and_what_fails_is_said(engine: Engine, tmp_path: Path) -> None:
    assert engine.has_image("redis:7") is False
    FakeEngine.answers["/images/redis:7/json"] = (200, b"{}")
    assert engine.has_image("redis:7") is True
    FakeEngine.answers["/info"] = (500, b'{"message": "it is broken"}')
    with pytest.raises(EngineError, match="it is broken"):
        engine.call("GET", "/info")
    with pytest.raises(EngineError, match="does not answer") as refused:
        Engine(str(tmp_path / "none.sock")).call("GET", "/info")
    assert refused.value.status == 0
