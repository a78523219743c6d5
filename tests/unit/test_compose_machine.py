"""The machine is asked by its own program, which is brought there when it is another one, and never in check mode."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from slipway.aws.errors import SlipwayError
from slipway.compose import program
from slipway.compose.machine import Machine, MachineError
from tests.unit.fake_machine import PROGRAM, FakeChannel, refused


def machine(channel: FakeChannel, *, check: bool = False) -> Machine:
    return Machine("box", channel, PROGRAM, check=check)


def test_the_program_is_left_alone_where_it_is_the_same() -> None:
    channel = FakeChannel({"look": {"services": {}}})
    one = machine(channel)
    assert one.look(["shop"])["services"] == {}
    assert (one.changed, channel.verbs, len(channel.commands)) == (False, ["look"], 1)


@pytest.mark.parametrize("installed", ["", "b" * 64])
def test_it_is_brought_there_where_it_is_missing_or_another(installed: str) -> None:
    channel = FakeChannel({"look": {"services": {}}}, installed=installed)
    one = machine(channel)
    one.look(None)
    assert one.changed
    assert channel.installed == PROGRAM.sha256
    one.call("start", service="shop")
    assert channel.verbs[-2:] == ["look", "start"]


@pytest.mark.parametrize("installed", ["", "b" * 64])
def test_check_mode_looks_and_leaves_nothing(installed: str) -> None:
    channel = FakeChannel({"look": {"services": {"shop": None}}}, installed=installed)
    one = machine(channel, check=True)
    assert one.look(["shop"])["services"] == {"shop": None}
    assert one.changed
    assert channel.installed == installed


def test_what_the_program_refuses_is_an_error_with_its_code() -> None:
    channel = FakeChannel({"start": refused("not_running", "it does not run", image="x")})
    with pytest.raises(MachineError, match="it does not run") as failure:
        machine(channel).call("start")
    assert (failure.value.code, failure.value.remedy, failure.value.details) == (
        "not_running",
        "do something",
        {"image": "x"},
    )
    assert failure.value.where == "box"


@pytest.mark.parametrize(
    ("answer", "told", "remedy"),
    [
        ((127, "", "sh: 1: exec: python3: not found"), "python3: not found", "provision.yml"),
        ((1, "", "sudo: a password is required"), "password is required", "without a password"),
        ((255, "broken", ""), "broken", "by SSH"),
        ((0, "[1]", ""), "gave no answer to look", "by SSH"),
    ],
)
def test_a_machine_that_does_not_answer_is_told(answer: tuple[int, str, str], told: str, remedy: str) -> None:
    class Broken:
        def run(self, command: str, data: bytes) -> tuple[int, str, str]:
            return answer

    with pytest.raises(SlipwayError, match=told) as failure:
        Machine("box", Broken(), PROGRAM, check=False).look(None)
    assert remedy in failure.value.remedy


def test_the_shells_part_works_with_a_real_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is found, brought, run and read by /bin/sh; the way to another machine is all that is missing."""
    path = tmp_path / "lib" / "slipway-host.pyz"
    monkeypatch.setattr("slipway.compose.machine.PATH", str(path))
    text = "import hashlib, json, sys\n"
    text += "own = hashlib.sha256(open(sys.argv[0], 'rb').read()).hexdigest()\n"
    text += "print(json.dumps({'ok': True, 'program': own, 'verb': sys.argv[1], 'got': json.load(sys.stdin)}))\n"
    import hashlib

    given = program.Program(text.encode(), hashlib.sha256(text.encode()).hexdigest())

    class Shell:
        def run(self, command: str, data: bytes) -> tuple[int, str, str]:
            done = subprocess.run(["/bin/sh", "-c", command], input=data, capture_output=True, check=False)
            return done.returncode, done.stdout.decode(), done.stderr.decode()

    checking = Machine("box", Shell(), given, check=True)
    assert checking.look(["ä"])["got"] == {"services": ["ä"]}
    assert (checking.changed, path.exists()) == (True, False)
    real = Machine("box", Shell(), given, check=False)
    assert real.look(None)["program"] == given.sha256
    assert real.changed
    assert real.call("start", id="$HOME")["got"] == {"id": "$HOME"}
    again = Machine("box", Shell(), given, check=False)
    again.look(None)
    assert not again.changed
