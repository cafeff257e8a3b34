"""The kind of work `knowledge_note`: a question is answered from its client's sources alone, and each is named."""

from pathlib import Path

import pytest

from orchestration.session import Session
from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import Draft
from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims, deliverables
from resources.ledger.leases import LeaseLostError
from resources.work.attempt import Attempt
from resources.work.drafting import drafted
from resources.work.moving import move
from resources.work.note import MADE_BY, file_name, make_note
from tests.resources.work.attempts import attempt_at, configured, ready_task, stands
from tests.sessions import ingested, write

FACTS = {
    "pack": "The Ridgeline pack weighs 1,240 grams. It was first sewn on 14 March 2011.",
    "mends": '"We repair what we sell," said Maya Lindqvist. The workshop in Sheffield mended 6,340 items in 2025.',
    "store": "The Leeds store opens on 16 May 2026 with 14 people.",
}


@pytest.fixture
def known(session: Session, tmp_path: Path) -> Session:
    """A session whose client has some documents."""
    ingested(session, write(tmp_path / "site", **FACTS))
    return session


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def note_for(session: Session, artefacts: ArtefactStore, task: TaskId, **settings: object) -> tuple[Draft, str]:
    """The draft of one attempt and the note's text."""
    with attempt_at(session.ledger.engine, task, configured("knowledge_note", **settings)) as attempt:
        draft = make_note(session.ledger.engine, session.index, artefacts, attempt)
    with artefacts.open(draft.files[0].artefact.content_hash) as stream:
        return draft, stream.read().decode()


def asked(session: Session, name: str, **more: str) -> TaskId:
    return ready_task(session.ledger.engine, "knowledge_note", name=name, **more)


def test_a_note_quotes_what_answers_and_cites_it(known: Session, artefacts: ArtefactStore) -> None:
    draft, note = note_for(known, artefacts, asked(known, "How many items did the workshop mend?"), hits=2)

    best = draft.citations[0]
    assert best.uri.endswith("/mends.txt")
    assert FACTS["mends"][best.span.start : best.span.end] == best.text
    assert f"> {best.text}\n" in note
    assert f"`{best.extraction_id}`" in note
    assert (draft.kind, draft.made_by, len(draft.citations)) == ("knowledge_note", MADE_BY, 2)
    assert draft.summary == "2 passages from 2 documents of acme, each with its source."
    assert [(file.name, file.media_type) for file in draft.files] == [
        ("how-many-items-did-the-workshop-mend.md", "text/markdown")
    ]
    assert artefacts.verify(draft.files[0].artefact.content_hash)


def test_the_words_of_the_reviewer_are_searched_for_and_shown(known: Session, artefacts: ArtefactStore) -> None:
    task = asked(known, "Tell me about it", feedback="When does the store in Leeds open?")
    draft, note = note_for(known, artefacts, task, hits=1)
    assert draft.citations[0].uri.endswith("/store.txt")
    assert "after these words of the reviewer:\n\n> When does the store in Leeds open?" in note


def test_another_clients_sources_are_never_quoted(known: Session, artefacts: ArtefactStore) -> None:
    draft, note = note_for(known, artefacts, asked(known, "How heavy is the Ridgeline pack?", client="other"))
    assert (draft.citations, draft.summary) == ((), "Nothing was found in the sources of other: the note says so.")
    assert "**Nothing was found.**" in note
    assert len(draft.files) == 1


def test_the_same_question_makes_the_same_note(known: Session, artefacts: ArtefactStore) -> None:
    notes = [note_for(known, artefacts, asked(known, "How heavy is the pack?")) for _ in range(2)]
    assert notes[0] == notes[1]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("What's the price?", "whats-the-price.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ("Größe & Länge", "grosse-lange.md"),
        ("作業", "knowledge-note.md"),
        ("word " * 40, "word-word-word-word-word-word-word-word-word-word-word-word.md"),
    ],
)
def test_a_title_makes_a_plain_name(title: str, name: str) -> None:
    assert file_name(title) == name


def test_DT_8_a_repeated_attempt_finds_the_version_that_was_made(known: Session, artefacts: ArtefactStore) -> None:
    engine, task = known.ledger.engine, asked(known, "How heavy is the pack?")
    configuration, made = configured("knowledge_note"), []
    with attempt_at(engine, task, configuration) as attempt:
        made.append(drafted(engine, artefacts, attempt, lambda: make_note(engine, known.index, artefacts, attempt)))
    with attempt_at(engine, task, configuration) as attempt:
        made.append(drafted(engine, artefacts, attempt, lambda: pytest.fail("it is there already")))
    assert made[0] == made[1]
    assert made[0].number == 1
    with engine.begin() as connection:
        assert len(deliverables.versions(connection, task)) == 1


def test_CB_10_a_version_whose_file_is_damaged_is_made_again(known: Session, artefacts: ArtefactStore) -> None:
    engine, task = known.ledger.engine, asked(known, "How heavy is the pack?")
    configuration, made = configured("knowledge_note"), []
    with attempt_at(engine, task, configuration) as attempt:
        made.append(drafted(engine, artefacts, attempt, lambda: make_note(engine, known.index, artefacts, attempt)))
    with engine.begin() as connection:
        (file,) = deliverables.files(connection, made[0].id)
    damaged = next(path for path in artefacts.folder.rglob(file.content_hash))
    damaged.chmod(0o600)
    damaged.write_bytes(b"not what was made")
    assert not artefacts.verify(file.content_hash)
    with attempt_at(engine, task, configuration) as attempt:
        made.append(drafted(engine, artefacts, attempt, lambda: make_note(engine, known.index, artefacts, attempt)))
    with engine.begin() as connection:
        (file,) = deliverables.files(connection, made[1].id)
    assert artefacts.verify(file.content_hash)


def test_DT_8_who_lost_the_task_records_nothing(known: Session, artefacts: ArtefactStore) -> None:
    engine, task = known.ledger.engine, asked(known, "How heavy is the pack?")
    configuration = configured("knowledge_note")

    def make(attempt: Attempt) -> Draft:
        draft = make_note(engine, known.index, artefacts, attempt)
        with engine.begin() as connection:
            seen, _ = claims.look(connection, task)
            move(connection, configuration, seen, TaskEvent.CANCEL, Act("Ada", "not needed"), reason="not needed")
        return draft

    with pytest.raises(LeaseLostError), attempt_at(engine, task, configuration) as attempt:
        drafted(engine, artefacts, attempt, lambda: make(attempt))
    with engine.begin() as connection:
        assert deliverables.versions(connection, task) == []
    assert stands(engine, task)["state"] == "cancelled"
