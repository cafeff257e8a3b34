"""Steps that are done once: a repeat after a crash finds what was answered, and asks (and pays) for nothing again."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Engine

from resources.ledger import steps
from resources.ledger.claims import hashed
from resources.ledger.steps import StepKey
from resources.work.attempt import Attempt

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """A step of a task's work.

    Attributes:
        name: what it is called for people, such as ``draft 1``.
        form: the type of what it gives, which can be written as JSON.
        given: all that it works from.
        made_by: who does it: another one does it anew.
    """

    name: str
    form: type[T]
    given: Mapping[str, object]
    made_by: str


def once(engine: Engine, attempt: Attempt, step: Step[T], make: Callable[[], T]) -> T:
    """What the step gave before from the same input, else what ``make`` gives now, kept before it is handed on (KX-9).

    Raises:
        LeaseLostError, AttemptOverError: the work has to stop; what was made by then is kept all the same.
        Whatever ``make`` raises: nothing was kept.
    """
    adapter = TypeAdapter(step.form)
    key = StepKey(attempt.task.id, step.name, hashed({"made_by": step.made_by, **_plain(step.given)}))
    with engine.begin() as connection:
        known = steps.found(connection, key)
    if known is None:
        attempt.check()
        begun = time.monotonic()
        made = adapter.dump_json(make()).decode()
        took_ms = round(1000 * (time.monotonic() - begun))
        with engine.begin() as connection:
            steps.keep(
                connection, key, made.replace("\\u0000", ""), made_by=step.made_by, attempt=attempt.number,
                took_ms=took_ms,
            )  # fmt: skip
            known = steps.found(connection, key)
        attempt.check()
    return adapter.validate_python(known, strict=False)


def _plain(given: Mapping[str, object]) -> dict[str, object]:
    return {name: TypeAdapter(type(value)).dump_python(value, mode="json") for name, value in given.items()}
