from resources.sources.parse import parse

URI = "file:///notes/press_release.txt"


def test_text_is_kept_as_it_stands() -> None:
    parsed = parse(b"A title\r\n\r\n  * an *item*  \r\n\t<b>\r\n", "text/plain", URI)
    assert (parsed.title, parsed.text) == ("A title", "A title\n\n  * an *item*\n\t<b>")


def test_a_first_line_is_a_title_only_if_it_stands_alone_and_is_short() -> None:
    assert parse(b"A title", "text/plain", URI).title == "A title"
    assert parse(b"A line\nof a paragraph", "text/plain", URI).title == "press release"
    assert parse(b"word " * 30, "text/plain", URI).title == "press release"
