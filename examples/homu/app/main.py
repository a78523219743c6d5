"""The web service: `uvicorn app.main:app`."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import FastAPI, Request, Response, status

from .settings import VERSION
from .store import Store, opened


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with opened() as store:
        app.state.store = store
        yield


app = FastAPI(title="homu", version=VERSION, lifespan=_lifespan)


def _store(request: Request) -> Store:
    return cast(Store, request.app.state.store)


@app.get("/health")
async def health(request: Request, response: Response) -> dict[str, Any]:
    """May this container have requests? Not while its database or its cache is away."""
    silent = await _store(request).silent()
    if silent:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return {"status": "unavailable", "silent": silent, "version": VERSION}
    return {"status": "ok", "version": VERSION}


@app.get("/")
async def root() -> dict[str, str]:
    """Who answers."""
    return {"service": "homu", "version": VERSION, "host": socket.gethostname()}


@app.post("/visits")
async def visit(request: Request) -> dict[str, Any]:
    """Count one visit."""
    return {"visits": await _store(request).visit(), "version": VERSION}


@app.get("/visits")
async def visits(request: Request) -> dict[str, Any]:
    """How many visits there were, and whether the cache knew."""
    number, source = await _store(request).visits()
    return {"visits": number, "source": source, "version": VERSION}


@app.get("/work")
async def work(request: Request) -> dict[str, Any]:
    """What the worker and the scheduled job have done."""
    return {**await _store(request).work(), "version": VERSION}
