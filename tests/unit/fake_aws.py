"""An AWS that answers from what a test put there; whoever calls anything else has an error."""

from __future__ import annotations

from typing import Any

from slipway.aws.clients import Aws, Connection


class FakeAws(Aws):
    """Counts calls as the real one does; `answer` gives the response of an operation, `pages` all of one."""

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        super().__init__(Connection("ap-northeast-2"))
        self.answers = answers or {}

    def identity(self) -> dict[str, Any]:
        return {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:role/test"}

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        self._count(service, operation)
        answer: dict[str, Any] = self.answer(operation, params)
        return answer

    def pages(self, service: str, operation: str, result: str, /, **params: Any) -> list[Any]:
        return list(self.call(service, operation, **params)[result])

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        """The response of an operation: what the test put there, or what a function of its parameters says."""
        given = self.answers[operation]
        return given(params) if callable(given) else given
