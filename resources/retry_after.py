"""How long a server asks to be left alone: the header Retry-After of RFC 9110."""

import math
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import httpx


def asked_to_wait_s(headers: httpx.Headers) -> float | None:
    """Seconds, never below zero; the header holds them or a date. None when it is absent or neither."""
    asked = headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        return _until_s(asked, headers.get("date") or format_datetime(datetime.now(UTC)))
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until_s(asked: str, now: str) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(asked) - parsedate_to_datetime(now)).total_seconds())
    except (ValueError, TypeError):
        return None
