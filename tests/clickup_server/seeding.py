"""The workspace that is there from the start: an agency, one list with Waybill's statuses and fields, a few people."""

from tests.clickup_server.model import TaskList, User
from tests.clickup_server.world import World

STATUSES = [
    ("to do", "open"),
    ("in progress", "custom"),
    ("in review", "custom"),
    ("on hold", "custom"),
    ("failed", "custom"),
    ("cancelled", "done"),
    ("complete", "closed"),
]
"""A list of ClickUp's has one closed status, its last; cancelled is of type done, which default filters show."""
TASK_TYPES = ["knowledge_note", "command", "press_release", "link_building"]
CLIENTS = ["acme-outdoor"]
OWNER = "Waybill"
PEOPLE = ["Anna", "Ben"]


def seed(world: World) -> tuple[TaskList, User]:
    """The list, and the user to whom the token belongs."""
    owner = world.user(OWNER)
    for name in PEOPLE:
        world.user(name)
    space = world.add_space("Clients")
    world.add_folder("Acme Outdoor", space)
    hidden = world.add_folder("hidden", space, hidden=True)
    found = world.add_list("Content", hidden, STATUSES)
    world.add_field("Task type", "drop_down", TASK_TYPES)
    world.add_field("Client", "drop_down", CLIENTS)
    world.add_field("Auto execute", "checkbox", [])
    return found, owner
