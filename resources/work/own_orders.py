"""An approval in ClickUp by who ordered it, where the client wants another person's: told once, and shown as before."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.ledger import alerts, tasks
from resources.ledger.tasks import Task
from resources.work.moving import show
from resources.work.review import ApproverUnknownError, OwnOrderError


def may_be_told_yet(error: OwnOrderError, moved_at: datetime, now: datetime, settle_s: float) -> bool:
    """Whether the webhook that says who moved the task may still come: the poll can be faster."""
    return isinstance(error, ApproverUnknownError) and now < moved_at + timedelta(seconds=settle_s)


def not_taken(connection: Connection, configuration: Configuration, task: Task, error: OwnOrderError) -> None:
    """Raise an alert for just this move, and show in ClickUp that the task is in review still.

    That is written once while the task is in review, so that Waybill and an automation of ClickUp's never play ball;
    what still differs then is mended at the pace of `clickup_agrees_with_the_ledger`. The look itself was noted before.
    """
    seen = tasks.get(connection, task.id)
    told = alerts.raise_alert(
        connection,
        key=f"own-order:{task.id}:{seen.clickup_updated_at}",
        kind="approval not taken",
        subject=f"Task {task.id} was moved to {seen.clickup_status}, but another person has to approve it: {task.name}",
        body=f"It stays in review. {error}",
        task_id=task.id,
    )
    if told:
        show(connection, configuration, seen, again="own order")
