"""How commands fail: one clear message on standard error and exit code 1, no traceback for what a person can mend."""

import errno
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec

import typer

from resources.domain.errors import TransientError, WaybillError
from resources.ledger.failures import database_failure

P = ParamSpec("P")
_INTERRUPTED: Final = 130
"""As shells report a command that SIGINT ended."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class DiskFullError(TransientError):
    """A file could not be written."""


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a WaybillError into its message and exit code 1; anything else is a bug and keeps its traceback.

    What a database or the disk could not do is no bug, whatever library met with it.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except WaybillError as error:
            raise _said(error) from error
        except KeyboardInterrupt as interrupted:
            typer.echo("waybill: interrupted; the same command goes on from what is done.", err=True)
            raise typer.Exit(_INTERRUPTED) from interrupted
        except Exception as error:
            failure = database_failure(error) or _full_disk(error)
            if failure is None:
                raise
            raise _said(failure) from error

    return run


def _said(error: WaybillError) -> typer.Exit:
    typer.secho(f"waybill: {error}", err=True, fg=typer.colors.RED)
    return typer.Exit(1)


def _full_disk(error: Exception) -> DiskFullError | None:
    if not isinstance(error, OSError) or error.errno not in _FULL:
        return None
    return DiskFullError(
        str(error.filename or "disk"), expected="room on the disk", found=str(error), remedy="Free disk space."
    )
