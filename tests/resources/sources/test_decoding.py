import pytest

from resources.domain.documents import DocumentUnreadableError
from resources.sources.decoding import decode

GERMAN = "Größe, Übermaß und Straße, 5 € für “alle” Gäste."
RUSSIAN = (
    "Компания была основана в Москве и продаёт книги по всей стране. Сегодня в ней работают люди из многих городов."
)
JAPANESE = "会社は東京で設立されました。現在、多くの人々が働いています。製品は世界中で販売されています。"


@pytest.mark.parametrize("character_set", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_western_text_is_read_in_every_set_it_is_saved_in(character_set: str) -> None:
    assert decode(GERMAN.encode(character_set), "file:///a") == GERMAN


@pytest.mark.parametrize("character_set", ["utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_names_the_order(character_set: str) -> None:
    assert decode(("\ufeff" + RUSSIAN).encode(character_set), "file:///a") == RUSSIAN


@pytest.mark.parametrize(
    ("text", "character_set"), [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (JAPANESE, "shift_jis"), (JAPANESE, "euc-jp")]
)
def test_other_scripts_are_guessed_or_taken_as_declared(text: str, character_set: str) -> None:
    content = (text * 3).encode(character_set)
    assert decode(content, "file:///a") == text * 3
    assert decode(content, "file:///a", declared=f" {character_set.upper()} ") == text * 3


def test_utf8_wins_over_a_false_declaration() -> None:
    assert decode(GERMAN.encode(), "file:///a", declared="iso-8859-1") == GERMAN


def test_latin1_means_its_windows_form_as_in_browsers() -> None:
    assert decode("“5 €”".encode("cp1252"), "file:///a", declared="ISO-8859-1") == "“5 €”"


@pytest.mark.parametrize(
    "declared", ["zlib", "hex", "unicode_escape", "idna", "no-such-set", "", "utf-8", "iso-8859-99"]
)
def test_a_declaration_that_is_no_character_set_is_passed_over(declared: str) -> None:
    assert decode(b"caf\xe9 \\u0041", "file:///a", declared=declared) == "café \\u0041"


def test_bytes_that_no_set_explains_still_become_text() -> None:
    assert decode(b"a long caf\xe9 menu \x81\x8d", "file:///a") == "a long café menu \x81\x8d"


def test_utf16_that_breaks_off_is_unreadable_and_says_why() -> None:
    with pytest.raises(DocumentUnreadableError, match="UTF-16, as its byte order mark says"):
        decode("\ufeffab".encode("utf-16-le")[:-1], "file:///a")


def test_a_few_control_characters_make_no_binary() -> None:
    assert decode(b"page one\x0c" + b"words " * 20 + b"\x1b\x1a", "file:///a").startswith("page one\x0cwords")
