"""CP-2, CP-3, CP-4: every version with what became of it, and two of them side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactMissingError, ArtefactStore
from resources.domain.deliverables import Draft, DraftFile, Stage
from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import deliverables
from resources.ledger.deliverables import VersionUnknownError
from resources.ledger.tasks import TaskUnknownError
from resources.work.publication import publish
from resources.work.rollback import roll_back
from resources.work.versions import NothingToCompareError, VersionStanding, difference, standing
from tests.resources.ledger.tasks_making import CONFIGURATION, NOTE, T1, add
from tests.resources.work.at_work import OUTAGE, attempt_at, decided, sent

BEN: Final = Act("Ben", "Colder, please.")
MEDIA: Final = {"md": "text/markdown", "zip": "application/zip"}


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def made(cleared: Engine, artefacts: ArtefactStore, *drafts: tuple[Stage, Mapping[str, str]]) -> None:
    """One attempt that makes these versions, and hands the last one over when it is whole."""
    with attempt_at(cleared) as attempt:
        for stage, texts in drafts:
            files = tuple(
                DraftFile(name, MEDIA[name.rpartition(".")[2]], artefacts.put(text.encode()))
                for name, text in texts.items()
            )
            with cleared.begin() as connection:
                deliverables.record(connection, attempt.claim, Draft(NOTE, "A letter.", files, (), "a rule", stage))
        if stage == "whole":
            publish(cleared, artefacts, attempt)


@pytest.fixture
def reviewed(cleared: Engine, artefacts: ArtefactStore) -> Engine:
    """Rounds 1 and 3, whole versions 2 and 4."""
    add(cleared, attempts_left=3)
    made(cleared, artefacts, ("round", {"a.md": "one"}), ("whole", {"a.md": "one two", "b.zip": "b"}))
    sent(cleared)
    decided(cleared, TaskEvent.REQUEST_CHANGES, BEN)
    made(cleared, artefacts, ("round", {"a.md": "x"}), ("whole", {"a.md": "one three four", "c.zip": "c"}))
    return cleared


def standings(ledger: Engine, task: str = T1) -> list[VersionStanding]:
    with ledger.begin() as connection:
        return standing(connection, TaskId(task))


def test_CP_4_each_version_has_its_stage_decisions_and_whether_it_is_out(
    reviewed: Engine, artefacts: ArtefactStore
) -> None:
    stages = [(each.version.number, each.version.stage, each.published) for each in standings(reviewed)]
    assert stages == [(1, "round", False), (2, "whole", True), (3, "round", False), (4, "whole", False)]
    sent(reviewed)
    assert standings(reviewed)[3].published
    roll_back(reviewed, artefacts, CONFIGURATION, T1, to=2, by=BEN)
    found = standings(reviewed)
    assert [each.copy_of for each in found] == [None, None, None, None, 2]
    assert [[(one["decision"], one["reviewer"], one["reason"]) for one in each.decisions] for each in found] == [
        [], [("changes_requested", "Ben", "Colder, please.")], [],
        [("changes_requested", "Ben", "rolled back to version 2: Colder, please.")], [],
    ]  # fmt: skip
    assert [file.name for file in found[4].files] == ["a.md", "b.zip"]
    assert not found[4].published


def test_CB_10_a_version_that_was_never_handed_over_is_not_published(cleared: Engine, artefacts: ArtefactStore) -> None:
    """Nor is one that was made again because its files were damaged; a repeat hands over what a crash left."""
    add(cleared, origin="local", attempts_left=3)
    with pytest.raises(type(OUTAGE)), attempt_at(cleared) as attempt:
        draft = Draft(NOTE, "A.", (DraftFile("a.md", "text/markdown", artefacts.put(b"a")),), (), "a rule")
        with cleared.begin() as connection:
            deliverables.record(connection, attempt.claim, draft)
            deliverables.record(connection, attempt.claim, draft)
        raise OUTAGE
    assert [each.published for each in standings(cleared)] == [False, False]
    with attempt_at(cleared, owner="run 2") as attempt:
        publish(cleared, artefacts, attempt)
    assert [(each.version.attempt, each.published) for each in standings(cleared)] == [(1, False), (1, True)]


def test_CP_3_by_default_the_last_two_whole_versions_are_compared(reviewed: Engine, artefacts: ArtefactStore) -> None:
    found = difference(reviewed, artefacts, T1)
    assert (found.before.number, found.after.number) == (2, 4)
    assert [(each.name, each.change, each.words_added, each.words_removed) for each in found.files] == [
        ("a.md", "changed", 2, 1), ("b.zip", "removed", 0, 0), ("c.zip", "added", 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "compared"), [((1, 3), (1, 3)), ((4, 2), (4, 2)), ((1, None), (1, 4)), ((None, 3), (2, 3))]
)
def test_CP_4_any_two_are_compared_rounds_too(
    reviewed: Engine, artefacts: ArtefactStore, given: tuple[int | None, int | None], compared: tuple[int, int]
) -> None:
    found = difference(reviewed, artefacts, T1, *given)
    assert (found.before.number, found.after.number) == compared


def test_what_cannot_be_compared_is_said(reviewed: Engine, artefacts: ArtefactStore) -> None:
    with pytest.raises(VersionUnknownError, match="version 9"):
        difference(reviewed, artefacts, T1, 2, 9)
    with pytest.raises(NothingToCompareError, match="found 2"):
        difference(reviewed, artefacts, T1, None, 2)
    for ask in (lambda: difference(reviewed, artefacts, TaskId("t9")), lambda: standings(reviewed, "t9")):
        with pytest.raises(TaskUnknownError):
            ask()
    add(reviewed, "t2")
    with pytest.raises(NothingToCompareError, match="found none"):
        difference(reviewed, artefacts, TaskId("t2"))


def test_a_text_that_is_gone_is_named_and_one_that_is_the_same_is_not_read(
    reviewed: Engine, artefacts: ArtefactStore
) -> None:
    content_hash = standings(reviewed)[1].files[0].content_hash
    (artefacts.folder / content_hash[:2] / content_hash[2:4] / content_hash).unlink()
    with pytest.raises(ArtefactMissingError):
        difference(reviewed, artefacts, T1)
    assert [each.change for each in difference(reviewed, artefacts, T1, 2, 2).files] == ["same", "same"]
