"""What holds for every test: nothing of the user's own AWS, and no way out of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis

from demo.embedded_aws import client_environment
from tests.emulators.loopback import sitecustomize

# How long an example takes says something of the machine alone.
hypothesis.settings.register_profile("slipway", deadline=None)
hypothesis.settings.load_profile("slipway")

pytest_plugins = ["tests.emulators.fixtures", "tests.faults.fixtures", "tests.lab.fixtures"]

# Before anything of Slipway is imported: its sessions read these once.
for _name in list(os.environ):
    if _name.startswith("AWS_") or _name.lower().endswith("_proxy"):
        del os.environ[_name]
# Whoever forgets to name an emulator's address talks to a closed port.
os.environ |= client_environment("http://127.0.0.1:9")
# With it, nobody would notice that a pipe keeps lines back.
os.environ.pop("PYTHONUNBUFFERED", None)
# With it, each of some hundred playbooks compiles all of Slipway again: a third of its time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same guard for every Python process that a test starts.
_guard = str(Path(sitecustomize.__file__).parent)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_guard, os.environ.get("PYTHONPATH")]))
