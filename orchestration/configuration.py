"""waybill.toml into `Configuration`: read once, checked whole, every fault named with its key and its line."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import ValidationError

from orchestration.configuration_errors import (
    Fault,
    Place,
    faults_of,
    faulty,
    not_toml,
    unreadable,
)
from orchestration.settings import WEBHOOK_SECRET, Settings, webhook_secret_keys
from orchestration.settings_errors import HIDDEN, SettingsError
from resources.domain.configuration import Configuration
from resources.webhooks.routes import plugged_in

_CRON_FIELDS: Final = 5
_CRONS: Final = re.compile(r"clickup\.sweep_cron|recurring\.\d+\.cron")
_ZONES: Final = re.compile(r"clickup\.time_zone|recurring\.\d+\.time_zone")
_URLS: Final = re.compile(r"alerts\.webhook")
_SECRET_KEYS: Final = re.compile(r"webhooks\.[^.]+\.secret_setting")


def load_configuration(settings: Settings) -> Configuration:
    """What waybill.toml says; without such a file, what holds by default.

    Raises:
        ConfigurationError: the file cannot be read, is not TOML, or holds what is not allowed; every fault is named.
        SettingsError: a secret of a sender of webhooks is set that neither the file nor an installed adapter declares.
        AdapterInvalidError: an installed adapter is broken.
    """
    path = settings.config_file
    configuration = Configuration() if path is None else read_configuration(path)
    declared = {adapter.secret_setting for adapter in configuration.webhooks.values()}
    if not webhook_secret_keys() <= declared:  # only now, as it imports what others wrote
        declared |= {adapter.secret_setting or "" for adapter in plugged_in()}
    if strays := sorted(webhook_secret_keys() - declared):
        raise SettingsError(
            ", ".join(strays),
            expected=f"keys that a secret_setting of a webhook names ({', '.join(sorted(declared)) or 'none does'})",
            found=f"{len(strays)} that none names",
            remedy="Correct the name or unset it.",
        )
    return configuration


def read_configuration(path: Path) -> Configuration:
    """The configuration in the file ``path``.

    Raises:
        ConfigurationError: as ``load_configuration``.
    """
    try:
        text = path.read_bytes().decode()
        content = tomllib.loads(text)
    except OSError as error:
        raise unreadable(path, error) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise not_toml(path, error) from None
    faults = [fault for place, value in _texts(content) for fault in _form_faults(place, value)]
    try:
        configuration = Configuration.model_validate(content)
    except ValidationError as error:
        faults += faults_of(error, content)
    if faults:
        raise faulty(path, text, faults)
    return configuration


def _texts(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text of the file, with the keys and positions that lead to it."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, (*place, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _texts(each, (*place, at))


def _form_faults(place: Place, value: str) -> Iterator[Fault]:
    """What the pure models do not know: crons, time zones, addresses, names of settings."""
    key = ".".join(map(str, place))
    if _CRONS.fullmatch(key) and (found := _no_cron(value)):
        yield Fault(place, "five cron fields, as in 30 2 * * *", found)
    if _ZONES.fullmatch(key) and not _is_zone(value):
        yield Fault(place, "a time zone of the IANA list, as Europe/Berlin", repr(value))
    if _URLS.fullmatch(key) and not re.match(r"https?://[^/\s]+", value):
        yield Fault(place, "a URL http://… or https://…", HIDDEN)
    if _SECRET_KEYS.fullmatch(key) and not WEBHOOK_SECRET.fullmatch(value):
        yield Fault(place, "the name of an environment variable, WAYBILL_WEBHOOK_SECRET_ and capitals", HIDDEN)


def _no_cron(value: str) -> str | None:
    """What is wrong with it as five cron fields, whose next tick there is; None: nothing."""
    if len(value.split()) != _CRON_FIELDS:
        return repr(value)
    try:
        next(CronSim(value, datetime.now(UTC)))
    except CronSimError as error:
        return f"{value!r} ({error})"
    except StopIteration:
        return f"{value!r}, which never comes"
    return None


def _is_zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
