import random
import threading
from collections.abc import Sequence

import pytest
from tokenizers import Tokenizer

from resources.embedder.word_tokens import LONGEST_KEPT_CHARS, SPACE, WORDS_KEPT, WordTokens
from resources.embedder.wordllama import VOCABULARY, _folder

ODD = [
    "", " ", "  ", "a", " a", "a ", "a  b   c", "a\nb\n\n c", "\t a\r\n", "end. Start", f"{SPACE}a{SPACE}{SPACE} b",
    "<s>", "a <s>b</s> <unk>", "a < b <sup>", "é 🎉 日本 \u3000 \u00a0x", "\0", "x" * 500 + " y", "word " * 300,
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(_folder() / VOCABULARY))


def whole(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def test_no_token_of_the_vocabulary_reaches_over_a_space(tokenizer: Tokenizer) -> None:
    """What the module stands on: a space stands only before the other letters of a token, or before spaces."""
    assert [token for token in tokenizer.get_vocab() if SPACE in token.lstrip(SPACE)] == []


def test_the_tokens_are_those_of_the_whole_text(tokenizer: Tokenizer) -> None:
    rng = random.Random(1)
    vocabulary = sorted(tokenizer.get_vocab())
    letters = [*f"   {SPACE}\n\t.,-'abcé日🎉<>s/", "<s>", "</s>", "the", "  "]
    texts = ODD + [token.replace(SPACE, " ") for token in vocabulary]
    texts += ["".join(rng.choices(letters, k=rng.randint(1, 12))) for _ in range(10_000)]
    texts += ["".join(rng.choices(vocabulary, k=rng.randint(1, 5))) for _ in range(10_000)]
    assert list(WordTokens(tokenizer).of(texts)) == whole(tokenizer, texts)


def test_a_word_is_tokenised_once(tokenizer: Tokenizer) -> None:
    tokens = WordTokens(tokenizer)
    list(tokens.of(["one two one", "two three"]))
    known = dict(tokens._known)
    assert known.keys() == {"", "one", "two", "three"}
    list(tokens.of(["three one four"]))
    assert all(tokens._known[word] is ids for word, ids in known.items())
    assert tokens._known.keys() - known.keys() == {"four"}


def test_what_is_kept_is_bounded_and_nothing_long_is(tokenizer: Tokenizer) -> None:
    tokens = WordTokens(tokenizer, at_most=100)
    for start in range(0, 1_000, 10):
        texts = [f"number {n} {'long' * 10} " for n in range(start, start + 10)]
        assert list(tokens.of(texts)) == whole(tokenizer, texts)
        assert len(tokens._known) <= 100
        assert max(map(len, tokens._known)) <= LONGEST_KEPT_CHARS
    assert WORDS_KEPT >= 10_000, "the words of a language's everyday texts"


def test_threads_share_it_while_words_are_forgotten(tokenizer: Tokenizer) -> None:
    tokens, wrong = WordTokens(tokenizer, at_most=50), []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(100):
            texts = [" ".join(str(rng.randint(0, 60)) for _ in range(20))]
            if list(tokens.of(texts)) != whole(tokenizer, texts):
                wrong.append(texts)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
