"""Secrets at rest: sealed with the key of this installation, so that a copy of the database alone betrays none.

The key is WAYBILL_SECRET_KEY; unset, one is made at first use and kept in WAYBILL_HOME.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from resources.domain.errors import PermanentError

SETTING: Final = "WAYBILL_SECRET_KEY"
KEY_FILE: Final = "secret.key"


class SecretKeyError(PermanentError):
    """The key that secrets are sealed with is none, or cannot be read or written."""


class SecretUnreadableError(PermanentError):
    """A sealed secret was sealed with another key, or was changed since."""


class Vault:
    """Seals and opens secrets with one key; shows neither."""

    def __init__(self, key: bytes, *, kept_in: str = SETTING) -> None:
        """``key`` as `load_key` returns it. ``kept_in`` names the place of the key, for errors.

        Raises:
            SecretKeyError: it is no key.
        """
        self._kept_in = kept_in
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise _no_key(kept_in) from error

    @classmethod
    def of(cls, run_folder: Path, configured: str | None) -> "Vault":
        """The vault of an installation; ``run_folder`` and ``configured`` as for `load_key`."""
        return cls(load_key(run_folder, configured), kept_in=SETTING if configured else str(run_folder / KEY_FILE))

    def seal(self, secret: str) -> bytes:
        """``secret`` encrypted and signed; never the same bytes twice."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes, *, what: str) -> str:
        """The secret of ``sealed``; ``what`` names it in the error.

        Raises:
            SecretUnreadableError: it was sealed with another key.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretUnreadableError(
                what,
                expected=f"a secret that was sealed with the key of {self._kept_in}",
                found="one that this key does not open",
                remedy=f"Give {SETTING} its former value, or make the secret anew: a webhook of ClickUp by"
                " `waybill clickup webhook ensure`.",
            ) from error


class VaultResource:
    """The vault as a Dagster resource: a plain object that shows no key, and makes none before it is needed."""

    def __init__(self, run_folder: Path, configured: str | None) -> None:
        """As for `load_key`."""
        self._run_folder, self._configured = run_folder, configured

    @cached_property
    def vault(self) -> Vault:
        """The vault. Raises SecretKeyError."""
        return Vault.of(self._run_folder, self._configured)


def load_key(run_folder: Path, configured: str | None) -> bytes:
    """The key: ``configured``, else the one in ``run_folder``, which is made (mode 0600) by whoever comes first.

    Raises:
        SecretKeyError: what is configured or stored is no key, or the file cannot be read or written.
    """
    if configured:
        return _checked(configured.encode(), SETTING)
    path = run_folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        return _checked(path.read_bytes().strip(), str(path))
    except OSError as error:
        raise SecretKeyError(
            str(path),
            expected="a file that this user can read, or a folder to make it in",
            found=error.strerror or str(error),
            remedy=f"Mend its permissions, or set {SETTING}.",
        ) from error


def _make(path: Path) -> None:
    """A link is made whole or not at all, and never over another's: all who come at once read the same key."""
    with _unfinished(path) as (descriptor, unfinished):
        os.write(descriptor, Fernet.generate_key())
        os.fsync(descriptor)
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # what gets sealed must not outlive its key in a power cut
    finally:
        os.close(folder)


@contextmanager
def _unfinished(path: Path) -> Iterator[tuple[int, Path]]:
    descriptor, name = mkstemp(prefix=f"{path.name}.", dir=path.parent)  # mode 0600
    try:
        yield descriptor, Path(name)
    finally:
        os.close(descriptor)
        Path(name).unlink()


def _checked(key: bytes, where: str) -> bytes:
    Vault(key, kept_in=where)
    return key


def _no_key(where: str) -> SecretKeyError:
    return SecretKeyError(
        where,
        expected="a key of 32 bytes in url-safe base64, 44 characters",
        found="something else, which is not shown",
        remedy=f"Make one with `openssl rand -base64 32 | tr '+/' '-_'` and set {SETTING} to it.",
    )
