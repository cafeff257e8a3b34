"""A topic in the words of a task, put into sentences: as news with a verb of its own, or as something announced."""

import re
from typing import Final

from resources.domain.press_release_words import COMMON_NOUNS, words_that_matter
from resources.domain.press_releases import Brief

_BASE_VERBS: Final = frozenset(
    {
        *(
            "open",
            "launch",
            "start",
            "publish",
            "expand",
            "introduce",
            "release",
            "present",
            "celebrate",
            "join",
            "move",
        ),
        *(
            "offer",
            "repair",
            "build",
            "buy",
            "sell",
            "hire",
            "appoint",
            "acquire",
            "win",
            "cut",
            "raise",
            "close",
            "reach",
        ),
    }
)
QUESTIONS: Final = frozenset({"how", "why", "what", "when", "where", "who"})
SUBJECT_WORDS: Final = 4
"""Where the subject of a short English sentence is. Our choice."""
_DETERMINERS: Final = frozenset({"a", "an", "the", "its", "their", "this", "these", "all", "every", "each", "new"})
_THIRD: Final = frozenset(
    f"{verb}{'es' if verb.endswith(('sh', 'ch')) else 's'}" for verb in _BASE_VERBS - {"repair"}
) | {"announces", "wins", "becomes", "unveils", "brings", "adds", "makes", "gives", "takes", "will", "has", "is"}


def clause_of(brief: Brief) -> str:
    """The topic as a clause whose subject is the company: ``Acme opens a store in Leeds``; empty: it is none."""
    company, topic = brief.company.name, brief.topic
    rest = topic[len(company) :].strip() if topic.casefold().startswith(f"{company.casefold()} ") else topic
    words = [re.sub(r"\W", "", word).casefold() for word in rest.split()]
    if len(words) > 1 and words[0] in _THIRD and words[1] not in {"of", "and", "in", "at", "for"}:
        return f"{company} {_lowered(rest)}"
    if len(words) > 1 and words[0].endswith("ing") and words[1] in _DETERMINERS:
        return f"{company} is {_lowered(rest)}"
    if len(words) > 1 and words[0] in _BASE_VERBS and words[1] in _DETERMINERS:
        return f"{company} to {_lowered(rest)}"
    return ""


def thing_of(brief: Brief) -> str:
    """The topic as it stands within a sentence: ``Opening of the store`` gives ``opening of the store``.

    A first word keeps its capital when the second has one too, as in a name, and unless it is known as a common noun or
    stands in small letters in a fact.
    """
    topic = brief.topic
    for prefix in (f"{brief.company.name}'s ", f"{brief.company.name}\u2019s ", f"{brief.company.name} "):
        if topic.casefold().startswith(prefix.casefold()) and topic[len(prefix) :].strip():
            topic = topic[len(prefix) :].strip()
    first, _, rest = topic.partition(" ")
    if rest[:1].isupper() and not first.endswith("ing") and first.casefold() not in _DETERMINERS | QUESTIONS:
        return topic
    lowered = first[:1].lower() + first[1:]
    is_common = lowered in COMMON_NOUNS or any(
        re.search(rf"(?<![\w-]){re.escape(lowered)}(?!\w)", fact.text) for fact in brief.facts
    )
    return _lowered(topic) if is_common and first == first.capitalize() else topic


def topic_words(brief: Brief) -> frozenset[str]:
    """The words of the topic that matter; without numbers and the company's name where something is left."""
    words = words_that_matter(brief.topic)
    plain = frozenset(word for word in words if not word.isdigit())
    return plain - words_that_matter(brief.company.name) or plain or words


def is_near(brief: Brief, text: str, title: str) -> bool:
    """Whether ``text``, in a document called ``title``, is of the topic: two of its words, half when it is long.

    One word in common is chance as often as not: ``Leeds`` is a city, and in a university's name.
    """
    topic = topic_words(brief)
    covered = topic & (words_that_matter(text) | words_that_matter(title))
    return len(covered) >= min(len(topic), max(2, len(topic) // 2)) and bool(covered)


def is_about(brief: Brief, sentence: str) -> bool:
    """Whether a word of the topic is among the first `SUBJECT_WORDS`: the sentence is then about it, not beside it."""
    return bool(topic_words(brief) & words_that_matter(" ".join(sentence.split()[:SUBJECT_WORDS])))


def is_question(brief: Brief) -> bool:
    """Whether the topic is something to explain: ``how repairs save carbon``."""
    return thing_of(brief).split(" ", 1)[0].casefold() in QUESTIONS


def determined(brief: Brief) -> str:
    """The topic with an article: ``the opening of the store``, ``its repair week``; a gerund or question as it is."""
    thing = thing_of(brief)
    words = [word.casefold() for word in thing.split()]
    first = words[0] if words else ""
    is_gerund = first.endswith("ing") and len(words) > 1 and words[1] in _DETERMINERS
    if is_gerund or is_question(brief) or first in _DETERMINERS - {"new", "all"}:
        return thing
    return f"the {thing}" if "of" in words[1:4] and first in COMMON_NOUNS else f"its {thing}"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
