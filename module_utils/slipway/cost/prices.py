"""The prices, as dated data beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ..aws.errors import SlipwayError

_FILE = Path(__file__).with_name("prices.yml")


@dataclass(frozen=True)
class Price:
    """One price.

    Attributes:
        usd: dollars a unit; None where it is not known.
        seen: when it was read, as a date in text.
        sure: whether it was read in a price list or in a text that quotes one.
    """

    usd: float | None
    seen: str = ""
    sure: bool = True


class Prices:
    """The prices of one region."""

    def __init__(self, region: str, data: Mapping[str, Any], hours: float) -> None:
        self.region, self.hours, self._data = region, hours, data

    def of(self, unit: str, *path: str) -> Price:
        """A price: its unit (`hour`, `gb_month`), and where it is (`ec2`, `t3.small`)."""
        found: Any = self._data
        for part in path:
            found = found.get(part, {})
        if unit not in found:
            return Price(None)
        return Price(float(found[unit]), str(found["seen"]), bool(found.get("sure", True)))

    def number(self, unit: str, *path: str) -> float | None:
        """What is no price: a size, or an allowance."""
        return self.of(unit, *path).usd

    def instance_types(self, architecture: str) -> list[str]:
        """The instance types of an architecture, the smallest memory first."""
        types = self._data.get("ec2", {})
        mine = [name for name in types if (name.startswith("t4g.")) == (architecture == "ARM64")]
        return sorted(mine, key=lambda name: float(types[name]["memory_gib"]))


@lru_cache
def load() -> dict[str, Any]:
    """The file of prices."""
    data: dict[str, Any] = yaml.safe_load(_FILE.read_text())
    return data


def prices_of(region: str) -> Prices:
    """The prices of a region.

    Raises:
        SlipwayError: nobody wrote them down.
    """
    data = load()
    if region not in data["regions"]:
        raise SlipwayError(
            f"the prices of {region} are not known",
            where="service_cost",
            remedy=f"add them to module_utils/slipway/cost/prices.yml; it has {', '.join(data['regions'])}",
        )
    return Prices(region, data["regions"][region], float(data["hours_per_month"]))
