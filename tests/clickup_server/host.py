"""The stand-in as tests use it: a process of its own, and one call for each thing that can be done to it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
END_S = 5.0
Found = dict[str, object]


@dataclass(frozen=True)
class ClickUpHost:
    """A running stand-in. ``url`` is the API's, ``token`` a personal one; the ids are of the seeded workspace.

    Every method is one request to ``/_control``, which no fault, limit or lag touches. ``user`` is a person's name.
    """

    url: str
    token: str
    team: str
    space: str
    list_id: str
    client: httpx.Client

    def api(self, **options: object) -> httpx.Client:
        """A client of the API itself, with the token. Whoever asks for it closes it."""
        return httpx.Client(
            **{"base_url": self.url, "headers": {"Authorization": self.token}, "trust_env": False} | options
        )

    # What people do.

    def create_task(
        self,
        name: str,
        *,
        description: str = "",
        list_id: str | None = None,
        status: str | None = None,
        fields: dict[str, object] | None = None,
        due_at_ms: int | None = None,
        priority: int | None = None,
        user: str | None = None,
    ) -> str:
        """The id of a new task. ``fields`` by name, drop-downs by the name of an option. ``user`` None is Anna."""
        task = {"name": name, "description": description, "list_id": list_id, "status": status, "fields": fields}
        more = {"due_at_ms": due_at_ms, "priority": priority, "user": user}
        return str(self._call("POST", "/tasks", task | more)["id"])

    def create_many(
        self,
        n: int,
        *,
        name: str = "Task",
        list_id: str | None = None,
        status: str | None = None,
        fields: dict[str, object] | None = None,
    ) -> list[str]:
        """The ids of ``n`` tasks, for which no webhook fires. 10,000 take a second or so."""
        task = {"name": name, "list_id": list_id, "status": status, "fields": fields}
        made = self._call("POST", "/tasks/many", task | {"n": n})["ids"]
        assert isinstance(made, list)
        return made

    def move(self, task_id: str, status: str, *, user: str = "Anna") -> None:
        self._call("PUT", f"/tasks/{task_id}", {"status": status, "user": user})

    def say(self, task_id: str, text: str, *, user: str = "Anna") -> str:
        """The id of a person's comment."""
        return str(self._call("POST", f"/tasks/{task_id}/comments", {"text": text, "user": user})["id"])

    def edit(self, task_id: str, **changes: object) -> None:
        """Of ``name, description, priority, status, due_at_ms, tags, assignees, archived, parent``, ``list_id`` (the
        task is dragged there), ``fields`` (by name) and ``user``.
        """
        self._call("PUT", f"/tasks/{task_id}", changes)

    def delete(self, task_id: str) -> None:
        self._call("DELETE", f"/tasks/{task_id}")

    # The truth.

    def task(self, task_id: str) -> Found:
        """A task as it is now, whatever reads show: ``status, deleted, fields, history, comments, attachments``…."""
        return self._call("GET", f"/tasks/{task_id}")

    def task_ids(self) -> list[str]:
        """Of all tasks, deleted ones too, in the order of their making."""
        return self._listed("/tasks", "ids")

    def attachment(self, task_id: str, attachment_id: str) -> bytes:
        answer = self.client.get(f"/attachments/{task_id}/{attachment_id}").raise_for_status()
        return answer.content

    def requests(self, since: int = 0) -> list[Found]:
        """Calls of the API from number ``since`` on: ``number, at_ms, method, path, query, body, status, fault``.

        ``status`` is None while there is no answer, and for ever when the connection was dropped.
        """
        return self._listed(f"/requests?since={since}", "requests")

    def webhooks(self) -> list[Found]:
        """The registered webhooks with ``health``, as the API shows them."""
        return self._listed("/webhooks", "webhooks")

    def webhook_deliveries(self, since: int = 0) -> list[Found]:
        """Events for webhooks from number ``since`` on: ``number, at_ms, webhook_id, event, task_id, body, signature``,
        ``attempts``, ``fate`` (lost, doubled, copy, reordered),
        and ``outcome`` (pending, delivered, failed, lost or dropped).
        """
        return self._listed(f"/webhooks/deliveries?since={since}", "deliveries")

    # What goes wrong.

    def fail(self, rules: Sequence[Found]) -> None:
        """Put these faults in force instead of those before. The keys are those of ``faults.Rule``."""
        self._call("PUT", "/faults", {"rules": list(rules)})

    def heal(self) -> None:
        """End all faults of answers. Limits, lag, delay and the faults of webhooks stay."""
        self.fail([])

    def limit(self, per_minute: int, window_s: float = 60.0) -> None:
        """So many requests in a window, which starts anew now."""
        self._call("PUT", "/limit", {"per_minute": per_minute, "window_s": window_s})

    def lag(self, read_lag_ms: int) -> None:
        """Reads of tasks and comments show what held so long ago; at most a minute."""
        self.quirks(read_lag_ms=read_lag_ms)

    def delay(self, ms: int) -> None:
        """Every answer of the API takes this much longer."""
        self.quirks(delay_ms=ms)

    def quirks(self, **quirks: object) -> None:
        """Any of ``world.Quirks``: ``option_ids, comments_update, attachments_update, storage_bytes``."""
        self._call("PUT", "/quirks", quirks)

    def revoke(self, *, revoked: bool = True) -> None:
        """Make the tokens invalid, or valid again."""
        self._call("PUT", "/tokens", {"revoked": revoked})

    def add_webhook_faults(
        self, lost: float = 0.0, doubled: float = 0.0, reordered: float = 0.0, seed: int = 0
    ) -> None:
        """Chances for each event from now on; all 0 ends them."""
        chances = {"lost": lost, "doubled": doubled, "reordered": reordered, "seed": seed}
        self._call("PUT", "/webhooks/faults", chances)

    # The workspace.

    def add_list(
        self,
        name: str,
        *,
        folder: str | None = None,
        statuses: Sequence[tuple[str, str]] | None = None,
        reachable: bool = True,
    ) -> str:
        """The id of a new list, in a folder if one is named. ``statuses`` are pairs of name and type."""
        made = {"name": name, "folder": folder, "reachable": reachable}
        return str(self._call("POST", "/lists", made | {"statuses": list(statuses) if statuses else None})["id"])

    def add_field(
        self,
        name: str,
        kind: str,
        options: Sequence[str] = (),
        *,
        list_id: str | None = None,
        custom_items: Sequence[int] = (),
    ) -> str:
        """The id of a new custom field of type ``kind``, on every list unless one is named."""
        made = {"name": name, "kind": kind, "options": list(options), "list_id": list_id}
        return str(self._call("POST", "/fields", made | {"custom_items": list(custom_items)})["id"])

    def set_statuses(self, statuses: Sequence[tuple[str, str]], *, list_id: str | None = None) -> None:
        """Replace a list's statuses, pairs of name and type. Tasks keep the one that they have."""
        self._call("PUT", f"/lists/{list_id or self.list_id}", {"statuses": [list(one) for one in statuses]})

    def reach(self, list_id: str, *, reachable: bool) -> None:
        """Whether the token reaches a list."""
        self._call("PUT", f"/lists/{list_id}", {"reachable": reachable})

    def _listed(self, path: str, key: str) -> list:
        found = self._call("GET", path)[key]
        assert isinstance(found, list)
        return found

    def _call(self, method: str, path: str, body: Found | None = None) -> Found:
        answer = self.client.request(method, f"/_control{path}", json=body)
        assert answer.is_success, f"{method} /_control{path}: {answer.status_code} {answer.text}"
        found: Found = answer.json()
        return found


@contextmanager
def clickup_host(folder: Path, *, port: int = 0, **options: object) -> Iterator[ClickUpHost]:
    """A stand-in in a process of its own, which ends on leaving, and with this process if that is killed.

    ``options`` are those of ``server.Options``: ``token, zone, per_minute, window_s, webhook_timeout_s,
    webhook_pause_s, seed``. What it says on its error output is in ``clickup.log`` in ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "tests.clickup_server", "--json", "--until-eof", "--port", str(port), *given]
    log = folder / "clickup.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the stand-in did not start: {log.read_text()}"
        known: dict[str, str] = json.loads(line)
        origin = known["url"].removesuffix("/api/v2")
        with httpx.Client(base_url=origin, timeout=60, trust_env=False) as client:
            yield ClickUpHost(**known, client=client)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()
