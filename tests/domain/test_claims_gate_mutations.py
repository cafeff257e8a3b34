"""The claims gate on 500 real sentences made wrong by a seed, and on as many that are right; the shares are printed."""

from collections import Counter

import pytest

from resources.domain.claims import CitedSource, ClaimKind, Verdict
from resources.domain.claims_gate import judge_sentence
from tests.domain.claim_mutations import facts, mutants, quotes, same

SEED = 20_261_126
MUTANTS = 500
CAUGHT = 0.95
FALSE_ALARMS = 0.05
UNSURE = 0.15


def worst(source: str, sentence: str) -> str:
    """``blocked``, ``unsure`` or ``passed``."""
    found = judge_sentence(sentence, [CitedSource("s", source)])
    if any(each.blocks for each in found):
        return "blocked"
    return "unsure" if any(each.verdict is Verdict.UNSURE for each in found) else "passed"


def test_wrong_sentences_are_caught(capsys: pytest.CaptureFixture[str]) -> None:
    made = mutants(SEED, MUTANTS)
    ends = Counter((each.kind, worst(each.source, each.sentence)) for each in made)
    missed = Counter(each.how for each in made if worst(each.source, each.sentence) == "passed")
    of = {kind: sum(number for (each, _), number in ends.items() if each is kind) for kind in ClaimKind}
    with capsys.disabled():
        for kind in ClaimKind:
            blocked, unsure = ends[kind, "blocked"], ends[kind, "unsure"]
            caught = (blocked + unsure) / of[kind]
            print(f"\nclaims gate, wrong {kind.value}s: {of[kind]}, caught {caught:.1%} ({blocked} blocked)", end="")
        print(f"\nmissed: {dict(missed)}")
    assert sum(of.values()) == MUTANTS
    for kind in (ClaimKind.NUMBER, ClaimKind.QUOTE):
        assert of[kind] >= 150
        assert (ends[kind, "blocked"] + ends[kind, "unsure"]) / of[kind] >= CAUGHT
        assert ends[kind, "blocked"] / of[kind] >= CAUGHT - 0.05, "what is wrong is to be blocked, not only marked"


@pytest.mark.parametrize("what", ["numbers", "quotes"])
def test_right_sentences_raise_no_alarm(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    sources = facts() if what == "numbers" else quotes()
    together = " ".join(quotes())
    right = [(each, form) for each in sources for form in dict.fromkeys(same(each))]
    ends = Counter(worst(source if what == "numbers" else together, form) for source, form in right)
    with capsys.disabled():
        print(f"\nclaims gate, right {what}: {len(right)}, blocked {ends['blocked']}, unsure {ends['unsure']}")
        for source, form in right:
            if worst(source if what == "numbers" else together, form) == "blocked":
                print("  false alarm:", form[:200])
    assert len(right) >= (12 if what == "quotes" else 100)
    assert ends["blocked"] / len(right) <= FALSE_ALARMS
    assert ends["unsure"] / len(right) <= UNSURE
