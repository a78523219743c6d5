"""The worker: `python -m app.worker`. On SIGTERM it finishes what it has in hand."""

import asyncio
import contextlib
import logging
import signal

from redis.exceptions import RedisError

from .settings import VERSION
from .store import QUEUE, opened

_WAIT = 1


async def main() -> None:
    """Handle visits until it is told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    logging.info("worker %s waits for visits", VERSION)
    async with opened() as store:
        while not stop.is_set():
            try:
                taken = await store.cache.blpop([QUEUE], timeout=_WAIT)
            except (RedisError, OSError) as error:
                logging.warning("Redis does not answer: %s", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _WAIT)
                continue
            if taken:
                await store.handle()
    logging.info("worker %s stops", VERSION)


if __name__ == "__main__":
    asyncio.run(main())
