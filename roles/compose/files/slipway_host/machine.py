"""What the machine is, and what it has left."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from slipway_host import containers, files
from slipway_host.engine import Engine, EngineError
from slipway_host.process import run

MIB = 1024
CLOCK_WRONG = 5


def program() -> str | None:
    """Name this program by its content."""
    packed = Path(sys.argv[0])
    return hashlib.sha256(packed.read_bytes()).hexdigest() if packed.is_file() else None


def facts(engine: Engine) -> dict[str, Any]:
    """Look at the machine."""
    memory = memory_of(files.read(Path("/proc/meminfo")) or "")
    try:
        told = engine.call("GET", "/info", seconds=20)
    except EngineError:
        told = {}
    compose = run(["docker", "compose", "version", "--short"], 20)
    data = told.get("DockerRootDir") or "/var/lib/docker"
    return {
        "distribution": distribution(files.read(Path("/etc/os-release")) or ""),
        "python": platform.python_version(),
        "docker_version": told.get("ServerVersion"),
        "compose_version": compose.output.strip().lstrip("v") if compose.ok else None,
        "caddy_active": run(["systemctl", "is-active", "--quiet", "caddy.service"], 20).ok,
        "memory_mib": memory.get("MemTotal", 0),
        "memory_available_mib": memory.get("MemAvailable", 0),
        "disk": {path: disk(path) for path in (data, "/etc") if Path(path).exists()},
        "time": time.time(),
        "clock_synchronised": clock_synchronised(),
        "listening": containers.listening(),
    }


def distribution(text: str) -> str | None:
    """Read the distribution's name."""
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            return value.strip('"')
    return None


def memory_of(text: str) -> dict[str, int]:
    """Read /proc/meminfo, in MiB."""
    lines = (line.replace(":", " ").split() for line in text.splitlines())
    return {words[0]: int(words[1]) // MIB for words in lines if len(words) > 1}


def disk(path: str) -> dict[str, int]:
    """Say how large a file system is, and what is free for others than root."""
    told = os.statvfs(path)
    return {
        "size": told.f_blocks * told.f_frsize,
        "free": told.f_bavail * told.f_frsize,
        "inodes_free": told.f_favail,
    }


def clock_synchronised() -> bool | None:
    """Ask the kernel whether something keeps the clock right; nothing where it does not tell."""
    # struct timex with modes = 0 only reads; its size is less than this everywhere.
    told = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(1024))
    return None if told < 0 else told != CLOCK_WRONG
