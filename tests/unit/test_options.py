"""What YAML makes of a text, and what a person sees of a secret."""

from __future__ import annotations

from slipway.engine import render
from slipway.engine.compare import SENSITIVE, Difference
from slipway.engine.observe import Request
from slipway.engine.options import given_only
from slipway.engine.plan import Plan
from slipway.engine.run import Outcome
from slipway.resources import KINDS


def test_tags_are_texts_whatever_yaml_read() -> None:
    given = given_only({"tags": {"Cost": 1234, "On": True, True: 1.5, "None": None, "Text": ""}, "count": 2})
    assert given == {"tags": {"Cost": "1234", "On": "true", "true": "1.5", "Text": ""}, "count": 2}


def test_a_changed_secret_is_seen_to_change() -> None:
    request = Request(KINDS["ssm_parameter"], {"name": "/one"})
    shown = render.diff(Outcome(request, Plan("update", [Difference("value", SENSITIVE, SENSITIVE)])))
    assert shown["before"] != shown["after"]
