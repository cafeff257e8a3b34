"""What is said about settings that are wrong: the key, what was found, what is allowed. Secrets are not shown."""

import difflib
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ValidationError

from resources.domain.errors import PermanentError

PREFIX: Final = "WAYBILL_"
HIDDEN: Final = "a value that is not shown"
_REMEDY: Final = "Correct it in the environment and start again."


class SettingsError(PermanentError):
    """A setting is wrong or unknown; nothing is started."""


def unknown_keys(unknown: list[str], model: type[BaseModel]) -> SettingsError:
    """The error for ``unknown`` keys of the environment, each with the key of ``model`` that it resembles."""
    return SettingsError(
        ", ".join(unknown),
        expected=f"settings that Waybill knows ({', '.join(_suggestion(key, model) for key in unknown)})",
        found=f"{len(unknown)} that it does not know",
        remedy="Correct the name or unset it.",
    )


def wrong_values(error: ValidationError, model: type[BaseModel]) -> SettingsError:
    """The error for every value that ``model`` refused. A field's description says what is allowed."""
    found, allowed = {}, {}
    for each in error.errors(include_url=False):
        name = str(each.get("ctx", {}).get("field") or (each["loc"][0] if each["loc"] else "settings"))
        key, field = f"{PREFIX}{name.upper()}", model.model_fields.get(name)
        secret = field is not None and "SecretStr" in str(field.annotation)
        value = "nothing" if each.get("ctx", {}).get("field") else repr(each["input"])
        found[key] = HIDDEN if secret else value
        allowed[key] = (field.description if field else None) or "a known setting"
    if len(found) == 1:
        (key,) = found
        return SettingsError(key, expected=allowed[key], found=found[key], remedy=_REMEDY)
    expected, value = ("; ".join(f"{key}: {text}" for key, text in texts.items()) for texts in (allowed, found))
    return SettingsError("settings", expected=expected, found=value, remedy=_REMEDY)


def unset(key: str, expected: str) -> SettingsError:
    """The error for a setting that is needed by now."""
    return SettingsError(key, expected=expected, found="nothing", remedy="Set it in the environment and start again.")


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``name`` was probably meant to be."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return close[0] if close else None


def _suggestion(key: str, model: type[BaseModel]) -> str:
    close = closest(key, (f"{PREFIX}{name.upper()}" for name in model.model_fields))
    return f"is {key} meant to be {close}?" if close else f"nothing is like {key}"
