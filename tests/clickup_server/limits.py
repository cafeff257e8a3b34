"""The rate limit: so many requests of a token in a window, which begins with the first of them."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Window:
    began_ms: int
    used: int = 0


class Limits:
    """A limit per token. ``window_s`` is 60 at ClickUp; tests make it shorter."""

    def __init__(self, now_ms: Callable[[], int], per_minute: int, window_s: float) -> None:
        self._now_ms = now_ms
        self.set(per_minute, window_s)

    def set(self, per_minute: int, window_s: float) -> None:
        self._limit, self._window_ms = per_minute, round(window_s * 1000)
        self._windows: dict[str, Window] = {}

    def take(self, token: str) -> tuple[bool, dict[str, str]]:
        """Whether a request is within the limit, and the headers that tell. Refused requests are not counted."""
        now = self._now_ms()
        window = self._windows.get(token)
        if window is None or now >= window.began_ms + self._window_ms:
            window = self._windows[token] = Window(now)
        allowed = window.used < self._limit
        window.used += allowed
        return allowed, self._headers(self._limit - window.used, window.began_ms + self._window_ms)

    def spent(self) -> dict[str, str]:
        """The headers of a limit that others used up: for a 429 that is switched on."""
        return self._headers(0, self._now_ms() + self._window_ms)

    def _headers(self, remaining: int, reset_ms: int) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self._limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(math.ceil(reset_ms / 1000)),
        }
