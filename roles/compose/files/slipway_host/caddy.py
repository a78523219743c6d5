"""A service's site in Caddy's configuration."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from pathlib import Path

from slipway_host import files, paths
from slipway_host.errors import HostError
from slipway_host.process import Done, run

# Until Caddy asks for the addresses of a name again, and Go's resolver for those in /etc/hosts (1 s and 5 s).
MOVES_WITHIN = 6.5
# How long a client that keeps a connection may be silent until its next request, which ends it, before a reload.
_LEAVES_WITHIN = 3.0
# Longer than a reload may take.
_LOCK_SECONDS = 90


def digest(text: str) -> str:
    """Name a site by its content."""
    return hashlib.sha256(text.encode()).hexdigest()


def site_path(service: str) -> Path:
    """Name the file of a service's site."""
    return paths.SITES / f"{service}.caddy"


def _loaded_path(service: str) -> Path:
    return paths.folder(service) / "site.loaded"


def loaded(service: str) -> str | None:
    """Name the site that Caddy has: its file may be newer when a verb was killed."""
    text = files.read(site_path(service))
    mark = files.read(_loaded_path(service))
    return mark if text is not None and mark == digest(text) else None


def is_right(service: str, site: str | None) -> bool:
    """Say whether Caddy has this site."""
    return loaded(service) == digest(site) if site else not site_path(service).exists()


def check(service: str, site: str | None) -> None:
    """Let Caddy read the whole configuration with this site, away from the one in use."""
    if not site or is_right(service, site):
        return
    main = files.read(paths.CADDYFILE)
    if main is None:
        raise HostError("no_caddy", f"there is no {paths.CADDYFILE}", "Prepare the machine: provision.yml.")
    paths.RUN.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.RUN) as folder:
        for other in paths.SITES.glob("*.caddy"):
            shutil.copy(other, folder)
        (Path(folder) / f"{service}.caddy").write_text(site, encoding="utf-8")
        trial = Path(folder) / "Caddyfile"
        trial.write_text(main.replace(f"{paths.SITES}/", f"{folder}/"), encoding="utf-8")
        done = run(["caddy", "validate", "--adapter", "caddyfile", "--config", trial], 30)
    if not done.ok:
        what = f"Caddy refuses the site of {service}: {_reason(done.errors)}"
        raise HostError("site_refused", what, "Correct what the description says of the domain and the proxy.")


def apply(service: str, site: str | None) -> bool:
    """Let Caddy have this site, and no other; say whether that is new."""
    # One service at a time, by a name that none has: what one does before a reload, another would end too soon.
    with files.locked("caddy_sites", _LOCK_SECONDS):
        # A verb that was killed may have left it.
        files.remove(paths.LEAVING)
        if is_right(service, site):
            if site:
                # Its text is right; its owner and its mode may not be.
                files.write(site_path(service), site)
            return False
        _bring(service, site)
    return True


def _bring(service: str, site: str | None) -> None:
    path = site_path(service)
    if site:
        check(service, site)
        files.write(path, site)
    else:
        files.remove(path)
    done = _reload()
    if not done.ok:
        told = run(["journalctl", "--unit=caddy", "--lines=5", "--no-pager", "--output=cat"], 10)
        what = f"Caddy does not take over the site of {service}: {_reason(told.output) or done.told()}"
        raise HostError("site_refused", what, "`systemctl status caddy` on the machine tells more.")
    if site:
        files.write(_loaded_path(service), digest(site))
    else:
        files.remove(_loaded_path(service))


def _reload() -> Done:
    """Let Caddy read its files. It then closes idle connections, so those in use are ended before, by an answer."""
    paths.LEAVING.touch()
    try:
        time.sleep(_LEAVES_WITHIN)
        return run(["systemctl", "reload-or-restart", "caddy.service"], 60)
    finally:
        files.remove(paths.LEAVING)


def _reason(text: str) -> str:
    """Find the line that says why; the others are Caddy's log."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in reversed(lines):
        if line.lower().startswith("error"):
            return line.partition(":")[2].strip() or line
    return lines[-1] if lines else ""
