"""After the storm: is each task published once or failed with a reason, and is nothing left lying about?"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from resources.domain.configuration import Statuses
from resources.domain.tasks import TaskState
from tests.acceptance.waybill_process import Addresses
from tests.chaos.installation import Installation

ENDED: Final = frozenset({TaskState.IN_REVIEW, TaskState.FAILED})
_TASKS: Final = "SELECT id, state, reason, version, attempt, lease_owner FROM waybill.tasks ORDER BY id"
_EVENTS: Final = "SELECT task_id, version, from_state, to_state FROM waybill.task_events ORDER BY task_id, version"
_OPEN: Final = "SELECT count(*) FROM waybill.outbox WHERE state IN ('pending', 'sending', 'held')"


@dataclass
class Verdict:
    """What is wrong, in words, by kind; empty when nothing is. ``failed``: tasks that failed, with their reasons."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong."""
        return [*self.lost, *self.doubled, *self.broken, *self.left]


def settled(at: Addresses, wanted: int) -> bool:
    """Whether every task has come to its end and nothing is left to send."""
    states = [TaskState(row[1]) for row in at.sql(_TASKS)]
    return len(states) >= wanted and set(states) <= ENDED and at.sql(_OPEN) == [(0,)]


def done(at: Addresses) -> int:
    """How many tasks have come to their end."""
    return sum(TaskState(row[1]) in ENDED for row in at.sql(_TASKS))


def judge(installed: Installation, at: Addresses, ids: list[str]) -> Verdict:
    """Lay the ledger beside the whole truth of the stand-in."""
    verdict, rows = Verdict(), {row[0]: row for row in at.sql(_TASKS)}
    versions = _made(at)
    for task in ids:
        if task not in rows:
            verdict.lost.append(f"{task}: the ledger never heard of it")
            continue
        _judge_one(verdict, rows[task], installed.clickup.task(task), versions.get(task, {}))
    _judge_history(verdict, at)
    return verdict


def _made(at: Addresses) -> dict[str, dict[int, list[str]]]:
    """Of each task, each version's attachments, by the names that they were to have."""
    found: dict[str, dict[int, list[str]]] = {}
    for task, set_key, name in at.sql(
        "SELECT task_id, set_key, payload ->> 'name' FROM waybill.outbox WHERE kind = 'attachment' ORDER BY id"
    ):
        found.setdefault(task, {}).setdefault(int(set_key.rpartition(":v")[2]), []).append(name)
    return found


def _judge_one(verdict: Verdict, row: tuple[Any, ...], truth: dict[str, Any], made: dict[int, list[str]]) -> None:
    task, state, reason, _, _, owner = row
    if owner is not None:
        verdict.left.append(f"{task}: a lease of {owner} remains")
    attached = Counter(str(each["title"]) for each in truth["attachments"])
    said = Counter(_reference(str(each["text"])) for each in truth["comments"])
    verdict.doubled += [f"{task}: {name} is attached {n} times" for name, n in attached.items() if n > 1]
    verdict.doubled += [f"{task}: comment {mark} stands {n} times" for mark, n in said.items() if mark and n > 1]
    if TaskState(state) is TaskState.FAILED:
        verdict.failed[task] = str(reason)
        if not reason:
            verdict.broken.append(f"{task}: failed without a reason")
        return
    wanted = [name for names in made.values() for name in names]
    if not wanted or sorted(attached) != sorted(wanted):
        verdict.lost.append(f"{task}: has {sorted(attached)}, should have {sorted(wanted)}")
    if len([mark for mark in said if mark]) != len(made):
        verdict.lost.append(f"{task}: has {len(said)} comments of ours for {len(made)} versions")
    if truth["status"] != Statuses().shown_as(TaskState(state)):
        verdict.broken.append(f"{task}: is {state} and shows {truth['status']!r}")


def _judge_history(verdict: Verdict, at: Addresses) -> None:
    last: dict[str, tuple[int, str]] = {}
    for task, version, came_from, went_to in at.sql(_EVENTS):
        before = last.get(task)
        if before is not None and (version != before[0] + 1 or came_from != before[1]):
            verdict.broken.append(f"{task}: version {version} from {came_from} follows {before}")
        last[task] = (version, went_to)
    for task, state, _, version, _, _ in at.sql(_TASKS):
        if last.get(task) != (version, state):
            verdict.broken.append(f"{task}: is {state} at {version}, its history ends with {last.get(task)}")


def left_behind(installed: Installation) -> list[str]:
    """What should be gone when `waybill up` has ended: processes, locks, unfinished files."""
    home: Path = installed.waybill.home
    unfinished = [str(path) for path in (home / "artefacts" / "unfinished").glob("*")]
    return [*installed.waybill.left_behind(), *unfinished]


def _reference(text: str) -> str:
    """Waybill's visible mark at the end of a comment; empty for a person's."""
    last = text.rstrip().rpartition("[wb-")
    return f"[wb-{last[2]}" if last[1] and text.rstrip().endswith("]") else ""
