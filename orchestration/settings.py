"""The settings of Waybill: the only reader of the environment (tests and the exec wrappers `leash` and `warden` aside).

Every key is `WAYBILL_` and the field's name in capitals. A wrong value or an unknown key stops the start.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from orchestration.settings_errors import PREFIX, unknown_keys, unset, wrong_values

CONFIG_FILE: Final = "waybill.toml"
_INTERNAL_KEYS: Final = frozenset({"WAYBILL_LEASHED_PID"})
_TEST_PREFIX: Final = "WAYBILL_TEST_"
WEBHOOK_SECRET: Final = re.compile(r"WAYBILL_WEBHOOK_SECRET_[A-Z0-9]+(_[A-Z0-9]+)*")
"""The keys that waybill.toml may name as the secrets of its senders of webhooks."""
_CRON: Final = re.compile(r"@(hourly|daily|weekly|monthly)|[\d*/,\-]+( [\d*/,\-a-zA-Z]+){4}")
_EMBEDDER: Final = re.compile(r"wordllama|fastembed:\S+|openai:\S+")
_POSTGRES_SCHEME: Final = re.compile(r"^postgres(ql)?(\+psycopg2?)?://")
_FERNET_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}=")


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


def _fernet_key(value: SecretStr) -> SecretStr:
    if not _FERNET_KEY.fullmatch(value.get_secret_value()):
        raise PydanticCustomError("fernet_key", "no such key")
    return value


PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
FernetKey = Annotated[SecretStr, AfterValidator(_fernet_key)]
_A_POSTGRES_URL: Final = "a URL postgresql://user:password@host:port/database"
_AN_HTTP_URL: Final = "a URL http://host:port or https://host:port"
_A_PORT: Final = "a port from 0 to 65535, where 0 takes a free one"
_A_DURATION: Final = "seconds, more than 0"
_A_CRON: Final = "five cron fields, or @hourly, @daily, @weekly, @monthly"


class Settings(BaseSettings):
    """What can be set. Each field's description says what is allowed; errors quote it. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, validate_default=False
    )

    home: Path = Field(Path(".waybill"), description="a folder, made if missing")
    """Holds everything that the embedded default writes."""
    config: Path | None = Field(None, description="the path of a file like examples/waybill.toml")
    """What is structured; unset: waybill.toml in the current folder, if it is there. `config_file` knows which."""
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
    artefacts_url: str | None = Field(None, description="a URL of fsspec, such as s3://bucket/prefix")
    """Unset: the folder of the home."""
    artefacts_options: SecretStr | None = Field(None, description="a JSON object: the options of the store at that URL")
    watch_folder: Path | None = Field(
        None, description="a folder that can be written, outside of WAYBILL_HOME/artefacts"
    )
    """Into it people drop workbooks; made if missing, and absolute from here on. Unset: none is watched."""
    writer: str = Field("offline", description="the name of an installed writer, such as offline")
    """Who writes press releases."""
    max_document_bytes: int = Field(20_000_000, ge=1, le=1_000_000_000, description="bytes from 1 to 1000000000")
    """A larger file is recorded as refused and not read."""
    batch_size_documents: int = Field(1000, ge=1, le=1000, description="documents from 1 to 1000")
    """How many documents one partition holds; more than 1,000 outruns what Dagster starts in good time."""
    max_concurrent_runs: int = Field(4, ge=1, le=64, description="runs from 1 to 64")
    database_pool_size: int = Field(5, ge=1, le=50, description="connections from 1 to 50")
    """Ledger connections of one process."""
    reread_cron: str = Field("0 3 * * *", description=_A_CRON)
    """When every source is listed anew, in UTC."""
    orphan_check_interval_s: int = Field(30, ge=5, le=86_400, description="seconds from 5 to 86400")
    """How often the ledger is asked for extractions without an embedding, and the vector store for lost points."""
    clickup_url: HttpUrl = Field("https://api.clickup.com/api/v2", description=_AN_HTTP_URL)
    clickup_timeout_s: float = Field(30.0, gt=0, description=_A_DURATION)
    """How long a call of ClickUp may be silent before its answer is taken for unclear."""
    clickup_token: SecretStr | None = Field(None, description="a personal token of ClickUp, pk_…")
    webhook_host: str = Field("127.0.0.1", min_length=1, description="an address of this machine")
    """Where deliveries of webhooks are taken. Nothing else is served there: a proxy may lead the world to it."""
    webhook_port: int = Field(3080, ge=0, le=65535, description=_A_PORT)
    webhook_public_url: HttpUrl | None = Field(None, description=_AN_HTTP_URL)
    """The address under which ClickUp reaches that listener; needed to register a webhook."""
    secret_key: FernetKey | None = Field(None, description="a Fernet key: 44 characters, url-safe base64 of 32 bytes")
    """Encrypts secrets at rest; unset: a key is made and kept in `home`."""
    outbox_parallelism: int = Field(8, ge=1, le=64, description="effects from 1 to 64")
    """How many effects on the outside world are on their way at once, each of another task."""
    outbox_attempts: int = Field(20, ge=1, le=1000, description="attempts from 1 to 1000")
    """After so many failed ones an effect is a dead letter."""
    smtp_password: SecretStr | None = Field(None, description="the password of alerts.email.user")
    max_concurrent_tasks: int = Field(4, ge=1, le=64, description="tasks from 1 to 64")
    """How many tasks are worked on at once, of all runs."""
    min_free_memory_mb: int = Field(500, ge=0, le=1_000_000, description="megabytes from 0 to 1000000")
    """Below so much free memory no run of a task is asked for."""
    check_cron: str = Field("*/15 * * * *", description=_A_CRON)
    """When the checks on tasks run, in UTC."""
    closed_task_days: int = Field(90, ge=1, le=3650, description="days from 1 to 3650")
    """The partition of a task that was closed longer ago is retired; the ledger keeps the task."""
    start_deadline_s: float = Field(60.0, gt=0, description=_A_DURATION)
    """How long a start waits for databases, the vector store and the UI."""
    stop_grace_s: float = Field(8.0, gt=0, description=_A_DURATION)
    """How long a child may take to end before it is killed."""
    run_timeout_s: int = Field(7200, ge=60, description="seconds, 60 or more")
    """How long one Dagster run may take before it is terminated."""
    log_bytes: int = Field(5_000_000, ge=10_000, description="bytes, 10000 or more")
    """What each child's log file may hold; its predecessor holds as much again."""

    @field_validator("embedder", "reread_cron", "check_cron")
    @classmethod
    def _in_form(cls, value: str, info: ValidationInfo) -> str:
        form = _EMBEDDER if info.field_name == "embedder" else _CRON
        if not form.fullmatch(value):
            raise PydanticCustomError("form", "not of this form")
        return value

    @field_validator("watch_folder")
    @classmethod
    def _can_be_watched(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None:
            return None
        folder = value.expanduser().absolute()
        there = next(place for place in (folder, *folder.parents) if place.exists())
        artefacts = Path(info.data.get("home", ".waybill")).expanduser().resolve() / "artefacts"
        if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir() or folder.resolve().is_relative_to(artefacts):
            raise PydanticCustomError("watch_folder", "no such folder")
        return folder

    @model_validator(mode="after")
    def _embedder_has_its_server(self) -> Self:
        if self.embedder.startswith("openai:") and self.embedder_url is None:
            raise PydanticCustomError("embedder_url", "unset", {"field": "embedder_url"})
        return self

    @property
    def config_file(self) -> Path | None:
        """The absolute path of waybill.toml; None: there is none, and none was named."""
        if self.config is not None:
            return self.config.expanduser().absolute()
        here = Path(CONFIG_FILE).absolute()
        return here if here.exists() else None

    @property
    def own_database_url(self) -> str | None:
        """The configured ledger database, in libpq's form; None: embedded."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def behind_pooler(self) -> bool:
        """Whether there is another way to the ledger's database than `database_url`, past a pooler."""
        return self.database_direct_url is not None and self.database_direct_url != self.database_url

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
        raise unknown_keys(unknown, Settings)
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise wrong_values(error, Settings) from None


def inherited_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child: ours and ``extra``, but nothing that would configure Dagster behind our back."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DAGSTER_") and k not in _INTERNAL_KEYS}
    return kept | dict(extra)


def export(environment: Mapping[str, str]) -> None:
    """Set ``environment`` in this very process, for the Dagster instance that it opens."""
    os.environ.update(environment)


def webhook_secret(key: str) -> SecretStr:
    """The shared secret of a sender of webhooks; ``key`` is its `secret_setting` in waybill.toml.

    Raises:
        SettingsError: it is unset.
    """
    if not (value := os.environ.get(key)):
        raise unset(key, "the secret that this sender of webhooks signs with")
    return SecretStr(value)


def webhook_secret_keys() -> set[str]:
    """The keys of such secrets that are set, whether waybill.toml names them or not."""
    return {key for key in os.environ if WEBHOOK_SECRET.fullmatch(key)}


def _is_unknown(key: str) -> bool:
    if not key.startswith(PREFIX) or key.startswith(_TEST_PREFIX) or key in _INTERNAL_KEYS:
        return False
    return key.removeprefix(PREFIX).lower() not in Settings.model_fields and not WEBHOOK_SECRET.fullmatch(key)
