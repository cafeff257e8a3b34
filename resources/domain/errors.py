"""The errors of Waybill: where, what was expected, what was found, what to do, and whether a retry can help."""

from typing import ClassVar


class WaybillError(Exception):
    """Something that a person or a caller has to know, in one sentence that they can act on."""

    retry_helps: ClassVar[bool] = False

    def __init__(self, where: str, *, expected: str, found: str, remedy: str) -> None:
        self.where, self.expected, self.found, self.remedy = where, expected, found, remedy
        super().__init__(where, expected, found, remedy)

    def __str__(self) -> str:
        retry = "A retry can help." if self.retry_helps else "A retry alone cannot help."
        return f"{self.where}: expected {self.expected}; found {self.found}. {self.remedy} {retry}"

    @property
    def reason(self) -> str:
        """The short form for a table: what was found where, without the advice."""
        return f"expected {self.expected}; found {self.found}"


class PermanentError(WaybillError):
    """The same input will fail again: a retry only costs."""


class TransientError(WaybillError):
    """The outside world failed: the same call may succeed later."""

    retry_helps: ClassVar[bool] = True
