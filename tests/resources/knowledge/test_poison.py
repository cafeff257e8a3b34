"""Halving: the bad rows and no others, in few calls, and nobody where nothing at all is accepted."""

from collections.abc import Sequence
from math import ceil, log2

import pytest

from resources.domain.ids import DocumentId, ExtractionId, PointId, derived
from resources.embedder.embedder import EmbedderUnavailableError, TextRefusedError
from resources.knowledge.poison import isolate
from resources.ledger.embeddings import Orphan

ERROR = TextRefusedError("model", expected="texts", found="poison", remedy="Look at the text.")


def orphan(number: int) -> Orphan:
    document = DocumentId(derived("document"))
    return Orphan(ExtractionId(derived("extraction", str(number))), document, "passage", str(number))


class Upserting:
    """Refuses any of ``bad``, and is away at its call ``away_at``."""

    def __init__(self, *bad: int, away_at: int = 0) -> None:
        self.bad = {str(number) for number in bad}
        self.calls, self.away_at = 0, away_at

    def __call__(self, orphans: Sequence[Orphan]) -> list[PointId]:
        self.calls += 1
        if self.calls == self.away_at:
            raise EmbedderUnavailableError("model", expected="an answer", found="none", remedy="Start it.")
        if self.bad & {orphan.text for orphan in orphans}:
            raise ERROR
        return [PointId(orphan.id) for orphan in orphans]


@pytest.mark.parametrize("bad", [(0,), (511,), (1, 2), (0, 255, 256, 511), (3, 400, 77)])
def test_the_bad_rows_and_no_others_are_found_in_few_calls(bad: tuple[int, ...]) -> None:
    orphans, upserting = [orphan(number) for number in range(512)], Upserting(*bad)
    accepted, refusals = isolate(orphans, upserting, None, ERROR)
    assert sorted(int(refusal.orphan.text) for refusal in refusals) == sorted(bad)
    assert set(accepted) == {o.id for o in orphans if int(o.text) not in bad}
    assert upserting.calls <= 2 * len(bad) * ceil(log2(512))


@pytest.mark.parametrize("count", [2, 3, 64])
def test_nobody_is_blamed_where_all_are_refused_and_no_witness_speaks(count: int) -> None:
    with pytest.raises(TextRefusedError):
        isolate([orphan(n) for n in range(count)], Upserting(*range(count)), None, ERROR)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_all_are_blamed_where_a_witness_is_accepted(count: int) -> None:
    accepted, refusals = isolate([orphan(n) for n in range(count)], Upserting(*range(count)), orphan(99), ERROR)
    assert (accepted, len(refusals)) == ({}, count)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_nobody_is_blamed_where_the_witness_is_refused_too(count: int) -> None:
    with pytest.raises(TextRefusedError):
        isolate([orphan(n) for n in range(count)], Upserting(*range(count), 99), orphan(99), ERROR)


def test_an_outage_while_halving_blames_nobody() -> None:
    for call in range(1, 10):
        with pytest.raises(EmbedderUnavailableError):
            isolate([orphan(n) for n in range(32)], Upserting(5, away_at=call), None, ERROR)
