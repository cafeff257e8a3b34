"""What a custom field says, as text; and the rule of local noon for due dates. Pure.

Drop-downs and labels are matched by the option's id, then by its ``orderindex``, never by its place in the list: people
drag options about, and ClickUp sends the one or the other.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from resources.clickup.models import CustomField, Option, instant_of

SEPARATOR: Final = ", "
CHECKED: Final = "true"


def text_of(field: CustomField) -> str | None:
    """The field's value as people read it; None when none is set, or when it names no option of the field.

    Several labels or users are joined by commas, a checkbox is ``true`` or ``false``, a date is ISO 8601 in UTC.
    """
    if field.value is None:
        return None
    text = _READERS.get(field.type, _plain)(field)
    return None if text is None else text.strip() or None


def local_noon(day: date, zone: ZoneInfo) -> datetime:
    """What to send as a due date without a time: noon of ``day`` where the people are.

    ClickUp keeps 04:00 of the local day that holds the instant, so midnight UTC would land a day early in the Americas.
    """
    return datetime.combine(day, time(12), tzinfo=zone)


def _chosen(field: CustomField, value: object) -> Option | None:
    options = field.type_config.options
    by_id = next((option for option in options if option.id == str(value)), None)
    if by_id is not None or isinstance(value, bool):
        return by_id
    try:
        index = int(str(value))
    except ValueError:
        return None
    return next((option for option in options if option.orderindex == index), None)


def _drop_down(field: CustomField) -> str | None:
    option = _chosen(field, field.value)
    return None if option is None else option.text


def _labels(field: CustomField) -> str | None:
    chosen = [_chosen(field, each) for each in _several(field.value)]
    return SEPARATOR.join(option.text for option in chosen if option is not None)


def _users(field: CustomField) -> str | None:
    people = [each for each in _several(field.value) if isinstance(each, Mapping)]
    return SEPARATOR.join(str(each.get("username") or each.get("email") or each.get("id")) for each in people)


def _checkbox(field: CustomField) -> str | None:
    return CHECKED if str(field.value).strip().lower() == CHECKED else "false"


def _date(field: CustomField) -> str | None:
    try:
        return instant_of(field.value).isoformat()
    except ValueError:
        return None


def _plain(field: CustomField) -> str | None:
    """Text, addresses, numbers. What has a shape of its own says nothing here."""
    return str(field.value) if isinstance(field.value, str | int | float) else None


def _several(value: Any) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


_READERS: Final[Mapping[str, Callable[[CustomField], str | None]]] = MappingProxyType(
    {
        "drop_down": _drop_down,
        "labels": _labels,
        "users": _users,
        "checkbox": _checkbox,
        "date": _date,
    }
)
