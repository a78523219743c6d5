"""What runs beside a service on a machine: sidecars, workers and jobs, by name; their shape, defaults and rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .fargate import cpu_units, memory_mib
from .findings import Finding, Path
from .references import ReferenceSyntaxError, parse_reference
from .shape import check_shape, with_defaults, without_nulls
from .spec import part_options
from .variables import check_plain, check_reference_name

Service = Mapping[str, Any]
# variable -> the entry point of argument_specs.yml that declares its values
PARTS = {"service_sidecars": "sidecar", "service_workers": "worker", "service_jobs": "job"}
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?")
# The containers of a release are web-1, web-2, ...
_TAKEN = re.compile(r"web(-\d+)?|default")
_VOLUME = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]{0,49}):(?P<path>/[^:\s]*[^:\s/])(:ro)?")
_CALENDAR = re.compile(r"[A-Za-z0-9*:.,/~ _+-]+")
# option -> the least and the most
_RANGES = {
    "stop_timeout": (0, 3_600),
    "timeout": (10, 86_400),
    "health_check.interval": (1, 300),
    "health_check.timeout": (1, 60),
    "health_check.retries": (1, 10),
    "health_check.start_period": (0, 3_600),
}


def check_parts_shape(given: Mapping[str, Any]) -> Iterator[Finding]:
    """Names and types of every part."""
    for variable, part in PARTS.items():
        parts = given.get(variable)
        if not isinstance(parts, Mapping):
            continue
        options = part_options(part)
        for name, value in parts.items():
            path = (variable, str(name))
            if not isinstance(value, Mapping):
                yield Finding(path, f"must be a mapping, not {value!r}", f"its options are {', '.join(options)}")
            else:
                yield from check_shape(without_nulls(value, options), options, path)


def completed_parts(service: dict[str, Any]) -> None:
    """Fill the defaults of every part in; the shape was checked before."""
    for variable, part in PARTS.items():
        key, options = variable.removeprefix("service_"), part_options(part)
        parts = service[key] or {}
        service[key] = {str(name): _completed(value, options, service) for name, value in parts.items()}


def _completed(value: Mapping[str, Any], options: Mapping[str, Any], service: Mapping[str, Any]) -> dict[str, Any]:
    part = with_defaults(without_nulls(value, options), options)
    if "environment" in part:
        part["environment"] = {str(name): _text(item) for name, item in part["environment"].items()}
    for key, number in (("cpu", cpu_units), ("memory", memory_mib)):
        if key in part and part[key] is not None:
            part[key] = number(part[key]) or part[key]
        elif key in part and "image" not in part:
            part[key] = service[key]
    return part


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def parts_of(service: Service) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """Every part: where it is described, its name, and its options."""
    for variable in PARTS:
        for name, part in service[variable.removeprefix("service_")].items():
            yield (variable, name), name, part


def check_names(service: Service) -> Iterator[Finding]:
    """Names are those of hosts on one network, each once."""
    seen: dict[str, Path] = {}
    for path, name, _ in parts_of(service):
        if not _NAME.fullmatch(name):
            yield Finding(path, "is no name for a container", "write lower case letters, digits and inner hyphens")
        elif _TAKEN.fullmatch(name):
            yield Finding(path, "is a name that the service's own containers have", "choose another name")
        elif name in seen:
            yield Finding(path, f"is the name of one of {seen[name][0]}, too", "give each a name of its own")
        seen.setdefault(name, path)


def check_sizes(service: Service) -> Iterator[Finding]:
    """Sizes are numbers, and times within their bounds."""
    own: tuple[Path, str, Mapping[str, Any]] = ((), "", service)
    for path, _, part in (own, *parts_of(service)):
        for key, example in (("cpu", "CPU units, such as 256, or 0.25 vCPU"), ("memory", "MiB, such as 512, or 1 GB")):
            at = (*path, key) if path else (f"service_{key}",)
            if part.get(key) is not None and not isinstance(part[key], int):
                yield Finding(at, f"{part[key]} is no amount", f"write {example}")
            elif key == "memory" and part.get(key) is not None and part[key] < 6:
                yield Finding(at, f"{part[key]} MiB is less than Docker gives", "write 6 or more")
        if path:
            yield from _check_ranges(path, part)


def _check_ranges(path: Path, part: Mapping[str, Any]) -> Iterator[Finding]:
    for option, (least, most) in _RANGES.items():
        name, _, key = option.partition(".")
        value = (part.get(name) or {}).get(key) if key else part.get(name)
        if isinstance(value, int) and not least <= value <= most:
            at = (*path, name, key) if key else (*path, name)
            yield Finding(at, f"{value} is out of range", f"choose {least} to {most}")


def check_commands(service: Service) -> Iterator[Finding]:
    """Commands are there, health checks have a form, times are times."""
    for path, _, part in parts_of(service):
        if path[0] != "service_sidecars" and not part["command"]:
            yield Finding((*path, "command"), "is empty", "write the command, word by word")
        if "schedule" in part and not _CALENDAR.fullmatch(part["schedule"].strip()):
            remedy = "write it as systemd's OnCalendar, such as daily or *-*-* 03:00:00 (systemd-analyze calendar)"
            yield Finding((*path, "schedule"), "is no time of a calendar", remedy)
        check = part.get("health_check")
        if check and (len(check["command"]) < 2 or check["command"][0] not in {"CMD", "CMD-SHELL"}):
            remedy = "for example [CMD-SHELL, 'pg_isready --username postgres']"
            yield Finding((*path, "health_check", "command"), "does not start with CMD or CMD-SHELL", remedy)
        image = part.get("image")
        if image is not None and not re.fullmatch(r"[a-z0-9][\w./:@-]*", image):
            yield Finding((*path, "image"), f"{image} is no image", "write it with its tag, such as postgres:17")


def check_volumes(service: Service) -> Iterator[Finding]:
    """Volumes have names, and each path of a container has one of them."""
    own: tuple[Path, str, Mapping[str, Any]] = ((), "", service)
    for path, _, part in (own, *(one for one in parts_of(service) if one[0][0] == "service_sidecars")):
        at: Path = (*path, "volumes") if path else ("service_volumes",)
        mounted: set[str] = set()
        for index, text in enumerate(part["volumes"]):
            found = _VOLUME.fullmatch(str(text))
            if not found:
                remedy = "write name:/path; what is on the machine itself is not mounted, so that a release can move"
                yield Finding((*at, index), f"{text} is no volume", remedy)
            elif found["path"] in mounted:
                yield Finding((*at, index), f"{found['path']} has a volume already", "keep one of the two")
            else:
                mounted.add(found["path"])


def check_part_variables(service: Service) -> Iterator[Finding]:
    """The sidecars' variables: plain ones that are no secrets, and secrets that are references."""
    seen: dict[str, Any] = {}
    for path, _, part in parts_of(service):
        if path[0] != "service_sidecars":
            continue
        yield from check_plain((*path, "environment"), part["environment"])
        for name, reference in part["secrets"].items():
            at = (*path, "secrets", str(name))
            yield from check_reference_name(at, name)
            # One file has the secrets of all sidecars.
            if seen.setdefault(str(name), reference) != reference:
                yield Finding(at, "is another secret in another sidecar", "refer to one secret by one name")
            if name in part["environment"]:
                yield Finding(at, "is in environment, too", "keep one of the two")
            try:
                parse_reference(reference if isinstance(reference, str) else "")
            except ReferenceSyntaxError as error:
                yield Finding(at, str(error), error.remedy)


PART_RULES = (check_names, check_sizes, check_commands, check_volumes, check_part_variables)
