"""A service that fails as it is told by its environment."""

import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def leave(code: int) -> None:
    """End the whole container."""
    print(f"fatal: leaving with {code}", file=sys.stderr, flush=True)
    os._exit(code)


class Server(ThreadingHTTPServer):
    """Five connections that wait are too few where the container waits for the CPU: the next one is not heard."""

    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    """Answers /health with HEALTH (200), /ready with READY (200), / with STATUS (200), nothing else; with VERSION."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        name = {"/health": "HEALTH", "/ready": "READY", "/": "STATUS"}.get(self.path)
        status = int(os.environ.get(name, "200")) if name else 404
        body = f"version {os.environ.get('VERSION', '1')}\n".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def main() -> None:
    """Start, and do what the environment says."""
    print(f"version {os.environ.get('VERSION', '1')} starts", flush=True)
    for name in os.environ.get("REQUIRED", "").split():
        if not os.environ.get(name):
            print(f"KeyError: {name!r} is not set", file=sys.stderr, flush=True)
            leave(4)
    if code := os.environ.get("EXIT_AT_START"):
        leave(int(code))
    if megabytes := os.environ.get("ALLOCATE_MIB"):
        print(f"allocating {megabytes} MiB", flush=True)
        # The layer gives the container its limit when it has started.
        time.sleep(1)
        hoard = bytearray(int(megabytes) * 1024 * 1024)
        print(f"{len(hoard)} bytes", flush=True)
    if after := os.environ.get("EXIT_AFTER"):
        threading.Timer(float(after), leave, [3]).start()
    time.sleep(float(os.environ.get("START_SECONDS", "0")))
    port = int(os.environ.get("LISTEN", "8000"))
    server = Server(("0.0.0.0", port), Handler)  # noqa: S104
    print(f"listening on 0.0.0.0:{port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
