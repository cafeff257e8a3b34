"""The kind of work `command`: what a program is told, what is believed of what it says, and how its failures count."""

import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.deliverables import Draft
from resources.domain.errors import WaybillError
from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims
from resources.ledger.leases import LeaseLostError
from resources.work.attempt import AttemptOverError
from resources.work.command import CommandFailedError, CommandTimedOutError, run_command
from resources.work.command_result import CommandResultError
from resources.work.moving import move
from resources.work.programs import ProgramMissingError
from tests.resources.work.attempts import attempt_at, configured, ready_task, stands
from tests.waiting import wait_until

WRITES = """
import json, os, sys
said = {!r}
with open(sys.argv[2], 'w') as file: file.write(said if isinstance(said, str) else json.dumps(said))
"""
LETTER: Final = {"name": "letter.md", "path": "out/letter.md", "media_type": "text/markdown"}
GOOD: Final[dict[str, Any]] = {"summary": "One letter.", "files": [LETTER]}
MAKES_LETTER = "import os\nos.mkdir('out')\nopen('out/letter.md', 'w').write('# A letter')\n"


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


class Commanding:
    """Attempts at tasks that a program does."""

    def __init__(self, ledger: Engine, artefacts: ArtefactStore) -> None:
        self.ledger, self.artefacts = ledger, artefacts
        self.task = TaskId("")

    def __call__(
        self, code: str, *, task: Mapping[str, Any] | None = None, attempt_deadline_s: float = 60.0, **settings: Any
    ) -> Draft:
        settings = {"program": [sys.executable, "-I", "-S", "-c", code, "{task}", "{result}"]} | settings
        self.task = ready_task(self.ledger, "command", **(task or {}))
        configuration = configured("command", attempt_deadline_s=attempt_deadline_s, **settings)
        with attempt_at(self.ledger, self.task, configuration) as attempt:
            return run_command(self.ledger, self.artefacts, attempt)

    def saying(self, result: object) -> Draft:
        return self(MAKES_LETTER + WRITES.format(result))

    def stored(self, content_hash: str) -> bytes:
        with self.artefacts.open(content_hash) as stream:
            return stream.read()


@pytest.fixture
def command(ledger: Engine, artefacts: ArtefactStore) -> Commanding:
    return Commanding(ledger, artefacts)


def workspaces() -> Sequence[Path]:
    """Those of this process: others may work here too."""
    return sorted(Path(tempfile.gettempdir()).glob(f"waybill-work-*_{os.getpid()}_*"))


def test_CB_9_what_a_program_made_is_what_its_result_file_says(command: Commanding) -> None:
    before = workspaces()
    draft = command("print('failed! error! success!')\n" + MAKES_LETTER + WRITES.format(GOOD))
    (letter,) = draft.files
    made_by = f"the program {Path(sys.executable).name}"
    assert (draft.kind, draft.summary, draft.made_by) == ("command", "One letter.", made_by)
    assert (letter.name, letter.media_type, letter.artefact.size_bytes) == ("letter.md", "text/markdown", 10)
    assert command.stored(letter.artefact.content_hash) == b"# A letter"
    assert workspaces() == before


def test_the_program_is_told_of_the_task(command: Commanding) -> None:
    code = "import shutil, sys; shutil.copy(sys.argv[1], 'told.json')\n"
    result = {"summary": "Told.", "files": [{"name": "told.json", "path": "told.json"}]}
    draft = command(code + WRITES.format(result), task={"name": "Ünï; $(x)", "body": "…", "feedback": "Shorter."})
    assert json.loads(command.stored(draft.files[0].artefact.content_hash)) == {
        "id": command.task, "name": "Ünï; $(x)", "body": "…", "client": "acme", "due_at": "2026-05-16T11:00:00+00:00",
        "attempt": 1, "version": 1, "feedback": "Shorter.",
    }  # fmt: skip
    assert draft.files[0].media_type == "application/octet-stream"


