"""The settings of Waybill: the only reader of the environment (tests and the exec wrapper `leash` aside).

Every key is `WAYBILL_` and the field's name in capitals. A wrong value or an unknown key stops the start.
"""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from resources.domain.errors import PermanentError

PREFIX: Final = "WAYBILL_"
_INTERNAL_KEYS: Final = frozenset({"WAYBILL_LEASHED_PID"})
_TEST_PREFIX: Final = "WAYBILL_TEST_"
_CRON: Final = re.compile(r"@(hourly|daily|weekly|monthly)|[\d*/,\-]+( [\d*/,\-a-zA-Z]+){4}")
_EMBEDDER: Final = re.compile(r"wordllama|fastembed:\S+|openai:\S+")
_POSTGRES_SCHEME: Final = re.compile(r"^postgres(ql)?(\+psycopg2?)?://")


class SettingsError(PermanentError):
    """A setting is wrong or unknown; nothing is started."""


def _postgres_url(value: SecretStr) -> SecretStr:
    """In libpq's form: whatever driver the URL names is dropped, as ledger and Dagster use different ones."""
    url = value.get_secret_value()
    if not _POSTGRES_SCHEME.match(url) or not urlsplit(url).path.strip("/"):
        raise PydanticCustomError("postgres_url", "no such URL")
    return SecretStr(_POSTGRES_SCHEME.sub("postgresql://", url))


def _http_url(value: str) -> str:
    if not re.match(r"^https?://[^/\s]+", value):
        raise PydanticCustomError("http_url", "no such URL")
    return value.rstrip("/")


PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
_A_POSTGRES_URL: Final = "a URL postgresql://user:password@host:port/database"
_AN_HTTP_URL: Final = "a URL http://host:port or https://host:port"
_A_PORT: Final = "a port from 0 to 65535, where 0 takes a free one"
_A_DURATION: Final = "seconds, more than 0"


class Settings(BaseSettings):
    """What can be set. Each field's description says what is allowed; errors quote it. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, validate_default=False
    )

    home: Path = Field(Path(".waybill"), description="a folder, made if missing")
    """Holds everything that the embedded default writes."""
    database_url: PostgresUrl | None = Field(None, description=_A_POSTGRES_URL)
    """The ledger's database; unset: embedded Postgres."""
    database_direct_url: PostgresUrl | None = Field(None, description=_A_POSTGRES_URL)
    """The way past a pooler, for LISTEN and session locks; unset: `database_url`."""
    dagster_database_url: PostgresUrl | None = Field(None, description=_A_POSTGRES_URL)
    """Dagster's own storage; unset: on the ledger's server, its database's name and `_dagster`."""
    qdrant_url: HttpUrl | None = Field(None, description=_AN_HTTP_URL)
    """A Qdrant server; unset: the embedded vector engine."""
    qdrant_api_key: SecretStr | None = Field(None, description="the key of WAYBILL_QDRANT_URL")
    qdrant_collection_prefix: str = Field(
        "waybill", pattern="^[a-z0-9]{1,32}$", description="1 to 32 small letters and digits"
    )
    """Begins the names of our collections: two installations that share a Qdrant server each need their own."""
    host: str = Field("127.0.0.1", min_length=1, description="an address of this machine")
    """Where the UI listens. It has no login: keep it on loopback or put a proxy with one in front."""
    port: int = Field(3000, ge=0, le=65535, description=_A_PORT)
    vector_port: int = Field(0, ge=0, le=65535, description=_A_PORT)
    embedder: str = Field("wordllama", description="wordllama, fastembed:MODEL or openai:MODEL")
    embedder_url: HttpUrl | None = Field(None, description=_AN_HTTP_URL + ", required by openai:MODEL")
    embedder_api_key: SecretStr | None = Field(None, description="the key of WAYBILL_EMBEDDER_URL")
    max_document_bytes: int = Field(20_000_000, ge=1, le=1_000_000_000, description="bytes from 1 to 1000000000")
    """A larger file is recorded as refused and not read."""
    batch_size_documents: int = Field(1000, ge=1, le=1000, description="documents from 1 to 1000")
    """How many documents one partition holds; more than 1,000 outruns what Dagster starts in good time."""
    max_concurrent_runs: int = Field(4, ge=1, le=64, description="runs from 1 to 64")
    database_pool_size: int = Field(5, ge=1, le=50, description="connections from 1 to 50")
    """Ledger connections of one process."""
    reread_cron: str = Field("0 3 * * *", description="five cron fields, or @hourly, @daily, @weekly, @monthly")
    """When every source is listed anew, in UTC."""
    orphan_check_interval_s: int = Field(30, ge=5, le=86_400, description="seconds from 5 to 86400")
    """How often the ledger is asked for extractions without an embedding, and the vector store for lost points."""
    start_deadline_s: float = Field(60.0, gt=0, description=_A_DURATION)
    """How long a start waits for databases, the vector store and the UI."""
    stop_grace_s: float = Field(8.0, gt=0, description=_A_DURATION)
    """How long a child may take to end before it is killed."""
    run_timeout_s: int = Field(7200, ge=60, description="seconds, 60 or more")
    """How long one Dagster run may take before it is terminated."""
    log_bytes: int = Field(5_000_000, ge=10_000, description="bytes, 10000 or more")
    """What each child's log file may hold; its predecessor holds as much again."""

    @field_validator("embedder", "reread_cron")
    @classmethod
    def _in_form(cls, value: str, info: ValidationInfo) -> str:
        form = _EMBEDDER if info.field_name == "embedder" else _CRON
        if not form.fullmatch(value):
            raise PydanticCustomError("form", "not of this form")
        return value

    @model_validator(mode="after")
    def _embedder_has_its_server(self) -> Self:
        if self.embedder.startswith("openai:") and self.embedder_url is None:
            raise PydanticCustomError("embedder_url", "unset", {"field": "embedder_url"})
        return self

    @property
    def own_database_url(self) -> str | None:
        """The configured ledger database, in libpq's form; None: embedded."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def own_dagster_database_url(self) -> str | None:
        """The configured or derived database of Dagster, in libpq's form; None: embedded."""
        if self.dagster_database_url:
            return self.dagster_database_url.get_secret_value()
        if self.own_database_url is None:
            return None
        parts = urlsplit(self.own_database_url)
        return parts._replace(path=parts.path.rstrip("/") + "_dagster").geturl()


