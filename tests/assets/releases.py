"""A task for a press release, and what became of it."""

from typing import Any, Final

from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims
from resources.work.review import decide
from tests.assets.desk import Desk

CONFIGURATION: Final[dict[str, Any]] = {
    "task_types": {"press_release": {}, "link_building": {"settings": {"links": 3}}},
    "clients": {
        "acme": {
            "name": "Acme Outdoor",
            "about": "Acme Outdoor makes packs, jackets and tents for people who walk.",
            "city": "Sheffield, England",
            "website": "https://acme-outdoor.example",
            "contact": {"name": "Ben Whitlock", "email": "press@acme-outdoor.example"},
            "banned_words": ["revolutionary"],
        }
    },
}
NAME: Final = "Press release: launch of the Stormbreak jacket"
BODY: Final = """Announce the jacket.

Date: 3 February 2026
Quote: “We wanted a jacket that can be repaired for as long as it is worn.” — Maya Lindqvist, founder
"""


def ordered(desk: Desk, **more: Any) -> TaskId:
    """A task that asks for releases."""
    return desk.task("press_release", NAME, **{"body": BODY, **more})


def rejected(desk: Desk, task: TaskId, words: str) -> None:
    """Anna sends it back with these words."""
    with desk.session.ledger.engine.begin() as connection:
        found, _ = claims.look(connection, task)
        decide(connection, desk.configuration, found, TaskEvent.REQUEST_CHANGES, Act("Anna", words))


def release_text(desk: Desk, task: TaskId, place: int = 1, version: int = -1) -> str:
    """How a release of a whole version reads."""
    whole = [each for each in desk.versions(task) if each.stage == "whole"]
    return desk.content(desk.files(whole[version])[f"release-{place}.md"]).decode()
