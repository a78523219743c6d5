"""The connections between the proxy and containers."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Collection
from pathlib import Path

from slipway_host.caddy import MOVES_WITHIN

TABLE = Path("/proc/net/tcp")
ESTABLISHED = "01"
LOOK_SECONDS = 0.5


def established(table: str, addresses: Collection[str]) -> int:
    """Count the connections that lead to one of some addresses."""
    # The kernel writes an address as a number in the machine's own byte order.
    wanted = {f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}" for address in addresses}
    lines = (line.split() for line in table.splitlines()[1:])
    return sum(words[3] == ESTABLISHED and words[2].partition(":")[0] in wanted for words in lines)


def left(addresses: Collection[str], switched_at: float, drain_seconds: float, now: float, open_now: int) -> bool:
    """Say whether the proxy has left these addresses, or has had its time to."""
    passed = now - switched_at
    # A clock that was set back must not hold anybody.
    if not addresses or passed < 0:
        return True
    return passed >= MOVES_WITHIN and (open_now == 0 or passed >= max(drain_seconds, MOVES_WITHIN))


def wait(
    addresses: Collection[str],
    switched_at: float,
    drain_seconds: float,
    *,
    table: Callable[[], str] = TABLE.read_text,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Wait until the proxy has left some addresses; answer how many connections were cut off."""
    while True:
        open_now = established(table(), addresses)
        if left(addresses, switched_at, drain_seconds, time.time(), open_now):
            return open_now
        sleep(LOOK_SECONDS)
