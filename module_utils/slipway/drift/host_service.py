"""From what a machine's program saw of a service to findings. Pure.

What is there is compared with the release that the machine has on record: a difference is drift. What is described is
rendered as a deploy renders it, and compared with the same record: a difference waits for a deploy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..compose.render import Image, document
from ..compose.secret_values import base_references, own_references
from ..engine.compare import Difference, Rules, differences
from .finding import Finding, State
from .host_place import Place, between, said
from .lines import apart, shown

Seen = Mapping[str, Any]
_RUNNING = frozenset({"running", "restarting"})
# Every list has names; what is in one alone is as telling as what differs.
_RULES = Rules(
    whole=frozenset({""}),
    unordered={
        "containers": "name",
        "containers[].networks": "",
        "containers[].published": "",
        "drop_ins": "name",
        "files": "name",
        "timers": "name",
        "release.jobs": "name",
        "release.secrets": "",
        "release.sidecar_secrets": "",
    },
)
# What a release is made of, but for its image: whether there is a newer one is another question.
_OF_RELEASE = ("compose", "jobs", "port", "health", "site", "drain_seconds", "stop_timeout", "keep_releases")


def of_service(
    place: Place, service: Mapping[str, Any], seen: Seen | None, *, same_program: bool, was_released: bool
) -> list[Finding]:
    """All that is not as it should be of one service of a machine.

    Args:
        place: the service.
        service: its completed description.
        seen: it, as `look` has it; None where the machine has none of that name.
        same_program: whether the machine's program is the one of this version.
        was_released: whether a release to the machine is on record.
    """
    if not seen or not seen.get("current"):
        if was_released:
            return [place.finding("drift", Difference("", None, "present"), "is gone", place.apply)]
        return [place.finding("pending", Difference("", None, "present"), "is not deployed yet", place.apply)]
    desired = seen.get("desired")
    if not desired:
        item = Difference("files[release.json]", None, "present")
        return [place.finding("drift", item, "what was released is not on record any more", place.apply)]
    found = [_live(place, seen, item, same_program) for item in differences(_wanted(seen), _there(seen), _RULES)]
    found += [
        place.finding("pending", _by_lines(item), f"{item.path} is described otherwise", place.apply)
        for item in differences({"release": _rendered(service, desired)}, {"release": _recorded(seen)}, _RULES)
    ]
    if not same_program:
        item = Difference("program", "another one", "this version's")
        found.append(place.finding("pending", item, "the machine's program is of another version", place.apply))
    return found


def in_progress(seen: Seen | None) -> str:
    """What is being tried on the machine just now, or was interrupted."""
    candidate = str(((seen or {}).get("candidate") or {}).get("id") or "")
    return candidate or next(iter((seen or {}).get("leaving") or ()), "")


def _live(place: Place, seen: Seen, item: Difference, same_program: bool) -> Finding:
    # Another version may write the same in another way: only a deploy tells.
    is_text = item.path.startswith("files[") and item.path.endswith(".content") and ".env]" not in item.path
    state: State = "pending" if is_text and not same_program else "drift"
    return place.finding(state, item, said(item), _remedy(place, seen, item))


def _wanted(seen: Seen) -> dict[str, Any]:
    desired, details = seen["desired"], seen["details"]
    unit = {"active": True, "enabled": True}
    parts = (desired.get("compose") or {}).get("services") or {}
    names = [*desired["web"], *desired["workers"]]
    containers = [_wanted_container(desired["service"], name, parts[name]) for name in names]
    sidecars = ((details.get("base") or desired.get("base") or {}).get("services") or {}).items()
    containers += [_wanted_container(desired["service"], name, part) for name, part in sidecars]
    runs = _is_up(seen)
    timers = [{"name": job["name"], "enabled": True, **({"active": True} if runs else {})} for job in desired["jobs"]]
    files = [_wanted_file(one) for one in seen.get("files") or () if one["problems"] != ["added"]]
    compared = runs and not in_progress(seen)
    return {
        "containers": containers if compared else [],
        "unit": unit,
        "timers": timers,
        "files": files,
        "drop_ins": [],
    }


def _is_up(seen: Seen) -> bool:
    """Whether its unit runs: whatever a stopped one ran has ended with it."""
    return bool((seen.get("unit") or {}).get("active"))


def _wanted_container(service: str, name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "state": "running",
        "image": part.get("image"),
        "health": "well",
        "restart": part.get("restart"),
        "memory": part.get("mem_limit"),
        "cpus": part.get("cpus"),
        "privileged": False,
        "networks": [service],
        "published": [],
        "variables": "as released",
    }


def _wanted_file(one: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {"name": one["name"]}
    for problem in one["problems"]:
        value = {"mode": one.get("wanted_mode"), "owner": "root", "content": _content(one, "expected", "as released")}
        wanted |= {problem: value[problem]} if problem in value else {"is": "there"}
    return wanted


def _there(seen: Seen) -> dict[str, Any]:
    details, unit, timers = seen["details"], seen.get("unit") or {}, seen.get("timers") or {}
    runs = _is_up(seen)
    own = {"base", seen["current"]}
    containers = []
    for one in seen.get("containers") or () if runs and not in_progress(seen) else ():
        if one["release"] in own:
            containers.append(_container(one["service"], one, details["containers"].get(one["name"]) or {}))
        elif one["state"] in _RUNNING:
            containers.append({"name": f"{one['release']}/{one['service']}", "state": one["state"]})
    return {
        "containers": containers,
        "unit": {"active": bool(unit.get("active")), "enabled": bool(unit.get("enabled"))},
        "timers": [
            {"name": name, "enabled": one.get("enabled"), **({"active": one.get("active")} if runs else {})}
            for name, one in timers.items()
        ],
        "files": [_file(one) for one in seen.get("files") or () if one["problems"] != ["absent"]],
        "drop_ins": [
            {"name": path, "is": "there"} for paths in (details.get("drop_ins") or {}).values() for path in paths
        ],
    }


def _container(name: str, one: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    memory = int(more.get("memory") or 0)
    others = more.get("other_variables") or ()
    return {
        "name": name,
        "state": one["state"],
        "image": one["image"],
        # One that does not run, or only just began, has no opinion of itself.
        "health": "unhealthy" if one["state"] == "running" and one.get("health") == "unhealthy" else "well",
        "restart": more.get("restart"),
        "memory": f"{memory >> 20}m" if memory else None,
        "cpus": round(int(more["nano_cpus"]) / 1e9, 3) if more.get("nano_cpus") else None,
        "privileged": bool(more.get("privileged")),
        "networks": list(more.get("networks") or ()),
        "published": list(more.get("published") or ()),
        "variables": f"others: {', '.join(others)}" if others else "as released",
    }


def _file(one: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": one["name"]}
    for problem in one["problems"]:
        value = {"mode": one.get("mode"), "owner": one.get("owner"), "content": _content(one, "found", "another one")}
        found |= {problem: value[problem]} if problem in value else {"is": "there"}
    return found


def _content(one: Mapping[str, Any], side: str, otherwise: str) -> str:
    names = one.get("variables")
    if names:
        # Of secrets, which they are and nothing more.
        return otherwise if side == "expected" else f"{otherwise}: {', '.join(names)}"
    return shown(list(one.get(side) or ())) or "(these lines are not there)"


def _rendered(service: Mapping[str, Any], desired: Seen) -> dict[str, Any]:
    """The description as a deploy of the same image would render it. A check reads no secret's value."""
    image = Image(**{key: str(desired.get(key) or "") for key in ("image", "tag", "digest", "commit")})
    own, base = own_references(service), base_references(service)
    release = document(service, image, dict.fromkeys(own, ""), dict.fromkeys(base, ""))
    return _comparable(release, release["base"], own, base)


