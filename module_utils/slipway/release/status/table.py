"""Rows as aligned text. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

WIDTH = 120
_GAP = "  "
_LEAST = 8


def width_of(text: str) -> int:
    """Columns of a terminal that a text takes: a Korean letter takes two, an accent that stands on another none."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """The text in at most so many columns."""
    if width_of(text) <= width:
        return text
    kept, room = "", width - 1
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        kept += char
    return f"{kept}…"


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], shrinking: Collection[str], width: int = WIDTH
) -> list[str]:
    """Lines of aligned columns; where there is no room for all, the longest of the `shrinking` ones is cut."""
    lines = [header, *rows]
    widths = [max(width_of(line[column]) for line in lines) for column in range(len(header))]
    flexible = [column for column, name in enumerate(header) if name in shrinking]
    while flexible and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widest = max(flexible, key=lambda column: widths[column])
        if widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    return [_line(line, widths) for line in lines]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [cut(cell, width) for cell, width in zip(cells, widths, strict=True)]
    padded = [cell + " " * (width - width_of(cell)) for cell, width in zip(shown, widths, strict=True)]
    return _GAP.join(padded).rstrip()


def wrapped(label: str, text: str, indent: int, width: int = WIDTH) -> list[str]:
    """A label and its text beside it, broken between words."""
    room, lines = width - indent - len(_GAP), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    first = cut(label, indent)
    margins = [first + " " * (indent - width_of(first)), *(" " * indent for _ in lines[1:])]
    return [f"{margin}{_GAP}{line}".rstrip() for margin, line in zip(margins, lines, strict=True)]
