"""Weighted forwards, which the emulator forgets: remembered from what is written, put back into what is read. No I/O.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ForwardActionConfig.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Rules and listeners: their own ARN comes first, then their actions.
_OWNER = re.compile(r"<(ListenerArn|RuleArn)>([^<]+)</\1>")
_FORWARD = re.compile(r"<Type>forward</Type>(<Order>\d+</Order>)?(<TargetGroupArn>[^<]*</TargetGroupArn>)?")
_GROUP = re.compile(r"^(?:Default)?Actions\.member\.(\d+)\.ForwardConfig\.TargetGroups\.member\.(\d+)\.(\w+)$")

Weights = list[tuple[str, int]]


def weights_of(parameters: Mapping[str, Any]) -> Weights:
    """The target groups with their weights that a call asks for."""
    found: dict[tuple[int, int], dict[str, str]] = {}
    for key, value in parameters.items():
        if matched := _GROUP.match(key):
            found.setdefault((int(matched[1]), int(matched[2])), {})[matched[3]] = value
    return [(one["TargetGroupArn"], int(one.get("Weight", 1))) for _, one in sorted(found.items())]


def listener_of(rule: str) -> str:
    """The ARN of a rule's listener."""
    return rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]


def plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The call as the emulator understands it: every forward names its first target group."""
    changed = {key: value for key, value in parameters.items() if ".ForwardConfig." not in key}
    for key, value in parameters.items():
        matched = _GROUP.match(key)
        if matched and matched[2] == "1" and matched[3] == "TargetGroupArn":
            changed.setdefault(f"{key.partition('.ForwardConfig')[0]}.TargetGroupArn", value)
    return changed


def put_back(text: str, known: Mapping[str, Weights]) -> str:
    """Put the weights into an answer in XML."""
    owner = ""
    parts, last = [], 0
    events = sorted([*_OWNER.finditer(text), *_FORWARD.finditer(text)], key=lambda one: one.start())
    for event in events:
        if event.re is _OWNER:
            owner = event[2]
            continue
        # A listener's default rule has the listener's own weights.
        following = text[event.end() : text.find("<RuleArn>", event.end())]
        is_default = "<IsDefault>true</IsDefault>" in following
        weights = known.get(owner) or (known.get(listener_of(owner)) if is_default else None)
        if not weights:
            continue
        parts += [text[last : event.start()], _forward_xml(weights, event[1] or "")]
        last = event.end()
    return "".join([*parts, text[last:]])


def _forward_xml(weights: Weights, order: str) -> str:
    groups = "".join(
        f"<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>" for arn, weight in weights
    )
    # With one target group AWS tells it both ways.
    one = f"<TargetGroupArn>{weights[0][0]}</TargetGroupArn>" if len(weights) == 1 else ""
    return (
        f"<Type>forward</Type>{order}{one}<ForwardConfig><TargetGroups>{groups}</TargetGroups>"
        "<TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig></ForwardConfig>"
    )
