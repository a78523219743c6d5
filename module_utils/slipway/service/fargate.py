"""Which sizes Fargate has, as the ECS developer guide lists them under "Task CPU and memory"."""

from __future__ import annotations

import re

_GIB = 1024
# CPU units -> memory in MiB
SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
_CPU = re.compile(r"(\d+)|(\d*\.?\d+)\s*vcpu", re.IGNORECASE)
_MEMORY = re.compile(r"(\d+)(?:\s*mi?b)?|(\d*\.?\d+)\s*gi?b", re.IGNORECASE)


def cpu_units(text: str) -> int | None:
    """`512` or `0.5 vCPU` as CPU units; None for anything else."""
    return _number(_CPU.fullmatch(text.strip()))


def memory_mib(text: str) -> int | None:
    """`1024` or `1 GB` as MiB; None for anything else."""
    return _number(_MEMORY.fullmatch(text.strip()))


def _number(match: re.Match[str] | None) -> int | None:
    if match is None:
        return None
    if match[1]:
        return int(match[1])
    units = float(match[2]) * 1024
    return int(units) if units.is_integer() else None


def memory_of(cpu: int) -> str:
    """The memory that goes with these CPU units, for a message."""
    sizes = SIZES[cpu]
    if len(sizes) == 3:
        return ", ".join(map(str, sizes))
    return f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"


def closest(cpu: int, memory: int) -> tuple[int, int]:
    """The smallest size that has at least this much of both, or the largest there is."""
    enough = [(c, m) for c, sizes in SIZES.items() for m in sizes if c >= cpu and m >= memory]
    return min(enough, key=lambda size: (size[0], size[1])) if enough else (16384, SIZES[16384][-1])
