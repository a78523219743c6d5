"""What a deploy would change on the machine: from what is there and what is described. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from .render import base_hash, site_hash

Verb = Literal["nothing", "settings", "release"]
Seen = Mapping[str, Any]
# Told to the machine with a release, and no part of what runs.
SETTINGS = ("health", "drain_seconds", "stop_timeout", "keep_releases")
_RUNNING = frozenset({"running", "restarting"})


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        verb: nothing; settings, which need no new containers of the service; or a release.
        reasons: why, one line each.
    """

    verb: Verb
    reasons: tuple[str, ...] = ()
    diff: Mapping[str, str] = field(default_factory=dict)


def plan(seen: Seen, wanted: Mapping[str, Any], *, where: str, program_changes: bool = False) -> Plan:
    """Compare what the machine has of a service with the release document.

    Args:
        seen: the service as `look` has it; empty where the machine has none.
        wanted: the release document.
        where: the machine and the service, for the diff's header.
        program_changes: whether the machine's program has to be another one.
    """
    is_new = seen.get("current") != wanted["id"]
    reasons = list(_reasons(seen, wanted, is_new, program_changes))
    verb: Verb = "release" if is_new else "settings" if reasons else "nothing"
    return Plan(verb, tuple(reasons), _diff(seen, wanted, reasons, where) if reasons else {})


def _reasons(seen: Seen, wanted: Mapping[str, Any], is_new: bool, program_changes: bool) -> Iterator[str]:
    has = seen.get("desired") or {}
    if is_new:
        yield f"release {seen['current']} -> {wanted['id']}" if seen.get("current") else f"first release {wanted['id']}"
    if _has_base(seen, wanted) and seen.get("base_hash") != base_hash(wanted):
        yield "the sidecars are others"
    if seen.get("site_hash") != site_hash(wanted):
        yield "the proxy's site is another one" if seen.get("site_hash") else "the proxy has no site of it"
    if has:
        changed = [key for key in SETTINGS if has.get(key) != wanted[key]]
        if changed:
            yield f"changed: {', '.join(changed)}"
    if program_changes:
        yield "the machine's program is another one"
    if not is_new:
        yield from _unsettled(seen, wanted)


def _has_base(seen: Seen, wanted: Mapping[str, Any]) -> bool:
    return bool(wanted["base"] or seen.get("base_hash"))


def _unsettled(seen: Seen, wanted: Mapping[str, Any]) -> Iterator[str]:
    """What an interrupted release has left, and what does not run."""
    unit = seen.get("unit") or {}
    wrong = {"active": "is not active", "enabled": "is not enabled", "as_wanted": "is another one"}
    yield from (f"the service's unit {text}" for key, text in wrong.items() if unit.get(key) is False)
    others = [one["name"] for one in seen.get("files") or () if not str(one["path"]).startswith("/etc/systemd/")]
    if others:
        yield f"files are not as they were written: {', '.join(others)}"
    running = [one for one in seen.get("containers") or () if one.get("state") in _RUNNING]
    if any(one["release"] not in {"base", wanted["id"]} for one in running):
        yield "containers of another release run"
    own = {one["service"] for one in running if one["release"] == wanted["id"]}
    missing = [name for name in (*wanted["web"], *wanted["workers"]) if name not in own]
    if missing:
        yield f"not running: {', '.join(missing)}"
    base = {one["service"] for one in running if one["release"] == "base"}
    idle = [name for name in (wanted["base"] or {}).get("services") or {} if name not in base]
    if idle:
        yield f"not running: {', '.join(idle)}"
    timers = seen.get("timers") or {}
    idle = [job["name"] for job in wanted["jobs"] if not (timers.get(job["name"]) or {}).get("active")]
    if idle:
        yield f"the timer does not run: {', '.join(idle)}"


def _diff(seen: Seen, wanted: Mapping[str, Any], reasons: list[str], where: str) -> dict[str, str]:
    has = seen.get("desired") or {}
    before = _text(has, {}, seen) if has else ""
    after = _text(wanted, has, None)
    told = ("release", "first", "the sidecars", "changed")
    # What no text shows is said.
    notes = [reason for reason in reasons if before == after or not reason.startswith(told)] if before else []
    after += "".join(f"# {reason}\n" for reason in notes)
    return {
        "before_header": f"{where}{'' if before else ' (absent)'}",
        "after_header": f"{where} ({'; '.join(reasons)})",
        "before": before,
        "after": after,
    }


def _text(release: Mapping[str, Any], other: Mapping[str, Any], seen: Seen | None) -> str:
    """A release as a person reads it; of a secret only whether its value is another one."""
    parts: dict[str, Any] = {"release": release.get("id"), "image": release.get("image"), "tag": release.get("tag")}
    compose = dict(release.get("compose") or {})
    parts["compose.yaml"] = _plain(compose)
    if release.get("base"):
        parts["base/compose.yaml"] = _plain(release["base"])
    for key, name in (("env_marks", ".env"), ("base_env_marks", "base/.env")):
        marks, known = release.get(key) or {}, other.get(key) or {}
        if marks:
            parts[name] = {
                one: "(secret)" if known.get(one, mark) == mark else "(secret, changed)" for one, mark in marks.items()
            }
    parts["jobs"] = {job["name"]: job["schedule"] for job in release.get("jobs") or ()}
    parts |= {key: release.get(key) for key in SETTINGS}
    lost = seen is not None and not seen.get("site_hash")
    parts["site"] = "(absent)" if lost else release.get("site")
    kept = {key: value for key, value in parts.items() if value not in (None, {}, [])}
    return _dumped(kept)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text.replace("\t", "    "), style="|")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text)


_Dumper.add_representer(str, _block)


def _dumped(value: Mapping[str, Any]) -> str:
    class Plain(_Dumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return str(yaml.dump(dict(value), Dumper=Plain, sort_keys=False, allow_unicode=True, width=110))
