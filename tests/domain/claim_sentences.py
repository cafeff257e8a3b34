"""Right sentences beside their sources: those of the example client's documents, and a list of our own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from resources.domain.claim_speakers import turns
from resources.domain.sentences import sentences
from resources.domain.statements import statements

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "acme-outdoor"
MIN_WORDS: Final = 6
MAX_WORDS: Final = 40
MEASURED: Final = (
    "The Marlow ferry carries 310 passengers and 46 cars, and crosses in 25 minutes.",
    "Oakfield School will open on Tuesday 1 September 2026 with 720 pupils and 54 teachers.",
    "Revenue rose 12% to $84.6 million in the quarter that ended on June 30, 2025.",
    "The bakery sells 3,400 loaves a day and employs 38 people in two shops.",
    "Glenmoor Distillery filled 1,250 casks in 2024 and holds stock worth £16.5 million.",
    "The tram line is 14.2 km long, has 19 stops and cost €640 million.",
    "About 2,600 volunteers planted 48,000 trees on 110 hectares between October 2024 and March 2025.",
    "Halden Motors recalled 21,470 vans that were built before 17 May 2023.",
    "The museum drew 415,000 visitors in 2025, 9% more than in 2024.",
    "Of 1,204 people asked, 61% had repaired something at home within twelve months.",
    "The battery stores 75 kWh, charges in 40 minutes and weighs 460 kg.",
    "Ms Kowalczyk founded Brightline in Gdańsk in 2009 with a loan of $30,000.",
    "The reservoir fell to 58% of its capacity on 22 August 2025, the lowest since 1995.",
    "The grant of £275,000 pays for three nurses until 31 March 2027.",
    "Tickets cost £18, or £9 for children, and go on sale at 10:00 on 4 April 2026.",
    "The turbine has a rotor of 164 metres and makes 9.5 megawatts in a wind of 12 metres per second.",
    "Fairhaven counted 86 complaints in January 2026, against 131 in January 2025.",
    "The clinic treats 950 patients a week, has eleven doctors and opened in Leith on 3 June 2019.",
    "Northway Rail will run 16 trains an hour from 14 December 2026, four more than today.",
    "Its app was downloaded 2.3 million times in 27 countries within 18 months.",
    "The orchestra has 72 players, and gave 104 concerts in 2025, 31 of them abroad.",
    "Copper rose by 6.8% to $9,940 a tonne on 11 February 2026.",
    "The roof of 3,150 square metres holds 1,480 panels and saves 290 tonnes of carbon dioxide a year.",
    "Tidewater paid $4.75 million for the yard, which built its last ship on 9 November 1986.",
)
SPOKEN: Final = (
    "“We made a promise to repair every pack we ever sold, and we keep it,” said Maya Lindqvist, who founded the firm. "
    "“A good zip is worth more than a new colour, and our customers know that,” said Tom Okafor, head of design.",
    "According to Priya Raman, “most jackets come to us with a broken zip, and leave with ten more years in them.” "
    "Ben Whitlock put it this way: “People ask why the price went up, and the honest answer is the fabric.”",
    "“The study shows that a second repair saves more carbon than the first one.” — Hannah Weiss, Leeds\n\n"
    "“My mother sewed for this mill, and now I run the line that makes the shells.” — Ines Costa, Porto",
    "Dr Aaron Mbeki of Fairhaven told the council: “We have fewer beds than we had in the spring, but better ones.” "
    "Councillor Ruth Vance said: “I would rather apologise for a delay than for a collapsed roof.”",
    "“Nobody came to us for the coffee,” recalls Sofia Lund, who opened the shop. “They came for the warm bench.” "
    "Her brother, Erik Lund, kept the books. “We lost money on every single cup until the second winter,” he said.",
    "JAMES ADU: The first engine ran for nine seconds and then set fire to the shed.\n"
    "CLARA FINK: I was holding the hose, and it was frozen.\n"
    "JAMES ADU: We bought a second shed before we bought a second engine.\n",
)


@dataclass(frozen=True)
class Said:
    """Words that somebody says in a source."""

    source: str
    words: str
    who: str

    @property
    def sentence(self) -> str:
        """The words, quoted."""
        return f"“{self.words},” said {self.who}."


@dataclass(frozen=True)
class Fact:
    """A sentence that its source has."""

    source: str
    sentence: str


@cache
def facts() -> tuple[Fact, ...]:
    """Sentences that state something in figures, each with its neighbours for a source."""
    found = [Fact(each, each) for each in MEASURED]
    for text in _texts():
        plain = [_line(text[each.span.start : each.span.end]) for each in statements(text)]
        for at, sentence in enumerate(plain):
            if re.search(r"\d", sentence) and not re.search(r'[“”"*_#|\[\]:]', sentence):
                found.append(Fact(" ".join(plain[max(0, at - 1) : at + 2]), sentence))
    return tuple(dict.fromkeys(found))


@cache
def sayings() -> tuple[Said, ...]:
    """What people say in the example client's interview and release, and in `SPOKEN`."""
    spoken = [each for text in SPOKEN for each in (*_talk(text), *_marked(text))]
    told = [each for text in _texts() for each in _talk(text) if "Transcript" in text]
    release = [
        Said(text, each.words, each.who)
        for text in _texts()
        for each in _marked(_line(text))
        if "kind: press release" in text
    ]
    return tuple(dict.fromkeys((*spoken, *told, *release)))


def _texts() -> list[str]:
    return [path.read_text() for path in sorted(EXAMPLES.rglob("*")) if path.suffix in (".md", ".txt")]


def _line(text: str) -> str:
    return " ".join(text.split())


def _talk(text: str) -> Iterator[Said]:
    for span, who in turns(text):
        if who.name.isupper():
            turn = text[span.start : span.end]
            for each in sentences(turn):
                words = _line(turn[each.span.start : each.span.end])
                if _can_be_quoted(words):
                    yield Said(text, words.rstrip("."), who.name.title())


def _can_be_quoted(words: str) -> bool:
    return MIN_WORDS <= len(words.split()) <= MAX_WORDS and words.endswith(".") and not re.search(r'["“”*:]', words)


def _marked(text: str) -> Iterator[Said]:
    """By patterns of its own, so that the gate's are not measured by themselves."""
    forms = (
        r"[“\"](?P<words>[^“”\"]+)[,.][”\"] (?:said|recalls|—) (?P<who>[A-Z]\w+ [A-Z]\w+)",
        r"(?P<who>[A-Z]\w+ [A-Z]\w+)(?:,| of Fairhaven told the council:| put it this way:| said:) “(?P<words>[^”]+)\.",
    )
    for form in forms:
        for found in re.finditer(form, text):
            if len(found["words"].split()) >= MIN_WORDS:
                yield Said(text, found["words"][:1].upper() + found["words"][1:], found["who"])
