"""CB-13: whether a task may be begun, with a reason for every no, and when to look again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.configuration import Configuration
from resources.domain.eligibility import (
    LOOK_AGAIN,
    NO_CLIENT,
    NO_DUE_DATE,
    NO_TYPE,
    NOT_AUTOMATIC,
    Facts,
    Ineligible,
    why_not,
)

NOW: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
NOTE: Final = "knowledge_note"
CONFIGURATION: Final = Configuration.model_validate({"task_types": {NOTE: {"option": "Note", "window_days": 21}}})
ELIGIBLE: Final = Facts(
    type=NOTE, type_named="Note", client="acme", client_known=True, auto_execute=True, due_at=NOW, status="to do",
    status_kind="open",
)  # fmt: skip
LACKS: Final[list[tuple[dict[str, Any], str, bool]]] = [
    ({"status_kind": "closed", "status": "complete"}, "it is closed in ClickUp (complete)", False),
    ({"status_kind": "other", "status": "on hold"}, "it was moved by hand to 'on hold'", False),
    ({"type": None, "type_named": None}, NO_TYPE, False),
    ({"type": None, "type_named": "Poem"}, "its type 'Poem' is unknown; known are Note", True),
    ({"client": None, "client_known": False}, NO_CLIENT, False),
    ({"client_known": False}, "its client 'acme' is unknown: ingest a source of it first", True),
    ({"auto_execute": False}, NOT_AUTOMATIC, False),
    ({"due_at": None}, NO_DUE_DATE, False),
]
instants = st.timedeltas(timedelta(days=-9000), timedelta(days=9000)).map(lambda apart: NOW + apart)


def reason(facts: Facts) -> str | None:
    no = why_not(facts, CONFIGURATION, NOW)
    return None if no is None else no.reason


def test_CB_13_a_task_with_all_that_it_needs_may_be_begun() -> None:
    assert why_not(ELIGIBLE, CONFIGURATION, NOW) is None


@pytest.mark.parametrize(("lack", "words", "mendable"), LACKS, ids=[words[:30] for _, words, _ in LACKS])
def test_CB_13_each_no_has_its_reason_and_is_looked_at_again_where_it_may_end_by_itself(
    lack: dict[str, Any], words: str, mendable: bool
) -> None:
    """A type may come into waybill.toml, a client's source be ingested; all else is a change of the task, and seen."""
    again = NOW + LOOK_AGAIN if mendable else None
    assert why_not(replace(ELIGIBLE, **lack), CONFIGURATION, NOW) == Ineligible(words, recheck_at=again)


@pytest.mark.parametrize(
    ("settings", "hours"),
    [
        ({}, 48),
        ({"due_alert_hours": 72}, 144),
        ({"window_days": 1}, 24),
        ({"window_days": 1, "due_alert_hours": 72}, 24),
    ],
)
def test_a_task_for_which_nobody_says_when_is_begun_at_once(settings: dict[str, Any], hours: int) -> None:
    configuration = Configuration.model_validate({"task_types": {NOTE: {"option": "Note", **settings}}})
    due_at = configuration.due_unsaid("note", NOW)
    assert due_at == NOW + timedelta(hours=hours)
    assert why_not(replace(ELIGIBLE, due_at=due_at), configuration, NOW) is None
    assert configuration.due_unsaid("Poem", NOW) == NOW + timedelta(hours=48)


def test_of_several_reasons_the_first_is_told() -> None:
    facts, told = ELIGIBLE, []
    for lack, words, _ in reversed(LACKS):
        facts = replace(facts, **lack)
        told.append((reason(facts), words))
    assert all(found == words for found, words in told)


def test_CB_13_beyond_the_window_it_waits_until_the_window_opens() -> None:
    no = why_not(replace(ELIGIBLE, due_at=NOW + timedelta(days=30)), CONFIGURATION, NOW)
    assert no == Ineligible(
        "it is due on 2026-07-31, beyond the window: it can begin on 2026-07-10 12:00 UTC",
        recheck_at=NOW + timedelta(days=9),
    )


@given(due_at=instants, window=st.timedeltas(timedelta(seconds=1), timedelta(days=400)))
def test_the_window_opens_at_its_first_instant_and_never_closes(due_at: datetime, window: timedelta) -> None:
    days = window / timedelta(days=1)
    configuration = Configuration.model_validate({"task_types": {NOTE: {"window_days": days}}})
    facts, opens_at, tick = replace(ELIGIBLE, due_at=due_at), due_at - timedelta(days=days), timedelta(microseconds=1)
    assert why_not(facts, configuration, opens_at) is None
    assert why_not(facts, configuration, due_at + timedelta(days=4000)) is None
    before = why_not(facts, configuration, opens_at - tick)
    assert before is not None
    assert before.recheck_at == opens_at


@given(
    st.builds(
        Facts,
        type=st.sampled_from([None, NOTE]),
        type_named=st.sampled_from([None, "", "Note", "Poem"]),
        client=st.sampled_from([None, "acme"]),
        client_known=st.booleans(),
        auto_execute=st.booleans(),
        due_at=st.none() | instants,
        status=st.sampled_from([None, "to do", "on hold"]),
        status_kind=st.sampled_from(["open", "closed", "other"]),
    ),
    instants,
)
def test_CB_13_no_no_is_without_words_and_none_is_looked_at_again_in_the_past(facts: Facts, now: datetime) -> None:
    no = why_not(facts, CONFIGURATION, now)
    if no is None:
        needed: list[Callable[[Facts], object]] = [
            lambda f: f.type, lambda f: f.client, lambda f: f.client_known, lambda f: f.auto_execute,
            lambda f: f.due_at, lambda f: f.status_kind == "open",
        ]  # fmt: skip
        assert all(each(facts) for each in needed)
    else:
        assert no.reason
        assert no.recheck_at is None or no.recheck_at > now
