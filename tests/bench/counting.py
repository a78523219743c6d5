"""An AWS emulator behind a keep-alive server that counts the API calls it is sent.

    python -m tests.bench.counting --port 4801                                   # moto, in this process
    python -m tests.bench.counting --port 4801 --upstream http://127.0.0.1:4566  # any other emulator

`GET /_bench/calls` answers {"total": 3, "operations": {"ecs:DescribeServices": 3}}; DELETE starts again.
moto_server itself closes every connection, which would hide what a client gains by reusing one.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import threading
from collections import Counter
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import urllib3
import waitress

CALLS_PATH = "/_bench/calls"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
CREDENTIAL_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/")
SMITHY_RPC = re.compile(r"^/service/[^/]+/operation/([^/]+)$")


def operation_of(environ: WSGIEnvironment, body: bytes) -> str:
    """Name the API call as `service:Operation`, whichever of AWS's protocols carries it."""
    path = str(environ.get("PATH_INFO", "/"))
    scope = CREDENTIAL_SCOPE.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    service = scope.group(1) if scope else "unsigned"
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return f"{service}:{str(target).rpartition('.')[2]}"
    if rpc := SMITHY_RPC.match(path):
        return f"{service}:{rpc.group(1)}"
    form = body if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded") else b""
    for fields in (form.decode("utf-8", "replace"), str(environ.get("QUERY_STRING", ""))):
        if action := parse_qs(fields).get("Action"):
            return f"{service}:{action[0]}"
    return f"{service}:{environ['REQUEST_METHOD']} {_pattern(path)}"


def _pattern(path: str) -> str:
    """Take the API's version and the resource's ids out of a REST path."""
    parts = [part for part in path.split("/") if part and not re.fullmatch(r"\d{4}-\d\d-\d\d", part)]
    return "/" + "/".join("{id}" if re.search(r"[A-Z0-9]", part) else part for part in parts)


class CountingApplication:
    """WSGI middleware: counts every call by operation, and answers for its own path."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == CALLS_PATH:
            return self._answer(str(environ["REQUEST_METHOD"]), start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        operation = operation_of(environ, body)
        with self._lock:
            self._calls[operation] += 1
        return self.application(environ, start_response)

    def _answer(self, method: str, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            if method == "DELETE":
                self._calls.clear()
            answer = {"total": self._calls.total(), "operations": dict(self._calls.most_common())}
        payload = json.dumps(answer).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))])
        return [payload]


def forward_to(upstream: str) -> WSGIApplication:
    """Make a WSGI application that passes every request on to another emulator, over kept connections."""
    target = urlsplit(upstream)
    if target.scheme != "http" or target.hostname not in LOOPBACK:
        raise SystemExit(f"--upstream {upstream}: only an emulator on the loopback interface may be measured")
    pool = urllib3.HTTPConnectionPool(target.hostname or "", target.port or 80, maxsize=16, retries=False)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        url = str(environ["PATH_INFO"])
        if query := environ.get("QUERY_STRING"):
            url += f"?{query}"
        answer = pool.urlopen(
            str(environ["REQUEST_METHOD"]),
            url,
            body=environ["wsgi.input"].read(),
            headers=_request_headers(environ),
            redirect=False,
            decode_content=False,
        )
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP]
        if not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(answer.data))))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.data]

    return application


def _request_headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers = {
        key[5:].replace("_", "-"): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and key[5:].replace("_", "-").lower() not in HOP_BY_HOP
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-")] = str(environ[name])
    return headers


def moto_application() -> WSGIApplication:
    """Load moto's dispatcher, which picks the service by the request."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return application


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", help="emulator to pass the calls on to (default: moto in this process)")
    arguments = parser.parse_args()
    inner = forward_to(arguments.upstream) if arguments.upstream else moto_application()
    # 16 threads: terraform works with 10 connections, and must not wait for a thread here.
    waitress.serve(CountingApplication(inner), host="127.0.0.1", port=arguments.port, threads=16, _quiet=True)


if __name__ == "__main__":
    main()
