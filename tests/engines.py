"""A vector engine for tests: the real child process on a free port, with a folder and a key of its own."""

import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MODULE = "orchestration.hosting.vector_engine"
_STOP_S = 30


@dataclass(frozen=True)
class RunningEngine:
    """``url`` and ``key`` are what a client needs; the rest is for tests of the engine itself."""

    url: str
    key: str
    folder: Path
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(_STOP_S)

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_S)


def engine_command(folder: Path, *, port: int = 0, key: str = "test-key") -> list[str]:
    """The command line that serves ``folder``; the key is written beside it."""
    key_file = folder.with_name(f"{folder.name}.key")
    key_file.parent.mkdir(parents=True, exist_ok=True)
    key_file.write_text(key)
    return [sys.executable, "-m", _MODULE, "--path", str(folder), "--port", str(port), "--key-file", str(key_file)]


@contextmanager
def running_engine(folder: Path, *, port: int = 0, key: str | None = None) -> Iterator[RunningEngine]:
    """Start an engine on ``folder``; it listens when this yields, and is ended when the block ends."""
    key = key or secrets.token_hex(16)
    with subprocess.Popen(engine_command(folder, port=port, key=key), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), f"the engine did not start; exit code {process.wait(_STOP_S)}"
            yield RunningEngine(line.removeprefix("listening on ").strip(), key, folder, process)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(_STOP_S)
