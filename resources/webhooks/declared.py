"""A sender of webhooks that waybill.toml declares: its signature, its key, and the task that each delivery makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from resources.domain.configuration import Adapter
from resources.webhooks.adapter import DeliveryInvalidError, MakeTask, WantedTask, signed

PATH: Final = "$."


@dataclass(frozen=True, slots=True)
class DeclaredWebhook:
    """The adapter of a table ``[webhooks.NAME]``."""

    name: str
    declared: Adapter

    @property
    def route(self) -> str:
        """Its path."""
        return self.declared.path

    @property
    def secret_setting(self) -> str:
        """The environment variable of its secret."""
        return self.declared.secret_setting

    def verify(self, headers: Mapping[str, str], raw_body: bytes, secret: str) -> bool:
        """Hexadecimal HMAC-SHA256 in the declared header, also in the form ``sha256=…``."""
        return signed(raw_body, secret, headers.get(self.declared.signature_header, "").removeprefix("sha256="))

    def key(self, headers: Mapping[str, str], body: Any) -> str:  # noqa: ARG002 - all is in the body
        """The text at the declared place."""
        return self._text_at(self.declared.key, body)

    def work(self, body: Any) -> MakeTask:
        """The task of the declared mapping."""
        text = {field: self._mapped(source, body) for field, source in self.declared.task.items()}
        return MakeTask(WantedTask(text["name"], text["type"], text["client"], text.get("body", "")))

    def literal(self, field: str) -> str | None:
        """What a field of every task will be; None: it depends on the delivery."""
        source = self.declared.task[field]
        return None if source.startswith(PATH) else source

    def _mapped(self, source: str, body: Any) -> str:
        return self._text_at(source, body) if source.startswith(PATH) else source

    def _text_at(self, path: str, body: Any) -> str:
        found = body
        for step in path.removeprefix(PATH).split("."):
            found = _inside(found, step)
        if isinstance(found, str | int | float) and str(found).strip():
            return str(found)
        raise DeliveryInvalidError(
            f"webhook {self.route}",
            expected=f"text or a number at {path}",
            found="nothing" if found in (None, "") else type(found).__name__,
            remedy=f"Correct webhooks.{self.name} in waybill.toml, or what is sent.",
        )


def _inside(value: Any, step: str) -> Any:
    """What an object has under a name, or a list at a position from 0; None: nothing."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None
