"""The names of the rules that a press release is held to: what a note says in its ``rule``."""

from enum import StrEnum


class Rule(StrEnum):
    """One rule each; which of them block is decided where they are looked at."""

    HEADLINE_LENGTH = "headline length"
    HEADLINE_END = "headline end"
    HEADLINE_CAPITALS = "headline capitals"
    HEADLINE_EXCLAMATION = "headline exclamation mark"
    DATELINE = "dateline"
    LEDE_ANSWERS = "lede answers"
    LEDE_LENGTH = "lede length"
    LEDE_REPEATS = "lede repeats the headline"
    THIRD_PERSON = "third person"
    QUOTE_CREDIT = "quote credit"
    QUOTE_PARAGRAPH = "quote paragraph"
    NUMBERS = "numbers"
    PERCENT = "percent"
    DATES = "dates"
    TIMES = "times"
    TITLES = "titles"
    READING_GRADE = "reading grade"
    LENGTH = "length"
    BANNED_WORD = "banned word"
    SOURCE = "source"
    UNKNOWN_SOURCE = "unknown source"
    ABOUT = "boilerplate"
    CONTACT = "contact"
    REPETITION = "repetition"
