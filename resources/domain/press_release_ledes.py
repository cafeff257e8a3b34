"""The first paragraph, by rule: who, what and when in one sentence, then the strongest fact where there is room.

Where the news is from is in the dateline, which stands on one line with it (AP Stylebook, "datelines").
"""

from typing import Final

from resources.domain.press_release_dates import ap_day, weekday
from resources.domain.press_release_headlines import by_name
from resources.domain.press_release_orders import TASK
from resources.domain.press_release_topics import clause_of, determined, is_question
from resources.domain.press_release_words import word_count, words_that_matter
from resources.domain.press_releases import Brief, Paragraph, Sentence

LEDE_WORDS: Final = 35
"""What a lede keeps to, its second sentence included. Our choice."""
LEDE_FORMS: Final = 2
"""How many ways there are to put the first sentence."""


def lede_of(brief: Brief, fact: Sentence | None, *, form: int = 0, fact_first: bool = False) -> Paragraph:
    """The lede: what was announced, and ``fact`` behind it, or before it when the headline is that fact, shortened."""
    first = lede_sentence(brief, form)
    if fact and fact_first:
        named = Sentence(text=by_name(fact.text, brief.company.name), cites=fact.cites)
        is_named = bool(brief.company.name) and brief.company.name in named.text
        return Paragraph(role="lede", sentences=(named, nameless(brief, first) if is_named else first))
    return Paragraph(role="lede", sentences=(first, fact) if fact else (first,))


def nameless(brief: Brief, first: Sentence) -> Sentence:
    """The lede's own sentence with "The company" for its name, behind a sentence that names it."""
    company = brief.company.name
    if not company or not first.text.startswith(f"{company} "):
        return first
    return Sentence(text=f"The company{first.text.removeprefix(company)}", cites=first.cites)


def fits_lede(brief: Brief, fact: Sentence) -> bool:
    """Whether there is room for ``fact`` behind the first sentence, within `LEDE_WORDS`."""
    return word_count(lede_sentence(brief).text) + word_count(fact.text) <= LEDE_WORDS


def lede_sentence(brief: Brief, form: int = 0) -> Sentence:
    """Who announced what and when, in one of `LEDE_FORMS` ways; rests on what the task says."""
    company, clause, day = " ".join(brief.company.name.split()) or "The company", clause_of(brief), weekday(brief.dated)
    if clause:
        clause = clause.replace(f"{brief.company.name} to ", f"{company} will ", 1)
        text = (f"{clause}, the company announced on {day}", f"{clause}, the company said on {ap_day(brief.dated)}")[
            form
        ]
    elif is_question(brief):
        text = (f"{company} on {day} explained {determined(brief)}", f"{company} on {day} set out {determined(brief)}")[
            form
        ]
    else:
        topic = determined(brief)
        text = (f"{company} on {day} announced {topic}", f"{company} on {day} gave details of {topic}")[form]
    return Sentence(text=f"{' '.join(text.split()).rstrip(' .,;:!?')}.", cites=topic_cites(brief))


def topic_cites(brief: Brief) -> tuple[str, ...]:
    """The facts that say what the release is about: the task's own, else the one that shares most words with it."""
    keys = {fact.key for fact in brief.facts}
    task = tuple(key for key in (f"{TASK}topic", f"{TASK}date") if key in keys)
    if task:
        return task
    about = words_that_matter(brief.topic)
    best = max(brief.facts, key=lambda fact: len(about & words_that_matter(fact.text)), default=None)
    return (best.key,) if best else ()
