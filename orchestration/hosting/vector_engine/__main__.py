"""``python -m orchestration.hosting.vector_engine``: serve one folder on one loopback port until SIGTERM or SIGINT."""

import argparse
import ctypes
import errno
import logging
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

import uvicorn

from orchestration.hosting.vector_engine.app import application
from orchestration.hosting.vector_engine.errors import EngineStartError
from orchestration.hosting.vector_engine.registry import Registry
from resources.domain.errors import WaybillError

_HOST = "127.0.0.1"
_KEEP_ALIVE_S = 75
"""Longer than the client keeps an idle connection, so that it never writes into one that we are closing."""
_GRACE_S = 20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_GIVE_BACK_BYTES = 64 << 10


def main(arguments: list[str] | None = None) -> int:
    """Serve; 0 after a signal, 1 when the start was impossible, with the reason on standard error.

    When it listens, it prints one line ``listening on http://127.0.0.1:PORT``.
    """
    asked = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for signum in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops in its own time, puts this handler back and raises the signal again: then leave with 0.
        signal.signal(signum, _leave)
    _keep_little_memory()
    try:
        listener = _listen(asked.port)
        server = _server(Registry(asked.path), _key(asked.key_file), listener.getsockname()[1])
    except WaybillError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    server.run(sockets=[listener])
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vector_engine", description=__doc__)
    parser.add_argument("--path", type=Path, required=True, help="the folder that holds the collections")
    parser.add_argument("--port", type=int, required=True, help="a port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--key-file", type=Path, required=True, help="a file with the key that clients must send")
    return parser.parse_args(arguments)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port), backlog=256)
    except OSError as error:
        found = "a port that another program listens on" if error.errno == errno.EADDRINUSE else str(error)
        raise EngineStartError(
            f"port {port} of {_HOST}", expected="a free port", found=found, remedy="Set WAYBILL_VECTOR_PORT to another."
        ) from error


def _key(path: Path) -> str:
    try:
        key = path.read_text().strip()
    except OSError as error:
        raise EngineStartError(
            str(path), expected="a readable key file", found=str(error), remedy="Start the engine through waybill."
        ) from error
    if not key:
        raise EngineStartError(str(path), expected="a key", found="an empty file", remedy="Remove it and start again.")
    return key


def _server(registry: Registry, key: str, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application(registry, key, started=lambda: print(f"listening on http://{_HOST}:{port}", flush=True)),
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )


def _keep_little_memory() -> None:
    """Let freed memory go back to the system at once (glibc, ``mallopt(3)``).

    Threads share one arena: each of its own would keep what its largest request took. Whatever is larger than
    ``_GIVE_BACK_BYTES`` is mapped alone and unmapped when freed: by itself the library raises that bound to the size of
    a request, whose place then stays as a hole between small objects, and the holes grow with the points stored.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(_M_ARENA_MAX, 1)
        tune(_M_MMAP_THRESHOLD, _GIVE_BACK_BYTES)
        tune(_M_TRIM_THRESHOLD, _GIVE_BACK_BYTES)


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
