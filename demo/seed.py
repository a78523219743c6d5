"""What a first user's account has before Slipway comes to it: hosted zones, parameters and secrets.

Slipway refuses a description that refers to what is not there, so the demonstration makes it first. The list
is read from the inventory itself: every service_hosted_zone, and every reference among service_secrets.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from demo.embedded_aws import ROOT, EmbeddedAws
from demo.errors import DemoError

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
# The tag that inventories/local deploys where nothing can be built.
SIMULATED_TAG = "simulated"
# The values of the VOJ document; every other reference gets a value that tells where it came from.
KNOWN = {
    "S3_BUCKET_NAME": "voj-audiobooks-prod",
    "BOOKS_TABLE_NAME": "voj-books-prod",
    "AUDIO_CHAPTERS_TABLE_NAME": "voj-audio-chapters-prod",
    "CORS_ORIGINS": "https://voj-audiobooks.vercel.app,https://admin.example.com",
    "ALLOWED_HOSTS": "api.voj-audiobook.com",
}


@dataclass
class Account:
    """What has to be there. A secret without keys is one plain value."""

    zones: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    secrets: dict[str, set[str]] = field(default_factory=dict)
    repositories: set[str] = field(default_factory=set)


def required(hosts: Mapping[str, Mapping[str, Any]]) -> Account:
    """Collect what the descriptions of the services refer to."""
    account = Account()
    for variables in hosts.values():
        if repository := variables.get("service_repository"):
            account.repositories.add(str(repository))
        if zone := variables.get("service_hosted_zone"):
            account.zones.add(str(zone))
        for reference in dict(variables.get("service_secrets") or {}).values():
            kind, _, name = str(reference).partition(":")
            if kind == "ssm":
                account.parameters.add(name)
            elif kind == "secretsmanager" and not name.startswith("arn:"):
                secret, _, key = name.partition("#")
                account.secrets.setdefault(secret, set()).update({key} if key else ())
    return account


def described(inventory: str, environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Read every service's description out of an inventory."""
    listed = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-inventory")), "-i", inventory, "--list"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        raise DemoError(f"the inventory {inventory} cannot be read:\n{listed.stderr.strip()}")
    hosts: dict[str, dict[str, Any]] = json.loads(listed.stdout)["_meta"]["hostvars"]
    return hosts


def seed(aws: EmbeddedAws, inventory: str = "local") -> Account:
    """Make what is absent; what is there already stays as it is."""
    account = required(described(inventory, aws.environment()))
    _zones(account, _client(aws, "route53"))
    ssm = _client(aws, "ssm")
    for name in sorted(account.parameters):
        _unless_there("ParameterAlreadyExists", ssm.put_parameter, Name=name, Type="SecureString", Value=_value(name))
    secrets = _client(aws, "secretsmanager")
    for name, keys in sorted(account.secrets.items()):
        value = json.dumps({key: _value(key) for key in sorted(keys)}) if keys else _value(name)
        _unless_there("ResourceExistsException", secrets.create_secret, Name=name, SecretString=value)
    if not aws.containers:
        for repository in sorted(account.repositories):
            simulated_image(aws, repository)
    return account


def _client(aws: EmbeddedAws, service: str) -> Any:
    values = aws.environment()
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=aws.endpoint,
        region_name=values["AWS_REGION"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
    )


def _zones(account: Account, route53: Any) -> None:
    there = {zone["Name"].rstrip(".") for zone in route53.list_hosted_zones()["HostedZones"]}
    for name in sorted(account.zones - there):
        route53.create_hosted_zone(Name=name, CallerReference=f"slipway-demo-{name}")


def _unless_there(code: str, call: Any, **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise


def _value(name: str) -> str:
    last = name.rpartition("/")[2]
    return KNOWN.get(last, f"demo-{last}")


def simulated_image(aws: EmbeddedAws, repository: str) -> None:
    """Push an image without content: with no Docker engine none can be built, and none will be run."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(config),
            "digest": digest,
        },
        "layers": [],
    }
    _unless_there("RepositoryAlreadyExistsException", _client(aws, "ecr").create_repository, repositoryName=repository)
    registry = f"{aws.endpoint}/v2/{repository}"
    _send("POST", f"{registry}/blobs/uploads/?digest={digest}", config, "application/octet-stream")
    _send("PUT", f"{registry}/manifests/{SIMULATED_TAG}", json.dumps(manifest).encode(), MANIFEST)


def _send(method: str, url: str, body: bytes, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)  # noqa: S310 - a loopback address
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
        pass
