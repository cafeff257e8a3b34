"""`waybill doctor` lays waybill.toml beside the workspace, and names what either lacks with what it has."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.doctor_clickup import _patiently, examine_clickup
from orchestration.findings import Finding
from orchestration.settings import load_settings
from orchestration.wiring import Resources
from resources.clickup.errors import ClickUpBusyError
from resources.ledger.webhooks import Webhook
from resources.vault import Vault
from resources.work.webhook_registration import ensure
from tests.clickup_server.host import ClickUpHost, clickup_host

FEW = [("to do", "open"), ("in progress", "custom"), ("failed", "custom"), ("complete", "closed")]
ENDPOINT = "http://127.0.0.1:9/webhooks/clickup"
Wired = Callable[..., Resources]
Examine = Callable[..., list[Finding]]


@pytest.fixture
def clickup(tmp_path: Path) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path / "clickup") as host:
        yield host


@pytest.fixture
def wired(clickup: ClickUpHost, ledger_url: str, tmp_path: Path) -> Iterator[Wired]:
    """Resources over the stand-in, with more lines in waybill.toml; ``token`` in place of the right one."""
    opened: list[Resources] = []

    def wired(more: str = "", *, team: str = clickup.team, spaces: str = clickup.space, token: str = "") -> Resources:
        file = tmp_path / "waybill.toml"
        file.write_text(f'[clickup]\nteam = "{team}"\nspaces = ["{spaces}"]\n{more}')
        settings = load_settings(
            home=tmp_path / "home",
            config=file,
            database_url=ledger_url,
            clickup_url=clickup.url,
            clickup_token=token or clickup.token,
        )
        opened.append(Resources.of(settings))
        return opened[-1]

    yield wired
    for each in opened:
        each.close()


@pytest.fixture
def examine(wired: Wired) -> Examine:
    def examined(more: str = "", **options: str) -> list[Finding]:
        resources = wired(more, **options)
        assert resources.configuration.clickup is not None
        return list(examine_clickup(resources, resources.configuration.clickup))

    return examined


def wrong(findings: list[Finding]) -> list[str]:
    return [finding.found for finding in findings if not finding.ok]


def test_a_workspace_that_has_everything_is_found_right(examine: Examine) -> None:
    findings = examine()
    assert wrong(findings) == []
    assert [(finding.what, finding.found) for finding in findings] == [
        ("clickup token", "of Waybill"),
        ("clickup team", "Acme agency (9017000001)"),
        ("clickup lists", "1 of 1 have all that is configured"),
        ("clickup webhook", "none is registered; changes are found by polling alone"),
    ]


@pytest.mark.parametrize("more_lists", [0, 5])
def test_it_takes_four_calls_and_two_for_each_space_and_list(
    wired: Wired, clickup: ClickUpHost, more_lists: int
) -> None:
    for number in range(more_lists):
        clickup.add_list(f"List {number}")
    resources = wired()
    registered(resources, clickup)
    before = len(clickup.requests())
    assert resources.configuration.clickup is not None
    assert wrong(list(examine_clickup(resources, resources.configuration.clickup))) == []
    assert len(clickup.requests()) - before == 4 + 2 + 2 * (1 + more_lists)


def test_a_status_that_a_list_lacks_is_named_with_the_ones_that_it_has(examine: Examine, clickup: ClickUpHost) -> None:
    clickup.add_list("Press", statuses=FEW)
    findings = examine()
    assert wrong(findings) == [
        "list 'Press' lacks status 'in review' (clickup.statuses.in_review);"
        " it has: to do, in progress, failed, complete"
    ]
    assert findings[-2].found == "1 of 2 have all that is configured"


def test_a_list_where_nobody_can_move_a_task_back_is_named(examine: Examine) -> None:
    assert wrong(examine('[clickup.moves]\nreopen = ["again", "anew"]\n')) == [
        "list 'Content' lacks each of 'again', 'anew' (clickup.moves.reopen), so that nobody can move a task back;"
        " it has: to do, in progress, in review, on hold, failed, cancelled, complete"
    ]


def test_a_status_in_other_letters_is_not_what_can_be_sent(examine: Examine) -> None:
    (said,) = wrong(examine('[clickup.statuses]\nfailed = "Failed"\n'))
    assert "lacks status 'Failed' (clickup.statuses.failed)" in said


def test_fields_and_options_are_named_with_what_is_there(examine: Examine) -> None:
    more = '[clickup.fields]\nclient = "Customer"\n[task_types.essay]\nkind = "knowledge_note"\noption = "Essay"\n'
    assert wrong(examine(more)) == [
        "list 'Content' lacks field 'Customer' (clickup.fields.client); it has: Task type, Client, Auto execute",
        "list 'Content' lacks option 'Essay' of field 'Task type' (task_types.essay.option);"
        " it has: knowledge_note, command, press_release, link_building",
    ]


def test_names_of_fields_and_options_are_compared_without_case(examine: Examine) -> None:
    more = '[clickup.fields]\nclient = "CLIENT"\n[task_types.note]\nkind = "knowledge_note"\noption = "Press_Release"\n'
    assert wrong(examine(more)) == []


def test_a_field_to_execute_that_is_no_checkbox_is_named(examine: Examine) -> None:
    assert wrong(examine('[clickup.fields]\nauto_execute = "Client"\n')) == [
        "list 'Content' has field 'Client' (clickup.fields.auto_execute) of type drop_down, which is no checkbox"
    ]


def test_a_list_that_cannot_be_read_is_named_and_the_others_are_looked_at(wired: Wired, clickup: ClickUpHost) -> None:
    _, blog, _ = [clickup.add_list(name, statuses=FEW) for name in ("Press", "Blog", "News")]
    resources = wired()
    assert resources.configuration.clickup is not None
    said = []
    for finding in examine_clickup(resources, resources.configuration.clickup):
        said += wrong([finding])
        if finding.what == "clickup list":  # the lists are known by now
            clickup.reach(blog, reachable=False)
    assert [each.partition(" lacks ")[0].partition(":")[0] for each in said] == [
        "list 'Press'",
        f"list 'Blog' ({blog}) could not be read",
        "list 'News'",
    ]


def test_another_team_is_named_with_the_ones_that_the_token_reaches(examine: Examine) -> None:
    assert wrong(examine(team="1")) == [
        "the token reaches no team 1 (clickup.team); it reaches: Acme agency (9017000001)"
    ]


def test_another_space_is_named_with_the_ones_that_there_are(examine: Examine, clickup: ClickUpHost) -> None:
    assert wrong(examine(spaces="1"))[0] == (
        f"the team has no space 1 (clickup.spaces); it has: Clients ({clickup.space})"
    )


def test_a_dead_token_is_told_and_not_shown(examine: Examine, clickup: ClickUpHost) -> None:
    clickup.revoke()
    (said,) = wrong(examine(token="pk_183_HUNTER2"))
    assert "token" in said
    assert "HUNTER2" not in said


def test_a_webhook_that_clickup_does_not_know_any_more_is_told(wired: Wired, clickup: ClickUpHost) -> None:
    resources = wired()
    hook = registered(resources, clickup)
    assert webhook_finding(resources) == Finding(
        "clickup webhook", ok=True, found=f"active, 0 events lost, to {ENDPOINT}"
    )
    resources.clickup.client.delete_webhook(hook.remote_id)
    gone = webhook_finding(resources)
    assert not gone.ok
    assert gone.found.startswith(f"gone, 0 events lost, to {ENDPOINT}; `waybill clickup webhook ensure`")


def registered(resources: Resources, clickup: ClickUpHost) -> Webhook:
    folder = resources.artefacts.folder
    folder.mkdir(parents=True)
    vault, client = Vault.of(folder, None), resources.clickup.client
    return ensure(resources.ledger.engine, client, vault, team=clickup.team, endpoint=ENDPOINT).webhook


def webhook_finding(resources: Resources) -> Finding:
    assert resources.configuration.clickup is not None
    return list(examine_clickup(resources, resources.configuration.clickup))[-1]


def test_a_spent_budget_is_waited_for() -> None:
    said = iter([busy(), busy(), "answer"])

    def ask() -> str:
        answer = next(said)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert _patiently(ask) == "answer"


def busy() -> ClickUpBusyError:
    retry_at = datetime.now(UTC) + timedelta(milliseconds=50)
    return ClickUpBusyError("GET /user", expected="a call to spare", found="none", remedy="Wait.", retry_at=retry_at)
