"""A broken or hostile file ends in a typed error before it costs memory, and never ends the process."""

import random
import re
import zlib
from pathlib import Path
from zipfile import ZIP_BZIP2, ZipFile

import pytest

from resources.domain.errors import WaybillError
from resources.workbooks.cora import read_cora_report
from resources.workbooks.errors import (
    WorkbookLayoutUnknownError,
    WorkbookTooLargeError,
    WorkbookUnavailableError,
    WorkbookUnreadableError,
)
from resources.workbooks.limits import WorkbookLimits
from tests.resources.workbooks.reports import REPORT, rewritten, write_workbook

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "acme.xlsx", REPORT)


def replaced(path: Path, part: str, old: bytes, new: bytes) -> Path:
    def change(name: str, content: bytes) -> bytes:
        assert name != part or old in content
        return content.replace(old, new) if name == part else content

    return rewritten(path, change)


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04 junk", b"<html>", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600]
)
def test_what_is_no_workbook_says_so(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(WorkbookUnreadableError, match=r"expected an \.xlsx workbook") as caught:
        read_cora_report(path)
    assert not caught.value.retry_helps


def test_an_archive_that_is_no_workbook_says_so(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("a.xml", "<a/>")
    with pytest.raises(WorkbookUnreadableError):
        read_cora_report(path)


def test_a_file_that_went_away_may_come_again(path: Path) -> None:
    path.unlink()
    with pytest.raises(WorkbookUnavailableError, match="No such file") as caught:
        read_cora_report(path)
    assert caught.value.retry_helps


@pytest.mark.parametrize("place", [b'r="XFD1048576"', b'r="ZZZZZZ9"', b'r="A104857600"', b'spans=">" r="XFD1048576"'])
def test_a_value_far_away_is_refused_before_the_sheet_is_allocated(path: Path, place: bytes) -> None:
    replaced(path, SHEET, b'r="B4"', place)
    with pytest.raises(WorkbookTooLargeError, match=f"cells a sheet; found .* in {SHEET}"):
        read_cora_report(path)


def test_rows_far_away_are_refused_too(path: Path) -> None:
    for number, sheet in ((b"6", SHEET), (b"7", "xl/worksheets/sheet2.xml")):
        replaced(path, sheet, b'<row r="' + number + b'"', b'<row r="99999999"')
    replaced(path, SHEET, b'r="B6" ', b"")
    with pytest.raises(WorkbookTooLargeError):
        read_cora_report(path)


def test_a_format_far_away_costs_nothing(path: Path) -> None:
    replaced(path, SHEET, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>')
    assert read_cora_report(path).keyword == "leather bags"


@pytest.mark.parametrize("place", [b'r="4B"', b'r=""', b'r="B4:XFD9"'])
def test_a_place_that_is_none_is_refused(path: Path, place: bytes) -> None:
    with pytest.raises(WorkbookUnreadableError, match="no place in a sheet"):
        read_cora_report(replaced(path, SHEET, b'r="B4"', place))


def test_declared_entities_are_refused(path: Path) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet '
    with pytest.raises(WorkbookUnreadableError, match="declares a document type"):
        read_cora_report(replaced(path, SHEET, b"<worksheet ", bomb))


@pytest.mark.parametrize("number", [b"99999999999", b"+99999999999", b"0010000001", b"9" * 5_000])
@pytest.mark.parametrize("name", [b"count", b"uniqueCount"])
def test_a_declared_number_of_strings_makes_no_room(path: Path, name: bytes, number: bytes) -> None:
    def change(part: str, content: bytes) -> bytes:
        if part != "xl/sharedStrings.xml":
            return content
        return re.sub(rb' %s="[0-9]+"' % name, b' %s="%s"' % (name, number), content)

    with pytest.raises(WorkbookUnreadableError, match="declares more than"):
        read_cora_report(rewritten(path, change))


def test_a_sheet_that_would_not_be_inspected_is_refused(path: Path) -> None:
    replaced(path, "xl/_rels/workbook.xml.rels", b"worksheets/sheet1.xml", b"media/image1.png")
    with pytest.raises(WorkbookUnreadableError, match=r"no sheet of an \.xlsx workbook"):
        read_cora_report(path)


def test_inflating_stops_at_the_limit(path: Path) -> None:
    with ZipFile(path, "a", compression=8) as archive:
        archive.writestr("xl/media/image1.png", b"\0" * 150_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(WorkbookTooLargeError, match="100,000,000 bytes a part"):
        read_cora_report(path)


def test_sizes_are_counted_and_not_believed(path: Path) -> None:
    """The directory says 10 bytes, with the checksum of those: only the stream itself tells."""
    content = b" " * 3_000_000
    with ZipFile(path, "a", compression=8) as archive:
        archive.writestr("xl/media/image1.png", content)
    raw = path.read_bytes()
    assert raw.count(len(content).to_bytes(4, "little")) == 2
    raw = raw.replace(len(content).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(
        raw.replace(zlib.crc32(content).to_bytes(4, "little"), zlib.crc32(b" " * 10).to_bytes(4, "little"))
    )
    with ZipFile(path) as archive:
        assert len(archive.read("xl/media/image1.png")) == 10
    with pytest.raises(WorkbookTooLargeError):
        read_cora_report(path, limits=WorkbookLimits(part_bytes=2_000_000))


def test_a_directory_that_points_before_the_file_is_refused(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    end = raw.rindex(b"PK\x05\x06")
    raw[end + 16 : end + 20] = (int.from_bytes(raw[end + 16 : end + 20], "little") + 10).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(WorkbookUnreadableError, match="outside the file"):
        read_cora_report(path)


def test_each_limit_holds(path: Path) -> None:
    size = path.stat().st_size
    assert read_cora_report(path, limits=WorkbookLimits(file_bytes=size)).keyword
    for limits in (WorkbookLimits(file_bytes=size - 1), WorkbookLimits(parts=3), WorkbookLimits(expanded_bytes=900)):
        with pytest.raises(WorkbookTooLargeError):
            read_cora_report(path, limits=limits)


def test_another_compression_is_refused(path: Path) -> None:
    with ZipFile(path, "a", ZIP_BZIP2) as archive:
        archive.writestr("xl/more.xml", "<a/>")
    with pytest.raises(WorkbookUnreadableError, match="stored or deflated"):
        read_cora_report(path)


def test_a_file_of_any_damage_is_read_or_refused_in_kind(path: Path) -> None:
    whole = path.read_bytes()
    draw = random.Random(20_260_101)
    outcomes = set()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 20)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged[: draw.choice([len(damaged), draw.randrange(len(damaged))])])
        try:
            read_cora_report(path)
        except WaybillError as error:
            outcomes.add(type(error))
    assert WorkbookUnreadableError in outcomes
    assert outcomes <= {WorkbookUnreadableError, WorkbookTooLargeError, WorkbookLayoutUnknownError}


def test_parts_of_any_damage_are_read_or_refused_in_kind(path: Path) -> None:
    """Damage below the archive, in XML that the checksums vouch for."""
    whole = path.read_bytes()
    draw = random.Random(20_260_102)
    tokens = [b"<v>", b"</c>", b't="s"', b'r="C3"', b"99999999", b"-1", b'"', b"&#0;", b"<c/>", b't="e"', b"1e999"]
    outcomes = set()
    for _ in range(200):
        path.write_bytes(whole)

        def change(name: str, content: bytes) -> bytes:
            for _ in range(draw.randint(0, 2)):
                at = draw.randrange(len(content))
                content = content[:at] + draw.choice(tokens) + content[at + draw.randint(0, 8) :]
            return content

        try:
            read_cora_report(rewritten(path, change))
        except WaybillError as error:
            outcomes.add(type(error))
    assert outcomes <= {WorkbookUnreadableError, WorkbookTooLargeError, WorkbookLayoutUnknownError}
    assert WorkbookUnreadableError in outcomes
