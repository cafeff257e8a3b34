from resources.vectors.bm25 import AVERAGE_TOKENS, embed_documents, embed_query


def test_a_query_meets_the_documents_that_hold_its_words_in_any_form() -> None:
    [document] = embed_documents(["The tariffs were REVISED twice; tariff one stands."])
    assert set(embed_query("revise tariff").indices) <= set(document.indices)


def test_stop_words_weigh_nothing() -> None:
    assert embed_documents(["the of and"]) == [([], [])]
    assert embed_query("the of and").indices == []


def test_a_word_said_twice_weighs_more_but_not_twice() -> None:
    once, twice = embed_documents(["cargo", "cargo cargo"])
    assert once.values[0] < twice.values[0] < 2 * once.values[0]


def test_a_word_of_an_average_passage_said_once_weighs_one() -> None:
    """The formula: f(k+1) / (f + k(1 - b + b·length/average)); at the average length and f = 1 it is 1."""
    words = " ".join(f"word{number}" for number in range(int(AVERAGE_TOKENS)))
    [document] = embed_documents([words])
    assert len(document.indices) == int(AVERAGE_TOKENS)
    assert all(abs(value - 1) < 1e-6 for value in document.values)


def test_every_index_stands_once() -> None:
    [document] = embed_documents([" ".join(f"w{number % 500}" for number in range(2_000))])
    assert len(set(document.indices)) == len(document.indices) == len(document.values)
