"""The host program as one file: the same bytes wherever it is packed, so that its hash says whether it is new."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Where it is on a machine.
PATH = "/usr/local/lib/slipway/slipway-host.pyz"
FOLDER = Path(__file__).resolve().parents[3] / "roles" / "compose" / "files" / "slipway_host"
# The oldest moment that a zip file can name.
MOMENT = (1980, 1, 1, 0, 0, 0)
START = "import sys\n\nfrom slipway_host.main import main\n\nsys.exit(main(sys.argv[1:]))\n"


@dataclass(frozen=True)
class Program:
    """What goes to the machine."""

    content: bytes
    sha256: str


@cache
def packed(folder: Path = FOLDER) -> Program:
    """Pack the program; `python3 <file> <verb>` runs it."""
    sources = {f"{folder.name}/{file.name}": file.read_bytes() for file in sorted(folder.glob("*.py"))}
    file = io.BytesIO()
    # Stored: what a compressor makes depends on its version.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {"__main__.py": START.encode(), **sources}.items():
            member = zipfile.ZipInfo(name, MOMENT)
            member.create_system = 3
            member.external_attr = 0o100644 << 16
            archive.writestr(member, content)
    content = file.getvalue()
    return Program(content, hashlib.sha256(content).hexdigest())
