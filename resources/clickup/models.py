"""ClickUp's answers as types. What is not known is passed over; what is known and wrong is refused, by its name."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, Strict, ValidationInfo, field_validator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
LOWEST_PRIORITY: Final = 4
_WITH_OPTIONS: Final = frozenset({"drop_down", "labels"})


def in_ms(instant: datetime) -> int:
    """An aware instant as ClickUp writes it: whole milliseconds since 1970, rounded down."""
    return (instant - EPOCH) // MILLISECOND


def _number(value: object) -> object:
    """ClickUp writes the same number as ``3`` here and as ``"3"`` there."""
    return int(value) if isinstance(value, str) and value.removeprefix("-").isdecimal() else value


def instant_of(value: object) -> datetime:
    """The aware instant of ClickUp's milliseconds, a number or its digits as text. Raises ValueError: neither."""
    number = _number(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError("should be milliseconds since 1970")  # noqa: TRY004  pydantic names the field of a ValueError
    try:
        return EPOCH + number * MILLISECOND
    except OverflowError:
        raise ValueError("should be milliseconds since 1970, of a year below 10000") from None


def _instant(value: object) -> datetime | None:
    return None if value is None else instant_of(value)


def _id(value: object) -> object:
    """Ids are text here and numbers there."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _priority(value: object) -> object:
    """A number, or an object that has it as ``id`` and ``orderindex``."""
    given = value.get("id", value.get("orderindex")) if isinstance(value, dict) else value
    return _number(given)


def _events(value: object) -> object:
    return [value] if isinstance(value, str) else value


Id = Annotated[str, BeforeValidator(_id)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Number = Annotated[int, BeforeValidator(_number)]
Priority = Annotated[int, BeforeValidator(_priority), Field(ge=1, le=LOWEST_PRIORITY)]


class Record(BaseModel):
    """Any object of ClickUp's: numbers are numbers and text is text, more fields may come with every release."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class Status(Record):
    """A status of a list: its name as it has to be sent, and ``open``, ``custom``, ``done`` or ``closed``."""

    status: str
    type: str


class Place(Record):
    """The space, folder or list that something lies in."""

    id: Id
    name: str = ""


class User(Record):
    """A person. ``timezone`` is known of the token's own user only."""

    id: Id
    username: str | None = None
    email: str | None = None
    timezone: str | None = None


class Option(Record):
    """A choice of a drop-down (``name``, ``orderindex``) or of labels (``label``)."""

    id: Id
    name: str | None = None
    label: str | None = None
    orderindex: Number | None = None

    @property
    def text(self) -> str:
        """What people see."""
        return self.name if self.name is not None else self.label or ""


class TypeConfig(Record):
    """What a custom field of a type with options offers."""

    options: Annotated[tuple[Option, ...], Strict(False)] = ()


class CustomField(Record):
    """A custom field; on a task with its ``value``, whose shape depends on ``type`` (fields.py) or which is absent."""

    id: Id
    name: str
    type: str
    type_config: TypeConfig = TypeConfig()
    value: Any = None

    @field_validator("type_config", mode="before")
    @classmethod
    def _of_types_with_options(cls, given: object, info: ValidationInfo) -> object:
        """The configuration of other types has shapes of its own, which nobody here reads."""
        return given if given is not None and info.data.get("type") in _WITH_OPTIONS else {}


class Attachment(Record):
    """A file on a task; ``title`` is its name. The answer to an upload has no ``size``."""

    id: Id
    title: str
    date: Instant
    size: Number | None = None
    url: str | None = None
    deleted: bool = False


class ClickUpTask(Record):
    """A task. ``attachments`` come only with a task that is read alone; ``due_date`` is None when unset."""

    id: Id
    name: str
    text_content: str | None = None
    description: str | None = None
    status: Status
    date_updated: Instant
    due_date: Instant | None = None
    priority: Priority | None = None
    parent: Id | None = None
    creator: User | None = None
    url: str | None = None
    list: Place | None = None
    space: Place | None = None
    custom_fields: tuple[CustomField, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    archived: bool = False
    deleted: bool = False


class TaskPage(Record):
    """At most a hundred tasks, the oldest update first; ``last``: there is no page behind it."""

    tasks: tuple[ClickUpTask, ...]
    last: bool = Field(validation_alias="last_page", default=False)


class Comment(Record):
    """A comment as text."""

    id: Id
    text: str = Field(validation_alias="comment_text", default="")
    user: User | None = None
    date: Instant


class PostedComment(Record):
    """What a new comment got."""

    id: Id
    date: Instant


class Team(Record):
    """A workspace."""

    id: Id
    name: str


class Space(Record):
    """A space of a workspace."""

    id: Id
    name: str
    archived: bool = False


class TaskList(Record):
    """A list; ``statuses`` only when it is read alone."""

    id: Id
    name: str
    statuses: tuple[Status, ...] = ()
    folder: Place | None = None
    space: Place | None = None
    archived: bool = False
    deleted: bool = False


class Health(Record):
    """How a webhook does: ``active``, ``failing`` or ``suspended``, and how many events it lost."""

    status: str
    fail_count: Number = 0


class Webhook(Record):
    """A webhook. ``secret`` signs its deliveries."""

    id: Id
    endpoint: str
    events: Annotated[tuple[str, ...], Strict(False), BeforeValidator(_events)] = ()
    health: Health
    secret: SecretStr | None = None


class Teams(Record):
    """What lists workspaces."""

    teams: tuple[Team, ...]


class Spaces(Record):
    """What lists spaces."""

    spaces: tuple[Space, ...]


class Lists(Record):
    """What lists lists."""

    lists: tuple[TaskList, ...]


class Folders(Record):
    """What lists folders: of each, its lists matter here."""

    folders: tuple[Lists, ...]


class Fields(Record):
    """What lists custom fields."""

    fields: tuple[CustomField, ...]


class Comments(Record):
    """What lists comments."""

    comments: tuple[Comment, ...]


class Me(Record):
    """What says whose the token is."""

    user: User


class Webhooks(Record):
    """What lists webhooks."""

    webhooks: tuple[Webhook, ...]


class OneWebhook(Record):
    """The answer to making or changing a webhook."""

    webhook: Webhook
