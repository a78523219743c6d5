"""A release of changed code, by Slipway and by the commands of a shell script, in turns on one embedded AWS.

python -m tests.bench.release            # needs a Docker engine with its command, and the AWS CLI
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from demo import base_image, embedded_aws
from demo.embedded_aws import ROOT, EmbeddedAws
from demo.seed import seed

from .process import BenchError, Finished, measure

HERE = Path(__file__).resolve().parent
SERVICE, CLUSTER, ECS_SERVICE, CONTAINER = "voj-backend", "voj-prod", "voj-backend-api", "api"
_DEPLOY = ("deploy.yml", "-i", "local", "--limit", SERVICE)


def aws_cli() -> str:
    """The AWS CLI, also where pyenv hides it behind another Python.

    Raises:
        BenchError: there is none.
    """
    found = shutil.which("aws")
    shims = sorted(Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob("versions/*/bin/aws"))
    if shims:
        return str(shims[-1])
    if found:
        return found
    raise BenchError("there is no AWS CLI: install it (pip install awscli) and run this again")


def change(context: Path, number: int) -> None:
    """A new version of the code: one line."""
    main = context / "app" / "main.py"
    main.write_text(f"{main.read_text()}\n# change {number}\n")


def by_slipway(context: Path, environment: Mapping[str, str]) -> Finished:
    """`ansible-playbook deploy.yml`, with everything that it checks."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, *_DEPLOY, "-e", f"service_build_context={context}"]
    return measure(command, {**os.environ, **environment, "ANSIBLE_NOCOLOR": "1"}, ROOT)


def by_script(context: Path, number: int, aws: EmbeddedAws, cli: str) -> Finished:
    """Docker push, register-task-definition, update-service, wait services-stable."""
    repository = f"127.0.0.1:{aws.port}/voj-backend"
    command = [str(HERE / "peers" / "release.sh"), repository, f"script-{number}", str(context)]
    environment = {**os.environ, **aws.environment(), "AWS": cli, "PYTHON": sys.executable}
    return measure([*command, CLUSTER, ECS_SERVICE, CONTAINER], environment, ROOT)


def _must(run: Finished, who: str) -> float:
    if run.code != 0:
        raise BenchError(f"{who} ended with {run.code}:\n{run.output[-3000:]}")
    return run.wall


def bench(runs: int, scratch: Path) -> dict[str, list[float]]:
    """Seconds of each release, by who did it; in turns, so that what else the machine does falls on both."""
    cli = aws_cli()
    base_image.ensure()
    context = shutil.copytree(ROOT / "examples" / "fastapi", scratch / "context")
    aws = embedded_aws.start(scratch / "aws", containers=True)
    seconds: dict[str, list[float]] = {"Slipway": [], "script": []}
    try:
        seed(aws)
        _must(by_slipway(context, aws.environment()), "the first deploy")
        for number in range(runs):
            change(context, 2 * number)
            seconds["Slipway"].append(_must(by_slipway(context, aws.environment()), "Slipway"))
            change(context, 2 * number + 1)
            seconds["script"].append(_must(by_script(context, number, aws, cli), "the script"))
    finally:
        embedded_aws.stop(aws, build_cache=False)
    return seconds


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.release", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="releases of each (default: 3)")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
            seconds = bench(arguments.runs, Path(scratch))
    except (BenchError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    own, script = (statistics.median(seconds[name]) for name in ("Slipway", "script"))
    print(f"a release of changed code, medians of {arguments.runs}, in turns on one embedded AWS")
    for name, values in seconds.items():
        print(f"  {name:8} {statistics.median(values):6.1f} s   ({', '.join(f'{one:.1f}' for one in values)})")
    print(f"  Slipway / script: {own / script:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
