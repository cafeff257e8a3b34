"""How far poll and sweep have come: kept page by page, each by itself."""

from datetime import timedelta

from sqlalchemy import Engine

from resources.domain.tasks import TaskId
from resources.ledger import polls
from resources.ledger.polls import Poll
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import EPOCH, add, add_many

SECOND = timedelta(seconds=1)


def stand(cleared: Engine, team: str = "T") -> Poll:
    with cleared.begin() as connection:
        return polls.get(connection, team)


def unswept(cleared: Engine) -> list[str]:
    with cleared.begin() as connection:
        return [*polls.unswept(connection, "T", at_most=10)]


def test_a_poll_begins_at_nothing_and_goes_on_where_it_stopped(cleared: Engine) -> None:
    assert stand(cleared) == Poll(None, 0, None, None, None, None, 0, None)
    with cleared.begin() as connection:
        polls.advance(connection, "T", EPOCH, 2, began_at=EPOCH)
        polls.advance(connection, "T", EPOCH + SECOND, 0, began_at=EPOCH + 9 * SECOND)
    found = stand(cleared)
    assert (found.watermark_at, found.page, found.began_at) == (EPOCH + SECOND, 0, EPOCH), "its first tick began it"
    assert found.caught_up_at is None
    with cleared.begin() as connection:
        polls.caught_up(connection, "T", EPOCH)
    found = stand(cleared)
    assert (found.watermark_at, found.page, found.began_at) == (EPOCH, 0, None)
    assert found.caught_up_at is not None
    assert stand(cleared, "another") == Poll(None, 0, None, None, None, None, 0, None)


def test_a_sweep_lists_what_was_there_before_it_and_was_not_found(cleared: Engine) -> None:
    add_many(cleared, 3)
    add(cleared, "local-1", origin="local")
    add(cleared, "gone")
    sql(cleared, "UPDATE waybill.tasks SET deleted_at = now() WHERE id = 'gone'")
    stand(cleared)
    assert unswept(cleared) == [], "none is under way"
    with cleared.begin() as connection:
        polls.begin_sweep(connection, "T")
    add(cleared, "newer")
    with cleared.begin() as connection:
        polls.advance_sweep(connection, "T", [TaskId("m0001")], EPOCH, 1)
    found = stand(cleared)
    assert (found.sweep_watermark_at, found.sweep_page) == (EPOCH, 1)
    assert unswept(cleared) == ["m0000", "m0002"]
    with cleared.begin() as connection:
        polls.note_swept(connection, [TaskId("m0000"), TaskId("m0002")])
        polls.finish_sweep(connection, "T")
    ended = stand(cleared)
    assert (ended.sweep_began_at, ended.swept_at) == (None, found.sweep_began_at)
    with cleared.begin() as connection:
        polls.begin_sweep(connection, "T")
    assert (stand(cleared).sweep_watermark_at, stand(cleared).sweep_page) == (None, 0)
    assert set(unswept(cleared)) == {"m0000", "m0001", "m0002", "newer"}
