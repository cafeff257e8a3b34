"""Every route that deliveries may come to, gathered and checked at the start: a broken adapter stops it (AP-9)."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Self

from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError
from resources.webhooks.adapter import DeliveryInvalidError, MakeTask, WebhookAdapter, WebhookWork
from resources.webhooks.clickup import ClickUpWebhook
from resources.webhooks.declared import DeclaredWebhook

GROUP: Final = "waybill.webhooks"
ROUTE: Final = re.compile(r"[a-z0-9][a-z0-9/_-]{0,62}")
_SECRET: Final = re.compile(r"WAYBILL_WEBHOOK_SECRET_[A-Z0-9]+(_[A-Z0-9]+)*")
_METHODS: Final = (("verify", 3), ("key", 2), ("work", 1))


class AdapterInvalidError(PermanentError):
    """An adapter cannot work as it is declared or programmed; nothing is started."""


class NoRouteError(PermanentError):
    """No adapter takes deliveries of this route."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The adapters by route, and the task types that their tasks may have."""

    adapters: Mapping[str, WebhookAdapter]
    configuration: Configuration

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """ClickUp's, if a workspace is configured; those of waybill.toml; those of installed packages.

        Raises:
            AdapterInvalidError: one of them cannot work, or two want the same route; it is named.
        """
        named: list[tuple[str, WebhookAdapter]] = []
        if configuration.clickup is not None:
            named.append(("[clickup] in waybill.toml", ClickUpWebhook()))
        named += _declared(configuration)
        named += ((f"entry point {point.name}", _loaded(point)) for point in entry_points(group=GROUP))
        return cls(_by_route(named), configuration)

    def get(self, route: str) -> WebhookAdapter | None:
        """The adapter of a route; None: there is none."""
        return self.adapters.get(route)

    def work(self, route: str, body: Any) -> WebhookWork:
        """What is to be done for a stored delivery.

        Raises:
            NoRouteError: its adapter is gone since it was stored (AP-4).
            DeliveryInvalidError: it does not say, or wants a task of a type that is not there (AP-4).
        """
        adapter = self.get(route)
        if adapter is None:
            raise NoRouteError(
                f"webhook {route}",
                expected=f"one of the routes {', '.join(sorted(self.adapters)) or '(there is none)'}",
                found="a route that nothing takes deliveries of",
                remedy="Declare it in waybill.toml or install its adapter, then replay the dead letter.",
            )
        work = adapter.work(body)
        if isinstance(work, MakeTask) and self.configuration.type_called(work.task.type) is None:
            raise _no_type(DeliveryInvalidError, f"webhook {route}", work.task.type, self.configuration)
        return work


def plugged_in() -> list[WebhookAdapter]:
    """The adapters of installed packages. Raises AdapterInvalidError."""
    return [_loaded(point) for point in entry_points(group=GROUP)]


def _declared(configuration: Configuration) -> Iterator[tuple[str, WebhookAdapter]]:
    for name, declared in configuration.webhooks.items():
        adapter, where = DeclaredWebhook(name, declared), f"waybill.toml, webhooks.{name}"
        type_ = adapter.literal("type")
        if type_ is not None and configuration.type_called(type_) is None:
            raise _no_type(AdapterInvalidError, f"{where}.task.type", type_, configuration)
        yield where, adapter


def _by_route(named: Iterable[tuple[str, WebhookAdapter]]) -> dict[str, WebhookAdapter]:
    found: dict[str, tuple[str, WebhookAdapter]] = {}
    for where, adapter in named:
        if adapter.route in found:
            raise AdapterInvalidError(
                where,
                expected="a route of its own",
                found=f"{adapter.route!r}, which {found[adapter.route][0]} has",
                remedy="Give one of them another route.",
            )
        found[adapter.route] = (where, adapter)
    return {route: adapter for route, (_, adapter) in found.items()}


def _loaded(point: EntryPoint) -> WebhookAdapter:
    """The adapter of an entry point, looked at from all sides before a delivery depends on it."""
    where = f"entry point {point.name} = {point.value} of the group {GROUP}"
    try:
        loaded = point.load()
        adapter = loaded() if isinstance(loaded, type) else loaded
    except Exception as error:
        raise _broken(where, "an object that can be loaded", f"{type(error).__name__}: {error}") from error
    if not isinstance(adapter, WebhookAdapter):
        lacking = [name for name in ("route", "secret_setting", "verify", "key", "work") if not hasattr(adapter, name)]
        raise _broken(where, "a WebhookAdapter", f"{type(adapter).__name__} without {', '.join(lacking)}")
    for name, parameters in _METHODS:
        _check_call(where, adapter, name, parameters)
    if not isinstance(adapter.route, str) or not ROUTE.fullmatch(adapter.route):
        raise _broken(where, f"a route of the form {ROUTE.pattern}", repr(adapter.route))
    if not isinstance(adapter.secret_setting, str) or not _SECRET.fullmatch(adapter.secret_setting):
        raise _broken(where, "a secret_setting WAYBILL_WEBHOOK_SECRET_…", repr(adapter.secret_setting))
    return adapter


def _check_call(where: str, adapter: WebhookAdapter, name: str, parameters: int) -> None:
    try:
        inspect.signature(getattr(adapter, name)).bind(*[None] * parameters)
    except (TypeError, ValueError) as error:
        raise _broken(where, f"{name}() with {parameters} parameter(s)", str(error)) from error


def _broken(where: str, expected: str, found: str) -> AdapterInvalidError:
    return AdapterInvalidError(where, expected=expected, found=found, remedy="Mend the package or uninstall it.")


def _no_type(kind: type[PermanentError], where: str, found: str, configuration: Configuration) -> PermanentError:
    return kind(
        where,
        expected=f"one of the task types {', '.join(sorted(configuration.task_types))}",
        found=repr(found),
        remedy="Add the task type to waybill.toml, or choose one that is there.",
    )
