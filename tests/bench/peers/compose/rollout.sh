#!/bin/sh
# The method of docker-rollout: a second container beside the first, wait until it is healthy, remove the first.
set -eu
cd "$(dirname "$0")"
old=$(docker compose ps --quiet web)
docker compose up --detach --no-recreate --scale web=2 web
new=$(docker compose ps --quiet web | grep -v "$old")
for _ in $(seq 1 120); do
    [ "$(docker inspect --format '{{.State.Health.Status}}' "$new")" = healthy ] && break
    sleep 0.5
done
docker stop "$old"
docker rm "$old"
