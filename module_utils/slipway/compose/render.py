"""From a completed description to what the machine gets: one document, the same for the same description. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Service = Mapping[str, Any]
Secrets = Mapping[str, str]
KEPT_RELEASES = 3
_DEFAULT_STOP_TIMEOUT = 30
# What runs, but for what outlives releases.
_ID_OF = ("compose", "env", "web", "port", "workers", "jobs")
_VERSION = "org.opencontainers.image.version"


@dataclass(frozen=True)
class Image:
    """What ecr_image found or made.

    Attributes:
        image: by digest, `registry/repository@sha256:...`; by tag in check mode of a build.
    """

    image: str
    tag: str = ""
    digest: str = ""
    commit: str = ""


def document(service: Service, image: Image, secrets: Secrets, base_secrets: Secrets) -> dict[str, Any]:
    """The release, as the verb `prepare` takes it.

    Args:
        service: the completed description.
        image: what runs.
        secrets: the values of the service's own secrets, by variable.
        base_secrets: those of its sidecars.
    """
    web = [f"web-{number}" for number in range(1, int(service["desired_count"]) + 1)]
    jobs = [
        {"name": name, "schedule": job["schedule"], "timeout": job["timeout"]}
        for name, job in sorted(service["jobs"].items())
    ]
    check = service["health_check"]
    release: dict[str, Any] = {
        "service": service["name"],
        "tag": image.tag,
        "digest": image.digest,
        "commit": image.commit,
        "image": image.image,
        "compose": _compose(service, image, web, bool(secrets)),
        "base": _base(service),
        "env": dict(sorted(secrets.items())),
        "base_env": dict(sorted(base_secrets.items())),
        "web": web,
        "port": service["container_port"],
        "workers": sorted(service["workers"]),
        "jobs": jobs,
        "health": {"path": check["path"], "matcher": check["matcher"], "timeout": check["timeout"]},
        "env_marks": _marks(secrets),
        "base_env_marks": _marks(base_secrets),
        "site": site(service),
        "drain_seconds": service["deregistration_delay"],
        "stop_timeout": max([_stop_timeout(service), *(part["stop_timeout"] for part in service["sidecars"].values())]),
        "keep_releases": KEPT_RELEASES,
    }
    return {**release, "id": identity(release)}


def identity(release: Mapping[str, Any]) -> str:
    """The first 12 digits of a hash of all that runs: the same release again has the same id."""
    return canonical_hash({key: release[key] for key in _ID_OF})[:12]


def canonical_hash(value: Any) -> str:
    """A hash that does not depend on the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def literal(value: Any) -> Any:
    """Texts as Compose reads them: it replaces variables in every one, so that a dollar is written twice."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [literal(item) for item in value]
    return value


def _compose(service: Service, image: Image, web: Sequence[str], has_secrets: bool) -> dict[str, Any]:
    own = _container(service, image, has_secrets)
    check = service["container_health_check"]
    served = {**own, **_limits(service), **_command(service)} | ({"healthcheck": _health(check)} if check else {})
    services: dict[str, Any] = {name: {**served, "restart": "unless-stopped"} for name in web}
    for name, worker in sorted(service["workers"].items()):
        services[name] = {**own, **_limits(worker), "command": literal(worker["command"]), "restart": "unless-stopped"}
    for name, job in sorted(service["jobs"].items()):
        command = {"command": literal(job["command"]), "profiles": ["jobs"], "restart": "no"}
        services[name] = {**own, **_limits(service), **command}
    rendered: dict[str, Any] = {
        "services": services,
        "networks": {"default": {"name": service["name"], "external": True}},
    }
    names = sorted({str(text).partition(":")[0] for text in service["volumes"]})
    if names:
        shared = _names_of_volumes(service["sidecars"])
        volumes: dict[str, dict[str, Any]] = {name: {"name": _volume(service, name)} for name in names}
        rendered["volumes"] = {
            name: {**volume, "external": True} if name in shared else volume for name, volume in volumes.items()
        }
    return rendered


def _names_of_volumes(sidecars: Mapping[str, Any]) -> list[str]:
    return sorted({str(text).partition(":")[0] for part in sidecars.values() for text in part["volumes"]})


def _container(service: Service, image: Image, has_secrets: bool) -> dict[str, Any]:
    container: dict[str, Any] = {
        "image": image.image,
        "init": True,
        "stop_grace_period": f"{_stop_timeout(service)}s",
        # The digest says what runs; the tag says it to a person.
        "labels": {_VERSION: literal(image.tag)},
    }
    if service["environment"]:
        container["environment"] = literal(dict(sorted(service["environment"].items())))
    if has_secrets:
        container["env_file"] = [".env"]
    if service["volumes"]:
        container["volumes"] = list(service["volumes"])
    return container


def _command(service: Service) -> dict[str, Any]:
    keys = {"entrypoint": service["entry_point"], "command": service["command"]}
    return {key: literal(list(value)) for key, value in keys.items() if value is not None}


def _limits(part: Mapping[str, Any]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if part.get("memory"):
        # No swap beyond it: a task of Fargate has none either.
        limits |= {"mem_limit": f"{part['memory']}m", "memswap_limit": f"{part['memory']}m"}
    if part.get("cpu"):
        limits["cpus"] = round(int(part["cpu"]) / 1024, 3)
    return limits


def _health(check: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "test": literal(list(check["command"])),
        "interval": f"{check['interval']}s",
        "timeout": f"{check['timeout']}s",
        "retries": check["retries"],
        "start_period": f"{check['start_period']}s",
    }


def _base(service: Service) -> dict[str, Any] | None:
    if not service["sidecars"]:
        return None
    services = {name: _sidecar(part) for name, part in sorted(service["sidecars"].items())}
    return {
        "services": services,
        "volumes": {name: {"name": _volume(service, name)} for name in _names_of_volumes(service["sidecars"])},
        "networks": {"default": {"name": service["name"]}},
    }


def _sidecar(part: Mapping[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = {
        "image": part["image"],
        "init": True,
        "restart": "unless-stopped",
        "stop_grace_period": f"{part['stop_timeout']}s",
        **_limits(part),
    }
    if part["command"] is not None:
        container["command"] = literal(list(part["command"]))
    if part["environment"]:
        container["environment"] = literal(dict(sorted(part["environment"].items())))
    if part["secrets"]:
        container["env_file"] = [".env"]
    if part["volumes"]:
        container["volumes"] = list(part["volumes"])
    if part["health_check"]:
        container["healthcheck"] = _health(part["health_check"])
    return container


def _volume(service: Service, name: str) -> str:
    return f"{service['name']}_{name}"


def _stop_timeout(service: Service) -> int:
    given = service["stop_timeout"]
    return _DEFAULT_STOP_TIMEOUT if given is None else int(given)


def site(service: Service) -> str:
    """The service's part of the proxy's configuration. It names no release, so that none of them changes it.

    Idle connections end before the server ends them (uvicorn after 5 s, gunicorn after 2 s): a request that meets a
    closed one would be lost. For the same reason each answer ends its connection while the file is there: before a
    reload, which closes those that are idle.

    https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#dynamic-upstreams
    """
    address = service["domain"] or "http://:80"
    return f"""\
# Written by Ansible: {service["name"]}.
{address} {{
	@leaving file {{
		root /run
		try_files slipway-leaving
	}}
	header @leaving Connection close
	reverse_proxy {{
		dynamic a {{
			name {service["name"]}.slipway.internal
			port {service["container_port"]}
			refresh 1s
		}}
		lb_policy least_conn
		lb_try_duration 5s
		lb_try_interval 100ms
		transport http {{
			keepalive 1s
			dial_timeout 2s
		}}
	}}
}}
"""


def base_hash(release: Mapping[str, Any]) -> str:
    """What the machine calls the part that outlives releases."""
    return canonical_hash([release["base"], release["base_env"]])


def site_hash(release: Mapping[str, Any]) -> str:
    """What the machine calls the service's site."""
    return hashlib.sha256(str(release["site"]).encode()).hexdigest()


def _marks(secrets: Secrets) -> dict[str, str]:
    """By which a later run sees that a secret's value has changed; they stay on the machine, beside the values."""
    return {name: canonical_hash([name, value])[:16] for name, value in sorted(secrets.items())}