def test_DT_3_its_outputs_are_kept_with_the_attempt_up_to_the_cap(command: Commanding, ledger: Engine) -> None:
    command("import sys; print('abcdef'); sys.stderr.write('é')\n" + MAKES_LETTER + WRITES.format(GOOD), output_bytes=3)
    out, err = stands(ledger, command.task)["log"]
    assert (out["name"], out["size_bytes"], out["total_bytes"]) == ("stdout.txt", 3, 7)
    assert (err["name"], err["size_bytes"], err["total_bytes"]) == ("stderr.txt", 2, 2)
    assert command.stored(out["content_hash"]) == b"ef\n"
    assert err["content_hash"] == hashlib.sha256("é".encode()).hexdigest()


def test_DT_3_with_a_cap_of_zero_nothing_is_kept_and_all_is_counted(command: Commanding, ledger: Engine) -> None:
    command("print('abcdef')\n" + MAKES_LETTER + WRITES.format(GOOD), output_bytes=0)
    assert stands(ledger, command.task)["log"][0] == {
        "name": "stdout.txt", "content_hash": None, "size_bytes": 0, "total_bytes": 7,
    }  # fmt: skip


def test_a_code_that_is_not_zero_is_a_failure_that_uses_an_attempt_up(command: Commanding, ledger: Engine) -> None:
    code = MAKES_LETTER + WRITES.format(GOOD) + "for n in range(9): print('line', n, file=sys.stderr)\nsys.exit(3)"
    with pytest.raises(CommandFailedError, match=r"exit code 3; its last words: line 4 \| .* \| line 8\."):
        command(code)
    now = stands(ledger, command.task)
    assert (now["state"], now["attempts_left"], now["outcome"]) == ("ready", 2, "failed")
    assert "exit code 3" in now["error"]["reason"]
    assert command.stored(now["log"][1]["content_hash"]).startswith(b"line 0\n")


def test_DT_6_one_that_does_not_end_in_time_is_ended_and_may_be_tried_again(
    command: Commanding, ledger: Engine
) -> None:
    with pytest.raises(CommandTimedOutError, match=r"an end within 0\.5 s; found that it still ran .* words: begun"):
        command("import time; print('begun', flush=True); time.sleep(60)", deadline_s=0.5)
    now = stands(ledger, command.task)
    assert (now["state"], now["attempts_left"]) == ("ready", 2)
    assert now["log"][0]["total_bytes"] == 6


def test_DT_6_the_attempts_own_deadline_ends_it_too(command: Commanding, ledger: Engine) -> None:
    with pytest.raises(AttemptOverError):
        command("import time; time.sleep(60)", attempt_deadline_s=1.0)
    assert stands(ledger, command.task)["outcome"] == "timed out"


def test_CP_1_a_cancelled_task_stops_its_program_within_ten_seconds(command: Commanding, ledger: Engine) -> None:
    before = workspaces()
    cancelled_s: list[float] = []

    def cancel() -> None:
        wait_until(lambda: workspaces() != before and any((folder / "begun").exists() for folder in workspaces()))
        with ledger.begin() as connection:
            task, _ = claims.look(connection, command.task)
            move(connection, Configuration(), task, TaskEvent.CANCEL, Act("Ada", "not needed"), reason="not needed")
        cancelled_s.append(time.monotonic())

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(LeaseLostError):
        command("import time; open('begun', 'w').close(); time.sleep(60)")
    assert time.monotonic() - cancelled_s[0] < 10
    thread.join()
    now = stands(ledger, command.task)
    assert (now["state"], now["outcome"]) == ("cancelled", "taken back")
    assert now["log"][0]["total_bytes"] == 0, "what it said is kept all the same"
    assert workspaces() == before


def test_a_program_that_is_not_there_fails_the_task_at_once(command: Commanding, ledger: Engine) -> None:
    with pytest.raises(ProgramMissingError, match="No such file or directory"):
        command("", program=["/no/such/program", "{task}"])
    now = stands(ledger, command.task)
    assert (now["state"], now["outcome"]) == ("failed", "failed")
    assert "/no/such/program" in now["reason"]


