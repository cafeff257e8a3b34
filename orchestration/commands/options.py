"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Client = Annotated[str, typer.Option(help="The client's slug: small letters, digits and hyphens.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The task's id, as `waybill tasks` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the task for ever.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: you.")]
