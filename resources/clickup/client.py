"""ClickUp's API v2 as Waybill needs it: typed answers, typed errors, one client for each process."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO, Final
from urllib.parse import quote

import httpx

from resources.clickup import calls, models
from resources.clickup.answers import Call
from resources.clickup.budget import Budget
from resources.clickup.errors import ClickUpAnswerError, ClickUpGoneError
from resources.clickup.models import (
    Attachment,
    ClickUpTask,
    Comment,
    CustomField,
    PostedComment,
    Space,
    TaskList,
    TaskPage,
    Team,
    User,
    Webhook,
    in_ms,
)
from resources.clickup.multipart import Upload

API_URL: Final = "https://api.clickup.com/api/v2"
EVERY_EVENT: Final = ("*",)
CONNECTIONS: Final = 8
_COMMENTS_A_PAGE: Final = 25


class ClickUpClient:
    """One for each process, shared by its threads; close it at the end.

    Every method may raise ClickUpBusyError, ClickUpCredentialsError and ClickUpRefusedError. Reads raise
    ClickUpUnreachableError after their repeats and ClickUpAnswerError; writes raise ClickUpUnreachableError when
    nothing was sent and ClickUpUnclearError when something was and no clear answer came.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        budget: Budget,
        timeout: httpx.Timeout = calls.TIMEOUT,
        deadline_s: float = calls.DEADLINE_S,
        attempts: int = calls.ATTEMPTS,
        first_wait_s: float = calls.FIRST_WAIT_S,
        connections: int = CONNECTIONS,
    ) -> None:
        """Nothing is sent yet.

        Args:
            url: of the API: ``http(s)://host[:port][/path]``; ``/api/v2`` is added when there is no path.
            token: a personal token (``pk_…``) or one of OAuth.
            budget: what every call of every process of this token waits for.
            timeout: of each step of an attempt.
            deadline_s: of one call with its waits and repeats: no attempt begins later.
            attempts: in all, for what a repeat can mend and is safe.
            first_wait_s: before the second attempt, doubled for each one after.
            connections: open ones at most, so threads that call at once.

        Raises:
            ClickUpCredentialsError: the token cannot stand in a header.
        """
        pace = calls.Pace(timeout, deadline_s, attempts, first_wait_s)
        self._calls = calls.connect(url, token, budget=budget, pace=pace, connections=connections)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._calls.http.base_url)!r})"

    def within(self, deadline_s: float) -> "ClickUpClient":
        """The client once more, on the same connections, for calls that have to end sooner. Do not close it."""
        hurried = object.__new__(ClickUpClient)
        hurried._calls = replace(self._calls, pace=self._calls.pace.within(deadline_s))
        return hurried

    def close(self) -> None:
        """End the connections."""
        self._calls.http.close()

    def task(self, task_id: str) -> ClickUpTask | None:
        """A task with its attachments; None when it was deleted."""
        try:
            task = self._calls.read(ClickUpTask, f"task/{_segment(task_id)}")
        except ClickUpGoneError:
            return None
        return None if task.deleted else task

    def team_tasks(
        self, team: str, spaces: Sequence[str], *, updated_after: datetime | None, page: int = 0
    ) -> TaskPage:
        """A page of at most a hundred tasks of ``spaces``, oldest update first, with closed ones and subtasks.

        Args:
            team: the workspace's id.
            spaces: ids of spaces.
            updated_after: only tasks that were updated later, not at that millisecond; None: all.
            page: from 0.
        """
        path = f"team/{_segment(team)}/task"
        parameters = [
            *(("page", str(page)), ("order_by", "updated"), ("reverse", "true")),  # the order is newest first otherwise
            *(("subtasks", "true"), ("include_closed", "true")),
            *(("space_ids[]", space) for space in spaces),
        ]
        if updated_after is not None:
            parameters.append(("date_updated_gt", str(in_ms(updated_after))))
        found = self._calls.read(TaskPage, path, parameters)
        return _in_order(path, found)

    def spaces(self, team: str) -> list[Space]:
        """The spaces of a workspace that the token reaches, without the archived ones."""
        return list(self._calls.read(models.Spaces, f"team/{_segment(team)}/space", [("archived", "false")]).spaces)

    def lists(self, space: str) -> list[TaskList]:
        """The lists of a space, in folders and outside, without the archived ones and without their statuses."""
        path, only = f"space/{_segment(space)}", [("archived", "false")]
        folders = self._calls.read(models.Folders, f"{path}/folder", only).folders
        outside = self._calls.read(models.Lists, f"{path}/list", only).lists
        return [*(each for folder in folders for each in folder.lists), *outside]

    def list_(self, list_id: str) -> TaskList:
        """A list with its statuses."""
        return self._calls.read(TaskList, f"list/{_segment(list_id)}")

    def fields(self, list_id: str) -> list[CustomField]:
        """The custom fields that tasks of a list can have."""
        return list(self._calls.read(models.Fields, f"list/{_segment(list_id)}/field").fields)

    def comments(self, task_id: str, since: datetime) -> list[Comment]:
        """The comments of a task from ``since`` on, that millisecond included, oldest first."""
        bound_ms = in_ms(since)
        found = {each.id: each for each in self._comments(task_id, bound_ms) if in_ms(each.date) >= bound_ms}
        return sorted(found.values(), key=lambda each: each.date)

    def post_comment(self, task_id: str, text: str) -> PostedComment:
        """Comment as the token's user. Not to be repeated after ClickUpUnclearError before looking."""
        body = {"comment_text": text, "notify_all": False}
        return self._calls.write(PostedComment, "POST", f"task/{_segment(task_id)}/comment", body)

    def attach(self, task_id: str, name: str, content: BinaryIO, size_bytes: int, media_type: str) -> Attachment:
        """Attach what ``content`` holds from where it stands, read piece by piece; ``name`` becomes its title.

        Takes up to ``multipart.upload_limit_s(size_bytes)`` and one call's time.

        Raises:
            FileChangedError: ``content`` has not ``size_bytes``; nothing was attached.
        """
        path = f"task/{_segment(task_id)}/attachment"
        return self._calls.upload(Attachment, path, Upload(name, content, size_bytes, media_type))

    def set_status(self, task_id: str, status: str) -> ClickUpTask:
        """Move a task to a status of its list, by the exact name; the task as ClickUp then tells it."""
        return self._calls.write(ClickUpTask, "PUT", f"task/{_segment(task_id)}", {"status": status})

    def webhooks(self, team: str) -> list[Webhook]:
        """The webhooks that the token's user made."""
        return list(self._calls.read(models.Webhooks, f"team/{_segment(team)}/webhook").webhooks)

    def create_webhook(self, team: str, endpoint: str, events: Sequence[str] = EVERY_EVENT) -> Webhook:
        """Make a webhook, whose ``secret`` signs what it delivers to ``endpoint``."""
        body = {"endpoint": endpoint, "events": list(events)}
        return self._calls.write(models.OneWebhook, "POST", f"team/{_segment(team)}/webhook", body).webhook

    def update_webhook(
        self, webhook_id: str, endpoint: str, events: Sequence[str] = EVERY_EVENT, *, status: str = "active"
    ) -> Webhook:
        """Change a webhook; ``active`` wakes a suspended one."""
        body = {"endpoint": endpoint, "events": "*" if "*" in events else list(events), "status": status}
        return self._calls.write(models.OneWebhook, "PUT", f"webhook/{_segment(webhook_id)}", body).webhook

    def delete_webhook(self, webhook_id: str) -> None:
        """End a webhook. Raises ClickUpGoneError: there is none any more."""
        self._calls.delete(f"webhook/{_segment(webhook_id)}")

    def user(self) -> User:
        """Whose token it is."""
        return self._calls.read(models.Me, "user").user

    def teams(self) -> list[Team]:
        """The workspaces that the token reaches."""
        return list(self._calls.read(models.Teams, "team").teams)

    def _comments(self, task_id: str, bound_ms: int) -> Iterator[Comment]:
        """Newest first, page by page, until one is older than the bound or there are no more."""
        path, behind = f"task/{_segment(task_id)}/comment", list[tuple[str, str]]()
        while page := self._calls.read(models.Comments, path, behind).comments:
            yield from page
            oldest = [("start", str(in_ms(page[-1].date))), ("start_id", page[-1].id)]
            if len(page) < _COMMENTS_A_PAGE or in_ms(page[-1].date) < bound_ms or oldest == behind:
                return
            behind = oldest


def _segment(part: str) -> str:
    """One part of a path, whatever it holds."""
    return quote(part, safe="") or "-"


def _in_order(path: str, page: TaskPage) -> TaskPage:
    """The page, sorted. One that begins with its newest is in another order than asked: a watermark would skip."""
    tasks = page.tasks
    if tasks and tasks[0].date_updated > tasks[-1].date_updated:
        raise ClickUpAnswerError(
            Call("GET", path).where,
            expected="tasks in the order of their last update",
            found=f"one of {tasks[0].date_updated} first and one of {tasks[-1].date_updated} last",
            remedy="Ask again; if it stays, ClickUp's `reverse` has changed its meaning.",
            field="tasks",
        )
    return page.model_copy(update={"tasks": tuple(sorted(tasks, key=lambda task: task.date_updated))})
