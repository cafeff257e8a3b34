"""Faults that are switched on by request: a rule, and a seed where it is chance, settles which request is hit."""

import random
import re
from dataclasses import dataclass, field
from typing import Final

KINDS: Final = frozenset(
    {"429", "500", "502_html", "timeout_before", "timeout_after", "reset_before", "reset_after", "slow"}
)
HOLD_S: Final = 30.0
"""How long a time-out holds a request, unless the client leaves before, and how long a slow answer takes."""


@dataclass
class Rule:
    """One kind of fault. ``path`` is searched in the path below the host, ``/api/v2/…``; None hits each.

    ``times`` ends the rule after so many hits; ``probability`` below 1 leaves requests out, by ``seed`` alone: the
    n-th request that fits is hit or not in each run alike. ``skip`` spares the first that fit. With ``effect`` a 429,
    500 or 502 is told although the request was carried out.
    """

    kind: str
    method: str | None = None
    path: str | None = None
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    seed: int = 0
    hold_s: float = HOLD_S
    effect: bool = False
    hits: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of fault; there are {', '.join(sorted(KINDS))}")
        self._random = random.Random(self.seed)

    def hit(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts and draws."""
        if self.method not in (None, method) or (self.path is not None and not re.search(self.path, path)):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True

    @property
    def acts_first(self) -> bool:
        """Whether the request is carried out before it fails."""
        return self.kind.endswith("_after") or self.effect


class Faults:
    """The rules in force, in order: the first that hits is the fault."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def pick(self, method: str, path: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.hit(method, path)), None)