def of(**changes: object) -> dict[str, object]:
    """A good result with another first file."""
    return GOOD | {"files": [LETTER | changes]}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("done!", r"the whole: expected Invalid JSON.*found 'done!'"),
        ("", "the whole: expected Invalid JSON"),
        ([1], "the whole: expected .*found .1"),
        ({"files": GOOD["files"]}, "summary: expected Field required; found"),
        (GOOD | {"summary": ""}, "summary: expected String should have at least 1 character"),
        (GOOD | {"files": []}, "files: expected .* at least 1 item"),
        (GOOD | {"mood": "good"}, "mood: expected Extra inputs are not permitted; found 'good'"),
        (GOOD | {"files": GOOD["files"] * 2}, "files: expected Value error, another name for each file"),
        (of(name="../letter.md"), r"files\.0\.name: "),
        (of(name=".bashrc"), r"files\.0\.name: "),
        (of(name="a\x00b"), r"files\.0\.name: "),
        (of(media_type="text"), r"files\.0\.media_type: "),
        (of(path="../../etc/passwd"), r"files\.0\.path: expected Value error, a path below the result's folder"),
        (of(path="/etc/passwd"), r"files\.0\.path: expected Value error, a path below the result's folder"),
        (of(path="out/x/../../../task.json"), r"files\.0\.path: expected Value error"),
        (of(path="out"), r"files\.0\.path: expected a plain file; found 'out', which is a folder"),
        (of(path="out/letter.txt"), r"files\.0\.path: expected a file at 'out/letter.txt'; found No such file"),
        (of(path="x" * 999), r"files\.0\.path: expected a file at .*File name too long"),
    ],
)
def test_CB_9_DT_10_a_result_of_another_form_is_refused_by_the_field_for_good(
    command: Commanding, ledger: Engine, said: object, message: str
) -> None:
    with pytest.raises(CommandResultError, match=message):
        command.saying(said)
    assert stands(ledger, command.task)["state"] == "failed"


def test_CB_9_success_without_a_result_is_none(command: Commanding) -> None:
    with pytest.raises(CommandResultError, match=r"expected a file at 'result\.json'; found No such file"):
        command("print('completed successfully')")


@pytest.mark.parametrize(
    ("makes", "message"),
    [
        ("os.mkdir('out'); os.symlink('/etc/passwd', 'out/letter.md')", "is or passes a link"),
        ("os.symlink('/etc', 'out'); open('letter.md', 'w')", "No such file|is or passes a link"),
        ("os.mkdir('real'); open('real/letter.md', 'w').close(); os.symlink('real', 'out')", "is or passes a link"),
        ("os.mkdir('out'); os.mkfifo('out/letter.md')", "a pipe or a device"),
        ("os.mkdir('out'); os.symlink('letter.md', 'out/letter.md')", "expected a file"),
    ],
)
def test_no_link_and_no_pipe_is_taken_for_a_file(command: Commanding, makes: str, message: str) -> None:
    with pytest.raises(CommandResultError, match=message):
        command(f"import os\n{makes}\n" + WRITES.format(GOOD))


def test_a_result_that_is_a_link_is_none(command: Commanding) -> None:
    code = MAKES_LETTER + WRITES.format(GOOD) + "os.rename(sys.argv[2], 'r.json'); os.symlink('r.json', sys.argv[2])"
    with pytest.raises(CommandResultError, match="is or passes a link"):
        command(code)


def test_the_result_and_its_files_together_stay_within_the_cap(command: Commanding) -> None:
    size = len(json.dumps(GOOD)) + 10
    code = MAKES_LETTER + WRITES.format(GOOD)
    assert command(code, result_bytes=size).files[0].artefact.size_bytes == 10
    with pytest.raises(CommandResultError, match=r"files\.0\.path: expected at most 9 more bytes; found 10 bytes"):
        command(code, result_bytes=size - 1)
    with pytest.raises(CommandResultError, match=r"expected at most 20 more bytes; found \d+ bytes in 'result\.json'"):
        command(code, result_bytes=20)


def test_every_error_says_whether_a_retry_can_help() -> None:
    assert [error.retry_helps for error in (CommandFailedError, CommandTimedOutError)] == [True, True]
    assert [error.retry_helps for error in (CommandResultError, ProgramMissingError)] == [False, False]
    assert issubclass(CommandResultError, WaybillError)
