"""One task on a terminal: what it is, what happened, what was made, what was sent."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from orchestration.commands.output import print_mapping, print_table


def print_task(found: Mapping[str, Any]) -> None:
    """Tables, the history first."""
    task = found["task"]
    print_mapping(
        f"Task {task.id}",
        {
            "name": task.name, "state": task.state.value, "reason": task.reason or "", "type": task.type or "",
            "client": task.client or "", "due": _when(task.due_at), "ClickUp": task.url or "not in ClickUp",
            "status there": task.clickup_status or "", "attempts left": task.attempts_left,
            "worked on by": task.lease_owner or "", "feedback": task.feedback or "",
        },
    )  # fmt: skip
    print_table(
        "History",
        ["version", "at", "event", "state", "actor", "reason"],
        [(e["version"], _when(e["at"]), e["event"], e["to_state"], e["actor"], e["reason"]) for e in found["events"]],
    )
    print_table(
        "Attempts",
        ["number", "began", "ended", "outcome", "run", "why"],
        [(a.number, _when(a.started_at), _when(a.ended_at), a.outcome or "", a.run_id or "", _why(a.error))
         for a in found["attempts"]],
    )  # fmt: skip
    print_table(
        "Versions",
        ["number", "stage", "at", "made by", "files", "summary"],
        [(v.number, v.stage, _when(v.created_at), v.made_by, ", ".join(file.name for file in files), v.summary)
         for v, files in found["versions"]],
    )  # fmt: skip
    _print_what_followed(found)


def _print_what_followed(found: Mapping[str, Any]) -> None:
    if outputs := [(a.number, output) for a in found["attempts"] for output in a.log or ()]:
        print_table(
            "Outputs of programs (`waybill task fetch --outputs` copies what was kept)",
            ["attempt", "name", "bytes", "kept", "sha256"],
            [(number, each["name"], each["total_bytes"], each["size_bytes"], each["content_hash"] or "")
             for number, each in outputs],
        )  # fmt: skip
    if found["reviews"]:
        print_table(
            "Reviews",
            ["version", "at", "decision", "reviewer", "reason"],
            [(r["version"], _when(r["at"]), r["decision"], r["reviewer"], r["reason"]) for r in found["reviews"]],
        )
    if found["effects"]:
        print_table(
            "Sent to ClickUp",
            ["number", "what", "state", "attempts", "sent", "error"],
            [(e["id"], f"{e['kind']} {e['name'] or e['status'] or ''}".strip(), e["state"], e["attempts"],
              _when(e["sent_at"]), e["error"] or "") for e in found["effects"]],
        )  # fmt: skip


def task_json(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same, for programs."""
    task = found["task"]
    return {
        **asdict(task),
        "state": task.state.value,
        "events": found["events"],
        "attempts": [asdict(attempt) for attempt in found["attempts"]],
        "versions": [{**asdict(v), "files": [asdict(file) for file in files]} for v, files in found["versions"]],
        "reviews": found["reviews"],
        "effects": found["effects"],
    }


def _why(error: Mapping[str, Any] | None) -> str:
    return str((error or {}).get("reason", ""))


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""
