"""The units of systemd: one service that keeps everything running, and a timer for each scheduled job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slipway_host import files, paths
from slipway_host.document import Document
from slipway_host.errors import HostError
from slipway_host.process import run

PYTHON = "/usr/bin/python3"
DISTRIBUTIONS = (Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))
# The release, one that is being left, and what they use.
STOPPED_IN_TURN = 3
MARGIN = 60


def mark(service: str) -> str:
    """Answer the first line of what belongs to a service."""
    return f"# Written by Slipway for the service {service}.\n"


def service_unit(service: str, stop_timeout: int) -> str:
    """Write the unit of a service."""
    return f"""{mark(service)}[Unit]
Description={service}, released by Slipway
After=docker.service network-online.target
Wants=docker.service network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={PYTHON} {paths.PROGRAM} serve {service}
Restart=on-failure
RestartSec=5
KillMode=mixed
TimeoutStartSec=900
TimeoutStopSec={STOPPED_IN_TURN * stop_timeout + MARGIN}

[Install]
WantedBy=multi-user.target
"""


def job_units(service: str, job: dict[str, Any]) -> dict[str, str]:
    """Write the service and the timer of a scheduled job."""
    name = f"{service}-{job['name']}"
    return {
        f"{name}.service": f"""{mark(service)}[Unit]
Description={job["name"]} of {service}
After=docker.service {service}.service
Wants=docker.service

[Service]
Type=oneshot
ExecStart={PYTHON} {paths.PROGRAM} job {service} {job["name"]}
KillMode=mixed
TimeoutStartSec={int(job.get("timeout") or 3600) + MARGIN}
""",
        f"{name}.timer": f"""{mark(service)}[Unit]
Description=When {job["name"]} of {service} runs
PartOf={service}.service

[Timer]
OnCalendar={job["schedule"]}
AccuracySec=1s

[Install]
WantedBy={service}.service
""",
    }


def wanted(document: Document) -> dict[str, str]:
    """Write all units of a release."""
    service = document["service"]
    units = {f"{service}.service": service_unit(service, int(document["stop_timeout"]))}
    for job in document["jobs"]:
        units.update(job_units(service, job))
    return units


def check(document: Document) -> None:
    """Refuse names that the machine's own units have, and times that systemd does not understand."""
    service = document["service"]
    for name in wanted(document):
        own = files.read(paths.SYSTEMD / name)
        if (own is not None and not own.startswith(mark(service))) or any((at / name).exists() for at in DISTRIBUTIONS):
            what = f"the machine has a unit {name} already, which is not of this service"
            raise HostError("unit_taken", what, "Rename the service, or the job.")
    for job in document["jobs"]:
        done = run(["systemd-analyze", "calendar", job["schedule"]], 10)
        if not done.ok:
            what = f"systemd does not understand when {job['name']} runs: {job['schedule']!r}"
            raise HostError("bad_schedule", what, "Write it as in `man systemd.time`, such as *-*-* 03:00:00 UTC.")


def present(service: str) -> list[str]:
    """Name the units that belong to a service."""
    found = [*paths.SYSTEMD.glob(f"{service}.service"), *paths.SYSTEMD.glob(f"{service}-*")]
    return sorted(one.name for one in found if one.is_file() and (files.read(one) or "").startswith(mark(service)))


def as_wanted(document: Document) -> bool:
    """Say whether the units are those of a release."""
    units = wanted(document)
    same = all(files.read(paths.SYSTEMD / name) == text for name, text in units.items())
    return same and set(present(document["service"])) == set(units)


def apply_service(document: Document) -> None:
    """Let the machine start the service at each boot."""
    name = f"{document['service']}.service"
    if files.write(paths.SYSTEMD / name, wanted(document)[name]):
        _systemctl("daemon-reload")
    # Looked at before: to enable what is enabled lets systemd read all units again.
    if not (paths.SYSTEMD / "multi-user.target.wants" / name).is_symlink():
        _systemctl("enable", "--quiet", name)


def apply_jobs(document: Document) -> None:
    """Have the timers of a release's jobs, and no others of the service."""
    service = document["service"]
    units = {name: text for name, text in wanted(document).items() if name != f"{service}.service"}
    gone = [name for name in present(service) if name not in units and name != f"{service}.service"]
    remove_units([name for name in gone if name.endswith(".timer")], gone)
    changed = [name for name, text in units.items() if files.write(paths.SYSTEMD / name, text)]
    if changed:
        _systemctl("daemon-reload")
    timers = [name for name in units if name.endswith(".timer")]
    if timers:
        _systemctl("enable", "--quiet", "--now", *timers)
    # A timer that runs keeps its old times otherwise.
    if renewed := [name for name in changed if name.endswith(".timer")]:
        _systemctl("restart", *renewed)


def remove_units(stopped: list[str], names: list[str]) -> None:
    """Stop units, and remove them."""
    if not names:
        return
    if stopped:
        run(["systemctl", "disable", "--quiet", "--now", *stopped], 600)
    for name in names:
        files.remove(paths.SYSTEMD / name)
    _systemctl("daemon-reload")


def start(service: str) -> None:
    """Start the service's unit, and wait until it says that all is up."""
    _systemctl("start", f"{service}.service", seconds=900)


def states(units: list[str]) -> dict[str, dict[str, str]]:
    """Ask for the state of some units in one call."""
    if not units:
        return {}
    done = run(["systemctl", "show", "--property=Id,ActiveState,UnitFileState", *units], 30)
    return dict(_blocks(done.output))


def drop_ins(units: list[str]) -> dict[str, list[str]]:
    """Name the files by which somebody changed units without touching them."""
    if not units:
        return {}
    done = run(["systemctl", "show", "--property=Id,DropInPaths", *units], 30)
    return {name: values["DropInPaths"].split() for name, values in _blocks(done.output) if values.get("DropInPaths")}


def remove_drop_ins(units: list[str]) -> None:
    """Remove the files by which somebody changed units; those of the distribution stay."""
    found = [Path(one) for paths_of in drop_ins(units).values() for one in paths_of]
    own = [one for one in found if paths.SYSTEMD in one.parents]
    for one in own:
        files.remove(one)
    if own:
        _systemctl("daemon-reload")


def _blocks(output: str) -> Iterator[tuple[str, dict[str, str]]]:
    for block in re.split(r"\n\s*\n", output.strip()):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in values:
            yield values["Id"], values


def _systemctl(*arguments: str, seconds: float = 60) -> None:
    done = run(["systemctl", *arguments], seconds)
    if not done.ok:
        what = f"systemctl {' '.join(arguments)} failed: {done.told(3)}"
        raise HostError("systemd", what, f"`journalctl -u {arguments[-1]}` on the machine tells more.")
