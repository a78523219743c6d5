"""What went wrong, in words for people."""

from __future__ import annotations

from typing import Any


class HostError(Exception):
    """A verb cannot do its work; the words say why, and what to do."""

    def __init__(self, code: str, what: str, remedy: str = "", **details: Any) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.remedy = remedy
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """Answer it as the object that the controller reads."""
        return {"code": self.code, "what": self.what, "remedy": self.remedy, **self.details}
