"""What the tests of hosting run as processes of their own: `python -m …hosting.commands hold|up|dev`.

Configured by the environment, as the command line is. Each prints one JSON line when it is ready.
"""

import json
import sys
from dataclasses import asdict

from orchestration.hosting.backends import Backends, open_backends
from orchestration.hosting.dev import dev
from orchestration.hosting.up import up
from orchestration.settings import load_settings
from resources.domain.errors import WaybillError
from resources.ledger.migrate import migrate


def hold(*engine: str) -> int:
    """Hold the backends until standard input ends."""
    with open_backends(load_settings(), engine=engine) as backends:
        print(json.dumps({**asdict(backends), "home": str(backends.home.path)}), flush=True)
        sys.stdin.read()
    return 0


def serve(module: str = "tests.orchestration.hosting.toy_location") -> int:
    """`waybill up` over the toy location, and over a ledger at its head."""
    return up(load_settings(), prepare=at_head, module=module, say=lambda words: print(json.dumps(words), flush=True))


def at_head(backends: Backends) -> None:
    migrate(backends.database_direct_url, backends.dagster_database_url)


def develop() -> int:
    """`waybill dev` over the toy location."""
    return dev(load_settings(), module="tests.orchestration.hosting.toy_location")


if __name__ == "__main__":
    try:
        sys.exit({"hold": hold, "up": serve, "dev": develop}[sys.argv[1]](*sys.argv[2:]))
    except WaybillError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
