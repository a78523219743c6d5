"""A machine for tests: real systemd as process 1 and a real Docker engine, inside one container."""

import sys
from pathlib import Path

# pytest has it from pyproject.toml; the programs of this folder (python -m tests.lab.stage) have not.
sys.path.append(str(Path(__file__).resolve().parents[2] / "module_utils"))
