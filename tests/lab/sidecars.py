"""PostgreSQL and Redis as a service of the lab has them beside it: images made of Debian's packages.

They take what the official images take (POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB; the data in a volume), so that a
description that names those works with these. They are kept as the base image of the examples is.
"""

from __future__ import annotations

import shlex

from demo.base_image import Recipe

_POSTGRESQL = """\
#!/bin/sh
set -eu
if [ "$(id -u)" = 0 ]; then
    install -d -m 0700 -o postgres -g postgres "$PGDATA"
    install -d -m 3777 -o postgres -g postgres /run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    user=${POSTGRES_USER:-postgres}
    database=${POSTGRES_DB:-$user}
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "Error: Database is uninitialized and superuser password is not specified." >&2
        exit 1
    fi
    password=$(mktemp)
    printf '%s' "$POSTGRES_PASSWORD" >"$password"
    initdb --username="$user" --pwfile="$password" --auth-host=scram-sha-256 --auth-local=trust --encoding=UTF8
    rm "$password"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    # The compiler's library is not in the image: it is larger than all the rest.
    printf "listen_addresses = '*'\\njit = off\\n" >>"$PGDATA/postgresql.conf"
    [ "$database" = postgres ] || echo "CREATE DATABASE \\"$database\\"" | postgres --single -jE postgres
fi
# A fast shutdown, as the official image's STOPSIGNAL asks for: a slow one would wait for every client to go.
"$@" &
server=$!
trap 'kill -INT $server' TERM INT
wait "$server" || wait "$server"
"""
_REDIS = """\
#!/bin/sh
set -eu
if [ "$(id -u)" = 0 ]; then
    chown redis:redis /data
    exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
exec "$@"
"""


def _program(text: str) -> str:
    """Put a program into the image."""
    path = '"$1"/usr/local/bin/docker-entrypoint.sh'
    return f"printf %s {shlex.quote(text)} >{path} && chmod 0755 {path}"


POSTGRESQL = Recipe(
    image="localhost/postgres:17",
    suite="trixie",
    packages=("postgresql-17", "ca-certificates"),
    hooks=(
        _program(_POSTGRESQL),
        'rm -rf "$1"/var/lib/postgresql/17 "$1"/etc/postgresql/17 "$1"/usr/lib/postgresql/17/lib/bitcode',
        'rm -rf "$1"/usr/lib/*/libLLVM* "$1"/usr/lib/*/libz3.so* "$1"/usr/lib/llvm-* "$1"/usr/share/i18n',
    ),
    changes=(
        "ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/usr/lib/postgresql/17/bin",
        "ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8",
        "VOLUME /var/lib/postgresql/data",
        "EXPOSE 5432",
        'ENTRYPOINT ["docker-entrypoint.sh"]',
        'CMD ["postgres"]',
    ),
)
REDIS = Recipe(
    image="localhost/redis:8",
    suite="trixie",
    packages=("redis-server", "ca-certificates"),
    hooks=(_program(_REDIS),),
    changes=(
        "VOLUME /data",
        "WORKDIR /data",
        "EXPOSE 6379",
        'ENTRYPOINT ["docker-entrypoint.sh"]',
        'CMD ["redis-server", "--protected-mode", "no", "--bind", "*", "--dir", "/data"]',
    ),
)
