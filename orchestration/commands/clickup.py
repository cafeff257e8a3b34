"""`waybill clickup webhook ensure` and `show`: how ClickUp tells us of changes at once, and whether it does."""

from typing import TYPE_CHECKING, Final

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import Json
from orchestration.commands.output import print_json, print_mapping
from orchestration.session import Session, open_session
from orchestration.settings import Settings, load_settings
from orchestration.settings_errors import unset
from resources.domain.configuration import ClickUp
from resources.domain.errors import PermanentError

if TYPE_CHECKING:
    from resources.ledger.webhooks import Webhook

app = typer.Typer(help="The ClickUp workspace.", no_args_is_help=True)
webhook = typer.Typer(help="ClickUp's webhook, which tells of changes at once.", no_args_is_help=True)
app.add_typer(webhook, name="webhook")
PATH: Final = "/webhooks/clickup"


class NoWorkspaceError(PermanentError):
    """waybill.toml names no workspace of ClickUp."""


@webhook.command("ensure")
@explained
def ensure(as_json: Json = False) -> None:
    """See that ClickUp has one healthy webhook to WAYBILL_WEBHOOK_PUBLIC_URL; its secret is kept encrypted."""
    from resources.work.webhook_registration import ensure as register

    settings = load_settings()
    endpoint = _endpoint(settings)
    with open_session(settings) as session:
        team, resources = _workspace(session).team, session.resources
        client, vault = resources.clickup.client, resources.vault.vault
        done = register(session.ledger.engine, client, vault, team=team, endpoint=endpoint)
    _print(done.webhook, {"found": done.found, "done": done.done, "removed": done.removed}, as_json=as_json)


@webhook.command("show")
@explained
def show(as_json: Json = False) -> None:
    """Ask ClickUp how the webhook fares. Exit 1 if it is not active."""
    from resources.work.webhook_registration import ACTIVE, look

    with open_session(load_settings()) as session:
        team = _workspace(session).team
        found = look(session.ledger.engine, session.resources.clickup.client, team=team)
    _print(found, {}, as_json=as_json)
    if found.health != ACTIVE:
        raise typer.Exit(1)


def _endpoint(settings: Settings) -> str:
    if settings.webhook_public_url is None:
        raise unset("WAYBILL_WEBHOOK_PUBLIC_URL", "the address under which ClickUp reaches this listener, https://…")
    return settings.webhook_public_url + PATH


def _workspace(session: Session) -> ClickUp:
    clickup = session.resources.configuration.clickup
    if clickup is None:
        raise NoWorkspaceError(
            "waybill.toml",
            expected="a table [clickup] with team and spaces",
            found="none",
            remedy="Name the workspace there; examples/waybill.toml shows how.",
        )
    return clickup


def _print(found: "Webhook", more: dict[str, object], *, as_json: bool) -> None:
    """Everything but the secret."""
    values = {
        "id": found.remote_id,
        "endpoint": found.endpoint,
        "health": found.health,
        "fail_count": found.fail_count,
        "checked_at": found.checked_at,
        "registered_at": found.created_at,
        **more,
    }
    if as_json:
        print_json(values)
    else:
        print_mapping("Webhook of ClickUp", values)
