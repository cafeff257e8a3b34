"""Word documents with Waybill's styles, and the same bytes for the same content: files are kept by their content.

A thin layer over python-docx. Text from outside is words and nothing else: what XML does not allow is left out, and a
line end in it is a space.
"""

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from docx import Document, document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from resources.domain.link_plans import is_target

FONT: Final = "Georgia"
INK: Final = RGBColor(0x1A, 0x1A, 0x1A)
FAINT: Final = RGBColor(0x6B, 0x6B, 0x6B)
LINK: Final = RGBColor(0x1F, 0x4E, 0x9E)
PAGE: Final = (Inches(8.5), Inches(11))
"""US Letter, as AP form is for the press of the United States; printers fit it on A4."""
MARGIN: Final = Inches(1)
_LINE_END: Final = re.compile("\r\n|[\t\n\r\x0b\x0c\x85\u2028\u2029]")
_NOT_XML: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_UNSEEN: Final = re.compile("[\u200b\u202a-\u202e\u2066-\u2069\ufeff]")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_UNUSED: Final = ("/thumbnail", "/extended-properties", "/stylesWithEffects", "/customXml")
"""Parts of python-docx's own template: a picture of another document, its word count, styles of an old Word."""
_STYLES: Final = {
    # name: points, space before, space after, bold, indented
    "Waybill Headline": (20.0, 0, 10, True, False),
    "Waybill Body": (11.0, 0, 8, False, False),
    "Waybill Quote": (11.0, 0, 8, False, True),
    "Waybill Label": (10.0, 10, 2, True, False),
    "Waybill Small": (9.0, 6, 0, False, False),
}
_LEVELS: Final = {"Waybill Headline": 0, "Waybill Label": 1}
"""In the outline that Word and screen readers find their way by."""


def new_document(title: str, made_at: datetime) -> document.Document:
    """An empty document in Waybill's styles, dated ``made_at``."""
    made = Document()
    properties = made.core_properties
    properties.title, properties.author, properties.last_modified_by = plain(title)[:250], "Waybill", "Waybill"
    properties.comments, properties.revision = "", 1
    properties.created = properties.modified = made_at.astimezone(UTC)
    _set_page(made)
    _drop_unused(made)
    for name, look in _STYLES.items():
        _add_style(made, name, *look)
    _add_comment_styles(made)
    return made


def add(made: document.Document, text: str, style: str, *, centred: bool = False) -> Paragraph:
    """A paragraph of ``text`` in one of Waybill's styles."""
    paragraph = made.add_paragraph(plain(text), style=f"Waybill {style}")
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def add_run(paragraph: Paragraph, text: str, *, bold: bool = False) -> Run:
    """Words at the end of ``paragraph``."""
    run = paragraph.add_run(plain(text))
    run.bold = bold or None
    return run


def add_link(paragraph: Paragraph, text: str, target: str) -> None:
    """Words at the end of ``paragraph`` that link to ``target``. Raises ValueError: it is no http(s) address."""
    if not is_target(target):
        raise ValueError(f"a link to {target[:80]!r}")
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run(plain(text))
    run.font.underline, run.font.color.rgb = True, LINK
    within = run.element.getparent()
    link.append(run.element)
    within.append(link)


def comment(made: document.Document, runs: list[Run], lines: Iterable[str], made_at: datetime) -> None:
    """A comment of Waybill's on ``runs``, dated ``made_at``: each of at least one line is a paragraph of its own."""
    first, *others = map(plain, lines)
    added = made.add_comment(runs, first, author="Waybill", initials="W")
    for line in others:
        added.add_paragraph(line)
    dated = f"{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    added._comment_elm.set(qn("w:date"), dated)  # noqa: SLF001  python-docx dates it by the clock


def bytes_of(made: document.Document) -> bytes:
    """The file, the same for the same content: entries in one order, and none of them dated."""
    written = io.BytesIO()
    made.save(written)
    fixed = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, _UNIX
            target.writestr(entry, source.read(name))
    return fixed.getvalue()


def plain(text: str) -> str:
    """``text`` on one line, without what XML does not allow and without marks that turn its direction around."""
    return _UNSEEN.sub("", _NOT_XML.sub("", _LINE_END.sub(" ", text)))


def _set_page(made: document.Document) -> None:
    page = made.sections[0]
    page.page_width, page.page_height = PAGE
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = MARGIN


def _drop_unused(made: document.Document) -> None:
    assert made.part.package is not None
    for owner in (made.part.package, made.part):
        for key in [key for key, each in owner.rels.items() if each.reltype.endswith(_UNUSED)]:
            del owner.rels[key]


def _add_style(  # noqa: PLR0917  a row of the table above
    made: document.Document, name: str, points: float, before: int, after: int, bold: bool, indented: bool
) -> None:
    style = made.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    style.base_style = made.styles["Normal"]
    style.font.name, style.font.size, style.font.bold, style.font.color.rgb = FONT, Pt(points), bold, INK
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing = 1.25
    if (level := _LEVELS.get(name)) is not None:
        style.paragraph_format.keep_with_next = True
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), str(level))
        style.element.get_or_add_pPr().append(outline)
    if indented:
        style.paragraph_format.left_indent = Pt(24)
    if name.endswith("Small"):
        style.font.color.rgb, style.font.italic = FAINT, True


def _add_comment_styles(made: document.Document) -> None:
    """Word's own two, which comments name by these ids and python-docx's template lacks."""
    text = made.styles.add_style("annotation text", WD_STYLE_TYPE.PARAGRAPH, builtin=True)
    mark = made.styles.add_style("annotation reference", WD_STYLE_TYPE.CHARACTER, builtin=True)
    assert isinstance(text, ParagraphStyle)
    assert isinstance(mark, CharacterStyle)
    text.element.styleId, mark.element.styleId = "CommentText", "CommentReference"
    text.base_style = made.styles["Normal"]
    text.font.size, mark.font.size = Pt(10), Pt(8)
    text.paragraph_format.space_after, text.paragraph_format.line_spacing = Pt(4), 1.0
