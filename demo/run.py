"""`make demo`: a first deploy, on this machine alone.

python -m demo.run [--keep]      # --keep leaves it all up; `make demo-down` ends it
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from demo import base_image, embedded_aws
from demo.embedded_aws import ROOT, EmbeddedAws
from demo.errors import DemoError
from demo.seed import seed

SERVICE = "voj-backend"
DEPLOY = ["deploy.yml", "-i", "local", "--limit", SERVICE]
TO_GO_ON = """
The embedded AWS stays up. To go on, in this shell:
  . .venv/bin/activate
  ansible-playbook deploy.yml -i local --limit voj-backend                  # again: changed=0
  ansible-playbook deploy.yml -i local --limit voj-backend --check --diff   # after an edit: the plan
  ansible-playbook deploy.yml -i local --limit voj-backend -e '{"service_command": ["false"]}'   # a broken release
  ansible-playbook deploy.yml -i local                                      # all four services
  ansible-playbook status.yml -i local                                      # what serves, in one table
  make demo-down                                                            # the end of it
"""


class Interrupted(Exception):  # noqa: N818
    """A signal asked for the end; the demonstration still tidies up."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the signals that end a program into one exception."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let a second Ctrl-C not stop the tidying up."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(text: str) -> None:
    """Print a step at once: Ansible's own lines come between."""
    print(text, flush=True)


def prepare() -> EmbeddedAws:
    """Bring up the embedded AWS with all that the service's description refers to."""
    aws = embedded_aws.up()
    say(embedded_aws.describe(aws))
    if aws.containers:
        say(f"base image {base_image.PYTHON.image}: {base_image.ensure()}")
    account = seed(aws)
    say(
        f"an account as a first user has it: {_count(account.zones, 'hosted zone')}, "
        f"{_count(account.parameters, 'parameter')}, {_count(account.secrets, 'secret')}"
    )
    return aws


def _count(things: set[str] | dict[str, set[str]], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def deploy(aws: EmbeddedAws) -> int:
    """Run what a user would type, and give its exit code."""
    say(f"\n$ ansible-playbook {' '.join(DEPLOY)}")
    programs = Path(sys.executable).parent
    process = subprocess.Popen(
        [str(programs / "ansible-playbook"), *DEPLOY],
        cwd=ROOT,
        env={
            **os.environ,
            **aws.environment(),
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        },
    )
    try:
        return process.wait()
    except Interrupted:
        with undisturbed():
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        raise


def tidy_up(keep: bool) -> None:
    """Stop everything that was started, unless it is to stay."""
    if keep and embedded_aws.running():
        say(TO_GO_ON)
        return
    with undisturbed():
        if embedded_aws.down():
            say("tidied up: the embedded AWS, its containers and its images are gone")


def demo(keep: bool) -> int:
    """Do it all; give the exit code."""
    started = time.monotonic()
    with interruptible():
        try:
            code = deploy(prepare())
            result = "deployed" if code == 0 else f"the deploy failed (exit code {code})"
            say(f"\n{SERVICE}: {result}, {time.monotonic() - started:.0f} s in all")
        except Interrupted as interrupted:
            say(f"\nstopped by {interrupted}")
            code = 128 + interrupted.number
            keep = False
        except DemoError as error:
            print(error, file=sys.stderr)
            code = 1
        tidy_up(keep)
    return code


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.run", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave it up; `make demo-down` ends it")
    return demo(parser.parse_args().keep)


if __name__ == "__main__":
    sys.exit(main())
