"""The database and the vector store that a command works with, embedded or one's own, as one thing."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import psycopg

from orchestration.hosting.home import Home
from orchestration.hosting.keeper_client import KeeperConnection, KeeperRequest
from orchestration.hosting.parts import LOOPBACK, POSTGRES, VECTORS
from orchestration.hosting.waiting import became_true
from orchestration.settings import Settings
from resources.domain.errors import TransientError

_CONNECT_TIMEOUT_S: Final = 5


class BackendUnreachableError(TransientError):
    """One's own database or vector store does not answer."""


@dataclass(frozen=True)
class Backend:
    """For people: what serves, whose it is ("embedded" or "own"), where (no secrets in it), and its version."""

    what: str
    whose: str
    where: str
    version: str


@dataclass(frozen=True)
class Backends:
    """Addresses that answer. URLs of databases are in libpq's form, ``postgresql://…``; `direct` goes past a pooler.

    Home and waybill.toml stand beside them, absolute: children run in another folder.
    """

    home: Home
    database_url: str = field(repr=False)
    database_direct_url: str = field(repr=False)
    dagster_database_url: str = field(repr=False)
    qdrant_url: str
    qdrant_api_key: str | None = field(repr=False)
    database: Backend
    vectors: Backend
    config_file: Path | None = None

    def environment(self) -> dict[str, str]:
        """The settings that lead a child process, or this one, to these very backends, and Dagster to its home."""
        addresses = {
            "WAYBILL_HOME": str(self.home.path),
            "WAYBILL_DATABASE_URL": self.database_url,
            "WAYBILL_DATABASE_DIRECT_URL": self.database_direct_url,
            # Without a driver's name SQLAlchemy would take psycopg 3, which Dagster's storage does not speak.
            "WAYBILL_DAGSTER_DATABASE_URL": self.dagster_database_url.replace("://", "+psycopg2://", 1),
            "WAYBILL_QDRANT_URL": self.qdrant_url,
            "DAGSTER_HOME": str(self.home.dagster),
        }
        given = {"WAYBILL_QDRANT_API_KEY": self.qdrant_api_key, "WAYBILL_CONFIG": self.config_file}
        return addresses | {key: str(value) for key, value in given.items() if value}


@contextmanager
def open_backends(settings: Settings, *, engine: tuple[str, ...] = ()) -> Iterator[Backends]:
    """Start or join the embedded servers, wait for one's own, and hold them while the block runs.

    The last one to leave stops the embedded servers. ``engine`` is the vector engine's command line, if not the usual.

    Raises:
        HomeUnusableError: WAYBILL_HOME cannot be made or written.
        BackendUnreachableError: an own server did not answer within ``start_deadline_s``.
        KeeperUnreachableError, EmbeddedServerRefusedError: an embedded server did not start; its log's end is shown.
    """
    home = Home.at(settings.home).make()
    needs = [
        *([POSTGRES] if settings.own_database_url is None else []),
        *([VECTORS] if settings.qdrant_url is None else []),
    ]
    if not needs:
        yield _described(settings, home, {})
        return
    request = KeeperRequest(home, needs, settings.vector_port, settings.start_deadline_s, engine)
    connection = KeeperConnection(request)
    try:
        connection.open()
        yield _described(settings, home, dict(connection.endpoints))
    finally:
        connection.close()


def _described(settings: Settings, home: Home, embedded: dict[str, str]) -> Backends:
    within_s = settings.start_deadline_s
    database_url = settings.own_database_url or embedded["database_url"]
    direct = settings.database_direct_url.get_secret_value() if settings.database_direct_url else database_url
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    qdrant_url, key = (settings.qdrant_url, key) if settings.qdrant_url else _vectors(embedded)
    return Backends(
        home=home,
        database_url=database_url,
        database_direct_url=direct,
        dagster_database_url=settings.own_dagster_database_url or embedded["dagster_database_url"],
        qdrant_url=qdrant_url,
        qdrant_api_key=key,
        database=Backend(
            "Postgres",
            "own" if settings.own_database_url else "embedded",
            _without_password(database_url),
            _postgres_version(database_url, within_s),
        ),
        vectors=Backend(
            "Qdrant" if settings.qdrant_url else "vector engine",
            "own" if settings.qdrant_url else "embedded",
            qdrant_url,
            _qdrant_version(qdrant_url, key, within_s),
        ),
        config_file=settings.config_file,
    )


def _vectors(embedded: dict[str, str]) -> tuple[str, str]:
    return embedded["qdrant_url"], embedded["qdrant_api_key"]


@dataclass(frozen=True)
class _Look:
    """What a server said: its version, or why there is none and whether waiting cannot change that."""

    version: str | None
    found: str = ""
    final: bool = False


def _awaited(look: Callable[[], _Look], within_s: float) -> _Look:
    seen = _Look(None)

    def settled() -> bool:
        nonlocal seen
        seen = look()
        return seen.version is not None or seen.final

    became_true(settled, within_s=within_s)
    return seen


def _postgres_version(url: str, within_s: float) -> str:
    seen = _awaited(lambda: _look_at_postgres(url), within_s)
    if seen.version is None:
        raise BackendUnreachableError(
            f"WAYBILL_DATABASE_URL ({_without_password(url)})",
            expected="a Postgres that lets us in",
            found=seen.found,
            remedy="Start that server or correct the URL; unset, an embedded Postgres is used.",
        )
    return seen.version


def _look_at_postgres(url: str) -> _Look:
    """Libpq gives no code for a refused connection, so that its words tell what waiting does not change."""
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            return _Look(str(connection.info.parameter_status("server_version")))
    except psycopg.OperationalError as error:
        words = " ".join(str(error).split())
        final = ("authentication failed", "does not exist", "no pg_hba.conf entry", "no password")
        return _Look(None, words, final=any(said in words for said in final))


def _qdrant_version(url: str, key: str | None, within_s: float) -> str:
    seen = _awaited(lambda: _look_at_qdrant(url, {"api-key": key} if key else {}), within_s)
    if seen.version is None:
        raise BackendUnreachableError(
            f"WAYBILL_QDRANT_URL ({url})",
            expected="a Qdrant server that lets us in",
            found=seen.found,
            remedy="Start that server or correct URL and key; unset, an embedded engine is used.",
        )
    return seen.version


def _look_at_qdrant(url: str, headers: dict[str, str]) -> _Look:
    """Asks for the collections too: the greeting, which has the version, needs no key."""
    try:
        _get(f"{url}/collections", headers)
        return _Look(str(_get(url, headers).get("version", "unknown")))
    except HTTPError as error:
        return _Look(None, f"HTTP {error.code}", final=error.code in {401, 403, 404})
    except (URLError, OSError, HTTPException, ValueError) as error:
        return _Look(None, str(error))


def _get(url: str, headers: dict[str, str]) -> dict[str, object]:
    # A proxy from the environment is for the world outside, not for our own engine.
    opener = build_opener(ProxyHandler({})) if urlsplit(url).hostname == LOOPBACK else build_opener()
    with opener.open(Request(url, headers=headers), timeout=_CONNECT_TIMEOUT_S) as response:  # noqa: S310 - see settings
        answer = json.load(response)
    return answer if isinstance(answer, dict) else {}


def _without_password(url: str) -> str:
    """Where a database is, as people name it: ``server/database``, the server being a host or a socket's folder."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    return f"{parts.netloc.rpartition('@')[2] or folder}{parts.path}"
