"""The kind of work `press_release`, step by step: brief, headlines, choices, drafts, rounds of revision.

Each call of the writer is a step that is done once; the rest is worked out anew from what the steps gave. After a
reviewer's words the next version begins with the last one, and changes what was asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.clients import ClientProfile
from resources.domain.ids import ClientSlug
from resources.domain.press_release_orders import PressOrder, order_of
from resources.domain.press_release_refusals import is_refused, without_refused
from resources.domain.press_release_rules import faults
from resources.domain.press_release_task import Beginning, Choice, Papers, PressReleaseSettings, Written
from resources.domain.press_releases import HEADLINES, RELEASES, Brief, Fact, Note, Release
from resources.knowledge.index import IndexResource
from resources.knowledge.statements import find_statements
from resources.work.attempt import Attempt
from resources.work.press_release_claims import claim_notes
from resources.work.press_release_papers import keep_round, last_number, papers_of
from resources.work.steps import Step, once
from resources.writer.answers import good_headlines, good_judgement, good_release
from resources.writer.writer import FEEDBACK, Headlines, Judgement, Notes, Writer

WORDS_CHARS: Final = 2_000
"""Of a long task the beginning is searched for."""
DRAFTS: Final = "drafts"
"""The step whose papers hold the releases as they are when nothing is left to revise."""
FACTS_FOR_WORDS: Final = 8
"""How many facts a reviewer's words bring into the brief at most."""


@dataclass(frozen=True)
class Newsroom:
    """What a press release is written with."""

    engine: Engine
    index: IndexResource
    artefacts: ArtefactStore
    writer: Writer


def begun(room: Newsroom, attempt: Attempt) -> Beginning:
    """What the writer gets: the order, the client, and what its sources say of the topic.

    Raises:
        PressOrderError: the task says something that cannot be read; it names what.
    """
    given = {"attempt": attempt.claim.attempt.input_hash}
    return once(room.engine, attempt, Step("brief", Beginning, given, "waybill"), lambda: _beginning(room, attempt))


def headlined(room: Newsroom, attempt: Attempt) -> tuple[str, ...]:
    """The headlines to choose from; after a reviewer's words those of the version before."""
    start = begun(room, attempt)
    if (last := _last(room, attempt, start)) is not None:
        return last.headlines
    step = Step("headlines", Headlines, {"brief": start.brief}, room.writer.name)

    def ask() -> Headlines:
        return Headlines(headlines=good_headlines(room.writer.headlines(start.brief, HEADLINES), HEADLINES))

    return once(room.engine, attempt, step, ask).headlines


def chosen(room: Newsroom, attempt: Attempt) -> tuple[Choice, ...]:
    """The headlines that become releases, each with the judge's reason."""
    start, headlines = begun(room, attempt), headlined(room, attempt)
    if (last := _last(room, attempt, start)) is not None:
        return last.choices
    step = Step("judge", Judgement, {"brief": start.brief, "headlines": headlines}, room.writer.name)

    def ask() -> Judgement:
        return good_judgement(room.writer.judge(start.brief, headlines, RELEASES), len(headlines), RELEASES)

    picks = once(room.engine, attempt, step, ask).picks
    return tuple(Choice(headline=headlines[pick.place], reason=pick.reason) for pick in picks)


def written(room: Newsroom, attempt: Attempt) -> Papers:
    """The releases after all rounds, each with what is still to be said about it. Every round before is a version."""
    given = {"attempt": attempt.claim.attempt.input_hash}
    return once(room.engine, attempt, Step(DRAFTS, Papers, given, room.writer.name), lambda: _written(room, attempt))


def _written(room: Newsroom, attempt: Attempt) -> Papers:
    start, headlines, choices = begun(room, attempt), headlined(room, attempt), chosen(room, attempt)
    desk = Desk(room, attempt, start.brief)
    releases = _first(desk, start, choices)
    if (last := _last(room, attempt, start)) is not None:
        before = [each.release for each in last.releases]
        desk = Desk(room, attempt, without_refused(start.brief, before, releases))
    rounds = PressReleaseSettings.model_validate(attempt.settings).rounds
    for number in range(1, rounds + 2):
        noted = tuple(Written(release=each, notes=desk.notes(at, each)) for at, each in enumerate(releases, start=1))
        papers = Papers(
            brief=desk.brief, headlines=headlines, choices=choices, releases=noted, begun_at=start.begun_at
        )  # fmt: skip
        revised = releases if number > rounds else desk.revised(papers)
        if revised == releases:
            return papers
        keep_round(room.engine, room.artefacts, attempt, number, papers)
        releases = revised
    raise AssertionError("the last round returns")


