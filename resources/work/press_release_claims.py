"""The claims gate applied to a release: each sentence against the facts that it cites, as notes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.claims_gate import judge_sentence
from resources.domain.press_release_dates import spellings
from resources.domain.press_releases import Brief, Note, Release, Sentence

RULE: Final = "claim"
_WISHES: Final = {
    Verdict.UNSURE: "a person has to compare it with the source",
    Verdict.ALTERED: "say it as the source does, or leave it out",
    Verdict.INVENTED: "leave it out: no source that the sentence cites says it",
    Verdict.MISATTRIBUTED: "name who said it",
    Verdict.STITCHED: "quote one passage as it stands: these words stand in two",
    Verdict.UNCITED: "cite the fact that it rests on, or leave it out",
}


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """What the gate found in one sentence."""

    sentence: str
    finding: Finding


def claims(release: Release, brief: Brief) -> Iterator[FoundClaim]:
    """Every claim of the release that is not plainly sourced; the boilerplate is the client's own."""
    names = known_names(release, brief)
    for sentence in release.sentences:
        for finding in judge_sentence(sentence.text, _cited(sentence, brief), known_names=names):
            in_capitals = sentence is release.headline and finding.kind is ClaimKind.NAME
            if finding.verdict is not Verdict.SOURCED and not in_capitals:
                yield FoundClaim(sentence.text, finding)


def claim_notes(release: Release, brief: Brief) -> tuple[Note, ...]:
    """What the gate says, as notes; what it is sure about blocks."""
    return tuple(_note(found) for found in claims(release, brief))


def known_names(release: Release, brief: Brief) -> frozenset[str]:
    """Names that need no source: the order or the client gives them."""
    given = (
        brief.company.name, release.company, release.city, release.state, brief.contact.name, brief.topic,
        *(quote.speaker for quote in brief.quotes), *(quote.role for quote in brief.quotes), *spellings(brief.dated),
    )  # fmt: skip
    return frozenset(name for name in given if name)


def _cited(sentence: Sentence, brief: Brief) -> list[CitedSource]:
    facts = (brief.fact(key) for key in sentence.cites)
    return [CitedSource(fact.key, fact.text) for fact in facts if fact is not None]


def _note(found: FoundClaim) -> Note:
    finding = found.finding
    said = f"; the source says: {finding.said}" if finding.said else ""
    wish = f"{finding.kind.value} '{finding.claim}' is {finding.verdict.value}: {_WISHES[finding.verdict]}{said}"
    return Note(rule=RULE, where=found.sentence, wish=wish, blocks=finding.blocks)
