"""``python -m tests.clickup_server``: the stand-in alone, for a person; with ``--json`` for the tests' own use."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
import threading
from dataclasses import fields

import uvicorn

from tests.clickup_server.connections import ResettableProtocol
from tests.clickup_server.server import Options, build

REAL_PER_MINUTE = 100
TOLD = """\
ClickUp's stand-in listens. Its page, for the account manager: {page}

Point Waybill to it with these settings of the environment:
  WAYBILL_CLICKUP_URL={url}
  WAYBILL_CLICKUP_TOKEN={token}

and these lines of waybill.toml:
  [clickup]
  team = "{team}"
  spaces = ["{space}"]
  time_zone = "{zone}"

Everything is in memory: it is gone when this ends (Ctrl+C).
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.clickup_server", description="A stand-in for ClickUp.")
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one")
    parser.add_argument("--real-limits", action="store_true", help="100 requests a minute, as ClickUp's plans have")
    parser.add_argument("--json", action="store_true", help="print one line of JSON when it listens")
    parser.add_argument("--until-eof", action="store_true", help="end when the input ends: with whoever started it")
    for option in fields(Options):
        name = f"--{option.name.replace('_', '-')}"
        parser.add_argument(name, type=type(option.default), default=option.default, help="default: %(default)s")
    return parser.parse_args()


def listening(port: int) -> socket.socket:
    """A socket on loopback. An address that was just left can be taken again at once."""
    # The protocol is named, or asyncio would not switch Nagle's algorithm off and answers would take 40 ms.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen(1024)
    return made


def end_with_input() -> None:
    """End when standard input does: its other end closes with the process that holds it, however that ends."""

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    given = arguments()
    chosen = {option.name: getattr(given, option.name) for option in fields(Options)}
    options = Options(**chosen | ({"per_minute": REAL_PER_MINUTE} if given.real_limits else {}))
    door = listening(given.port)
    origin = f"http://127.0.0.1:{door.getsockname()[1]}"
    app, known = build(options, origin)
    if given.until_eof:
        end_with_input()
    print(json.dumps(known) if given.json else TOLD.format(page=f"{origin}/", zone=options.zone, **known), flush=True)
    config = uvicorn.Config(
        app,
        http=ResettableProtocol,
        ws="none",
        loop="asyncio",
        log_level=logging.ERROR,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl+C is how a person ends it
        asyncio.run(uvicorn.Server(config).serve(sockets=[door]))


if __name__ == "__main__":
    main()
