"""The scheduled job: `python -m app.report`."""

import asyncio
import logging

from .store import opened


async def main() -> None:
    """Write down how many visits there were until now."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    async with opened() as store:
        logging.info("reported %d visits", await store.report())


if __name__ == "__main__":
    asyncio.run(main())
