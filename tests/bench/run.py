"""The no-op of one stack by Slipway and by its peers, on one emulator, in one run.

python -m tests.bench                        # moto behind a keep-alive server
python -m tests.bench --emulator ministack   # or the address of an emulator on the loopback interface
python -m tests.bench --no-alarms --growth 1
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .emulator import ROOT, Emulator, emulator
from .process import BenchError
from .report import OWN, RIVAL, Measured, Results, text, verdict, write_json
from .stack import Foundation, Stack, lay_foundation
from .tools import HERE, PEERS, AnsibleTool, Run, Tool, terraform

RESULT = ROOT / ".run" / "bench.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--emulator", default="moto", metavar="moto|ministack|URL")
    parser.add_argument("--port", type=int, default=4801, help="loopback port; ministack takes the next one as well")
    parser.add_argument("--runs", type=int, default=3, help="no-op runs of each tool (default: 3)")
    parser.add_argument("--growth", default="1,5,20", help="numbers of services (default: 1,5,20)")
    parser.add_argument(
        "--tools", default="", help=f"only these, of {OWN}, {RIVAL}, terraform (default: all there are)"
    )
    parser.add_argument("--no-alarms", action="store_true", help="leave the two alarms of each service out")
    parser.add_argument("--require", action="store_true", help="exit with 1 when what Slipway promises is missed")
    return parser.parse_args()


def _tools(scratch: Path, only: Sequence[str], results: Results) -> list[Tool]:
    """Answer the tools that can be measured here; note which can not."""
    tools: list[Tool] = [
        AnsibleTool(OWN, HERE / "slipway.yml", scratch, ROOT / "ansible.cfg"),
        AnsibleTool(RIVAL, PEERS / "amazon_aws.yml", scratch),
    ]
    found = terraform(scratch / "terraform")
    if isinstance(found, str):
        results.left_out.append(found)
    else:
        tools.append(found)
    return [tool for tool in tools if not only or tool.name.split()[0] in only]


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _told(tool: Tool, verb: str, stack: Stack, run: Run) -> Run:
    _say(f"  {tool.name}: {verb} of {stack.resources} resources: {run.wall:.2f} s, {run.total_calls} calls")
    return run


def _apply(tools: Sequence[Tool], at: Emulator, stack: Stack, foundation: Foundation, results: Results) -> list[Tool]:
    """Bring every tool's stack up; answer those that can go on, as emulators do not suit all of them."""
    fit: list[Tool] = []
    for tool in tools:
        prefix = f"bench-{tool.name.split('.')[0].split()[0]}"
        try:
            run = tool.apply(at, stack.variables(foundation, at.endpoint, prefix))
        except BenchError as error:
            results.left_out.append(f"{tool.name} is left out from {stack.resources} resources on: {error}")
        else:
            _told(tool, "apply", stack, run)
            fit.append(tool)
    if not fit:
        raise BenchError("nothing can be measured\n" + "\n".join(results.left_out))
    return fit


def _measure(tools: Sequence[Tool], at: Emulator, stack: Stack, runs: int) -> list[Measured]:
    """Run the tools in turns (A, B, A, B), so that what else the machine does falls on all of them."""
    found: dict[str, list[Run]] = {tool.name: [] for tool in tools}
    for _ in range(runs):
        for tool in tools:
            found[tool.name].append(_told(tool, "no-op", stack, tool.noop(at)))
    return [Measured(name, stack, tuple(results)) for name, results in found.items()]


def _bench(arguments: argparse.Namespace, scratch: Path) -> Results:
    sizes = sorted({int(size) for size in arguments.growth.split(",")})
    results = Results(arguments.emulator)
    tools = _tools(scratch, [name for name in arguments.tools.split(",") if name], results)
    with emulator(arguments.emulator, arguments.port, RESULT.parent) as at:
        foundation = lay_foundation(at.endpoint)
        for size in sizes:
            stack = Stack(size, alarms=not arguments.no_alarms)
            tools = _apply(tools, at, stack, foundation, results)
            if not results.measured:
                results.measured = _measure(tools, at, stack, arguments.runs)
            else:
                results.growth += _measure(tools, at, stack, 1)
    return results


def main() -> int:
    """Measure, print, write."""
    arguments = _arguments()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
            results = _bench(arguments, Path(scratch))
    except BenchError as error:
        _say(f"bench: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    write_json(results, RESULT)
    print(text(results))
    print(f"\nrun by run: {RESULT.relative_to(ROOT)}")
    judged = verdict(results)
    return 1 if arguments.require and not (judged and judged.met) else 0
