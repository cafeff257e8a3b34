"""What a bench is told."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """``folder`` is the bench's own, empty, gone afterwards. ``quick`` asks for sizes that only show that it works."""

    folder: Path
    quick: bool
    cranfield: Path

    def size(self, full: int, quick: int) -> int:
        """How many: ``full``, or ``quick`` when only trying."""
        return quick if self.quick else full
