"""What stands in `waybill.toml`: ClickUp's places, fields and statuses, task types, recurring tasks, alerts, adapters.

Pure models: `orchestration/configuration.py` reads the file. A key that is not known is refused, with its place.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from resources.domain.clients import ClientProfile
from resources.domain.task_types import kinds
from resources.domain.tasks import TaskState

SLUG: Final = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Slug = Annotated[str, Field(pattern=SLUG)]


CALLS_A_MINUTE: Final = 90
"""Below the lowest of ClickUp's limits, which is 100."""


def folded(name: str) -> str:
    """A name as ClickUp compares it: without case and outer space."""
    return name.strip().casefold()


def refused(key: str, *, expected: str, found: str) -> PydanticCustomError:
    """What a rule between keys refuses; ``key`` is the one to change, by dots from where the rule stands."""
    about = {"key": key, "expected": expected, "found": found}
    return PydanticCustomError("refused", "expected {expected}; found {found}", about)


class Part(BaseModel):
    """One table of the file: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fields(Part):
    """The custom fields of a task, by the names that they have in ClickUp."""

    type: str = "Task type"
    client: str = "Client"
    auto_execute: str = "Auto execute"


class Statuses(Part):
    """The status that each state is shown as; unset: Waybill writes none for it. The only such table (CB-7)."""

    working: str | None = "in progress"
    in_review: str | None = "in review"
    delivered: str | None = "complete"
    failed: str | None = "failed"
    cancelled: str | None = None

    def shown_as(self, state: TaskState) -> str | None:
        """The status to write for ``state``; None: leave it as it is."""
        shown: Mapping[str, str | None] = self.model_dump()
        return shown.get(state.value)


class Moves(Part):
    """What a person means by moving a task to a status. A status of ClickUp's type ``closed`` or ``done`` approves."""

    reopen: tuple[str, ...] = ("to do",)
    approve: tuple[str, ...] = ("complete",)
    cancel: tuple[str, ...] = ("cancelled",)


class ClickUp(Part):
    """The workspace: its id, the spaces to watch, and how its fields and statuses are called."""

    team: str
    spaces: tuple[str, ...] = Field(min_length=1)
    time_zone: str = "UTC"
    """Of the people who set due dates: a date without a time is their local noon."""
    fields: Fields = Fields()
    statuses: Statuses = Statuses()
    moves: Moves = Moves()
    poll_interval_s: int = Field(30, ge=5, le=3600)
    sweep_cron: str = "30 2 * * *"
    """When the whole workspace is compared, in UTC: it finds what was deleted."""
    settle_s: float = Field(120.0, gt=0)
    """How long ClickUp's reads may lag behind its writes."""
    calls_a_minute: int = Field(CALLS_A_MINUTE, ge=1, le=10_000)
    """The budget of the token, shared by every process; below ClickUp's own limit (100, 1,000 or 10,000)."""

    @model_validator(mode="after")
    def _no_state_reopens(self) -> Self:
        reopening = {folded(status) for status in self.moves.reopen}
        for state, status in self.statuses.model_dump().items():
            if status is not None and folded(status) in reopening:
                raise refused(
                    f"statuses.{state}",
                    expected="a status that does not reopen (clickup.moves.reopen: a person's wish to begin anew)",
                    found=repr(status),
                )
        return self


DUE_HOURS: Final = 48.0
"""From when a task is made until it is due, where nobody says when."""