def load_settings(**overrides: Any) -> Settings:
    """The settings from the environment, with ``overrides`` (field names) in place of it.

    Raises:
        SettingsError: a key is unknown or a value is not allowed; the message names each.
    """
    unknown = [key for key in sorted(os.environ) if _is_unknown(key)]
    if unknown:
        raise SettingsError(
            ", ".join(unknown),
            expected=f"settings that Waybill knows ({', '.join(_suggestion(key) for key in unknown)})",
            found=f"{len(unknown)} that it does not know",
            remedy="Correct the name or unset it.",
        )
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise _explained(error.errors(include_url=False)) from None


def inherited_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child: ours and ``extra``, but nothing that would configure Dagster behind our back."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DAGSTER_") and k not in _INTERNAL_KEYS}
    return kept | dict(extra)


def export(environment: Mapping[str, str]) -> None:
    """Set ``environment`` in this very process, for the Dagster instance that it opens."""
    os.environ.update(environment)


def _is_unknown(key: str) -> bool:
    if not key.startswith(PREFIX) or key.startswith(_TEST_PREFIX) or key in _INTERNAL_KEYS:
        return False
    return key.removeprefix(PREFIX).lower() not in Settings.model_fields


def _suggestion(key: str) -> str:
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    close = difflib.get_close_matches(key, known, n=1)
    return f"is {key} meant to be {close[0]}?" if close else f"nothing is like {key}"


def _explained(errors: list[ErrorDetails]) -> SettingsError:
    found, allowed = {}, {}
    for error in errors:
        name = str(error.get("ctx", {}).get("field") or (error["loc"][0] if error["loc"] else "settings"))
        key, field = f"{PREFIX}{name.upper()}", Settings.model_fields.get(name)
        secret = field is not None and "SecretStr" in str(field.annotation)
        value = "nothing" if error.get("ctx", {}).get("field") else repr(error["input"])
        found[key] = "a value that is not shown" if secret else value
        allowed[key] = (field.description if field else None) or "a known setting"
    if len(found) == 1:
        (key,) = found
        where, expected, value = key, allowed[key], found[key]
    else:
        where = "settings"
        expected, value = ("; ".join(f"{key}: {text}" for key, text in texts.items()) for texts in (allowed, found))
    remedy = "Correct it in the environment and start again."
    return SettingsError(where, expected=expected, found=value, remedy=remedy)