@dataclass(frozen=True)
class Desk:
    """One attempt's writing: every call of the writer is a step that is done once."""

    room: Newsroom
    attempt: Attempt
    brief: Brief

    def draft(self, place: int, headline: str) -> Release:
        """The first form of the release at ``place``, from 1."""
        ask = partial(self.room.writer.draft, self.brief, headline)
        return self._release(f"draft {place}", {"headline": headline}, ask)

    def revision(self, place: int, release: Release, notes: Sequence[Note]) -> Release:
        """The release with the notes met, as far as the writer can."""
        ask = partial(self.room.writer.revise, self.brief, release, notes)
        return self._release(f"revision {place}", {"release": release, "notes": tuple(notes)}, ask)

    def revised(self, papers: Papers) -> list[Release]:
        """Each release that there are notes on, revised; the others as they are."""
        return [
            self.revision(place, each.release, each.notes) if each.notes else each.release
            for place, each in enumerate(papers.releases, start=1)
        ]

    def notes(self, place: int, release: Release) -> tuple[Note, ...]:
        """What the rules, the claims gate and the judge say of it."""
        ask = partial(self.room.writer.notes, self.brief, release)
        step = Step(f"notes {place}", Notes, {"brief": self.brief, "release": release}, self.room.writer.name)
        judged = once(self.room.engine, self.attempt, step, ask)
        return (*faults(release, self.brief), *claim_notes(release, self.brief), *judged.notes)

    def _release(self, name: str, given: Mapping[str, object], ask: Callable[[], Release]) -> Release:
        step = Step(name, Release, {"brief": self.brief, **given}, self.room.writer.name)
        return once(self.room.engine, self.attempt, step, lambda: good_release(ask(), self.brief))


def _first(desk: Desk, start: Beginning, choices: Sequence[Choice]) -> list[Release]:
    last = _last(desk.room, desk.attempt, start)
    if last is None:
        return [desk.draft(place, choice.headline) for place, choice in enumerate(choices, start=1)]
    words = Note(rule=FEEDBACK, where="", wish=start.brief.feedback or "")
    return [desk.revision(place, each.release, (words,)) for place, each in enumerate(last.releases, start=1)]


def _last(room: Newsroom, attempt: Attempt, start: Beginning) -> Papers | None:
    """The papers of the version that is gone on from."""
    return None if start.after is None else papers_of(room.engine, room.artefacts, attempt.task.id, start.after)


def _beginning(room: Newsroom, attempt: Attempt) -> Beginning:
    task, client = attempt.task, attempt.task.client or ""
    begun_at = attempt.claim.attempt.started_at
    order = order_of(name=task.name, body=task.body, fields=attempt.fields)
    said = tuple(fact.model_copy(update={"uri": task.url or f"task:{task.id}"}) for fact in order.facts)
    bare = _without_facts(order, client, attempt.configuration.client(client), begun_at.date())
    after = last_number(room.engine, task.id) if task.feedback else None
    last = papers_of(room.engine, room.artefacts, task.id, after) if after is not None else None
    if last is not None and task.feedback and _same_order(last.brief, bare):
        found = _found(room, client, task.feedback, FACTS_FOR_WORDS)
        more = [fact for fact in found if not is_refused(last.brief, fact)]
        brief = last.brief.model_copy(update={"feedback": task.feedback, "facts": _joined(last.brief.facts, more)})
        return Beginning(brief=brief, after=after, begun_at=begun_at)
    words = "\n".join(part for part in (task.feedback or "", order.topic, order.notes) if part)
    facts = _found(room, client, words[:WORDS_CHARS], PressReleaseSettings.model_validate(attempt.settings).facts)
    brief = bare.model_copy(update={"feedback": task.feedback, "facts": _joined(said, facts)})
    return Beginning(brief=brief, after=None, begun_at=begun_at)


def _without_facts(order: PressOrder, client: str, profile: ClientProfile, today: date) -> Brief:
    company = profile.company(client)
    return Brief(
        client=client,
        company=company,
        topic=order.topic,
        notes=order.notes,
        city=order.city or company.city,
        state=order.state if order.city else company.state,
        dated=order.dated or today,
        contact=order.contact or company.contact,
        quotes=order.quotes,
    )


def _same_order(last: Brief, bare: Brief) -> bool:
    """Whether the task asks for what it asked for before; a date that nobody set is the day of the first version."""
    same = {"dated": last.dated, "facts": (), "feedback": None, "refused": ()}
    return last.model_copy(update=same) == bare.model_copy(update=same)


def _found(room: Newsroom, client: str, words: str, at_most: int) -> tuple[Fact, ...]:
    if not words.strip():
        return ()
    found = find_statements(
        room.engine, room.index.store, room.index.embedder, words, client=ClientSlug(client), k=at_most
    )
    return tuple(
        Fact(key=str(each.extraction_id), text=each.text, title=each.title, uri=each.uri,
             span=(each.span.start, each.span.end))
        for each in found
    )  # fmt: skip


def _joined(facts: Sequence[Fact], more: Sequence[Fact]) -> tuple[Fact, ...]:
    known = {fact.key for fact in facts}
    return (*facts, *(fact for fact in more if fact.key not in known))
