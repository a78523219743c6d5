"""The step of service_cost: both bills of a service, side by side as text and as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from ..release.status.table import table
from .estimate import PATHS, Bill, Use
from .prices import prices_of

_USE = tuple(field.name for field in fields(Use))


def estimate(options: Mapping[str, Any], /, *, check: bool, report: Callable[[str], None]) -> dict[str, Any]:
    """The step, which is the same in check mode: nobody is called.

    Raises:
        SlipwayError: the prices of the region are not known.
    """
    service = options["service"]
    prices = prices_of(str(service["region"]))
    use = Use(**{name: options[name] for name in _USE if options.get(name) is not None})
    bills = [path(service, use, prices) for path in PATHS]
    return {
        "changed": False,
        "table": "\n".join(_shown(str(service["name"]), bills, prices.region)),
        "monthly_usd": {bill.path.lower(): round(bill.usd, 2) for bill in bills},
        "paths": [
            {
                "path": bill.path.lower(),
                "monthly_usd": round(bill.usd, 2),
                "unknown": bill.unknown,
                "lines": [asdict(line) for line in bill.lines],
            }
            for bill in bills
        ],
    }


def _shown(name: str, bills: list[Bill], region: str) -> list[str]:
    seen = sorted({line.seen for bill in bills for line in bill.lines if line.seen})
    dates = " to ".join(dict.fromkeys((seen[0], seen[-1]))) if seen else "no date"
    lines = [f"{name}: USD a month in {region}, on demand, without tax and free tier; prices of {dates}"]
    for bill in bills:
        rows = [[line.what, line.how, _usd(line.usd) + ("" if line.sure else " ?")] for line in bill.lines]
        missing = f", without {', '.join(bill.unknown)}" if bill.unknown else ""
        rows.append(["sum", missing.removeprefix(", "), _usd(bill.usd)])
        lines += ["", *table([bill.path, "", "USD"], rows, {""})]
    if any(not line.sure for bill in bills for line in bill.lines):
        lines += ["", "? was seen in approximate lists only: check it at https://calculator.aws"]
    return lines


def _usd(usd: float | None) -> str:
    return "not known" if usd is None else f"{usd:.2f}"
