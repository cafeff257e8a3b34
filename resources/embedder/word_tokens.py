"""The tokens of texts, word by word: each word is tokenised once, and a text's tokens are those of its words.

The vocabulary has no token in which a space follows anything but a space, so none reaches from one word into the next,
and the tokens are those of the whole text. Tokenised whole, a text is one word to the library, which takes 70 us of it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from tokenizers import Tokenizer

SPACE: Final = "\u2581"
"""What the vocabulary writes for a space."""
WORDS_KEPT: Final = 16_384
"""With their tokens, 4 MiB; more words than that, and all are forgotten and met anew."""
LONGEST_KEPT_CHARS: Final = 24
_WORD: Final = re.compile(r" +[^ ]*")
_SPECIAL: Final = re.compile(r"</?s>|<unk>")
"""The library looks for these before it looks at words."""


class WordTokens:
    """Remembers the tokens of words. May be shared by threads."""

    def __init__(self, tokenizer: Tokenizer, *, at_most: int = WORDS_KEPT) -> None:
        """``tokenizer`` puts a space before a text, as SentencePiece does. ``at_most`` words are remembered."""
        self._tokenizer, self._at_most = tokenizer, at_most
        # "": the space at the end of a text, to which the tokenizer adds none.
        self._end: dict[str, list[int]] = {"": [id_ for id_ in (tokenizer.token_to_id(SPACE),) if id_ is not None]}
        self._known = dict(self._end)

    def of(self, texts: Iterable[str]) -> Iterator[list[int]]:
        """The tokens of each text, as the tokenizer gives them for the whole text."""
        split = [_words(text) for text in texts]
        tokens = self._tokens(set(chain.from_iterable(split)))
        for words in split:
            yield list(chain.from_iterable(map(tokens.__getitem__, words)))

    def _tokens(self, words: set[str]) -> dict[str, list[int]]:
        known = self._known  # of this call, whatever another thread forgets meanwhile
        new = [word for word in words if word not in known]
        encodings = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
        tokens = {word: encoding.ids for word, encoding in zip(new, encodings, strict=True)}
        kept = {word: ids for word, ids in tokens.items() if len(word) <= LONGEST_KEPT_CHARS}
        for word in words - tokens.keys():
            tokens[word] = known[word]
        if len(known) + len(kept) > self._at_most:
            self._known = self._end | kept
        else:
            known.update(kept)
        return tokens


def _words(text: str) -> list[str]:
    """``text`` cut before each run of spaces, without the first space of the run; a special token keeps it whole."""
    if "<" in text and _SPECIAL.search(text):
        return [text]
    return [word[1:] for word in _WORD.findall(" " + text.replace(SPACE, " "))] if text else []
