import pytest

from resources.sources.parse import parse

URI = "file:///notes/brief.md"


def text(source: str) -> str:
    return parse(source.encode(), "text/markdown", URI).text


def title(source: str) -> str:
    return parse(source.encode(), "text/markdown", URI).title


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Some **bold** _and_ `code` ~~old~~ words", "Some bold and code old words"),
        ("A [link](https://acme.example 'x') and <https://acme.example>", "A link and https://acme.example"),
        ("![a chart](c.png) of [sales][1]\n\n[1]: https://acme.example", "a chart of sales"),
        ("a wrapped\nparagraph\n\nand another  \nwith a break", "a wrapped paragraph\n\nand another\nwith a break"),
        ("# One\n## Two\nwords", "One\n\nTwo\n\nwords"),
        ("One\n===\nwords", "One\n\nwords"),
        ("- a\n- b\n  goes on\n  - c\n- d\n\nend", "- a\n- b goes on\n  - c\n- d\n\nend"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("- a\n\n- b\n", "- a\n- b"),
        ("> quoted\n> words", "quoted words"),
        ("|a|b|\n|-|-|\n|1|2|\n\nend", "| a | b |\n| 1 | 2 |\n\nend"),
        ("```python\nx = 1\n\ny = 2\n```", "x = 1\n\ny = 2"),
        ("<div>some <b>words</b><script>no()</script></div>\n\nend", "some words\n\nend"),
        ("a<br>b <i>c</i> &amp; \\*d\\*", "a\nb c & *d*"),
        ("before\n\n---\n\nafter", "before\n\nafter"),
    ],
)
def test_markup_becomes_readable_text(source: str, expected: str) -> None:
    assert text(source) == expected


@pytest.mark.parametrize(
    "front",
    ['---\ntitle: "A: b"\ndate: 2024-05-12\n---\n', "+++\ntitle = 'A: b'\n+++\n", "---\r\nTitle: A: b\r\n---\r\n"],
)
def test_front_matter_gives_its_title_and_no_text(front: str) -> None:
    assert (title(front + "# Heading\nwords"), text(front + "# Heading\nwords")) == ("A: b", "Heading\n\nwords")


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    assert text("---\n\nwords without end") == "words without end"


def test_the_title_is_the_highest_heading_else_the_file() -> None:
    assert title("### Small\n\n# The *whole*\n\n# Other") == "The whole"
    assert title("## Part\nwords") == "Part"
    assert title("words") == "brief"
    assert title("---\ntitle:\n---\n# Heading") == "Heading"
