#!/usr/bin/env bash
# A release by hand: build, push, register, update-service, and wait until the service is stable.
# Usage: release.sh <repository URI> <tag> <build context> <cluster> <service> <container>; AWS and PYTHON name the programs.
set -euo pipefail
repository=$1 tag=$2 context=$3 cluster=$4 service=$5 container=$6
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$AWS" ecr get-login-password | docker --config "$scratch" login --username AWS --password-stdin "${repository%%/*}" >/dev/null 2>&1
docker --config "$scratch" build --quiet --tag "$repository:$tag" "$context" >/dev/null
docker --config "$scratch" push --quiet "$repository:$tag" >/dev/null

current=$("$AWS" ecs describe-services --cluster "$cluster" --services "$service" --query 'services[0].taskDefinition' --output text)
"$AWS" ecs describe-task-definition --task-definition "$current" --query taskDefinition >"$scratch/current.json"
"$PYTHON" - "$scratch" "$container" "$repository:$tag" <<'PROGRAM'
import json
import sys

scratch, container, image = sys.argv[1:]
with open(f"{scratch}/current.json", encoding="utf-8") as file:
    definition = json.load(file)
for one in definition["containerDefinitions"]:
    if one["name"] == container:
        one["image"] = image
answered = {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
            "registeredBy", "deregisteredAt", "deleteRequestedAt"}
with open(f"{scratch}/next.json", "w", encoding="utf-8") as file:
    json.dump({key: value for key, value in definition.items() if key not in answered and value}, file)
PROGRAM
next=$("$AWS" ecs register-task-definition --cli-input-json "file://$scratch/next.json" \
    --query taskDefinition.taskDefinitionArn --output text)
"$AWS" ecs update-service --cluster "$cluster" --service "$service" --task-definition "$next" >/dev/null
"$AWS" ecs wait services-stable --cluster "$cluster" --services "$service"
