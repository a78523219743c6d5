"""The options that every module has."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from slipway.engine.options import CONNECTION_DOCUMENTATION


class ModuleDocFragment:
    """Rendered by ansible-doc into every module that extends `aws`."""

    DOCUMENTATION = CONNECTION_DOCUMENTATION
