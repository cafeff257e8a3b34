"""The files of a press release: Word for the client and for the reviewer, JSON-LD; refused while a note blocks them."""

from typing import Final

from resources.artefacts.press_release_word import press_release_word
from resources.domain.deliverables import Draft, DraftFile
from resources.domain.errors import PermanentError
from resources.domain.news_articles import as_json, news_article
from resources.domain.press_release_task import PRESS_RELEASE, Papers, Written
from resources.work.attempt import Attempt
from resources.work.press_release import Newsroom, written
from resources.work.press_release_papers import citations, cited, keep_round, paper_files

WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
JSON_LD: Final = "application/ld+json"
SHOWN: Final = 5
"""How many of the notes that block are told; all of them stand in the version."""


class ReleaseBlockedError(PermanentError):
    """The writer could not mend what must not go out; a person has to."""


def make_files(room: Newsroom, attempt: Attempt) -> Draft:
    """Everything that is delivered of the releases, stored: the same releases give the same files.

    Raises:
        ReleaseBlockedError: a claim has no source, or another note blocks; what was written is kept as a version.
        ArtefactStoreFullError, ArtefactStoreUnavailableError: a retry can help.
    """
    papers = written(room, attempt)
    blocking = [note for each in papers.releases for note in each.blocked]
    if blocking:
        keep_round(room.engine, room.artefacts, attempt, PRESS_RELEASE_LAST_ROUND, papers)
        said = "; ".join(f"{note.rule}: {note.wish} (in: {note.where})" for note in blocking[:SHOWN])
        raise ReleaseBlockedError(
            f"task {attempt.task.id}",
            expected="releases that may go out",
            found=f"{len(blocking)} things that block them: {said}",
            remedy="Change the task or its sources, or reopen it with words on what to write instead.",
        )
    files = [file for place, each in enumerate(papers.releases, start=1) for file in _files(room, papers, place, each)]
    return Draft(
        PRESS_RELEASE.name,
        _summary(papers),
        (*files, *paper_files(room.artefacts, papers)),
        citations(papers),
        made_by=papers.releases[0].release.made_by,
    )


PRESS_RELEASE_LAST_ROUND: Final = 99
"""How the round is called whose releases were refused."""


def _files(room: Newsroom, papers: Papers, place: int, written_: Written) -> list[DraftFile]:
    release, facts = written_.release, {fact.key: fact for fact in papers.brief.facts}
    for_client = press_release_word(release, facts, copy="client", made_at=papers.begun_at)
    for_review = press_release_word(release, facts, copy="reviewer", made_at=papers.begun_at, notes=written_.notes)
    article = as_json(news_article(release, website=papers.brief.company.website))
    return [
        DraftFile(f"press-release-{place}.docx", WORD, room.artefacts.put(for_client)),
        DraftFile(f"press-release-{place}-with-sources.docx", WORD, room.artefacts.put(for_review)),
        DraftFile(f"press-release-{place}.jsonld", JSON_LD, room.artefacts.put(article)),
    ]


def _summary(papers: Papers) -> str:
    """For the comment: the headlines with the judge's reasons, and what a reviewer has to look at."""
    lines = [
        f"{place}. {each.release.headline.text}\n   Why: {choice.reason}"
        for place, (each, choice) in enumerate(zip(papers.releases, papers.choices, strict=True), start=1)
    ]
    notes = sum(len(each.notes) for each in papers.releases)
    sources = len({fact.uri for fact in cited(papers)})
    open_ = "" if not notes else f" {notes} notes are left for you, as comments in the copies with sources."
    return "\n".join([*lines, "", f"Two press releases from {sources} sources.{open_}"])
