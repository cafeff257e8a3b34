"""Runs an outside program to its end: bounded in time and memory, and nothing of it outlives the call."""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from errno import EAGAIN, EMFILE, ENFILE, ENOMEM, ETXTBSY
from pathlib import Path
from typing import IO, Final, Literal

from resources.domain.errors import PermanentError, TransientError
from resources.work import warden

Outcome = Literal["finished", "deadline", "stopped"]
GRACE_S: Final = 5.0
_LOOK_S: Final = 0.2
"""How soon a ``stop`` or the deadline is seen."""
_READ_BYTES: Final = 65_536
_MAY_PASS: Final = frozenset({EAGAIN, EMFILE, ENFILE, ENOMEM, ETXTBSY})


class ProgramMissingError(PermanentError):
    """The program is not there, or it is none that can be run."""


class ProgramLostError(TransientError):
    """The machine could not start or keep the program just now; nothing is known of its end."""


@dataclass(frozen=True, slots=True)
class Output:
    """What came out of one of its outputs: the last bytes, as many as were to be kept, and how many there were."""

    kept: bytes
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: by itself with a ``code``, or by a ``signal``.

    ``outcome`` is ``deadline`` or ``stopped`` when it was asked to end before it did, whatever its end was then (DT-1).
    """

    outcome: Outcome
    code: int | None
    signal: int | None
    stdout: Output
    stderr: Output
    duration_s: float


def run(
    program: Sequence[str],
    *,
    folder: Path,
    deadline_s: float,
    stop: threading.Event,
    keep_bytes: int | None,
    environment: Mapping[str, str] | None = None,
    grace_s: float = GRACE_S,
) -> Ended:
    """Run ``program`` in ``folder``, without a shell and without input, until it ends or is ended.

    It is ended with all that it started after ``deadline_s``, when ``stop`` is set (both seen within 0.2 s), when this
    call is interrupted, and when this process is killed: TERM first, KILL after ``grace_s``. What it leaves running
    when it ends by itself is ended likewise. Of our environment it gets PATH and LANG, and ``environment`` beside them.

    Of each output the last ``keep_bytes`` bytes are kept; 0 keeps none, None keeps all. The rest is read and counted.

    Raises:
        ProgramMissingError: it did not run, and will not.
        ProgramLostError: it did not run this time, or nothing is known of its end.
    """
    started_s = time.monotonic()
    out, err, told = _Stream(keep_bytes), _Stream(keep_bytes), _Stream(None)
    order = json.dumps({"program": list(program), "environment": dict(environment or {})})
    with _warden(order.encode(), folder, grace_s) as (process, report):
        assert process.stdout is not None
        assert process.stderr is not None
        streams = {process.stdout: out, process.stderr: err, report: told}
        outcome = _watched(process, streams, report, started_s + deadline_s, stop)
    code, signum = _understood(bytes(told.kept), program[0], bytes(err.kept))
    return Ended(outcome, code, signum, out.output, err.output, time.monotonic() - started_s)


@dataclass
class _Stream:
    keep_bytes: int | None
    total_bytes: int = 0
    kept: bytearray = field(default_factory=bytearray)

    def add(self, block: bytes) -> None:
        self.total_bytes += len(block)
        self.kept += block
        if self.keep_bytes is not None:
            del self.kept[: max(0, len(self.kept) - self.keep_bytes)]

    @property
    def output(self) -> Output:
        return Output(bytes(self.kept), self.total_bytes)


@contextmanager
def _warden(order: bytes, folder: Path, grace_s: float) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The process that runs the program, and the stream on which it reports; gone at the end, and the program first."""
    reading, telling = os.pipe()
    command = [sys.executable, "-I", "-S", warden.__file__, str(os.getpid()), str(telling), str(grace_s)]
    pipe = subprocess.PIPE
    with os.fdopen(reading, "rb", buffering=0) as report:
        try:
            process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=[telling], cwd=folder, start_new_session=True
            )
        finally:
            os.close(telling)
        with process:
            try:
                assert process.stdin is not None
                with suppress(BrokenPipeError), process.stdin:
                    process.stdin.write(order)
                yield process, report
            finally:
                _end(process, grace_s)


def _end(process: subprocess.Popen[bytes], grace_s: float) -> None:
    """Let the warden end the program; one that cannot is killed, and its program with it."""
    process.terminate()
    try:
        process.wait(grace_s + warden.KILLING_S + 1)
    except subprocess.TimeoutExpired:
        process.kill()


def _watched(
    process: subprocess.Popen[bytes],
    streams: Mapping[IO[bytes], _Stream],
    report: IO[bytes],
    deadline_s: float,
    stop: threading.Event,
) -> Outcome:
    """Read everything until the warden is gone, and have the program ended when its time is over."""
    outcome: Outcome = "finished"
    with selectors.DefaultSelector() as selector:
        for source, stream in streams.items():
            selector.register(source, selectors.EVENT_READ, stream)
        while report in selector.get_map():
            _read(selector, _LOOK_S)
            if outcome == "finished" and not streams[report].total_bytes:  # else its end came first
                outcome = "stopped" if stop.is_set() else "deadline" if time.monotonic() >= deadline_s else "finished"
                if outcome != "finished":
                    process.terminate()
        until_s = time.monotonic() + warden.KILLING_S
        while _read(selector, 0) and time.monotonic() < until_s:
            pass
    return outcome


def _read(selector: selectors.BaseSelector, within_s: float) -> bool:
    """Whether anything came, which is kept or counted; an output that was closed is looked at no more."""
    ready = selector.select(within_s)
    for key, _ in ready:
        block = os.read(key.fd, _READ_BYTES)
        if block:
            key.data.add(block)
        else:
            selector.unregister(key.fileobj)
    return bool(ready)


def _understood(report: bytes, program: str, stderr: bytes) -> tuple[int | None, int | None]:
    """The code or the signal that the warden reports."""
    word, _, number = (report.decode().splitlines() or [""])[0].partition(" ")
    if word in ("code", "signal"):
        return (int(number), None) if word == "code" else (None, int(number))
    where, expected = f"program {program}", "a program that runs"
    if word == "refused" and int(number) not in _MAY_PASS:
        remedy = "Install it, or correct `program` in waybill.toml: a path, or a name that is on PATH."
        raise ProgramMissingError(where, expected=expected, found=os.strerror(int(number)), remedy=remedy)
    said = stderr.decode(errors="replace").strip().rpartition("\n")[2]
    found = os.strerror(int(number)) if word == "refused" else said or "that it was killed together with its warden"
    raise ProgramLostError(where, expected=expected, found=found, remedy="Look at the machine's memory and processes.")
