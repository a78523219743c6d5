"""A small web service with PostgreSQL, Redis, a worker, a scheduled job and a migration."""
