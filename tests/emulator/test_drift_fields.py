"""Every field of every kind of resource, changed behind Slipway's back: exactly that finding, and none when put back.

The cases are asked for by the modules' documentation: an option that has none fails here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError

from slipway.aws.clients import Aws, Connection
from slipway.drift import check as checking
from slipway.drift.applied import Applied
from slipway.drift.check import Checked, Described, check
from slipway.engine.options import argument_spec, documentation_of, validated
from slipway.resources import KINDS, LOOKUPS
from tests.emulator.drift_cases import NO_FIELDS, SCENES
from tests.emulator.drift_cases.model import (
    EMULATORS,
    LIBRARY,
    STEERING,
    Scene,
    World,
    edited,
    matches,
    options_of,
    said_of,
    without,
)
from tests.emulator.drift_cases.unshown import UNSHOWN
from tests.emulator.lifecycle import REGION, apply
from tests.emulators.emulator import Emulator


@cache
def _identity(connection: Connection) -> dict[str, Any]:
    return Aws(connection).identity()


class Laid(Aws):
    """Lays over the emulator's answers what it does not keep, as AWS would answer."""

    scene: ClassVar[Scene]
    values: ClassVar[dict[str, Any]] = {}
    document: ClassVar[dict[str, Any]] = {}

    def identity(self) -> dict[str, Any]:
        # The same for every case: asked once for the whole run.
        return _identity(self.connection)

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        has_none = operation in self.scene.instead
        answer = {} if has_none else super().call(service, operation, **params)
        self._lay(operation, answer)
        return answer

    def pages(self, service: str, operation: str, result: str, /, **params: Any) -> list[Any]:
        answer = {result: super().pages(service, operation, result, **params)}
        self._lay(operation, answer)
        return answer[result]

    def _lay(self, operation: str, answer: dict[str, Any]) -> None:
        for option, value in self.values.items():
            self.scene.overlay(operation, answer, option, value)
        if self.document and operation == self.scene.answer[0]:
            node = self.scene.document_of(answer)
            if node is not None:
                node.update(copy.deepcopy(self.document))


def test_every_option_has_a_case() -> None:
    lacking = [
        f"{kind}: {option}"
        for kind in KINDS
        for option in options_of(kind)
        if option not in STEERING
        and option not in NO_FIELDS.get(kind, {})
        and not any(option in scene.changes for scene in SCENES[kind])
    ]
    where = "tests/emulator/drift_cases/: a case in the file of its kind, or a reason in NO_FIELDS why it is no field"
    assert not lacking, f"these options have no case; write into {where}\n" + "\n".join(lacking)


def test_no_case_is_of_an_option_that_is_gone() -> None:
    stale = [
        f"{kind}: {option}"
        for kind in KINDS
        for option in [*NO_FIELDS.get(kind, {}), *(option for scene in SCENES[kind] for option in scene.changes)]
        if option not in options_of(kind)
    ]
    assert not stale
    both = [
        (kind, option)
        for kind in KINDS
        for option in NO_FIELDS.get(kind, {})
        if any(option in scene.changes for scene in SCENES[kind])
    ]
    assert not both


def test_what_no_emulator_shows_is_named() -> None:
    named = {(kind, pattern) for kind, patterns in UNSHOWN.items() for pattern in patterns}
    wrong, used = [], set()
    for kind, scenes in SCENES.items():
        for option in {option for scene in scenes for option in scene.changes}:
            here = [scene for scene in scenes if option in scene.changes]
            is_shown = any(scene.is_shown_by(name, option) for scene in here for name in EMULATORS)
            patterns = {(kind, one) for one in UNSHOWN.get(kind, {}) if matches(option, one)}
            used |= patterns
            if is_shown is bool(patterns):
                wrong.append(f"{kind}: {option} is {'shown' if is_shown else 'not shown, and not named'}")
    assert not wrong, "tests/emulator/drift_cases/unshown.py:\n" + "\n".join(wrong)
    assert used == named


