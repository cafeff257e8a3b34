"""A failed check alerts (design §7): once for what it found, and once a day while that stays."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import dagster as dg

from resources.ledger import alerts
from resources.ledger.resource import LedgerResource

NAMED: Final = 10
"""What stands in the alert of all that was found."""


def alarmed(
    ledger: LedgerResource, name: str, result: dg.AssetCheckResult, found: Sequence[str], *, partition: str = ""
) -> dg.AssetCheckResult:
    """Return ``result`` of the check ``name``; raise an alert when it failed.

    ``found`` names what broke the promise, an entry each.
    """
    if result.passed:
        return result
    digest = sha256("\n".join(sorted(found)).encode()).hexdigest()[:16]
    with ledger.engine.begin() as connection:
        alerts.raise_alert(
            connection,
            key=f"check:{name}:{partition}:{digest}:{datetime.now(UTC):%Y-%m-%d}",
            kind="check failed",
            subject=f"Check failed: {name}" + (f" ({partition})" if partition else ""),
            body="\n".join([f"{len(found)} found.", *found[:NAMED]]),
        )
    return result
