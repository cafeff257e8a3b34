"""Whether an answer of a writer can be used: its structure alone. What it says is for the rules and the claims gate.

Each returns what it was given, so that a call can be wrapped in it.
"""

from collections.abc import Iterator

from resources.domain.press_releases import Brief, Release
from resources.writer.writer import Headlines, Judgement, WriterAnswerError


def good_headlines(answer: Headlines, number: int) -> tuple[str, ...]:
    """The headlines: ``number`` of them, none empty or on two lines, no two alike but for case and space.

    Raises:
        WriterAnswerError: otherwise.
    """
    made = answer.headlines
    if len(made) != number:
        raise _refused("headlines", f"{number} of them", str(len(made)))
    for headline in made:
        if not headline.strip() or len(headline.splitlines()) != 1:
            raise _refused("headlines", "each of them some words on one line", repr(headline[:100]))
    if len({" ".join(headline.casefold().split()) for headline in made}) != number:
        raise _refused("headlines", "no two alike", repr(list(made))[:300])
    return made


def good_judgement(answer: Judgement, count: int, picks: int) -> Judgement:
    """The judgement: ``picks`` different places from 0 to ``count`` - 1, each with a reason.

    Raises:
        WriterAnswerError: otherwise.
    """
    places = [pick.place for pick in answer.picks]
    if len(places) != picks or len(set(places)) != picks:
        raise _refused("judgement", f"{picks} different headlines", f"places {places}")
    if outside := [place for place in places if not 0 <= place < count]:
        raise _refused("judgement", f"places from 0 to {count - 1}", f"{outside}")
    if any(not pick.reason.strip() for pick in answer.picks):
        raise _refused("judgement", "a reason for each headline", "none for one of them")
    return answer


def good_release(release: Release, brief: Brief) -> Release:
    """The release: a lede first and only there, no blank sentence, and no key that the brief does not have.

    Raises:
        WriterAnswerError: otherwise.
    """
    for expected, found in _faults(release, {fact.key for fact in brief.facts}):
        raise _refused("release", expected, found)
    return release


def _faults(release: Release, keys: set[str]) -> Iterator[tuple[str, str]]:
    """What was expected and what was found, for each fault."""
    roles = [paragraph.role for paragraph in release.paragraphs]
    if not roles or roles[0] != "lede" or "lede" in roles[1:]:
        yield "a lede as the first paragraph and no other", f"paragraphs {roles}"
    if any(not paragraph.sentences for paragraph in release.paragraphs):
        yield "sentences in each paragraph", "a paragraph without one"
    for sentence in (*release.sentences, *release.about):
        if not sentence.text.strip():
            yield "words in each sentence", repr(sentence.text)
        for key in sentence.cites:
            if key not in keys:
                yield "facts of the brief only", f"{key!r} for {sentence.text[:100]!r}"


def _refused(what: str, expected: str, found: str) -> WriterAnswerError:
    return WriterAnswerError(
        f"the writer's {what}",
        expected=expected,
        found=found,
        remedy="Ask the writer again; if it goes on, ask another.",
    )
