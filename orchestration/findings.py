"""What a look at something came to, for `waybill doctor`."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from resources.domain.errors import WaybillError
from resources.ledger.failures import database_failure


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    found: str

    def as_json(self) -> dict[str, object]:
        """Field by field."""
        return asdict(self)


def finding(what: str, look: Callable[[], str]) -> Finding:
    """What ``look`` says; what the outside world, the disk or the database could not do is a finding too."""
    try:
        return Finding(what, ok=True, found=look())
    except (WaybillError, OSError) as error:
        return Finding(what, ok=False, found=str(error))
    except Exception as error:
        if (failure := database_failure(error)) is None:
            raise
        return Finding(what, ok=False, found=str(failure))
