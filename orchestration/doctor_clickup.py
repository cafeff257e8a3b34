"""What `waybill doctor` looks at in ClickUp: token, team, spaces, each list's statuses and fields, the webhook."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Final, TypeVar

from orchestration.findings import Finding
from orchestration.hosting.waiting import became_true
from orchestration.wiring import Resources
from resources.clickup.client import ClickUpClient
from resources.clickup.errors import ClickUpBusyError, ClickUpRefusedError
from resources.clickup.models import CustomField, Space, TaskList, Team
from resources.clickup.reading import actor_of
from resources.domain.configuration import ClickUp, Configuration, TaskType, folded
from resources.domain.errors import WaybillError
from resources.work.webhook_registration import NotRegisteredError, look

_WAITS: Final = 10
"""How often one call waits for the budget of calls, which is free again within a minute if nobody else takes it."""
_UNDECLARED: Final = Configuration().task_types
_CHECKBOX: Final = "checkbox"
_T = TypeVar("_T")


def examine_clickup(resources: Resources, clickup: ClickUp) -> Iterator[Finding]:
    """Everything in turn, with 4 calls of the API, 2 more for each space and 2 more for each list in them.

    More calls than the budget has for a minute take minutes: each waits until there is one to be had.
    """
    try:
        yield from _workspace(resources, resources.clickup.client, clickup)
    except WaybillError as error:
        yield Finding("clickup", ok=False, found=str(error))


def _workspace(resources: Resources, client: ClickUpClient, clickup: ClickUp) -> Iterator[Finding]:
    yield Finding("clickup token", ok=True, found=f"of {actor_of(_patiently(client.user))}")
    team = _team(_patiently(client.teams), clickup.team)
    yield team
    if not team.ok:
        return
    reached = _patiently(partial(client.spaces, clickup.team))
    ids = {space.id for space in reached}
    lists: list[TaskList] = []
    for space in clickup.spaces:
        if space in ids:
            lists += _patiently(partial(client.lists, space))
        else:
            found = f"the team has no space {space} (clickup.spaces); it has: {_named(reached)}"
            yield Finding("clickup space", ok=False, found=found)
    wrong = 0
    for each in lists:
        faults = _looked_at(client, each, resources.configuration.task_types, clickup)
        wrong += bool(faults)
        yield from (Finding("clickup list", ok=False, found=f"list {each.name!r} {fault}") for fault in faults)
    found = f"{len(lists) - wrong} of {len(lists)} have all that is configured"
    yield Finding("clickup lists", ok=bool(lists), found=found)
    yield _webhook(resources, clickup)


def _team(reached: Iterable[Team], wanted: str) -> Finding:
    found = next((each.name for each in reached if each.id == wanted), None)
    if found is not None:
        return Finding("clickup team", ok=True, found=f"{found} ({wanted})")
    said = f"the token reaches no team {wanted} (clickup.team); it reaches: {_named(reached)}"
    return Finding("clickup team", ok=False, found=said)


def _looked_at(client: ClickUpClient, each: TaskList, types: dict[str, TaskType], clickup: ClickUp) -> list[str]:
    """What is wrong with a list; one that the token does not reach is wrong too."""
    try:
        statuses = [status.status for status in _patiently(partial(client.list_, each.id)).statuses]
        fields = _patiently(partial(client.fields, each.id))
    except ClickUpRefusedError as error:
        return [f"({each.id}) could not be read: {error}"]
    return [*status_faults(statuses, clickup), *field_faults(fields, types, clickup)]


def status_faults(statuses: Collection[str], clickup: ClickUp) -> Iterator[str]:
    """Each configured status that a list with ``statuses`` lacks; their exact names are what has to be sent."""
    has = f"it has: {', '.join(statuses)}"
    for state, status in clickup.statuses.model_dump().items():
        if status is not None and status not in statuses:
            yield f"lacks status {status!r} (clickup.statuses.{state}); {has}"
    reopening = clickup.moves.reopen
    if reopening and not {folded(each) for each in reopening} & {folded(each) for each in statuses}:
        wanted = ", ".join(map(repr, reopening))
        yield f"lacks each of {wanted} (clickup.moves.reopen), so that nobody can move a task back; {has}"


def field_faults(fields: Collection[CustomField], types: dict[str, TaskType], clickup: ClickUp) -> Iterator[str]:
    """Each configured field that a list with ``fields`` lacks, and each task type that no option stands for."""
    by_name = {folded(each.name): each for each in fields}
    has = f"it has: {', '.join(each.name for each in fields) or 'none'}"
    for key, name in clickup.fields.model_dump().items():
        if folded(name) not in by_name:
            yield f"lacks field {name!r} (clickup.fields.{key}); {has}"
    auto = by_name.get(folded(clickup.fields.auto_execute))
    if auto is not None and auto.type != _CHECKBOX:
        yield f"has field {auto.name!r} (clickup.fields.auto_execute) of type {auto.type}, which is no checkbox"
    chosen = by_name.get(folded(clickup.fields.type))
    if chosen is not None and (options := [each.text for each in chosen.type_config.options]):
        yield from (f"lacks option {fault}" for fault in _option_faults(chosen.name, options, types))


def _option_faults(field: str, options: Collection[str], types: dict[str, TaskType]) -> Iterator[str]:
    """Types that nobody can choose. The type that is there unasked may be missing where another is declared."""
    offered = {folded(each) for each in options}
    declared = {key: each for key, each in types.items() if _UNDECLARED.get(key) != each} or types
    for key, each in declared.items():
        if not offered & {folded(each.option), key}:
            yield f"{each.option!r} of field {field!r} (task_types.{key}.option); it has: {', '.join(options)}"


def _webhook(resources: Resources, clickup: ClickUp) -> Finding:
    ask = partial(look, resources.ledger.engine, resources.clickup.client, team=clickup.team)
    try:
        hook = _patiently(ask)
    except NotRegisteredError:
        return Finding("clickup webhook", ok=True, found="none is registered; changes are found by polling alone")
    return Finding(
        "clickup webhook",
        ok=hook.health == "active",
        found=f"{hook.health}, {hook.fail_count} events lost, to {hook.endpoint}"
        + ("" if hook.health == "active" else "; `waybill clickup webhook ensure` registers it anew"),
    )


def _patiently(ask: Callable[[], _T]) -> _T:
    """The answer; while the budget of calls is spent, this waits for it."""
    for _ in range(_WAITS):
        try:
            return ask()
        except ClickUpBusyError as busy:
            became_true(partial(_is_over, busy), within_s=busy.wait_s())
    return ask()


def _is_over(busy: ClickUpBusyError) -> bool:
    return busy.wait_s() == 0


def _named(each: Iterable[Team | Space]) -> str:
    return ", ".join(f"{one.name} ({one.id})" for one in each) or "none"
