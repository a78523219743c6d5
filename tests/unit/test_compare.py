"""What AWS returns for X compared with X is empty; any single changed field is found."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.compare import SENSITIVE, Difference, Rules, changed_options, differences, left_as_is

RULES = Rules(
    defaults={"interval": 30, "items[].essential": True},
    unordered={"items": "name", "groups": ""},
    sensitive=frozenset({"password", "items[].token"}),
    whole=frozenset({"tags", "items"}),
)
names = st.text("abcdef", min_size=1, max_size=4)
leaves = st.one_of(st.integers(-5, 5), st.text("xyz", min_size=1, max_size=3), st.booleans())
items = st.fixed_dictionaries(
    {"name": names, "image": st.text("xyz", min_size=1)},
    optional={
        "essential": st.booleans(),
        "command": st.lists(st.text("xyz", min_size=1), min_size=1, max_size=3),
    },
)
resources = st.fixed_dictionaries(
    {"title": names},
    optional={
        "interval": st.integers(1, 60),
        "groups": st.lists(names, min_size=1, unique=True),
        "items": st.lists(items, min_size=1, max_size=4, unique_by=lambda item: item["name"]),
        "tags": st.dictionaries(names, st.text("xyz", min_size=1), min_size=1, max_size=3),
        "nested": st.fixed_dictionaries({"a": leaves, "b": st.lists(leaves, min_size=1, max_size=3)}),
    },
)


def as_aws_returns(resource: dict[str, Any], shuffle: Any) -> dict[str, Any]:
    """The same resource with its defaults filled in, its unordered lists in another order, and more beside them."""
    live = copy.deepcopy(resource)
    live.setdefault("interval", 30)
    for item in live.get("items", ()):
        item.setdefault("essential", True)
    for key in ("items", "groups"):
        if key in live:
            shuffle(live[key])
    return {**live, "created_at": "2026-01-01", "nothing": None, "empty": []}


def leaf_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "name":  # the key of an element: changing it makes another element
                yield from leaf_paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaf_paths(item, (*path, index))
    else:
        yield path


def with_other_leaf(resource: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    other = copy.deepcopy(resource)
    target: Any = other
    for part in path[:-1]:
        target = target[part]
    old = target[path[-1]]
    target[path[-1]] = (not old) if isinstance(old, bool) else old + 1000 if isinstance(old, int) else f"{old}-other"
    return other


@given(resources, st.randoms(use_true_random=False))
def test_what_aws_returns_is_no_difference(resource: dict[str, Any], random: Any) -> None:
    assert differences(resource, as_aws_returns(resource, random.shuffle), RULES) == []


@given(resources, st.randoms(use_true_random=False), st.data())
def test_any_single_changed_field_is_found(resource: dict[str, Any], random: Any, data: st.DataObject) -> None:
    live = as_aws_returns(resource, random.shuffle)
    path = data.draw(st.sampled_from(sorted(leaf_paths(resource), key=repr)))
    found = differences(with_other_leaf(resource, path), live, RULES)
    assert len(found) == 1
    assert found[0].path.startswith(str(path[0]))


@given(resources, st.randoms(use_true_random=False))
def test_each_difference_ends_when_it_is_applied(resource: dict[str, Any], random: Any) -> None:
    live = as_aws_returns(resource, random.shuffle)
    other = {"title": "another", "tags": {"k": "v"}, "items": [{"name": "zz", "image": "i"}]}
    assert differences(other, {**live, **other}, RULES) == []


@pytest.mark.parametrize(
    ("desired", "live", "found"),
    [
        # omitted means unmanaged
        ({}, {"a": 1}, []),
        ({"a": None}, {"a": 1}, []),
        # an empty list is a description: there should be none
        ({"groups": []}, {"groups": ["x"]}, [("groups", ["x"], [])]),
        ({"groups": []}, {}, []),
        # an ordered list of the same length differs by element, of another length as a whole
        ({"command": ["a", "b"]}, {"command": ["a", "c"]}, [("command[1]", "c", "b")]),
        ({"command": ["a"]}, {"command": ["a", "c"]}, [("command", ["a", "c"], ["a"])]),
        (
            {"command": ["b", "a"]},
            {"command": ["a", "b"]},
            [("command[0]", "a", "b"), ("command[1]", "b", "a")],
        ),
        # what is owned as a whole has no other members
        ({"tags": {"a": "1"}}, {"tags": {"b": "2"}}, [("tags.a", None, "1"), ("tags.b", "2", None)]),
        # a key of the user's own with an empty text is there
        ({"tags": {"a": ""}}, {"tags": {"b": ""}}, [("tags.a", None, ""), ("tags.b", "", None)]),
        ({"title": ""}, {}, []),
        (
            {"items": [{"name": "x", "image": "i"}]},
            {"items": [{"name": "x", "image": "i", "command": ["c"], "essential": True}]},
            [("items[x].command", ["c"], [])],
        ),
        # two elements of one name are two
        (
            {"items": [{"name": "x", "image": "i"}, {"name": "x", "image": "j"}]},
            {"items": [{"name": "x", "image": "i"}]},
            [("items[x#2]", None, {"name": "x", "image": "j"})],
        ),
        # defaults
        ({"interval": 30}, {}, []),
        ({"interval": 31}, {}, [("interval", 30, 31)]),
        # secrets
        ({"password": "new"}, {"password": "old"}, [("password", SENSITIVE, SENSITIVE)]),
        ({"password": "new"}, {}, [("password", None, SENSITIVE)]),
        (
            {"items": [{"name": "x", "token": "t"}]},
            {},
            [("items[x]", None, {"name": "x", "token": SENSITIVE})],
        ),
    ],
)
def test_table(desired: dict[str, Any], live: dict[str, Any], found: list[tuple[str, Any, Any]]) -> None:
    assert differences(desired, live, RULES) == [Difference(*one) for one in found]


def test_changed_options_are_the_first_words() -> None:
    found = [Difference("a.b[0].c", 1, 2), Difference("d[x]", 1, 2), Difference("e", 1, 2)]
    assert changed_options(found) == {"a", "d", "e"}


@given(resources, resources)
def test_a_field_that_is_left_as_it_is_differs_no_more_and_the_others_do(desired: Any, live: Any) -> None:
    found = differences(desired, live, RULES)
    for one in found:
        left = left_as_is(desired, live, one.path, RULES)
        assert differences(left, live, RULES) == [other for other in found if other != one]


def test_what_is_left_as_it_is_keeps_dots_in_its_name() -> None:
    desired, live = {"tags": {"a.b": "1", "a": "2"}}, {"tags": {"a.b": "7", "a": "8", "c.d": "9"}}
    for path in ("tags.a.b", "tags.c.d"):
        left = left_as_is(desired, live, path, RULES)
        assert path not in [one.path for one in differences(left, live, RULES)]
    assert left_as_is(desired, live, "rollout_state", RULES) == desired
