"""The verbs of a release, in their order: prepare, start, switch, settle; or discard."""

from __future__ import annotations

import ipaddress
import shutil
import time
from dataclasses import replace
from typing import Any

from slipway_host import caddy, connections, containers, dotenv, files, hosts, network, paths, sidecars, state, units
from slipway_host.compose import FILE, Project
from slipway_host.document import (
    Document,
    completed,
    images,
    public,
    registry_of,
    release_file,
    volumes,
)
from slipway_host.engine import Engine
from slipway_host.errors import HostError

# While a verb works, another one waits this long.
LOCK_SECONDS = 120
# A release that was prepared and never started stays this long.
PREPARED_SECONDS = 24 * 3600
RUNS = "unless-stopped"


def prepare(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Bring everything of a release to the machine, and start nothing of it but what outlives it."""
    document = completed(request.get("release") or {})
    service, release = document["service"], document["id"]
    units.check(document)
    caddy.check(service, document["site"])
    login = request.get("registry")
    pulled = []
    for image in images(document):
        if not engine.has_image(image):
            engine.pull(image, login if login and login["host"] == registry_of(image) else None)
            pulled.append(image)
    with files.locked(service, LOCK_SECONDS):
        files.make_folder(paths.folder(service))
        stored = state.load(service)
        if stored is None:
            state.save(service, state.State())
        network.ensure(engine, service)
        network.ensure_volumes(engine, service, volumes(document))
        known = state.document(service, release) or {}
        _write_release(document, known.get("addresses") or {})
        keep_images(service)
        changed = sidecars.apply(engine, document)
    return {"pulled": pulled, "base_changed": changed}


def _write_release(document: Document, addresses: dict[str, str], env: str | None = None) -> None:
    folder = paths.release_folder(document["service"], document["id"])
    files.make_folder(folder)
    created_at = (files.read_json(folder / "release.json") or {}).get("created_at") or int(time.time())
    files.write(folder / ".env", dotenv.encode(document["env"]) if env is None else env, 0o600)
    files.write_json(folder / FILE, release_file(document, addresses))
    # The last one: whoever finds it finds the others.
    stored = {**public(document), "addresses": addresses, "created_at": created_at}
    files.write_json(folder / "release.json", stored)


def start(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Start the web containers of a release beside those that serve."""
    service, release = paths.service_name(request["service"]), paths.release_id(request["id"])
    with files.locked(service, LOCK_SECONDS):
        document, now = state.known(service, release), _state(service)
        if release == now.current:
            raise HostError(
                "is_current", f"release {release} of {service} serves already", "There is nothing to start."
            )
        project = Project(service, release)
        addresses: dict[str, str] = document["addresses"]
        if release in now.leaving:
            return {"addresses": addresses, "failed": {}}
        if now.candidate and now.candidate["id"] != release:
            # Nobody came back for it, and nobody will.
            _drop(engine, service, now, now.candidate["id"])
        # By this machine's clock: the controller's may differ.
        until = time.time() + float(request["seconds"])
        state.save(service, now.started(release, until))
        present = containers.of(engine, project)
        if addresses and all(web in present and containers.is_running(present[web]) for web in document["web"]):
            return {"addresses": addresses, "failed": {}}
        # What is left of an earlier try would be taken for what this one did.
        containers.remove(engine, project)
        addresses = _addresses(engine, document, state.load(service) or now)
        failed = containers.have(engine, project, document["web"], "no")
    return {"addresses": addresses, "failed": failed}


def _addresses(engine: Engine, document: Document, now: state.State) -> dict[str, str]:
    """Choose the addresses of a release's web containers, and write them down."""
    service = document["service"]
    subnet: ipaddress.IPv4Network = network.ensure(engine, service)
    others = [one for one in state.releases(service) if one != document["id"]]
    used = {one for other in others for one in (state.document(service, other) or {}).get("addresses", {}).values()}
    chosen, following = network.allocate(subnet, len(document["web"]), now.next_address, used)
    addresses = dict(zip(document["web"], chosen))
    state.save(service, replace(now, next_address=following))
    env = files.read(paths.release_folder(service, document["id"]) / ".env") or ""
    _write_release(document, addresses, env)
    return addresses


def switch(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Let a release have all new requests, or no release."""
    service = paths.service_name(request["service"])
    release = paths.release_id(request["id"]) if request.get("id") is not None else None
    with files.locked(service, LOCK_SECONDS):
        now = _state(service)
        document = state.known(service, release) if release else None
        if document:
            project = Project(service, document["id"])
            if release == now.current:
                _refuse(project, containers.have(engine, project, document["web"], RUNS))
            present = containers.of(engine, project)
            missing = [web for web in document["web"] if web not in present or not containers.is_running(present[web])]
            if missing:
                what = f"release {release} of {service} does not run: {', '.join(missing)}"
                raise HostError("not_running", what, "Start it first, and look whether it answers.")
            caddy.check(service, document["site"])
            for container in present.values():
                containers.set_restart(engine, container, RUNS)
        now = now.switched(release, time.time())
        state.save(service, now)
        point(service, document)
        caddy.apply(service, document["site"] if document else None)
        if document:
            units.apply_service(document)
    return {"switched_at": now.switched_at}


def point(service: str, document: Document | None) -> bool:
    """Let the proxy find the containers of a release."""
    return hosts.point(service, list(document["addresses"].values()) if document else [])


def settle(engine: Engine, request: dict[str, Any], *, start_unit: bool = True) -> dict[str, Any]:
    """End what served before, once the proxy has left it; then only the new release runs."""
    service, release = paths.service_name(request["service"]), paths.release_id(request["id"])
    now, document = _current(service, release), state.known(service, release)
    # Without the lock: it may take long, and changes nothing.
    cut = connections.wait(_addresses_of(service, now.leaving), now.switched_at or 0, float(document["drain_seconds"]))
    with files.locked(service, LOCK_SECONDS):
        now = _current(service, release)
        others = [one for one in state.releases(service) if one not in (release, (now.candidate or {}).get("id"))]
        for other in others:
            workers = (state.document(service, other) or {}).get("workers")
            if workers:
                containers.stop(engine, Project(service, other), workers)
        project = Project(service, release)
        failed = containers.have(engine, project, document["workers"], RUNS)
        units.apply_jobs(document)
        for other in others:
            containers.stop(engine, Project(service, other))
        after = now.settled(int(document["keep_releases"]))
        state.save(service, after)
        pruned = prune(engine, service, after, set(now.previous) - set(after.previous))
        units.apply_service(document)
    if start_unit:
        units.start(service)
    # The last: a worker that fails is no reason to leave the rest half done.
    _refuse(project, failed)
    return {"stopped": others, "pruned": pruned, "connections_cut": cut}


def _refuse(project: Project, failed: dict[str, str]) -> None:
    if failed:
        what = "; ".join(f"{name} does not start: {error}" for name, error in failed.items())
        remedy = f"`docker logs {project.name}-{next(iter(failed))}-1` on the machine tells more."
        raise HostError("not_running", f"release {project.release} of {project.service}: {what}", remedy)


def _addresses_of(service: str, releases: list[str]) -> set[str]:
    described = [state.document(service, one) or {} for one in releases]
    return {address for one in described for address in one.get("addresses", {}).values()}


def prune(engine: Engine, service: str, now: state.State, dropped: set[str]) -> list[str]:
    """Remove the releases that nobody would go back to."""
    gone = []
    for release in state.releases(service):
        # One that was prepared just now is in no list yet.
        age = time.time() - paths.release_folder(service, release).stat().st_mtime
        if release not in now.kept and (release in dropped or age > PREPARED_SECONDS):
            _remove(engine, service, release)
            gone.append(release)
    keep_images(service)
    return gone


def _remove(engine: Engine, service: str, release: str) -> None:
    containers.remove(engine, Project(service, release))
    shutil.rmtree(paths.release_folder(service, release), ignore_errors=True)


def keep_images(service: str) -> None:
    """Tell the disk guard which images somebody may want to start."""
    described = [state.document(service, one) for one in state.releases(service)]
    kept = sorted({image for one in described if one for image in images(one)})
    paths.KEEP_IMAGES.mkdir(parents=True, exist_ok=True)
    files.write(paths.KEEP_IMAGES / service, "".join(f"{image}\n" for image in kept))


def discard(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a release that was tried."""
    service, release = paths.service_name(request["service"]), paths.release_id(request["id"])
    now = state.load(service)
    if now is None:
        return {"removed": False}
    _not_current(service, release, now)
    if now.switched_at:
        drain = float((state.document(service, release) or {}).get("drain_seconds", 0))
        connections.wait(_addresses_of(service, [release]), now.switched_at, drain)
    with files.locked(service, LOCK_SECONDS):
        now = _state(service)
        _not_current(service, release, now)
        there = release in state.releases(service)
        _drop(engine, service, now, release)
        state.save(service, now.discarded(release))
        keep_images(service)
    return {"removed": there}


def _drop(engine: Engine, service: str, now: state.State, release: str) -> None:
    """Remove what was tried; what one can go back to keeps its files."""
    if release in now.previous or release in now.leaving:
        containers.remove(engine, Project(service, release))
    else:
        _remove(engine, service, release)


def _not_current(service: str, release: str, now: state.State) -> None:
    if release == now.current or release in now.leaving:
        what = f"release {release} of {service} serves"
        raise HostError("is_current", what, "Switch to another one first.")


def _state(service: str) -> state.State:
    now = state.load(service)
    if now is None:
        raise HostError("no_service", f"the machine has no service {service}", "Deploy it first.")
    return now


def _current(service: str, release: str) -> state.State:
    now = _state(service)
    if now.current != release:
        what = f"release {release} of {service} does not serve; {now.current or 'none'} does"
        raise HostError("not_current", what, "Look again: somebody else may have released.")
    return now
