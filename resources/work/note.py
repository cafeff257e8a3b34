"""The kind of work `knowledge_note`: a task's question, answered with what the client's own sources say."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import Citation, Draft, DraftFile
from resources.domain.ids import ClientSlug
from resources.domain.notes import Finding, Question, compose
from resources.domain.task_types import KNOWLEDGE_NOTE, KnowledgeNoteSettings
from resources.knowledge.index import IndexResource
from resources.knowledge.search import Hit, search
from resources.ledger.tasks import Task
from resources.work.attempt import Attempt

MARKDOWN: Final = "text/markdown"
WORDS_CHARS: Final = 2_000
"""Of a long task the beginning is searched for: what is asked stands there."""
NAME_CHARS: Final = 60
MADE_BY: Final = "Waybill, by rule, without a language model"


def make_note(engine: Engine, index: IndexResource, artefacts: ArtefactStore, attempt: Attempt) -> Draft:
    """Search the client's sources for what the task asks, and store the note that quotes the answers.

    The reviewer's words on the version before are searched for too. The same sources give the same note.

    Raises:
        LeaseLostError, AttemptOverError: the work has to stop.
        VectorStoreUnavailableError, ArtefactStoreFullError: a retry can help.
    """
    task = attempt.task
    hits = _found(engine, index, task, KnowledgeNoteSettings.model_validate(attempt.settings).hits)
    attempt.check()
    findings = [
        Finding(number, hit.text, hit.title, hit.uri, hit.span, hit.extraction_id)
        for number, hit in enumerate(hits, start=1)
    ]
    question = Question(task.name, task.body, task.client or "")
    note = compose(question, findings, version=attempt.next_version, feedback=task.feedback)
    return Draft(
        KNOWLEDGE_NOTE.name,
        _summary(hits, task.client or ""),
        files=(DraftFile(file_name(task.name), MARKDOWN, artefacts.put(note.encode())),),
        citations=tuple(Citation(hit.extraction_id, hit.uri, hit.title, hit.span, hit.text) for hit in hits),
        made_by=MADE_BY,
    )


def file_name(title: str) -> str:
    """What the note is called for people: a few words of the title in plain letters, and ``.md``."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    words = "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))
    return f"{words[:NAME_CHARS].strip('-') or 'knowledge-note'}.md"


def _found(engine: Engine, index: IndexResource, task: Task, at_most: int) -> Sequence[Hit]:
    # The reviewer's words come first, so that no long task cuts them off.
    words = "\n".join(part.strip() for part in (task.feedback, task.name, task.body) if part and part.strip())
    if not words or task.client is None:
        return ()
    return search(engine, index.store, index.embedder, words[:WORDS_CHARS], client=ClientSlug(task.client), k=at_most)


def _summary(hits: Sequence[Hit], client: str) -> str:
    if not hits:
        return f"Nothing was found in the sources of {client}: the note says so."
    documents = len({hit.document_id for hit in hits})
    passages = "1 passage" if len(hits) == 1 else f"{len(hits)} passages"
    return f"{passages} from {documents} document{'' if documents == 1 else 's'} of {client}, each with its source."
