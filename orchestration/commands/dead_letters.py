"""`waybill dead-letters list|show|replay|drop`: what was given up, and what becomes of it."""

import getpass
from typing import Annotated

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import Json
from orchestration.commands.output import print_json, print_mapping, print_table
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.ledger import dead_letters
from resources.ledger.dead_letters import DeadLetter
from resources.work import consequences

app = typer.Typer(help="What was given up after every attempt.", no_args_is_help=True)
_ERROR_CHARS = 160

Number = Annotated[int, typer.Argument(help="Its number, as `waybill dead-letters list` shows it.")]


@app.command("list")
@explained
def list_letters(as_json: Json = False) -> None:
    """List what was given up and neither replayed nor dropped since, the oldest first."""
    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        letters = dead_letters.list_open(connection)
        counts = dead_letters.count_open(connection)
    if as_json:
        print_json({"counts": counts, "dead_letters": [_as_json(letter) for letter in letters]})
        return
    if not letters:
        typer.echo("Nothing is dead-lettered.")
        return
    rows = [(str(each.id), each.stage, _what(each), each.attempts, _when(each), _line(each.error)) for each in letters]
    print_table("Dead letters", ["number", "stage", "what", "attempts", "since", "error"], rows)
    if (total := sum(counts.values())) > len(letters):
        typer.echo(f"{total - len(letters)} more are not shown.")


@app.command()
@explained
def show(number: Number, as_json: Json = False) -> None:
    """Show one whole: its full request, its error, and what became of it."""
    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        letter = dead_letters.get(connection, number)
    if as_json:
        print_json(_as_json(letter))
        return
    told = {"stage": letter.stage, "subject": letter.subject, "state": letter.state, "since": _when(letter)}
    print_mapping(f"Dead letter {letter.id}", {**told, "attempts": letter.attempts, "error": letter.error})
    print_json(letter.request)


@app.command()
@explained
def replay(
    numbers: Annotated[list[int], typer.Argument(help="Their numbers.")],
    as_json: Json = False,
) -> None:
    """Try these again from the first attempt, all or none; what was held behind them goes along.

    A task that failed because its publication was given up is in review again.
    """
    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        for number in numbers:
            consequences.replay(connection, session.resources.configuration, number, getpass.getuser())
    if as_json:
        print_json({"replayed": numbers})
    else:
        typer.echo(f"Replayed {', '.join(map(str, numbers))}.")


@app.command()
@explained
def drop(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why it is not to be tried again; kept with it.")],
    as_json: Json = False,
) -> None:
    """Give one up for good, and what was held behind it."""
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        dead_letters.drop(connection, number, getpass.getuser(), reason.strip())
    if as_json:
        print_json({"dropped": number, "reason": reason.strip()})
    else:
        typer.echo(f"Dropped {number}.")


def _what(letter: DeadLetter) -> str:
    """The effect or the delivery, as people know it; else the subject."""
    request = letter.request
    told = [str(request[name]) for name in ("kind", "task", "route") if request.get(name)]
    return " ".join(told) or letter.subject


def _when(letter: DeadLetter) -> str:
    return letter.created_at.isoformat(timespec="seconds")


def _line(error: str) -> str:
    line = " ".join(error.split())
    return line if len(line) <= _ERROR_CHARS else f"{line[:_ERROR_CHARS]}…"


def _as_json(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "stage": letter.stage,
        "subject": letter.subject,
        "state": letter.state,
        "attempts": letter.attempts,
        "created_at": letter.created_at.isoformat(),
        "error": letter.error,
        "request": letter.request,
    }
