"""A press release of known words, for tests of what is made from one."""

from datetime import UTC, date, datetime
from typing import Final

from resources.domain.press_releases import Contact, Fact, Paragraph, Release, Sentence

MADE_AT: Final = datetime(2026, 2, 3, 12, tzinfo=UTC)
SALE: Final = Fact(
    key="8d6f2f0a-0000-5000-8000-000000000001",
    text="It goes on sale on 12 March 2026 for £245.",
    title="Stormbreak launch",
    uri="file:///press/launch.md",
    span=(120, 162),
)
SAID: Final = Fact(
    key="task:quote-1",
    text="Quote: “We wanted a jacket that can be repaired.” — Maya Lindqvist, founder",
    title="The task",
    uri="https://app.clickup.com/t/1",
)
FACTS: Final = {fact.key: fact for fact in (SALE, SAID)}


def release(**changes: object) -> Release:
    """A release with a lede, a body, a quote, boilerplate and contact."""
    made = Release(
        headline=Sentence(text="Acme Outdoor Launches a Jacket That Can Be Repaired", cites=(SALE.key,)),
        city="Sheffield, England",
        dated=date(2026, 2, 3),
        paragraphs=(
            Paragraph(role="lede", sentences=(Sentence(text="Acme Outdoor launched the Stormbreak on Tuesday."),)),
            Paragraph(
                role="body",
                sentences=(
                    Sentence(text="It goes on sale on March 12, 2026, for £245.", cites=(SALE.key,)),
                    Sentence(text="It is sewn in Porto."),
                ),
            ),
            Paragraph(
                role="quote",
                sentences=(
                    Sentence(
                        text="“We wanted a jacket that can be repaired,” said Maya Lindqvist, founder.",
                        cites=(SAID.key,),
                    ),
                ),
            ),
        ),
        about=(Sentence(text="Acme Outdoor makes packs, jackets and tents."),),
        company="Acme Outdoor",
        contact=Contact(name="Ben Whitlock", email="press@acme-outdoor.example", phone="+44 114 496 0182"),
        made_by="Composed by Waybill by rule, without a language model.",
    )
    return made.model_copy(update=changes)
