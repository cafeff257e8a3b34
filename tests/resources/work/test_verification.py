"""CB-10: files of deliverables are read again in turn; what is damaged or gone is named until it is whole."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import Draft, DraftFile
from resources.domain.tasks import TaskEvent
from resources.ledger import deliverables
from resources.work.verification import Verified, verify_files
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import NOTE, add
from tests.resources.work.at_work import attempt_at, decided, recorded


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


@pytest.fixture
def three(cleared: Engine, artefacts: ArtefactStore) -> Engine:
    """Three open tasks, the last made last, with a file each."""
    for task in ("a", "b", "c"):
        add(cleared, task)
        with attempt_at(cleared, task, f"run {task}") as attempt:
            recorded(cleared, artefacts, attempt, task)
    return cleared


def harmed(artefacts: ArtefactStore, text: str, content: bytes | None) -> None:
    content_hash = artefacts.put(text.encode()).content_hash
    path = artefacts.folder / content_hash[:2] / content_hash[2:4] / content_hash
    path.unlink()
    if content is not None:
        path.write_bytes(content)


def tasks_of(found: Verified) -> list[str]:
    return [file.task_id for file in found.damaged]


@pytest.mark.parametrize("content", [None, b"", b"other"])
def test_CB_10_what_is_damaged_or_gone_is_named_by_each_look_until_it_is_whole(
    three: Engine, artefacts: ArtefactStore, content: bytes | None
) -> None:
    assert verify_files(three, artefacts) == Verified(3, [])
    assert verify_files(three, artefacts) == Verified(0, []), "not again on the same day"
    harmed(artefacts, "b", content)
    assert verify_files(three, artefacts).looked == 0
    sql(three, "UPDATE waybill.artefact_looks SET looked_at = now() - interval '25 h'")
    found = verify_files(three, artefacts)
    assert (found.looked, [(each.task_id, each.number, each.name) for each in found.damaged]) == (
        3,
        [("b", 1, "note.md")],
    )
    for _ in range(2):
        assert (verify_files(three, artefacts).looked, tasks_of(verify_files(three, artefacts))) == (1, ["b"])
    artefacts.put(b"b")
    assert verify_files(three, artefacts) == Verified(1, [])


def test_a_look_is_bounded_and_each_file_has_its_turn_the_newest_first(three: Engine, artefacts: ArtefactStore) -> None:
    for text in "abc":
        harmed(artefacts, text, b"other")
    assert tasks_of(verify_files(three, artefacts, at_most=1)) == ["c"]
    artefacts.put(b"c")
    assert verify_files(three, artefacts, within_s=-1).looked == 1, "one at least"
    assert tasks_of(verify_files(three, artefacts, at_most=1)) == ["b"]
    artefacts.put(b"b")
    assert verify_files(three, artefacts, at_most=1).damaged == []
    assert tasks_of(verify_files(three, artefacts, at_most=1)) == ["a"]


def test_rounds_and_tasks_that_ended_long_ago_are_not_read(three: Engine, artefacts: ArtefactStore) -> None:
    add(three, "d")
    with attempt_at(three, "d", "run d") as attempt, three.begin() as connection:
        files = (DraftFile("d.md", "text/markdown", artefacts.put(b"d")),)
        deliverables.record(connection, attempt.claim, Draft(NOTE, "D.", files, (), "a rule", "round"))
    for task in ("a", "b"):
        decided(three, TaskEvent.CANCEL, task=task)
    sql(three, "UPDATE waybill.tasks SET changed_at = now() - interval '31 days' WHERE id = 'a'")
    assert verify_files(three, artefacts).looked == 2


def test_one_content_is_read_once_whoever_has_it(three: Engine, artefacts: ArtefactStore) -> None:
    add(three, "d")
    with attempt_at(three, "d", "run d") as attempt:
        recorded(three, artefacts, attempt, "a", "d")
    harmed(artefacts, "a", None)
    found = verify_files(three, artefacts)
    assert (found.looked, tasks_of(found)) == (4, ["d"])
