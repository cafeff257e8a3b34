"""Custom fields as text, by option id and orderindex but never by position; and local noon."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.clickup.fields import local_noon, text_of
from resources.clickup.models import CustomField

# The order of the list is not the order of the index: people dragged the options about.
DROP_DOWN = [
    {"id": "opt-b", "name": "Beta", "orderindex": 1},
    {"id": "opt-c", "name": "Gamma", "orderindex": "2"},
    {"id": "opt-a", "name": "Alpha", "orderindex": 0},
    {"id": "1", "name": "One", "orderindex": 3},
]
LABELS = [{"id": "l-1", "label": "Red"}, {"id": "l-2", "label": "Blue"}]
ABSENT = object()


def field(kind: str, value: object = ABSENT, options: object = None) -> CustomField:
    made = {"id": "f", "name": "F", "type": kind, "type_config": {"options": options} if options else {}}
    return CustomField.model_validate_json(json.dumps(made if value is ABSENT else made | {"value": value}))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "Alpha"),
        (1, "One"),  # an id that looks like a number is an id first
        (2, "Gamma"),
        ("2", "Gamma"),
        ("opt-b", "Beta"),
        (7, None),
        ("opt-gone", None),
        (True, None),
        (None, None),
        (ABSENT, None),
        ("", None),
    ],
)
def test_a_drop_down_goes_by_id_then_by_orderindex_never_by_position(value: object, text: str | None) -> None:
    assert text_of(field("drop_down", value, DROP_DOWN)) == text


def test_options_without_an_orderindex_go_by_id_only() -> None:
    options = [{"id": "opt-1", "name": "Low"}, {"id": "opt-2", "name": "High"}]
    assert text_of(field("drop_down", "opt-2", options)) == "High"
    assert text_of(field("drop_down", 1, options)) is None


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("labels", ["l-2", "l-1"], "Blue, Red"),
        ("labels", ["l-1", "gone"], "Red"),
        ("labels", [], None),
        ("checkbox", "true", "true"),
        ("checkbox", True, "true"),
        ("checkbox", "false", "false"),
        ("checkbox", False, "false"),
        ("checkbox", None, None),
        ("checkbox", "yes", "false"),
        ("text", "  two words ", "two words"),
        ("short_text", "", None),
        ("url", "https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("number", "8", "8"),
        ("number", 8.5, "8.5"),
        ("currency", "12.30", "12.30"),
        ("date", "1567780450202", "2019-09-06T14:34:10.202000+00:00"),
        ("date", 1567780450202, "2019-09-06T14:34:10.202000+00:00"),
        ("date", "soon", None),
        (
            "users",
            [{"id": 1, "username": "Anna"}, {"id": 2, "username": None, "email": "b@x"}, {"id": 3}],
            "Anna, b@x, 3",
        ),
        ("users", [], None),
        ("location", {"lat": 1, "lng": 2}, None),
        ("a type of next year", ["x"], None),
    ],
)
def test_each_type_reads_as_people_do(kind: str, value: object, text: str | None) -> None:
    assert text_of(field(kind, value, LABELS if kind == "labels" else None)) == text


@given(
    kind=st.sampled_from(["drop_down", "labels", "checkbox", "date", "users", "number", "text", "emoji"]),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_no_value_whatever_breaks_the_reading(kind: str, value: object) -> None:
    text = text_of(field(kind, value, DROP_DOWN if kind == "drop_down" else LABELS))
    assert text is None or text == text.strip() != ""


def snapped(instant: datetime, zone: ZoneInfo) -> datetime:
    """What ClickUp keeps of a date without a time: 04:00 of the local day that holds the instant."""
    return instant.astimezone(zone).replace(hour=4, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Midway", "Europe/Berlin", "UTC"]
)
@given(day=st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_local_noon_lands_on_its_day_everywhere(zone: str, day: date) -> None:
    sent = local_noon(day, ZoneInfo(zone))
    assert sent.utcoffset() is not None
    assert snapped(sent, ZoneInfo(zone)).date() == day


@pytest.mark.parametrize("theirs", ["America/Los_Angeles", "Asia/Tokyo"])
def test_noon_bears_that_the_tokens_user_lives_elsewhere(theirs: str) -> None:
    day = date(2026, 3, 5)
    assert snapped(local_noon(day, ZoneInfo("Europe/Berlin")), ZoneInfo(theirs)).date() == day


def test_midnight_utc_would_land_a_day_early_in_the_americas() -> None:
    zone, day = ZoneInfo("America/Los_Angeles"), date(2026, 3, 5)
    assert snapped(datetime(2026, 3, 5, tzinfo=UTC), zone).date() == day - timedelta(days=1)
    assert snapped(local_noon(day, zone), zone).date() == day
