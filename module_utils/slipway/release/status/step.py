"""The step of release_status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...aws.errors import SlipwayError
from ...step import Report
from .observe import observe
from .rows import rendered, rendered_releases, row

_NEEDED = ("name", "region", "cluster", "ecs_service", "release_table")


def show(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """Read all services, and put them into one table; the same in check mode.

    Raises:
        SlipwayError: what it was given are no completed descriptions.
    """
    services, releases = options["services"], options["releases"]
    missing = sorted({key for service in services for key in _NEEDED if not service.get(key)})
    if missing:
        remedy = "give it descriptions as service_description returns them"
        raise SlipwayError(f"a service has no {', '.join(missing)}", where="release_status.services", remedy=remedy)
    if not 0 <= releases <= 1000:
        raise SlipwayError(f"{releases} is out of range", where="release_status.releases", remedy="choose 0 to 1000")
    now = datetime.now(tz=UTC)
    rows = [row(seen, now) for seen in observe(services, releases, options.get("on_machines"))]
    shown = [rendered(rows, now)]
    if releases:
        shown += [rendered_releases(one) for one in rows]
    return {"changed": False, "services": [one.result() for one in rows], "table": "\n\n".join(shown)}
