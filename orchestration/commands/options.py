"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Client = Annotated[str, typer.Option(help="The client's slug: small letters, digits and hyphens.")]
