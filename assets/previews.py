"""What the UI shows of a materialization: a table sample and a Markdown preview."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import dagster as dg

Cell = str | int | float | bool | None
CHARS_A_CELL = 160
ROWS = 5
"""Of a materialization's sample: the page shows it unfolded."""


def table(rows: Iterable[Mapping[str, object]]) -> dg.TableMetadataValue:
    """The rows as a table, each cell cut to what the UI can show."""
    records = [dg.TableRecord({name: _cell(value) for name, value in row.items()}) for row in rows]
    columns = list(records[0].data) if records else []
    return dg.MetadataValue.table(records, schema=dg.TableSchema([dg.TableColumn(name) for name in columns]))


def sample(rows: Sequence[Mapping[str, object]], *, name: str = "sample") -> dict[str, dg.TableMetadataValue]:
    """The entry ``name`` of some metadata; none when there is nothing to show, as the UI draws an empty table badly."""
    return {name: table(rows)} if rows else {}


def short(uri: str) -> str:
    """The last two parts of a document's address: the whole of it would leave no room beside it."""
    return "/".join(uri.rstrip("/").rsplit("/", 2)[-2:])


def listing(listed: int, work: Sequence[str], *, at_most: int = 50) -> dg.MarkdownMetadataValue:
    """How much was listed, and in which batches something is to be done, as Markdown."""
    lines = [f"- `{partition_key}`" for partition_key in work[:at_most]]
    rest = [f"- … and {len(work) - at_most} more"] if len(work) > at_most else []
    heading = "To be fetched, extracted or embedded:" if work else "Nothing to fetch, extract or embed."
    return dg.MetadataValue.md("\n".join([f"**{listed} documents.** {heading}", "", *lines, *rest]))


def quotes(rows: Iterable[tuple[str, str]]) -> dg.MarkdownMetadataValue:
    """Title and text of some documents, as Markdown quotes."""
    blocks = (f"**{_plain(title)}**\n\n" + "\n".join(f"> {line}" for line in text.splitlines()) for title, text in rows)
    return dg.MetadataValue.md("\n\n".join(blocks) or "*nothing*")


def _cell(value: object) -> Cell:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= CHARS_A_CELL else text[: CHARS_A_CELL - 1] + "…"


def _plain(text: str) -> str:
    return text.replace("*", "\\*").replace("\n", " ")
