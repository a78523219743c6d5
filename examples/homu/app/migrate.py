"""The migration: `python -m app.migrate`. It runs before each release, and does nothing where nothing is to do."""

import logging

import psycopg

from .settings import required

_STEPS = (
    "CREATE TABLE visits (count bigint NOT NULL); INSERT INTO visits VALUES (0)",
    "CREATE TABLE handled (count bigint NOT NULL); INSERT INTO handled VALUES (0)",
    "CREATE TABLE reports (at timestamptz NOT NULL DEFAULT now(), visits bigint NOT NULL)",
)


def main() -> None:
    """Bring the schema to the newest version, all of it or nothing."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with psycopg.connect(required("DATABASE_URL"), connect_timeout=10) as connection:
        # Two at the same time would both find nothing.
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        connection.execute("CREATE TABLE IF NOT EXISTS schema (version integer NOT NULL)")
        row = connection.execute("SELECT coalesce(max(version), 0) FROM schema").fetchone()
        there = int(row[0]) if row else 0
        for number, step in enumerate(_STEPS[there:], there + 1):
            connection.execute(step.encode())
            connection.execute("INSERT INTO schema VALUES (%s)", [number])
    logging.info("the schema was at version %d and is at version %d", there, len(_STEPS))


if __name__ == "__main__":
    main()
