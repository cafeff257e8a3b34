"""The environment, in the one place of the bench that looks at it."""

import os
from pathlib import Path

PREFIX = "WAYBILL_"


def default_cranfield() -> Path:
    """Where the Cranfield collection lies: WAYBILL_BENCH_CRANFIELD, else beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "corpora" / "cranfield"
    return Path(os.environ.get("WAYBILL_BENCH_CRANFIELD", beside))


def child_environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of a ``waybill`` whose home is ``home``: no other setting is inherited."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**inherited, "WAYBILL_HOME": str(home), **settings}
