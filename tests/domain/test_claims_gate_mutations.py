"""The claims gate on 500 sentences made wrong by a seed, and on as many that are right; the shares are printed."""

from collections import Counter
from collections.abc import Collection, Iterable

import pytest

from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.claims_gate import judge_sentence
from tests.domain.claim_mutations import Case, controls, mutants

SEED = 20_261_126
NUMBER = 500
CAUGHT = 0.95
BLOCKED = 0.90
FALSE_ALARMS = 0.05
UNSURE = 0.15
CONCERNED = {
    ClaimKind.NUMBER: {ClaimKind.NUMBER, ClaimKind.DATE},
    ClaimKind.DATE: {ClaimKind.NUMBER, ClaimKind.DATE},
    ClaimKind.QUOTE: {ClaimKind.QUOTE},
    ClaimKind.NAME: {ClaimKind.NAME, ClaimKind.QUOTE},
}
"""Which findings can see a wrong claim of a kind: a year is a date or a number, a name may be a speaker's."""


def judged(case: Case) -> tuple[Finding, ...]:
    return judge_sentence(case.sentence, [CitedSource("s", case.source)])


def worst(findings: Iterable[Finding], kinds: Collection[ClaimKind] = ClaimKind) -> str:
    """What is found of ``kinds``: ``blocked``, ``unsure``, ``passed``; empty: nothing of them is there."""
    found = [each for each in findings if each.kind in kinds]
    if any(each.blocks for each in found):
        return "blocked"
    if any(each.verdict is Verdict.UNSURE for each in found):
        return "unsure"
    return "passed" if found else ""


def test_wrong_sentences_are_caught(capsys: pytest.CaptureFixture[str]) -> None:
    made = mutants(SEED, NUMBER)
    told = [(each, worst(judged(each), CONCERNED[each.kind])) for each in made]
    of = Counter(each.kind for each in made)
    count = Counter((each.kind, end) for each, end in told)
    blocked = {kind: count[kind, "blocked"] / of[kind] for kind in ClaimKind}
    caught = {kind: (count[kind, "blocked"] + count[kind, "unsure"]) / of[kind] for kind in ClaimKind}
    with capsys.disabled():
        for kind in ClaimKind:
            print(
                f"\nclaims gate, wrong {kind}s: {of[kind]}, caught {caught[kind]:.1%}, blocked {blocked[kind]:.1%}",
                end="",
            )
        print("\nmissed:", [(each.how, each.sentence) for each, end in told if end not in ("blocked", "unsure")])
    assert len(made) == NUMBER
    for kind in (ClaimKind.NUMBER, ClaimKind.QUOTE):
        assert of[kind] >= 150
        assert caught[kind] >= CAUGHT
        assert blocked[kind] >= BLOCKED, "what is wrong is to be blocked, not only marked"


def test_right_sentences_raise_no_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    made = controls(SEED, NUMBER)
    told = [(each, judged(each)) for each in made]
    count = Counter((kind, worst(found, {kind})) for _, found in told for kind in ClaimKind)
    of = {kind: sum(count[kind, end] for end in ("blocked", "unsure", "passed")) for kind in ClaimKind}
    alarms = [(each.how, each.sentence) for each, found in told if worst(found) == "blocked"]
    with capsys.disabled():
        for kind in ClaimKind:
            share = {end: f"{count[kind, end] / of[kind]:.1%}" for end in ("blocked", "unsure")}
            print(f"\nclaims gate, right {kind}s: in {of[kind]} sentences, {share}", end="")
        print("\nfalse alarms:", alarms)
    assert len(made) == NUMBER
    for kind in (ClaimKind.NUMBER, ClaimKind.QUOTE):
        assert of[kind] >= 150
        assert count[kind, "blocked"] / of[kind] <= FALSE_ALARMS
        assert count[kind, "unsure"] / of[kind] < UNSURE
