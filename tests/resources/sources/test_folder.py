import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from resources.domain.documents import ListedDocument
from resources.sources.errors import ListingFailedError, NotADocumentError
from resources.sources.folder import MAX_REASONS, Skipped, list_file, list_folder
from resources.sources.locations import path_of, uri_of
from tests.resources.sources.permissions import as_nobody


def write(path: Path, content: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def names(root: Path, found: list[ListedDocument]) -> list[str]:
    return [os.path.relpath(path_of(document.uri), root) for document in found]


def test_a_folder_is_listed_at_any_depth_in_one_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.html", "a/deep/er/still.md", "a.md", "c/one.TXT", "B.htm"):
        write(tmp_path / name)
    expected = ["B.htm", "a/deep/er/still.md", "a/z.html", "a.md", "b.txt", "c/one.TXT"]
    assert names(tmp_path, list(list_folder(tmp_path))) == expected
    assert list(list_folder(tmp_path)) == list(list_folder(str(tmp_path) + "/./"))


def test_a_listed_document_says_what_is_known_without_reading_it(tmp_path: Path) -> None:
    path = write(tmp_path / "über uns.html", "<p>1998</p>")
    (document,) = list_folder(tmp_path)
    assert document.uri == f"file://{tmp_path}/%C3%BCber%20uns.html" == path.as_uri()
    assert (document.size_bytes, document.media_type) == (11, "text/html")
    assert list_file(path) == document


def test_the_fingerprint_stays_until_the_file_changes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "old words")
    before = list_file(path).fingerprint
    assert list_file(path).fingerprint == before
    os.utime(path, ns=(1, 1))
    touched = list_file(path).fingerprint
    replaced = tmp_path / "new"
    replaced.write_text("new words")
    os.utime(replaced, ns=(1, 1))
    replaced.rename(path)  # same size, same time of change: another file all the same
    assert len({before, touched, list_file(path).fingerprint}) == 3


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    for name in ("a.txt", "b.png", "c.PNG", "README", ".env", ".git/config.txt", "sub/.hidden.md"):
        write(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    skipped = Skipped()
    assert names(tmp_path, list(list_folder(tmp_path, skipped=skipped))) == ["a.txt"]
    assert skipped.by_reason == {"hidden": 3, ".png": 2, "no suffix": 1, "not a file": 1, "link": 1}


def test_the_reasons_kept_are_bounded() -> None:
    skipped = Skipped()
    for number in range(2 * MAX_REASONS):
        skipped.add(f".{number}")
    skipped.add(".0")
    assert skipped.by_reason["other"] == MAX_REASONS
    assert skipped.by_reason[".0"] == 2
    assert len(skipped.by_reason) == MAX_REASONS + 1


def test_links_neither_leave_the_root_nor_loop(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside/secret.txt")
    root = tmp_path / "root"
    write(root / "sub/a.txt")
    (root / "sub/loop").symlink_to(root)
    (root / "out").symlink_to(outside.parent)
    (root / "out.txt").symlink_to(outside)
    (root / "dangling.txt").symlink_to(root / "nothing.txt")
    assert names(root, list(list_folder(root))) == ["sub/a.txt"]


def test_a_root_that_is_itself_a_link_is_listed_under_the_name_that_was_given(tmp_path: Path) -> None:
    write(tmp_path / "real/a.txt")
    (tmp_path / "current").symlink_to(tmp_path / "real")
    (document,) = list_folder(tmp_path / "current")
    assert document.uri == (tmp_path / "current/a.txt").as_uri()


def test_file_names_that_are_no_valid_text_survive(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9 %20\n.txt"
    Path(os.fsdecode(name)).write_bytes(b"x")
    (document,) = list_folder(tmp_path)
    document.uri.encode("ascii")
    assert os.fsencode(path_of(document.uri)) == name
    assert uri_of(path_of(document.uri)) == document.uri


@pytest.mark.parametrize("missing", ["nowhere", "file.txt", "file.txt/below"])
def test_a_root_that_cannot_be_listed_fails_at_the_call_and_is_never_empty(tmp_path: Path, missing: str) -> None:
    write(tmp_path / "file.txt")
    with pytest.raises(ListingFailedError, match=missing) as caught:
        list_folder(tmp_path / missing)
    assert caught.value.retry_helps


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may read, unlike those of pytest."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_folder_that_may_not_be_read_fails_the_listing(open_folder: Path) -> None:
    write(open_folder / "a.txt")
    write(open_folder / "b/c.txt").parent.chmod(0)
    listed: list[ListedDocument] = []
    with pytest.raises(ListingFailedError, match="b: expected a folder that can be listed; found Permission denied"):
        as_nobody(lambda: listed.extend(list_folder(open_folder)))
    (open_folder / "b").chmod(0o755)
    assert len(as_nobody(lambda: list(list_folder(open_folder)))) == 2


def test_a_folder_too_deep_to_be_listed_fails_the_listing(tmp_path: Path) -> None:
    below = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # a path may have 4,096 bytes
        above = below
        os.mkdir("d" * 250, dir_fd=above)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=above)
        os.close(above)
    os.close(below)
    with pytest.raises(ListingFailedError, match="too long"):
        list(list_folder(tmp_path))


def test_a_folder_that_went_away_before_it_was_looked_at_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "b/c.txt")
    listing = list_folder(tmp_path)
    next(listing)
    shutil.rmtree(tmp_path / "b")
    assert list(listing) == []


def test_a_file_that_went_away_while_its_folder_was_listed_is_not_there(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        write(tmp_path / name)
    listing = list_folder(tmp_path)
    next(listing)
    (tmp_path / "b.txt").unlink()
    assert names(tmp_path, list(listing)) == ["c.txt"]


def test_one_file_is_a_source_if_it_can_be_parsed(tmp_path: Path) -> None:
    write(tmp_path / "a.md")
    (tmp_path / "named.txt").symlink_to(tmp_path / "a.md")
    assert list_file(tmp_path / "named.txt").uri == (tmp_path / "a.md").as_uri()
    with pytest.raises(NotADocumentError, match=r"suffix '\.png'"):
        list_file(write(tmp_path / "b.png"))
    with pytest.raises(NotADocumentError, match="something else"):
        list_file(tmp_path)
    with pytest.raises(ListingFailedError, match="No such file"):
        list_file(tmp_path / "none.txt")