@pytest.mark.parametrize("scene", [scene for scenes in SCENES.values() for scene in scenes], ids=lambda one: one.label)
@pytest.mark.aws("elbv2")
def test_exactly_what_was_changed_is_found(scene: Scene, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    # No emulator has CloudTrail.
    monkeypatch.setattr(checking, "told", lambda _aws, _known, findings: (findings, ""))
    monkeypatch.setattr(checking, "Aws", Laid)
    monkeypatch.setattr(Laid, "scene", scene, raising=False)
    monkeypatch.setattr(Laid, "values", {})
    monkeypatch.setattr(Laid, "document", {})
    if not scene.changes_on(emulator.name):
        pytest.skip(f"another emulator shows it all: {emulator.name} {scene.why_laid_over(emulator.name, '')}")
    wrong = list(_walk(scene, World(emulator)))
    assert not wrong, "\n".join(wrong)


def _walk(scene: Scene, world: World) -> Iterator[str]:
    """Each change in turn; what is wrong, a line each."""
    name = world.emulator.name
    before, options = list(scene.before(world)), scene.options(world)
    made = scene.made(world) if scene.made and name in scene.whole else options
    apply(
        world.emulator.endpoint,
        [*before, (scene.kind, without(made, lambda option: scene.is_refused(name, option)))],
    )
    original = scene.read(world)
    if name in scene.whole:
        Laid.document = original
    else:
        Laid.values = dict(_at_rest(scene, options, world))
    described = _described(scene.kind, options, world)
    if first := _found(check([described], KINDS, LOOKUPS)):
        yield f"as made: {first}"
        return
    written = [option for option in scene.changes_on(name) if scene.is_written(name, option)]
    for option in [*written, *(one for one in scene.changes_on(name) if one not in written)]:
        expected = [(one.field, one.expected, one.found) for one in scene.shown(option, options, world)]
        try:
            with _changed(scene, option, world, original, is_last=option in written[-1:]):
                found = _found(check([described], KINDS, LOOKUPS))
        except ClientError as error:
            yield f"{option}: {error}"
            continue
        if sorted(found, key=_field) != sorted(expected, key=_field):
            yield f"{option}: {found}, and not {expected}"
        # That it was put back, the next look tells: it has to find the next change alone.
    if left := _found(check([described], KINDS, LOOKUPS)):
        yield f"all put back: {left}"


def _at_rest(scene: Scene, options: Mapping[str, Any], world: World) -> Iterator[tuple[str, Any]]:
    """What is laid over the emulator's answers while nothing is changed."""
    for option in scene.changes:
        if option.endswith("[]") or not scene.why_laid_over(world.emulator.name, option):
            continue
        was = scene.was(option, options, world)
        if was is not None:
            yield option, was


@contextmanager
def _changed(scene: Scene, option: str, world: World, original: dict[str, Any], *, is_last: bool) -> Iterator[None]:
    """One option changed: in the emulator, or over its answers. Writing the next change puts back this one, too."""
    to, values = scene.change(option), Laid.values
    value = said_of(to.value, world)
    if world.emulator.name in scene.whole:
        Laid.document = edited(original, scene.place(option), value)
        yield
        Laid.document = original
    elif scene.why_laid_over(world.emulator.name, option):
        Laid.values = {**values, option: value}
        yield
        Laid.values = values
    elif to.do is not None and to.undo is not None:
        to.do(world)
        yield
        to.undo(world)
    else:
        scene.put(world, edited(original, scene.place(option), value))
        yield
        if is_last:
            scene.put(world, original)


def _described(kind: str, options: Mapping[str, Any], world: World) -> Described:
    spec = argument_spec(documentation_of(LIBRARY / f"{kind}.py"), KINDS[kind].secret_options)
    resources = [(kind, validated(kind, spec, options)[0])]
    connection = Connection(REGION, endpoint_url=world.emulator.endpoint)
    return Described("shop", connection, resources, Applied(resources), remedy="deploy shop")


def _field(found: Any) -> str:
    return str(found[0]) if isinstance(found, tuple) else repr(found)


def _found(checked: Checked) -> Sequence[object]:
    assert not checked.errors, checked.errors
    return [(one.field, one.expected, one.found) if one.state == "drift" else one for one in checked.findings]
