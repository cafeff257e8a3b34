"""Values of custom fields: what a request may send, what is kept, and what an answer shows."""

from collections.abc import Callable

from tests.clickup_server.errors import bad_option, bad_value
from tests.clickup_server.model import Field, Option, User
from tests.clickup_server.world import World

TEXTS = frozenset({"text", "short_text", "url", "email", "phone"})
NUMBERS = frozenset({"number", "currency"})


def stored(world: World, field: Field, value: object, before: object = None) -> object:
    """What is kept of a value that was sent; None clears. ``before`` is what is kept now: users are added to it."""
    if value is None:
        return None
    if field.kind in TEXTS:
        return value if isinstance(value, str) else _refuse(field)
    if field.kind in NUMBERS:
        return _number(field, value)
    return _PARSERS[field.kind](world, field, value, before)


def shown(world: World, field: Field, value: object) -> object:
    """What an answer shows of a value that is kept."""
    if field.kind == "drop_down":
        return value if world.quirks.option_ids else _option(field, value).orderindex
    if field.kind == "checkbox":
        return "true" if value else "false"
    if field.kind == "users":
        return [person(world, user) for user in value] if isinstance(value, tuple) else []
    if field.kind == "labels":
        return list(value) if isinstance(value, tuple) else []
    return str(value)


def in_webhook(world: World, field: Field, value: object) -> object:
    """What a webhook shows: as an answer does, but always the option's id."""
    return value if value is None or field.kind == "drop_down" else shown(world, field, value)


def by_name(field: Field, value: object) -> object:
    """What a person picks by name, as a request would send it."""
    if field.kind == "drop_down" and isinstance(value, str):
        return next((option.id for option in field.options if option.name == value), value)
    if field.kind == "labels" and isinstance(value, list):
        return [next((option.id for option in field.options if option.name == name), name) for name in value]
    return value


def person(world: World, user: User) -> dict[str, object]:
    """A user as answers show one."""
    return {
        "id": user.id,
        "username": user.name,
        "color": "#827718",
        "initials": user.initials,
        "email": f"{user.name.lower().replace(' ', '.')}@acme-agency.example",
        "profilePicture": f"{world.url}/people/{user.id}.png",
    }


def _refuse(field: Field) -> object:
    raise bad_value(field.kind)


def _number(field: Field, value: object) -> object:
    """Kept as the string that answers show."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise bad_value(field.kind)
    try:
        float(value)
    except ValueError:
        raise bad_value(field.kind) from None
    return str(value)


def _option(field: Field, value: object) -> Option:
    """The option of an id, or of an orderindex."""
    by_index = isinstance(value, int) and not isinstance(value, bool)
    for option in field.options:
        if option.id == value or (by_index and option.orderindex == value):
            return option
    raise bad_option()


def _drop_down(_world: World, field: Field, value: object, _before: object) -> object:
    return _option(field, value).id


def _labels(_world: World, field: Field, value: object, _before: object) -> object:
    known = {option.id for option in field.options}
    if not isinstance(value, list) or not set(value) <= known:
        raise bad_option()
    return tuple(value)


def _checkbox(_world: World, field: Field, value: object, _before: object) -> object:
    if value not in (True, False, "true", "false"):
        raise bad_value(field.kind)
    return value in (True, "true")


def _date(_world: World, field: Field, value: object, _before: object) -> object:
    return value if isinstance(value, int) and not isinstance(value, bool) else _refuse(field)


def _users(world: World, field: Field, value: object, before: object) -> object:
    if not isinstance(value, dict):
        raise bad_value(field.kind)
    kept = {user.id: user for user in before} if isinstance(before, tuple) else {}
    for user_id in value.get("add", []):
        user = world.user_by_id(user_id)
        if user is None:
            raise bad_value(field.kind)
        kept[user.id] = user
    return tuple(user for user in kept.values() if user.id not in value.get("rem", []))


_PARSERS: dict[str, Callable[[World, Field, object, object], object]] = {
    "drop_down": _drop_down,
    "labels": _labels,
    "checkbox": _checkbox,
    "date": _date,
    "users": _users,
}
KINDS = TEXTS | NUMBERS | _PARSERS.keys()
