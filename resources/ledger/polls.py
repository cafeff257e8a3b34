"""How far the poll and the sweep of a team have come; committed page by page, so that each goes on where it stopped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from resources.domain.tasks import TaskId

_GET: Final = text("""
INSERT INTO waybill.polls (team) VALUES (:team) ON CONFLICT (team) DO UPDATE SET team = excluded.team
RETURNING watermark_at, page, began_at, caught_up_at, sweep_began_at, sweep_watermark_at, sweep_page, swept_at
""")
_ADVANCE: Final = text("""
UPDATE waybill.polls SET watermark_at = :watermark_at, page = :page, began_at = coalesce(began_at, :began_at)
WHERE team = :team
""")
_CAUGHT_UP: Final = text("""
UPDATE waybill.polls SET watermark_at = :watermark_at, page = 0, began_at = NULL, caught_up_at = now()
WHERE team = :team
""")
_BEGIN_SWEEP: Final = text("""
UPDATE waybill.polls SET sweep_began_at = now(), sweep_watermark_at = NULL, sweep_page = 0 WHERE team = :team
""")
_ADVANCE_SWEEP: Final = text("""
UPDATE waybill.polls SET sweep_watermark_at = :watermark_at, sweep_page = :page WHERE team = :team
""")
_FINISH_SWEEP: Final = text("""
UPDATE waybill.polls SET sweep_began_at = NULL, swept_at = sweep_began_at WHERE team = :team
""")
_SWEPT: Final = text("UPDATE waybill.tasks SET swept_at = now() WHERE id = ANY(:ids)")
_UNSWEPT: Final = text("""
SELECT t.id FROM waybill.tasks t, waybill.polls p
WHERE p.team = :team AND t.origin = 'clickup' AND t.deleted_at IS NULL AND t.created_at < p.sweep_began_at
  AND coalesce(t.swept_at, '-infinity') < p.sweep_began_at
ORDER BY coalesce(t.swept_at, '-infinity'), t.id LIMIT :at_most
""")


@dataclass(frozen=True, slots=True)
class Poll:
    """``watermark_at``: by ClickUp's clock, everything up to it was read; ``page``: pages already read beyond it.

    ``began_at``: of a poll that did not come to its end yet. ``sweep_began_at``: None while no sweep is under way.
    ``swept_at``: when the last whole one began.
    """

    watermark_at: datetime | None
    page: int
    began_at: datetime | None
    caught_up_at: datetime | None
    sweep_began_at: datetime | None
    sweep_watermark_at: datetime | None
    sweep_page: int
    swept_at: datetime | None


def get(connection: Connection, team: str) -> Poll:
    """Where the team's poll stands; made at the first question."""
    return Poll(**connection.execute(_GET, {"team": team}).one()._mapping)


def advance(connection: Connection, team: str, watermark_at: datetime | None, page: int, *, began_at: datetime) -> None:
    """Pages were read and written: go on from here. ``began_at``: of the poll, if this is its first page."""
    values = {"team": team, "watermark_at": watermark_at, "page": page, "began_at": began_at}
    connection.execute(_ADVANCE, values)


def caught_up(connection: Connection, team: str, watermark_at: datetime | None) -> None:
    """The last page was read: the next poll begins at the watermark."""
    connection.execute(_CAUGHT_UP, {"team": team, "watermark_at": watermark_at})


def begin_sweep(connection: Connection, team: str) -> None:
    """Compare the whole workspace from now on."""
    connection.execute(_BEGIN_SWEEP, {"team": team})


def advance_sweep(
    connection: Connection, team: str, seen: list[TaskId], watermark_at: datetime | None, page: int
) -> None:
    """A page of the sweep was read: these tasks are there."""
    connection.execute(_SWEPT, {"ids": seen})
    connection.execute(_ADVANCE_SWEEP, {"team": team, "watermark_at": watermark_at, "page": page})


def unswept(connection: Connection, team: str, *, at_most: int) -> list[TaskId]:
    """Tasks that were there before the sweep began and that it has not found."""
    return [TaskId(row.id) for row in connection.execute(_UNSWEPT, {"team": team, "at_most": at_most})]


def note_swept(connection: Connection, tasks: list[TaskId]) -> None:
    """These were looked at one by one."""
    connection.execute(_SWEPT, {"ids": tasks})


def finish_sweep(connection: Connection, team: str) -> None:
    """The whole workspace was compared."""
    connection.execute(_FINISH_SWEEP, {"team": team})
