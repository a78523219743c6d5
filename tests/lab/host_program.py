"""A machine with the host program and its tools, and small services for it."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from demo.base_image import PYTHON, ensure
from slipway.compose import program
from tests.lab.host import LabHost
from tests.lab.releases import COMPOSE, binary

APP = "lab/app:1"
# The service answers with its version, and does what its environment says.
SERVER = """\
import json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(3)
        if self.path == "/endless":
            time.sleep(40)
        body = json.dumps(dict(os.environ)) if self.path == "/env" else os.environ.get("VERSION", "?")
        data = body.encode()
        self.send_response(int(os.environ.get("STATUS", "200")))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 128

print("version", os.environ.get("VERSION"), "starts", flush=True)
if "EXIT" in os.environ:
    print("secret is", os.environ.get("PASSWORD"), flush=True)
    print("KeyError: 'DATABASE_URL'", file=sys.stderr, flush=True)
    sys.exit(int(os.environ["EXIT"]))
time.sleep(float(os.environ.get("START_SECONDS", "0")))
Server(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
"""
CADDYFILE = "{\n\tgrace_period 30s\n}\n\nimport /etc/caddy/sites/*.caddy\n"
SITE = """\
http://:80 {
	reverse_proxy {
		dynamic a {
			name %s.slipway.internal
			port 8000
			refresh 1s
		}
		lb_policy least_conn
		lb_try_duration 5s
		lb_try_interval 100ms
		transport http {
			keepalive 5s
			dial_timeout 2s
		}
	}
}
"""


def equip(host: LabHost) -> None:
    """Have on the machine what the role `machine` brings, and the program."""
    host.put(json.dumps({"live-restore": True, "log-driver": "local"}), "/etc/docker/daemon.json")
    if not host.exec("docker", "compose", "version", check=False).startswith("Docker Compose"):
        host.put(binary(*COMPOSE), "/usr/libexec/docker/cli-plugins/docker-compose", mode="0755")
    host.put(CADDYFILE, "/etc/caddy/Caddyfile")
    host.exec("mkdir", "-p", "/etc/caddy/sites")
    host.exec("systemctl", "restart", "docker.service")
    if host.exec("sh", "-c", "command -v caddy", check=False):
        host.exec("systemctl", "restart", "caddy.service")
    host.put(program.packed().content, program.PATH)
    ensure()
    host.load(PYTHON.image)
    host.put(SERVER, "/srv/app/server.py")
    # The lab's engine builds without BuildKit, and needs no registry for that.
    host.put(f'FROM {PYTHON.image}\nCOPY server.py /server.py\nCMD ["python", "/server.py"]\n', "/srv/app/Dockerfile")
    host.exec("env", "DOCKER_BUILDKIT=0", "docker", "build", "-q", "-t", APP, "/srv/app")


class VerbError(AssertionError):
    """A verb refused; its error is there to look at."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(json.dumps(error))
        self.error = error


def call(host: LabHost, verb: str, /, **request: Any) -> dict[str, Any]:
    """Call a verb as the controller does."""
    answer = told(host, verb, request)
    if not answer["ok"]:
        raise VerbError(answer["error"])
    return answer


def told(host: LabHost, verb: str, request: dict[str, Any]) -> dict[str, Any]:
    """Call a verb, and answer whatever it says: always one object, and nothing else."""
    done = subprocess.run(
        ["docker", "exec", "-i", host.name, "python3", program.PATH, verb],
        input=json.dumps(request).encode(),
        capture_output=True,
        check=False,
        timeout=600,
    )
    assert done.stderr == b"", done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if answer["ok"] else 1)
    return answer


def web(**environment: str) -> dict[str, Any]:
    """Describe a container as the controller renders it."""
    return {
        "image": APP,
        "init": True,
        "restart": "unless-stopped",
        "stop_grace_period": "5s",
        "env_file": [".env"],
        "environment": {name: value.replace("$", "$$") for name, value in environment.items()},
        "mem_limit": "128m",
    }


def release(number: int, service: str = "homu", **changes: Any) -> dict[str, Any]:
    """Describe a release of one version."""
    environment = changes.pop("environment", {})
    count = changes.pop("count", 1)
    names = [f"web-{index}" for index in range(1, count + 1)]
    services = {name: web(VERSION=str(number), **environment) for name in names}
    services.update(changes.pop("more", {}))
    document: dict[str, Any] = {
        "service": service,
        "id": f"{number:012x}",
        "tag": f"v{number}",
        "digest": None,
        "commit": None,
        "image": APP,
        "compose": {"services": services, "networks": {"default": {"name": service, "external": True}}},
        "base": None,
        "env": {"PASSWORD": "correct horse"},
        "base_env": {},
        "web": names,
        "port": 8000,
        "workers": [],
        "jobs": [],
        "health": {"path": "/", "matcher": "200", "timeout": 2},
        "site": SITE % service,
        "drain_seconds": 20,
        "stop_timeout": 10,
        "keep_releases": 3,
    }
    return document | changes


def wait_healthy(host: LabHost, document: dict[str, Any], seconds: float = 30) -> dict[str, Any]:
    """Probe until every web container answers."""
    end = time.monotonic() + seconds
    while True:
        seen = call(host, "probe", service=document["service"], id=document["id"])
        if all(answer["status"] == 200 for answer in seen["answers"]):
            return seen
        assert time.monotonic() < end, seen
        time.sleep(0.3)


def deploy(host: LabHost, document: dict[str, Any]) -> dict[str, Any]:
    """Release as the controller does."""
    named = {"service": document["service"], "id": document["id"]}
    call(host, "prepare", release=document, registry=None)
    call(host, "start", **named, seconds=600)
    wait_healthy(host, document)
    call(host, "switch", **named)
    return call(host, "settle", **named)


@dataclass
class Client:
    """Asks all the time over connections that it keeps, and counts what it got."""

    address: str
    connections: int = 4
    got: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Client:
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = HTTPConnection(self.address, 80, timeout=20)
        while not self._over.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                body = answer.read().decode()
            except (OSError, HTTPException) as error:
                self.failures.append(f"{time.time():.1f} {type(error).__name__}: {error}")
                connection.close()
                time.sleep(0.1)
                continue
            if answer.status == 200:
                self.got[body] += 1
            else:
                self.failures.append(f"{time.time():.1f} {answer.status}")
            time.sleep(0.005)
        connection.close()