class TaskType(Part):
    """How the tasks of one type are done."""

    kind: str
    """Which of Waybill's kinds of work does it."""
    option: str
    """What the field for the type says in ClickUp."""
    window_days: float = Field(21.0, gt=0)
    """A task is begun when it is due within so many days."""
    attempts: int = Field(3, ge=1, le=20)
    attempt_deadline_s: float = Field(900.0, gt=0, le=86_400)
    due_alert_hours: float = Field(24.0, ge=0)
    """An alert goes out so long before a task is due undone."""
    settings: dict[str, Any] = Field(default_factory=dict, validate_default=True)
    """What its kind needs; `waybill task retry --set` changes it for one attempt."""

    @field_validator("kind")
    @classmethod
    def _is_a_kind(cls, kind: str) -> str:
        if kind not in kinds():
            raise refused("", expected=f"one of the kinds {', '.join(sorted(kinds()))}", found=repr(kind))
        return kind

    @field_validator("settings")
    @classmethod
    def _fit_the_kind(cls, settings: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if (kind := info.data.get("kind")) is not None:
            kinds()[kind].settings.model_validate(settings)
        return settings


class Recurring(Part):
    """A local task for each slot of a schedule."""

    name: Slug
    cron: str
    time_zone: str = "UTC"
    type: Slug
    client: Slug
    title: str
    body: str = ""
    due_hours: float = Field(DUE_HOURS, gt=0)
    """How long after its slot the task is due."""
    missed: Literal["all", "last", "none"] = "last"
    """Which of the slots that passed while Waybill was down are made up for."""


class Email(Part):
    """Where alerts are mailed. The password is WAYBILL_SMTP_PASSWORD."""

    host: str
    port: int = Field(587, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    sender: str
    to: tuple[str, ...] = Field(min_length=1)


class Alerts(Part):
    """Who is told. With neither, alerts stand in the ledger only."""

    webhook: str | None = None
    email: Email | None = None


class Adapter(Part):
    """A sender of webhooks that is not ClickUp, declared rather than programmed (AP-2)."""

    path: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/_-]{0,62}$")]
    signature_header: str
    secret_setting: str
    """The name of the environment variable that holds the shared secret: WAYBILL_WEBHOOK_SECRET_…"""
    key: str
    """Where a delivery's own id stands in its JSON, by dots: ``event.id``."""
    task: dict[str, str]
    """Of the task to make: ``name``, ``type``, ``client``, ``body``: text, or ``$.path.by.dots`` into the JSON."""

    @field_validator("task")
    @classmethod
    def _makes_a_task(cls, task: dict[str, str]) -> dict[str, str]:
        if not {"name", "type", "client"} <= task.keys() <= {"name", "type", "client", "body"}:
            raise refused(
                "", expected="the keys name, type, client, and body if wanted", found=", ".join(task) or "none"
            )
        return task


class Configuration(Part):
    """The whole file. Without `[clickup]` there are local tasks only."""

    clickup: ClickUp | None = None
    clients: dict[Slug, ClientProfile] = Field(default_factory=dict)
    task_types: dict[Slug, TaskType] = Field(default_factory=dict, validate_default=True)
    recurring: tuple[Recurring, ...] = ()
    alerts: Alerts = Alerts()
    webhooks: dict[Slug, Adapter] = Field(default_factory=dict)

    @field_validator("task_types", mode="before")
    @classmethod
    def _named_by_their_key(cls, types: Any) -> Any:
        """A type's kind and option default to its key; the kinds without settings to make are there by default."""
        if not isinstance(types, dict):
            return types
        given: dict[str, Any] = {"knowledge_note": {}} | types
        return {
            key: {"kind": key, "option": key} | value if isinstance(value, dict) else value
            for key, value in given.items()
        }

    @model_validator(mode="after")
    def _options_are_apart(self) -> Self:
        """What the field for the type says means one type; `type_called` takes a type's key for its option too."""
        meaning: dict[str, str] = {}
        for key, each in self.task_types.items():
            for name in (key, folded(each.option)):
                if (other := meaning.setdefault(name, key)) != key:
                    raise refused(
                        f"task_types.{key}.option",
                        expected="an option that means no other type",
                        found=f"{each.option!r}, while {name!r} means task_types.{other}",
                    )
        return self

    @model_validator(mode="after")
    def _recurring_tasks_are_apart_and_have_their_type(self) -> Self:
        names = [each.name for each in self.recurring]
        for at, each in enumerate(self.recurring):
            if each.type not in self.task_types:
                known = ", ".join(self.task_types)
                raise refused(f"recurring.{at}.type", expected=f"a task type ({known})", found=repr(each.type))
            if each.name in names[:at]:
                raise refused(f"recurring.{at}.name", expected="a name that no other has", found=repr(each.name))
        return self

    def client(self, slug: str) -> ClientProfile:
        """What is said of a client; of one that is not named, what holds by default."""
        return self.clients.get(slug, ClientProfile())

    def takes_workbook(self, type_: str | None) -> bool:
        """Whether tasks of the type wait for a workbook: their kind does, or their program asks for one."""
        found = self.task_types.get(type_ or "")
        return found is not None and (kinds()[found.kind].takes_workbook or found.settings.get("workbook") is True)

    def type_called(self, option: str | None) -> str | None:
        """The key of the task type that a field's text means; None: none does."""
        wanted = folded(option or "")
        return next((key for key, each in self.task_types.items() if wanted in (folded(each.option), key)), None)

    def due_unsaid(self, option: str | None, now: datetime) -> datetime:
        """When a task of that type is due for which nobody says it: begun at once, and no alert goes out at once."""
        found = self.task_types.get(self.type_called(option) or "")
        if found is None:
            return now + timedelta(hours=DUE_HOURS)
        late_enough = timedelta(hours=max(DUE_HOURS, 2 * found.due_alert_hours))
        return now + min(late_enough, timedelta(days=found.window_days))
