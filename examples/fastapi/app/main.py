"""The application: `gunicorn app.main:app -k uvicorn.workers.UvicornWorker -b 0.0.0.0:8000`.

REQUIRED_ENV=DATABASE_URL,JWT_SECRET makes its health checks fail while one of these is absent or empty, as
those of a real service do that cannot work without its database. SERVICE_NAME names it in the answers.
"""

import logging
import os
from typing import Any

from fastapi import FastAPI, Response, status

SERVICE = os.environ.get("SERVICE_NAME", "example")
VERSION = os.environ.get("APP_VERSION", "unknown")
REQUIRED = [name.strip() for name in os.environ.get("REQUIRED_ENV", "").split(",") if name.strip()]

log = logging.getLogger("uvicorn.error")
app = FastAPI(title=SERVICE, version=VERSION)


def missing() -> list[str]:
    """Name the required variables that have no value; the values themselves are nobody's business."""
    return [name for name in REQUIRED if not os.environ.get(name)]


if missing():
    log.error("not ready: no value for %s", ", ".join(missing()))


@app.get("/health")
@app.get("/api/health")
@app.get("/api/v1/health")
def health(response: Response) -> dict[str, Any]:
    """Answer a load balancer's question: may this task have requests?"""
    answer: dict[str, Any] = {"status": "ok", "service": SERVICE, "version": VERSION}
    if absent := missing():
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        answer |= {"status": "unavailable", "missing": absent}
    return answer


@app.get("/")
def root() -> dict[str, str]:
    """Say who answers, and from which task: two tasks behind one load balancer can be told apart."""
    return {"service": SERVICE, "version": VERSION, "host": os.environ.get("HOSTNAME", "")}