def _recorded(seen: Seen) -> dict[str, Any]:
    desired = seen["desired"]
    base = seen["details"].get("base") if seen.get("base_hash") else None
    own, sidecars = (desired.get(key) or {} for key in ("env_marks", "base_env_marks"))
    return _comparable(desired, base or desired.get("base"), own, sidecars)


def _comparable(release: Seen, base: Any, own: Any, sidecars: Any) -> dict[str, Any]:
    parts = {key: release.get(key) for key in _OF_RELEASE}
    parts |= {"sidecars": base, "secrets": sorted(own), "sidecar_secrets": sorted(sidecars)}
    return dict(json.loads(json.dumps(parts)))


def _remedy(place: Place, seen: Seen, item: Difference) -> str:
    name = between(item.path)
    on = f"on {place.machine}: sudo "
    if item.path.startswith("drop_ins["):
        return f"{on}rm {name} && sudo systemctl daemon-reload"
    if not item.path.startswith("containers["):
        return place.apply
    for one in seen.get("containers") or ():
        if name in {one["service"], f"{one['release']}/{one['service']}"}:
            return f"{on}docker rm --force {one['name']}" + (" (it is made anew at once)" if item.after else "")
    return f"{on}systemctl restart {place.name}"


def _by_lines(item: Difference) -> Difference:
    if isinstance(item.before, str) and isinstance(item.after, str) and "\n" in item.before + item.after:
        after, before = apart(item.after, item.before)
        return Difference(item.path, before, after)
    return item
