"""The writer that needs no language model: every answer is by rule, the same for the same brief (design, section 9)."""

from collections.abc import Sequence
from typing import Final

from resources.domain.press_release_composing import compose
from resources.domain.press_release_feedback import answered
from resources.domain.press_release_headlines import best_headlines, headlines_for
from resources.domain.press_release_judging import judged
from resources.domain.press_release_revising import in_order, met
from resources.domain.press_releases import Brief, Note, Release
from resources.writer.writer import FEEDBACK, Headlines, Judgement, Notes, Pick, WriterRefusedError

NAME: Final = "offline-1"
"""To be raised with every change of the rules that it writes by: what another writer wrote is written anew."""


class OfflineWriter:
    """A `Writer` by rule. It keeps nothing, asks nobody and costs nothing."""

    @property
    def name(self) -> str:
        """Who it is, for people and for the ledger."""
        return NAME

    def headlines(self, brief: Brief, number: int) -> Headlines:
        """``number`` headlines of at most 70 characters that differ.

        Raises:
            WriterRefusedError: topic and facts give fewer.
        """
        made = headlines_for(brief, number)
        if len(made) < number:
            raise WriterRefusedError(
                f"headlines for {brief.topic[:100]!r}",
                expected=f"{number} that differ",
                found=str(len(made)),
                remedy="Ask for fewer, or add sources that say more of the topic.",
            )
        return Headlines(headlines=made)

    def judge(self, brief: Brief, headlines: Sequence[str], picks: int) -> Judgement:
        """The best by length, company name, words of the topic and figures, each of another angle."""
        chosen = best_headlines(brief, headlines, picks)
        return Judgement(picks=tuple(Pick(place=choice.place, reason=choice.reason) for choice in chosen))

    def draft(self, brief: Brief, headline: str) -> Release:
        """A release of the facts that fit the headline; after a rejection, with the reviewer's words met (CP-3)."""
        release = compose(brief, headline)
        return answered(brief, release, brief.feedback) if brief.feedback else release

    def notes(self, brief: Brief, release: Release) -> Notes:  # noqa: ARG002  other writers judge by the brief too
        """What repeats itself: the rules of `domain` are looked at by the caller."""
        return Notes(notes=tuple(judged(release)))

    def revise(self, brief: Brief, release: Release, notes: Sequence[Note]) -> Release:
        """The release with each note met that a rule can meet."""
        for note in in_order(notes):
            if note.rule == FEEDBACK:
                release = answered(brief, release, note.wish, where=note.where)
            else:
                release = met(brief, release, note)
        return release
