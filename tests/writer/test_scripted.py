"""The writer for tests does what its script says, and its counts outlive the process."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.domain.press_release_rules import faults
from resources.domain.press_releases import Release
from resources.writer.answers import good_headlines, good_judgement, good_release
from resources.writer.offline import OfflineWriter
from resources.writer.writer import Headlines, Writer, WriterAnswerError, WriterUnavailableError
from tests.writer.briefs import acme_brief, texts
from tests.writer.faulty import Fault
from tests.writer.scripted import Script, ScriptedWriter, calls, inputs

BRIEF = acme_brief()
HEADLINES = OfflineWriter().headlines(BRIEF, 7).headlines
IN_A_PROCESS = """
import os, signal, sys
from pathlib import Path
from tests.writer.briefs import acme_brief
from tests.writer.scripted import ScriptedWriter
ScriptedWriter.load(Path(sys.argv[1])).headlines(acme_brief(), 7)
os.kill(os.getpid(), signal.SIGKILL)
"""


def writer(tmp_path: Path, **script: object) -> ScriptedWriter:
    path = Script.model_validate({"asked": tmp_path / "asked", **script}).write(tmp_path / "script.json")
    return ScriptedWriter.load(path)


def drafted(writer: Writer) -> Release:
    return writer.draft(BRIEF, HEADLINES[0])


def test_without_more_in_its_script_it_is_the_offline_writer(tmp_path: Path) -> None:
    scripted, offline = writer(tmp_path), OfflineWriter()
    release = drafted(offline)
    notes = faults(release, BRIEF)
    assert scripted.name == "scripted"
    assert scripted.headlines(BRIEF, 7) == offline.headlines(BRIEF, 7)
    assert scripted.judge(BRIEF, HEADLINES, 2) == offline.judge(BRIEF, HEADLINES, 2)
    assert drafted(scripted) == release
    assert scripted.notes(BRIEF, release) == offline.notes(BRIEF, release)
    assert scripted.revise(BRIEF, release, notes) == offline.revise(BRIEF, release, notes)
    assert calls(tmp_path / "asked") == {"headlines": 1, "judge": 1, "draft": 1, "notes": 1, "revise": 1}


def test_calls_are_counted_over_a_process_that_was_killed(tmp_path: Path) -> None:
    scripted = writer(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(tmp_path / "script.json")],
        cwd=Path(__file__).parents[2],
        check=False,
        timeout=60,
    )
    assert ended.returncode == -9
    scripted.headlines(BRIEF, 7)
    assert calls(tmp_path / "asked") == {"headlines": 2}


def test_the_same_question_is_seen_to_be_the_same(tmp_path: Path) -> None:
    scripted = writer(tmp_path)
    scripted.draft(BRIEF, HEADLINES[0])
    scripted.draft(BRIEF, HEADLINES[1])
    scripted.draft(BRIEF, HEADLINES[0])
    first, second, third = inputs(tmp_path / "asked")
    assert first == third != second


def test_it_fails_as_often_as_it_is_told_and_then_answers(tmp_path: Path) -> None:
    scripted = writer(tmp_path, unavailable={"draft": 2})
    for _ in range(2):
        with pytest.raises(WriterUnavailableError):
            drafted(scripted)
    assert drafted(writer(tmp_path, unavailable={"draft": 2})).paragraphs
    assert calls(tmp_path / "asked") == {"draft": 3}


def test_it_takes_its_time(tmp_path: Path) -> None:
    begun = time.monotonic()
    writer(tmp_path, delay_s=0.2).headlines(BRIEF, 7)
    assert time.monotonic() - begun >= 0.2


def test_given_answers_come_in_their_order_and_then_the_offline_ones(tmp_path: Path) -> None:
    scripted = writer(tmp_path, answers={"headlines": [{"headlines": ["One"]}, {"headlines": ["Two"]}]})
    assert scripted.headlines(BRIEF, 7) == Headlines(headlines=("One",))
    assert scripted.headlines(BRIEF, 7) == Headlines(headlines=("Two",))
    assert scripted.headlines(BRIEF, 7).headlines == HEADLINES


@pytest.mark.parametrize("fault", [Fault.WRONG_NUMBER, Fault.DUPLICATE_HEADLINES])
def test_bad_headlines_are_seen_and_the_next_are_sound(tmp_path: Path, fault: Fault) -> None:
    scripted = writer(tmp_path, faults={"headlines": [fault]})
    with pytest.raises(WriterAnswerError):
        good_headlines(scripted.headlines(BRIEF, 7), 7)
    good_headlines(scripted.headlines(BRIEF, 7), 7)
    assert calls(tmp_path / "asked") == {"headlines": 2}


def test_a_pick_out_of_range_is_seen(tmp_path: Path) -> None:
    scripted = writer(tmp_path, faults={"judge": [Fault.PICK_OUT_OF_RANGE]})
    with pytest.raises(WriterAnswerError, match="99"):
        good_judgement(scripted.judge(BRIEF, HEADLINES, 2), 7, 2)


@pytest.mark.parametrize("fault", [Fault.UNKNOWN_FACT, Fault.EMPTY_PARAGRAPH])
def test_a_bad_release_is_seen_CB_5(tmp_path: Path, fault: Fault) -> None:
    with pytest.raises(WriterAnswerError):
        good_release(drafted(writer(tmp_path, faults={"draft": [fault]})), BRIEF)


def test_what_only_the_claims_gate_or_the_rules_can_see_is_of_good_structure(tmp_path: Path) -> None:
    sound = texts(drafted(OfflineWriter()))
    for fault in (Fault.INVENTED_QUOTE, Fault.NUMBER_OFF_BY_ONE, Fault.BANNED_WORD):
        asked = tmp_path / fault.name
        asked.mkdir()
        release = good_release(drafted(writer(asked, faults={"draft": [fault]})), BRIEF)
        assert len(set(texts(release)) - set(sound)) == 1


def test_a_banned_word_of_the_script_is_found_by_the_rules(tmp_path: Path) -> None:
    release = drafted(writer(tmp_path, faults={"draft": [Fault.BANNED_WORD]}))
    assert [note.rule for note in faults(release, BRIEF) if note.blocks] == ["banned word"]
