"""A drift check of 1, 10 and 100 services, beside a run of amazon.aws modules without changes and `terraform plan`.

python -m tests.bench.drift                   # ministack behind a keep-alive server
python -m tests.bench.drift --sizes 1,10 --peers 1

The services are alike, share a cluster and a load balancer, and are nine resources each. The peers are given as many of
the same kinds, on moto, which their modules need; what is too slow to run is extrapolated from their two largest
sizes, and marked with a `~`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.embedded_aws import ROOT

from .emulator import Emulator, emulator
from .process import BenchError, Finished, environment, measure
from .report import table
from .stack import PER_SERVICE, REGION, SHARED, ZONE, Foundation, Stack, lay_foundation
from .tools import HERE, PEERS, AnsibleTool, Tool, beside_python, terraform

RESULT = ROOT / ".run" / "bench-drift.json"
RIVAL = "amazon.aws"
# What is promised of the largest size, and against the modules.
SECONDS, FASTER = 60.0, 10.0


@dataclass(frozen=True)
class Check:
    """One check of so many services."""

    tool: str
    services: int
    wall: float
    calls: int
    peak: float
    is_guess: bool = False

    def __str__(self) -> str:
        guess = "~" if self.is_guess else ""
        memory = f", {self.peak:.0f} MB" if self.peak else ""
        return f"{guess}{self.wall:.1f} s, {guess}{self.calls} calls{memory}"


def inventory(folder: Path, services: int, foundation: Foundation) -> Path:
    """Write the descriptions of so many services."""
    shared = {
        "deployment_environment": "bench",
        "service_name": "{{ inventory_hostname }}",
        "service_region": REGION,
        "service_tags": {"ManagedBy": "slipway"},
        "service_vpc_id": foundation.vpc_id,
        "service_subnets": list(foundation.subnet_ids),
        "service_cluster": "bench",
        "service_load_balancer": "bench",
        "service_load_balancer_security_group": "bench-alb",
        "service_certificate_arn": foundation.certificate_arn,
        "service_http_redirect": False,
        "service_hosted_zone": ZONE,
        "service_domain": f"{{{{ inventory_hostname }}}}.{ZONE}",
        "service_repository": "{{ inventory_hostname }}",
        "service_cpu": 256,
        "service_memory": 512,
        "service_container_port": 8000,
        "service_health_check": {"path": "/health"},
        "service_environment": {"APP_ENV": "prod", "LOG_LEVEL": "info"},
    }
    hosts = {f"app-{number:03}": {"service_listener_rule_priority": 10 + number} for number in range(services)}
    groups = {"fargate": {"hosts": hosts}, "compose": {}, "machine": {}}
    inventory = folder / f"inventory-{services}"
    inventory.mkdir()
    (inventory / "hosts.yml").write_text(json.dumps({"all": {"vars": shared, "children": groups}}))
    return inventory


def _play(at: Emulator, playbook: Path, inventory: Path, *options: str) -> Finished:
    env = environment(at.endpoint, REGION) | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    command = [beside_python("ansible-playbook"), "-i", str(inventory), *options, str(playbook)]
    return measure(command, env, ROOT)


def checked(at: Emulator, scratch: Path, services: int, foundation: Foundation, runs: int) -> list[Check]:
    """Make the services, and check them."""
    where = inventory(scratch, services, foundation)
    made = _play(at, HERE / "drift.yml", where)
    if made.code != 0:
        raise BenchError(f"the services can't be made\n{made.output[-3000:]}")
    found = []
    for _ in range(runs):
        at.reset_calls()
        done = _play(at, ROOT / "drift.yml", where, "-e", f"drift_history={scratch}/history.json")
        if done.code != 0 or "all is as described" not in done.output:
            raise BenchError(f"the check is not clean\n{done.output[-3000:]}")
        found.append(Check("slipway", services, done.wall, sum(at.calls().values()), done.peak))
        _say(str(found[-1]), "slipway", services)
    return found


def _say(text: str, tool: str, services: int) -> None:
    print(f"  {tool}, {services} services: {text}", file=sys.stderr, flush=True)


def peers(
    at: Emulator, scratch: Path, sizes: Sequence[int], fewer: Sequence[int], foundation: Foundation
) -> tuple[list[Check], list[str]]:
    """The same of other tools, the modules in fewer sizes, and what is left out."""
    # Not in check mode: there, the module of target groups gives no ARN, and the next task fails.
    tools: list[tuple[Tool, Sequence[int]]] = [(AnsibleTool(RIVAL, PEERS / "amazon_aws.yml", scratch), fewer)]
    found = terraform(scratch / "terraform")
    left_out = [found] if isinstance(found, str) else []
    tools += [(found, sizes)] if not isinstance(found, str) and fewer else []
    checks = []
    for tool, its_sizes in tools:
        for size in its_sizes:
            stack = Stack(size, alarms=False, parameters=())
            try:
                tool.apply(at, stack.variables(foundation, at.endpoint, f"peer-{re.sub(r'[^a-z]+', '-', tool.name)}"))
                run = tool.noop(at)
            except BenchError as error:
                left_out.append(f"{tool.name} is left out from {size} services on: {error}")
                break
            checks.append(Check(tool.name, size, run.wall, run.total_calls, run.peak))
            _say(str(checks[-1]), tool.name, size)
    return checks, left_out


def extrapolated(checks: Sequence[Check], sizes: Sequence[int]) -> list[Check]:
    """What a tool would take for sizes beyond those that were run, as a line through the two largest."""
    guesses = []
    for tool in dict.fromkeys(one.tool for one in checks):
        mine = sorted((one for one in checks if one.tool == tool), key=lambda one: one.services)[-2:]
        if len(mine) < 2:
            continue
        low, high = mine
        for size in (size for size in sizes if size > high.services):
            times = (size - high.services) / (high.services - low.services)
            wall, calls = high.wall + times * (high.wall - low.wall), high.calls + times * (high.calls - low.calls)
            guesses.append(Check(tool, size, wall, round(calls), 0.0, is_guess=True))
    return guesses


def best(checks: Sequence[Check]) -> list[Check]:
    """The median run of each tool and size."""
    groups: dict[tuple[str, int], list[Check]] = {}
    for one in checks:
        groups.setdefault((one.tool, one.services), []).append(one)
    return [sorted(group, key=lambda one: one.wall)[len(group) // 2] for group in groups.values()]


def verdict(checks: Sequence[Check]) -> list[str]:
    """What was promised and is not so."""
    own = sorted((one for one in checks if one.tool == "slipway"), key=lambda one: one.services)
    rival = {one.services: one for one in checks if one.tool == RIVAL}
    each = [one.calls / one.services for one in own]
    missed = [] if each == sorted(each, reverse=True) else ["the calls of a service do not fall"]
    if own[-1].wall > SECONDS:
        missed.append(f"{own[-1].services} services took {own[-1].wall:.0f} s: more than {SECONDS:.0f}")
    ratio = rival[own[-1].services].wall / own[-1].wall if own[-1].services in rival else FASTER
    if ratio < FASTER:
        missed.append(f"{ratio:.1f}x faster than {RIVAL}: less than {FASTER:.0f}x")
    return missed


def text(checks: Sequence[Check], left_out: Sequence[str]) -> str:
    """The table."""
    sizes = sorted({one.services for one in checks})
    rows = [["a check that finds nothing", *(f"{size} service{'s' * (size > 1)}" for size in sizes)]]
    for tool in dict.fromkeys(one.tool for one in checks):
        cells = {one.services: str(one) for one in checks if one.tool == tool}
        rows.append([tool, *(cells.get(size, "-") for size in sizes)])
    counted = (
        f"{len(PER_SERVICE)} resources a service, and {len(SHARED)} that they share; on loopback, moto for the peers"
    )
    return "\n".join([counted, "", *table(rows), *left_out])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.drift", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulator", default="ministack", metavar="moto|ministack|URL")
    parser.add_argument("--port", type=int, default=4811, help="loopback port; ministack takes the next one as well")
    parser.add_argument("--sizes", default="1,10,100", help="numbers of services (default: 1,10,100)")
    parser.add_argument(
        "--peers", default="1,10", help="sizes that the modules are run with (default: 1,10; '': no peer at all)"
    )
    parser.add_argument("--runs", type=int, default=3, help="checks of each size (default: 3)")
    parser.add_argument("--require", action="store_true", help="exit with 1 when what is promised is missed")
    return parser.parse_args()


def _sizes(given: str) -> list[int]:
    return sorted({int(size) for size in given.split(",") if size})


def main() -> int:
    """Measure, print, write."""
    arguments = _arguments()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    sizes, checks, left_out = _sizes(arguments.sizes), list[Check](), list[str]()
    try:
        with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
            scratch = Path(folder)
            for size in sizes:
                # Of its own: what another size left there would be an extra.
                with emulator(arguments.emulator, arguments.port, RESULT.parent) as at:
                    checks += checked(at, scratch, size, lay_foundation(at.endpoint), arguments.runs)
            # On the other one, modules of community.aws fail.
            with emulator("moto", arguments.port, RESULT.parent) as at:
                others, left_out = peers(at, scratch, sizes, _sizes(arguments.peers), lay_foundation(at.endpoint))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    whole = [*best(checks), *others, *extrapolated(others, sizes)]
    results: list[dict[str, Any]] = [vars(one) for one in [*checks, *others]]
    RESULT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(text(whole, left_out))
    missed = verdict(whole)
    print("\n" + ("; ".join(["MISSED", *missed]) if missed else "met: all that is promised"))
    return 1 if missed and arguments.require else 0


if __name__ == "__main__":
    sys.exit(main())
