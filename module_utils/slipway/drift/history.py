"""What the last checks found and told, in a file of the machine that checks: since when, and what is new.

Not on AWS: a check needs no permission to write there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..aws.errors import SlipwayError
from .finding import SEVERITIES, Finding

_FORMAT = 1
# What somebody has to do something about. Who edited a description knows what is pending, and ignored was decided.
ALARMS = frozenset({"drift", "unreadable"})


@dataclass(frozen=True)
class Seen:
    """What is remembered of a finding."""

    since: str
    severity: str
    state: str
    services: tuple[str, ...] = ()

    @classmethod
    def of(cls, finding: Finding) -> Seen:
        """What to remember of a finding."""
        return cls(finding.since, finding.severity, finding.state, finding.services)


@dataclass(frozen=True)
class History:
    """What is known from the checks before.

    Attributes:
        findings: what the last check found, by key.
        told: by channel, the alarms that it was told of, and that were not over when it was told last.
    """

    findings: Mapping[str, Seen] = field(default_factory=dict)
    told: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """How the alarms differ from those that were known.

    Attributes:
        new: what was not there.
        worse: what is more severe than it was.
        resolved: keys of what is none any more.
    """

    new: tuple[Finding, ...] = ()
    worse: tuple[Finding, ...] = ()
    resolved: tuple[str, ...] = ()

    def result(self) -> dict[str, Any]:
        """It as part of an Ansible result."""
        return {
            "new": [one.result() for one in self.new],
            "worse": [one.result() for one in self.worse],
            "resolved": list(self.resolved),
        }

    def __bool__(self) -> bool:
        return bool(self.new or self.worse or self.resolved)


def default_file(environment: str, variables: Mapping[str, str] = os.environ) -> Path:
    """Where it is kept: systemd's StateDirectory, or the user's own.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    state = variables.get("STATE_DIRECTORY", "").partition(":")[0]
    home = variables.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state or Path(home) / "slipway") / f"drift-{environment}.json"


def load(file: Path) -> History:
    """What is known from the checks before.

    Raises:
        SlipwayError: the file can't be read, or is none of ours.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return History()
    except OSError as error:
        raise SlipwayError(
            f"can't be read: {error.strerror}", where=str(file), remedy="give another one: -e drift_history=<file>"
        ) from error
    try:
        return _parsed(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SlipwayError("is no history of drift checks", where=str(file), remedy="remove it") from error


def _parsed(document: Any) -> History:
    if document["format"] != _FORMAT:
        raise ValueError(document["format"])
    told = {str(channel): _seen(alarms) for channel, alarms in document["told"].items()}
    return History(_seen(document["findings"]), told)


def _seen(entries: Any) -> dict[str, Seen]:
    return {
        str(key): Seen(str(one["since"]), str(one["severity"]), str(one["state"]), tuple(map(str, one["services"])))
        for key, one in entries.items()
    }


def save(file: Path, history: History) -> None:
    """Keep it, whole or not at all.

    Raises:
        SlipwayError: the file can't be written.
    """
    told = {channel: _kept(alarms) for channel, alarms in history.told.items() if alarms}
    document = {"format": _FORMAT, "findings": _kept(history.findings), "told": told}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}.new")
        unfinished.write_text(json.dumps(document, indent=1), encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise SlipwayError(
            f"can't be written: {error.strerror}", where=str(file), remedy="give another one: -e drift_history=<file>"
        ) from error


def _kept(entries: Mapping[str, Seen]) -> dict[str, Any]:
    return {key: asdict(one) for key, one in entries.items()}


def with_since(finding: Finding, known: Mapping[str, Seen], now: str) -> Finding:
    """The finding with the moment when it was changed, or else first seen."""
    before = known.get(finding.key)
    return replace(finding, since=finding.since or (before.since if before else now))


def alarms(findings: Iterable[Finding]) -> list[Finding]:
    """Those that people are told of."""
    return [one for one in findings if one.state in ALARMS]


def changes(found: Sequence[Finding], known: Mapping[str, Seen], unseen: Collection[str] = ()) -> Changes:
    """What is new, worse, or resolved among the alarms; what nobody looked at now is not resolved by that.

    Args:
        found: all findings of this check.
        known: what was known before.
        unseen: hosts that were not looked at, or not wholly.
    """
    known = {key: one for key, one in known.items() if one.state in ALARMS}
    now = {one.key: one for one in alarms(found)}
    new = tuple(one for key, one in now.items() if key not in known)
    worse = tuple(one for key, one in now.items() if key in known and _rank(one.severity) < _rank(known[key].severity))
    resolved = sorted(key for key, one in known.items() if key not in now and not _is_hidden(one, unseen))
    return Changes(new, worse, tuple(resolved))


def remembered(found: Iterable[Finding], known: Mapping[str, Seen], unseen: Collection[str] = ()) -> dict[str, Seen]:
    """What to know in the next check: what is found, and what was known of hosts that nobody looked at."""
    kept = {key: one for key, one in known.items() if _is_hidden(one, unseen)}
    return {**kept, **{one.key: Seen.of(one) for one in found}}


def _is_hidden(one: Seen, unseen: Collection[str]) -> bool:
    return any(host in unseen for host in one.services)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
