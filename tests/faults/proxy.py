"""The fault layer's process: mitmproxy in front of the embedded AWS. Runs in .venv-faults.

python -m tests.faults.proxy --port 4700 --upstream http://127.0.0.1:4566 --directory /tmp/x
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import socket
import time
from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from mitmproxy import ctx, http, options
from mitmproxy.addons import core, errorcheck, next_layer, proxyserver
from mitmproxy.master import Master
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from tests.faults import injection
from tests.faults.answers import Answers
from tests.faults.balancer import Balancer
from tests.faults.ecs_api import ApiError
from tests.faults.ecs_model import Times
from tests.faults.ecs_views import deployment_view, service_view
from tests.faults.history import whole
from tests.faults.protocol import Call, Reply, answer_json, error, read_call
from tests.faults.scenario import load
from tests.faults.upstream import Upstream
from tests.faults.world import World

CONTROL = "/_faults/"
_PASSED = ("/v2/", "/_ministack/")
# A peer that is silent is asked after a second, and given up when it has not even acknowledged for three.
_WATCHED = (
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 3000),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
)


class Layer:
    """The addon: answers from the models, breaks what the scenario says, and passes everything else on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.balancer = Balancer(world)
        self.answers = Answers(world)
        self.calls: list[dict[str, Any]] = []

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Let the layers of images flow through."""
        if flow.request.path.startswith("/v2/"):
            flow.request.stream = True

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The same for what comes back."""
        if flow.request.path.startswith("/v2/") and flow.response:
            flow.response.stream = True

    def server_connected(self, data: ServerConnectionHookData) -> None:
        """Notice a task whose network goes with it, without a word: requests under way to it are answered with 502."""
        address = data.server.peername
        # The emulator is there as long as the layer, and may leave a large push unread for longer than this allows.
        if address is None or ip_address(address[0]).is_loopback:
            return
        for handler in ctx.master.addons.get("proxyserver").connections.values():
            if data.server in handler.transports:
                connection = handler.transports[data.server].writer.get_extra_info("socket")
                for option in _WATCHED:
                    connection.setsockopt(*option)

    async def request(self, flow: http.HTTPFlow) -> None:
        """Answer a request, break it, or let it pass."""
        path = flow.request.path
        if path.startswith(CONTROL):
            flow.response = _response(await asyncio.to_thread(self._control, flow))
        elif path.startswith(_PASSED):
            if path.startswith("/_ministack/reset"):
                self.world.reset()
                self.balancer.forget()
        elif self.balancer.is_for(path, flow.request.headers.get("host", "")):
            await self.balancer.route(flow)
        else:
            await self._call(flow)

    async def _call(self, flow: http.HTTPFlow) -> None:
        body = flow.request.get_content(strict=False) or b""
        headers = {name.lower(): value for name, value in flow.request.headers.items()}
        call = read_call(flow.request.method, flow.request.path, headers, body)
        if call.service == "unsigned" and call.protocol == "rest":
            return
        rules = self.world.rules(call.name, call.parameters)
        entry: dict[str, Any] = {
            "at": time.time(),
            "call": call.name,
            "status": 0,
            "faults": [rule.fault for rule in rules],
        }
        self.calls.append(entry)
        self.answers.asked(call, flow.request, rules)
        flow.metadata |= {"call": call, "rules": rules, "entry": entry}
        if reply := await injection.before(flow, call, rules):
            flow.response = _response(reply)
            # It is as it is to be.
            flow.metadata |= {"rules": [], "made": True}
        elif not flow.killable or flow.error:
            return
        elif call.service == "ecs" and self.world.api.answers(call.operation, call.parameters):
            paged = any(rule.fault == "pages" for rule in rules)
            asked = dataclasses.replace(call, parameters=whole(call.parameters)) if paged else call
            flow.response = _response(await asyncio.to_thread(self._ask_model, asked))
        elif call.service == "application-autoscaling" and call.operation in self.world.scaling.operations:
            flow.response = _response(await asyncio.to_thread(self._ask_model, call))
        elif reply := await asyncio.to_thread(self.answers.instead, call):
            flow.response = _response(reply)

    def _ask_model(self, call: Call) -> Reply:
        with self.world.lock:
            try:
                if call.service == "ecs":
                    operation = self.world.api.operations[call.operation]
                    return answer_json(operation(call.region, dict(call.parameters), time.time()))
                scale = self.world.scaling.operations[call.operation]
                return answer_json(scale(call.region, dict(call.parameters)))
            except ApiError as found:
                return error(call, found.code, found.message)

    async def response(self, flow: http.HTTPFlow) -> None:
        """Correct what the emulator answered, and change what the scenario says."""
        call = flow.metadata.get("call")
        if not isinstance(call, Call) or flow.response is None:
            return
        flow.metadata["entry"]["status"] = flow.response.status_code
        if flow.metadata.get("made"):
            return
        if call.service == "elbv2" and not call.operation.startswith("Describe"):
            self.balancer.forget()
            self.world.groups_at = 0.0
        await asyncio.to_thread(self.answers.correct, call, flow.response)
        if call.name == "ecs:DescribeTasks":
            flow.metadata["entry"]["stopped"] = b'"lastStatus": "STOPPED"' in (flow.response.content or b"")
        await injection.after(flow, call, flow.metadata.get("rules") or [], self.world.history)

    def _control(self, flow: http.HTTPFlow) -> Reply:
        path = urlsplit(flow.request.path).path.removeprefix(CONTROL)
        data = json.loads(flow.request.content or b"{}")
        world = self.world
        match flow.request.method, path:
            case "POST", "scenario":
                try:
                    world.scenario = load(data, time.time())
                except ValueError as wrong:
                    return Reply(400, str(wrong).encode(), "text/plain")
            case "POST", "stop":
                world.scenario = load({}, time.time())
            case "POST", "reset":
                world.reset()
                self.balancer.forget()
                self.calls.clear()
            case "POST", "time":
                world.times = dataclasses.replace(world.times, **data)
            case "DELETE", "calls":
                self.calls.clear()
            case "GET", "calls":
                counts = Counter(one["call"] for one in self.calls)
                return answer_json({"total": counts.total(), "operations": dict(counts), "calls": list(self.calls)})
            case "GET", "model":
                return answer_json(self._model())
            case _:
                return Reply(404, b"unknown", "text/plain")
        return answer_json({})

    def _model(self) -> dict[str, Any]:
        with self.world.lock:
            services = [
                {
                    "service": service_view(one),
                    "serviceDeployments": [deployment_view(one, deployment) for deployment in one.deployments],
                    "tasks": [dataclasses.asdict(task) for task in one.tasks.values()],
                }
                for one in self.world.ecs.services.values()
            ]
            targets = {
                arn: [
                    {"id": one.address, "port": one.port, **dataclasses.asdict(one.shown())} for one in group.values()
                ]
                for arn, group in self.world.targets.groups.items()
            }
        return {"scenario": self.world.scenario.name, "services": services, "targets": targets}


def _response(reply: Reply) -> http.Response:
    return http.Response.make(reply.status, reply.body, {"Content-Type": reply.content_type})


async def serve(port: int, upstream: str, directory: Path, times: Times) -> None:
    """Run until terminated."""
    world = World(Upstream(upstream), times)
    made = options.Options(
        listen_host="127.0.0.1", listen_port=port, mode=[f"reverse:{upstream}"], confdir=str(directory)
    )
    master = Master(made, with_termlog=True)
    # What a proxy needs: each of mitmproxy's other thirty addons would be asked at each event of a request.
    needed = core.Core(), proxyserver.Proxyserver(), next_layer.NextLayer(), errorcheck.ErrorCheck()
    master.addons.add(*needed, Layer(world))
    made.update(keep_host_header=True, connection_strategy="lazy", http2=False)
    Thread(target=world.run, daemon=True).start()
    Thread(target=world.containers.run, daemon=True).start()
    try:
        await master.run()
    finally:
        world.ended.set()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--time-scale", type=float, default=Times.scale)
    arguments = parser.parse_args()
    times = Times(scale=arguments.time_scale)
    asyncio.run(serve(arguments.port, arguments.upstream, arguments.directory, times))


if __name__ == "__main__":
    main()
