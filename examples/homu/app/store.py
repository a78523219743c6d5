"""The visits: counted in PostgreSQL, cached in Redis, and queued there for the worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from redis.asyncio import Redis
from redis.exceptions import RedisError

from .settings import required

CACHED = "visits"
QUEUE = "visits:queue"
_SECONDS = 3
_CACHED_SECONDS = 1


@dataclass(frozen=True)
class Store:
    """Both, open."""

    database: AsyncConnectionPool[AsyncConnection[TupleRow]]
    cache: Redis

    async def visit(self) -> int:
        """Count one visit, and leave it to the worker to handle."""
        visits = await self._number("UPDATE visits SET count = count + 1 RETURNING count")
        # The database has it: a cache that is away loses nothing.
        with contextlib.suppress(RedisError):
            async with self.cache.pipeline() as both:
                both.set(CACHED, visits, ex=_CACHED_SECONDS)
                both.rpush(QUEUE, visits)
                await both.execute()
        return visits

    async def visits(self) -> tuple[int, str]:
        """How many there were, and who says so."""
        with contextlib.suppress(RedisError):
            cached = await self.cache.get(CACHED)
            if cached is not None:
                return int(cached), "cache"
        visits = await self._number("SELECT count FROM visits")
        with contextlib.suppress(RedisError):
            await self.cache.set(CACHED, visits, ex=_CACHED_SECONDS)
        return visits, "database"

    async def handle(self) -> None:
        """What the worker does with a visit."""
        await self._number("UPDATE handled SET count = count + 1 RETURNING count")

    async def report(self) -> int:
        """What the scheduled job does: write down how many visits there were until now."""
        return await self._number("INSERT INTO reports (visits) SELECT count FROM visits RETURNING visits")

    async def work(self) -> dict[str, int]:
        """What the worker and the scheduled job have done."""
        handled = await self._number("SELECT count FROM handled")
        return {"handled": handled, "reports": await self._number("SELECT count(*) FROM reports")}

    async def silent(self) -> list[str]:
        """Name those of the two that do not answer."""
        names = {"PostgreSQL": self._number, "Redis": self._ping}
        answers = await asyncio.gather(*(_answers(ask) for ask in names.values()))
        return [name for name, answered in zip(names, answers, strict=True) if not answered]

    async def _ping(self) -> int:
        return len(await self.cache.info("server"))

    async def _number(self, query: Any = "SELECT 1") -> int:
        async with self.database.connection() as connection:
            row = await (await connection.execute(query)).fetchone()
        return int(row[0]) if row else 0


async def _answers(ask: Callable[[], Coroutine[Any, Any, int]]) -> bool:
    try:
        async with asyncio.timeout(_SECONDS):
            await ask()
    except (OSError, OperationalError, PoolTimeout, RedisError):
        return False
    return True


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    """Open both. One that is away now may be there later: it is asked for when it is needed."""
    database = AsyncConnectionPool[AsyncConnection[TupleRow]](
        required("DATABASE_URL"),
        min_size=1,
        max_size=8,
        timeout=_SECONDS,
        # A connection from before the database's restart is not given out.
        check=AsyncConnectionPool.check_connection,
        kwargs={"autocommit": True},
        open=False,
    )
    cache = Redis.from_url(required("REDIS_URL"), decode_responses=True, socket_timeout=_SECONDS)
    await database.open()
    try:
        yield Store(database, cache)
    finally:
        await cache.aclose()
        await database.close()
