"""A writer for tests that behaves as a paid one can: slow, unavailable, wrong; and that says how often it was asked.

All that it is told stands in a JSON file (`Script`), so that a process that a test starts can load it; each call is a
line in another, so that a count outlives a kill -9. What it is not told otherwise is the offline writer's answer.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from resources.domain.press_releases import Brief, Note, Release
from resources.writer.offline import OfflineWriter
from resources.writer.writer import Headlines, Judgement, Notes, WriterUnavailableError
from tests.writer.faulty import Fault, spoiled

Answer = TypeVar("Answer", bound=BaseModel)


class Script(BaseModel):
    """How the writer behaves; ``calls`` are headlines, judge, draft, notes and revise.

    Attributes:
        asked: the file that gets a line for each call, made when it is not there.
        delay_s: how long each call takes, in seconds.
        unavailable: how many of the first calls of a name fail with WriterUnavailableError, over all processes.
        faults: what is wrong with the answers of a name, one for each call that is answered; later ones are sound.
        answers: the answers of a name as JSON, one for each call that is answered; later ones are the offline writer's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked: Path
    name: str = "scripted"
    delay_s: float = 0.0
    unavailable: dict[str, int] = {}
    faults: dict[str, list[Fault]] = {}
    answers: dict[str, list[dict[str, Any]]] = {}

    def write(self, path: Path) -> Path:
        """Put it into the file ``path``, from which `ScriptedWriter.load` takes it."""
        path.write_text(self.model_dump_json(), encoding="utf-8")
        return path


class ScriptedWriter:
    """A `Writer` that does what its script says."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._offline = OfflineWriter()

    @classmethod
    def load(cls, path: Path) -> "ScriptedWriter":
        return cls(Script.model_validate_json(path.read_bytes()))

    @property
    def name(self) -> str:
        return self._script.name

    def headlines(self, brief: Brief, number: int) -> Headlines:
        place = self._asked("headlines", brief, number)
        return self._answer("headlines", place, brief, lambda: self._offline.headlines(brief, number), Headlines)

    def judge(self, brief: Brief, headlines: Sequence[str], picks: int) -> Judgement:
        place = self._asked("judge", brief, list(headlines), picks)
        return self._answer("judge", place, brief, lambda: self._offline.judge(brief, headlines, picks), Judgement)

    def draft(self, brief: Brief, headline: str) -> Release:
        place = self._asked("draft", brief, headline)
        return self._answer("draft", place, brief, lambda: self._offline.draft(brief, headline), Release)

    def notes(self, brief: Brief, release: Release) -> Notes:
        place = self._asked("notes", brief, release)
        return self._answer("notes", place, brief, lambda: self._offline.notes(brief, release), Notes)

    def revise(self, brief: Brief, release: Release, notes: Sequence[Note]) -> Release:
        place = self._asked("revise", brief, release, list(notes))
        return self._answer("revise", place, brief, lambda: self._offline.revise(brief, release, notes), Release)

    def _asked(self, call: str, *given: object) -> int:
        """Note the call, wait, and fail if the script says so; else which answer of this name is due, from 0."""
        note_call(self._script.asked, call, given)
        Event().wait(self._script.delay_s)
        place = calls(self._script.asked)[call] - 1 - self._script.unavailable.get(call, 0)
        if place < 0:
            raise WriterUnavailableError(
                f"the scripted writer's {call}", expected="an answer", found="none", remedy="Ask again."
            )
        return place

    def _answer(self, call: str, place: int, brief: Brief, offline: Any, kind: type[Answer]) -> Answer:
        given, faults = self._script.answers.get(call, []), self._script.faults.get(call, [])
        answer: Answer = kind.model_validate(given[place]) if place < len(given) else offline()
        return spoiled(answer, faults[place], brief) if place < len(faults) else answer


def note_call(path: Path, call: str, given: Sequence[object]) -> None:
    """Append one line for the call, on disk before it returns."""
    words = json.dumps([each.model_dump(mode="json") if isinstance(each, BaseModel) else str(each) for each in given])
    line = json.dumps({"call": call, "input": hashlib.sha256(words.encode()).hexdigest(), "process": os.getpid()})
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def calls(path: Path) -> Counter[str]:
    """How often each call was made, by all processes."""
    return Counter(call for call, _ in inputs(path))


def inputs(path: Path) -> list[tuple[str, str]]:
    """Each call with the hash of what it was given, in order: a pair twice is something paid for twice."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [(line["call"], line["input"]) for line in map(json.loads, lines)]
