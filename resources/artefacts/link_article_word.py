"""An article of a link batch as a Word document, with its one link as a link."""

from datetime import datetime

from resources.artefacts import word
from resources.domain.link_articles import LinkArticle


def link_article_word(article: LinkArticle, *, made_at: datetime) -> bytes:
    """The file: the same bytes for the same article and instant. Raises ValueError: a target is no http(s) address."""
    made = word.new_document(article.title, made_at)
    word.add(made, article.title, "Headline")
    for paragraph in article.paragraphs:
        written = word.add(made, "", "Body")
        for place, sentence in enumerate(paragraph):
            if place:
                word.add_run(written, " ")
            for run in sentence.runs:
                if run.target is None:
                    word.add_run(written, run.text)
                else:
                    word.add_link(written, run.text, run.target)
    word.add(made, article.made_by, "Small")
    return word.bytes_of(made)
