"""A link plan as a CSV table that a spreadsheet can open and runs nothing of."""

import csv
import io
import re
from typing import Final

from resources.domain.link_plans import LinkPlan

COLUMNS: Final = ("Number", "Kind", "Anchor", "Target", "Related words", "Entities")
_STARTS_FORMULA: Final = re.compile("[\\s\\ufeff\\u200b]*[=+\\-@\\uff1d\\uff0b\\uff0d\\uff20]|[\t\r\n]")
"""Also behind space, and in full width, which some spreadsheets take for the same (OWASP, CSV Injection)."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def link_plan_csv(plan: LinkPlan) -> str:
    """RFC 4180: a header and a line a link, ends of CR LF, every cell quoted, lists within a cell by ``"; "``.

    A cell that a spreadsheet would take for a formula begins with an apostrophe. To be written as UTF-8 with a byte
    order mark (``utf-8-sig``), without which Excel reads it in a character set of its own.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for link in plan.links:
        lists = ("; ".join(link.related_words), "; ".join(link.entities))
        cells = (str(link.number), link.kind.value, link.anchor, link.target, *lists)
        table.writerow([harmless(cell) for cell in cells])
    return text.getvalue()


def harmless(cell: str) -> str:
    """``cell`` without control characters, and with an apostrophe before what would begin a formula."""
    shown = _CONTROLS.sub("", cell)
    return f"'{shown}" if _STARTS_FORMULA.match(shown) else shown
