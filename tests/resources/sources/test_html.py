from resources.sources.parse import parse

URI = "file:///pages/about.html"
SENTENCE = "Acme Widgets Ltd. makes fasteners in Leeds and sells them to builders all over the north of England. "


def page(body: str, head: str = "<title>About  Acme\n</title>") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def text(body: str) -> str:
    return parse(page(body), "text/html", URI).text


def test_an_article_is_told_from_what_stands_around_it() -> None:
    body = (
        "<nav><a href=/>Home</a><a href=/shop>Shop now</a></nav>"
        f"<article><h1>Our story</h1><p>{SENTENCE * 4}</p><p>In 1998, {SENTENCE * 4}</p></article>"
        "<script>track('x')</script><style>p{color:red}</style><footer>Cookie settings</footer>"
    )
    words = (SENTENCE * 4).strip()
    assert text(body) == f"Our story\n\n{words}\n\nIn 1998, {words}"


def test_items_and_rows_stay_lines_and_paragraphs_stay_apart() -> None:
    body = (
        f"<article><p>{SENTENCE * 6}</p><ul><li>5 kg each</li><li>Free delivery</li></ul>"
        "<table><tr><th>Year</th><th>Sales</th></tr><tr><td>2020</td><td>$5m</td></tr></table>"
        f"<p>{SENTENCE}</p></article>"
    )
    assert text(body).split("\n\n")[1:] == [
        "- 5 kg each\n- Free delivery\n| Year | Sales |\n| 2020 | $5m |",
        SENTENCE.strip(),
    ]


def test_a_page_with_little_text_is_kept_whole() -> None:
    body = "<header><h1>Acme</h1></header><div>Open <b>since</b> 1998.</div><ul><li>Call us</li></ul><nav>Home</nav>"
    assert text(body) == "Acme\n\nOpen since 1998.\n\n- Call us"


def test_a_page_that_is_all_navigation_is_kept_too() -> None:
    assert text("<nav>Products: nuts and bolts</nav>") == "Products: nuts and bolts"


def test_a_fragment_and_bare_words_are_pages() -> None:
    assert parse(b"<p>Just a fragment</p>", "text/html", URI).text == "Just a fragment"
    assert parse(b"Just &amp; words", "text/html", URI).text == "Just & words"


def test_what_no_reader_sees_is_no_text() -> None:
    hidden = "<script>a()</script><style>b</style><noscript>c</noscript><template>d</template><!-- e --><svg>f</svg>"
    assert text(f"<p>Seen</p>{hidden}<p>too</p>") == "Seen\n\ntoo"


def test_the_title_is_that_of_the_page_else_its_heading_else_the_file() -> None:
    assert parse(page("<h1>Heading</h1>"), "text/html", URI).title == "About Acme"
    assert parse(page("<h1>Our <i>story</i></h1>", head=""), "text/html", URI).title == "Our story"
    assert parse(page("<p>Words</p>", head="<title> </title>"), "text/html", URI).title == "about"


def test_the_declared_character_set_is_used() -> None:
    for head in (
        '<meta charset="windows-1251">',
        "<meta http-equiv=content-type content='text/html; charset=windows-1251'>",
    ):
        content = page("<p>Компания в Москве</p>", head).decode().encode("cp1251")
        assert parse(content, "text/html", URI).text == "Компания в Москве"


def test_xhtml_with_an_xml_declaration_is_a_page() -> None:
    content = '<?xml version="1.0" encoding="ISO-8859-1"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>é</p></body></html>'
    assert parse(content.encode("latin-1"), "text/html", URI).text == "é"
    assert parse(content.encode(), "text/html", URI).text == "é"


def test_an_entity_that_names_a_file_reads_none() -> None:
    content = (
        b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/hostname">]><html><body><p>Seen &x; too</p></body></html>'
    )
    words = parse(content, "text/html", URI).text
    assert "Seen" in words
    with open("/etc/hostname") as file:  # noqa: PTH123  no path of ours
        assert file.read().strip() not in words


def test_the_same_page_twice_is_the_same_text() -> None:
    body = f"<article><p>{SENTENCE * 6}</p></article>"
    assert len({text(body) for _ in range(5)}) == 1  # what was seen on one page is not left out of the next
    assert text(body).count("Acme Widgets") == 6
