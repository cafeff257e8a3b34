"""waybill.toml is read whole; what is wrong in it is named with file, line, key, what was found and what is allowed."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from orchestration.configuration import load_configuration, read_configuration
from orchestration.configuration_errors import ConfigurationError, tables
from orchestration.settings import load_settings
from resources.domain.configuration import Configuration
from resources.domain.task_types import kinds
from tests.architecture.sources import ROOT

EXAMPLE = ROOT / "examples" / "waybill.toml"
CLICKUP = '[clickup]\nteam = "1"\nspaces = ["2"]\n'
RECURRING = '[[recurring]]\nname = "a"\ncron = "0 8 * * 1"\ntype = "knowledge_note"\nclient = "acme"\ntitle = "What?"\n'
SENDER = """[webhooks.forms]
path = "forms"
signature_header = "X-Signature"
secret_setting = "WAYBILL_WEBHOOK_SECRET_FORMS"
key = "id"
task = { name = "$.title", type = "knowledge_note", client = "acme" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waybill.toml"


def refusal(file: Path, text: str) -> str:
    """What is said about a file with this text."""
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    return str(caught.value)


def test_without_a_file_there_are_local_tasks_of_the_kinds_that_need_no_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    configuration = load_configuration(load_settings())
    assert configuration.clickup is None
    assert list(configuration.task_types) == ["knowledge_note"]


def test_the_file_in_the_current_folder_is_read(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.chdir(file.parent)
    file.write_text(CLICKUP)
    configuration = load_configuration(load_settings())
    assert configuration.clickup is not None
    assert configuration.clickup.spaces == ("2",)


def test_the_example_is_right() -> None:
    configuration = read_configuration(EXAMPLE)
    assert configuration.clickup is not None
    assert {each.kind for each in configuration.task_types.values()} == set(kinds())


def keys_at(content: Any, place: tuple[Any, ...]) -> set[str]:
    """The keys of the tables at ``place``, where ``*`` stands for any name or position."""
    if not place:
        return set(content)
    first, rest = place[0], place[1:]
    inner = (content.values() if isinstance(content, dict) else content) if first == "*" else [content[first]]
    return {key for each in inner for key in keys_at(each, rest)}


@pytest.mark.parametrize(("place", "model"), [*tables()], ids=[model.__name__ for _, model in tables()])
def test_the_example_holds_every_key(place: tuple[str, ...], model: type[Configuration]) -> None:
    assert keys_at(tomllib.loads(EXAMPLE.read_text()), place) == set(model.model_fields)


def test_the_example_holds_every_key_of_every_kinds_settings() -> None:
    settings = keys_at(tomllib.loads(EXAMPLE.read_text()), ("task_types", "*", "settings"))
    assert settings == {key for kind in kinds().values() for key in kind.settings.model_fields}


@pytest.mark.parametrize(
    ("text", "place", "expected", "found"),
    [
        pytest.param(
            CLICKUP + "poll_interval = 30\n",
            "line 4, clickup.poll_interval",
            "a key that Waybill knows (is poll_interval_s meant?)",
            "one that it does not know",
            id="unknown key",
        ),
        pytest.param("[clickups]\n", "line 1, clickups", "is clickup meant?", "does not know", id="unknown table"),
        pytest.param(
            "[task_types.knowledge_note.settings]\nhit = 3\n",
            "line 2, task_types.knowledge_note.settings.hit",
            "is hits meant?",
            "does not know",
            id="unknown key of a kind",
        ),
        pytest.param(
            "\n[task_types.x]\nkind = 'knowledge_note'\nqqq = 1\n",
            "line 4, task_types.x.qqq",
            "there are kind, option, window_days",
            "does not know",
            id="unknown key that resembles none",
        ),
        pytest.param(
            '[clickup]\nteam = 1\nspaces = ["2"]\n', "line 2, clickup.team", "a valid string", "1", id="wrong type"
        ),
        pytest.param(
            '[clickup]\nteam = "1"\nspaces = "2"\n', "line 3, clickup.spaces", "an array", "'2'", id="no array"
        ),
        pytest.param("clickup = 1\n", "line 1, clickup", "a table", "1", id="no table"),
        pytest.param(
            '[clickup]\nteam = "1"\nspaces = []\n', "line 3, clickup.spaces", "at least 1 item", "an array", id="empty"
        ),
        pytest.param("[clickup]\nteam = '1'\n", "line 1, clickup.spaces", "required", "none", id="missing"),
        pytest.param(
            CLICKUP + "calls_a_minute = 10_001\n",
            "line 4, clickup.calls_a_minute",
            "a number, at least 1 and at most 10000",
            "10001",
            id="beyond a limit",
        ),
        pytest.param(
            "[task_types.knowledge_note]\nsettings = { hits = 51 }\n",
            "line 2, task_types.knowledge_note.settings.hits",
            "a number, at least 1 and at most 50",
            "51",
            id="beyond a limit of a kind",
        ),
        pytest.param(
            CLICKUP + '[clickup.statuses]\nin_review = "in review"\nfailed = " To Do"\n',
            "line 6, clickup.statuses.failed",
            "a status that does not reopen",
            "' To Do'",
            id="failed is shown as a status that reopens",
        ),
        pytest.param(
            CLICKUP + '[clickup.moves]\nreopen = ["again", "Failed"]\n',
            "line 1, clickup.statuses.failed",
            "a status that does not reopen",
            "'failed'",
            id="the status that failed is shown as reopens",
        ),
        pytest.param(
            "[task_types.essay]\n", "line 1, task_types.essay.kind", "command, knowledge_note", "'essay'", id="kind"
        ),
        pytest.param(
            "[task_types.command]\n", "line 1, task_types.command.settings.program", "required", "none", id="program"
        ),
        pytest.param(
            '[task_types."My type"]\nkind = "knowledge_note"\n',
            "line 1, task_types.My type",
            "text of the form ^[a-z0-9]",
            "'My type'",
            id="a name of another form",
        ),
        pytest.param(
            '[task_types.a]\nkind = "knowledge_note"\noption = "Note"\n'
            '[task_types.b]\nkind = "knowledge_note"\noption = "NOTE "\n',
            "line 6, task_types.b.option",
            "an option that means no other type",
            "'NOTE ', while 'note' means task_types.a",
            id="two types with one option",
        ),
        pytest.param(
            '[task_types.memo]\nkind = "knowledge_note"\noption = "Note"\n'
            '[task_types.b]\nkind = "knowledge_note"\noption = "Memo"\n',
            "line 6, task_types.b.option",
            "an option that means no other type",
            "'Memo', while 'memo' means task_types.memo",
            id="an option that is another's key",
        ),
        pytest.param(
            RECURRING + RECURRING.replace('"a"', '"b"').replace("knowledge_note", "essay"),
            "line 10, recurring.1.type",
            "a task type (knowledge_note)",
            "'essay'",
            id="recurring of an unknown type",
        ),
        pytest.param(
            RECURRING * 2, "line 8, recurring.1.name", "a name that no other has", "'a'", id="two recurring, one name"
        ),
        pytest.param(
            RECURRING.replace("0 8", "0 24"),
            "line 3, recurring.0.cron",
            "five cron fields",
            "'0 24 * * 1' (Bad hour)",
            id="bad cron",
        ),
        pytest.param(
            RECURRING.replace("0 8 * * 1", "0 0 8 * * 1"),
            "line 3, recurring.0.cron",
            "five cron fields",
            "'0 0",
            id="six",
        ),
        pytest.param(
            RECURRING + 'missed = "some"\n',
            "line 7, recurring.0.missed",
            "'all', 'last' or 'none'",
            "'some'",
            id="choice",
        ),
        pytest.param(
            CLICKUP + 'sweep_cron = "nightly"\n',
            "line 4, clickup.sweep_cron",
            "five cron fields",
            "'nightly'",
            id="sweep",
        ),
        pytest.param(
            CLICKUP + 'time_zone = "Berlin"\n', "line 4, clickup.time_zone", "as Europe/Berlin", "'Berlin'", id="zone"
        ),
        pytest.param(
            RECURRING + 'time_zone = "../etc"\n', "line 7, recurring.0.time_zone", "as Europe", "'../etc'", id="path"
        ),
        pytest.param(
            SENDER.replace('client = "acme"', "x = '1'"),
            "line 6, webhooks.forms.task",
            "name, type, client",
            "x",
            id="task",
        ),
    ],
)
def test_what_is_wrong_is_named_with_line_key_what_is_allowed_and_what_was_found(
    file: Path, text: str, place: str, expected: str, found: str
) -> None:
    said = refusal(file, text)
    where, _, rest = said.partition(": expected ")
    allowed, _, seen = rest.partition("; found ")
    assert where == f"{file}, {place}"
    assert expected in allowed
    assert found in seen


def test_all_faults_are_named_at_once_in_the_order_of_the_file(file: Path) -> None:
    said = refusal(file, CLICKUP + 'settle_s = 0\nsweep_cron = "x"\n' + RECURRING.replace("client", "customer"))
    first, *rest = said.splitlines()
    assert first.endswith("found 4 faults:")
    assert [line.split(":")[0].strip() for line in rest[:4]] == [
        "line 4, clickup.settle_s",
        "line 5, clickup.sweep_cron",
        "line 6, recurring.0.client",
        "line 10, recurring.0.customer",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CLICKUP + 'token = "hunter2"\n', id="a key that does not exist"),
        pytest.param('[alerts]\nwebhook = "hunter2"\n', id="an address that may hold a token"),
        pytest.param("[alerts]\nwebhook = 4815162342\n", id="such an address of another type"),
        pytest.param(SENDER.replace("WAYBILL_WEBHOOK_SECRET_FORMS", "hunter2"), id="a secret in place of its key"),
        pytest.param(
            SENDER.replace('"WAYBILL_WEBHOOK_SECRET_FORMS"', "4815162342"), id="such a secret of another type"
        ),
        pytest.param(
            '[task_types.command.settings]\nprogram = ["x"]\nenvironment = { A = 4815162342 }\n',
            id="a program's environment",
        ),
    ],
)
def test_what_may_be_a_secret_is_not_shown(file: Path, text: str) -> None:
    said = refusal(file, text)
    assert f"{file}, line " in said
    assert "hunter2" not in said
    assert "4815162342" not in said


@pytest.mark.parametrize("content", [b"[clickup\n", b"team: 1\n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_what_is_no_toml_is_refused_with_the_files_name(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    assert str(caught.value).startswith(f"{file}: expected TOML in UTF-8")


@pytest.mark.parametrize("make", [lambda _: None, Path.mkdir], ids=["missing", "a folder"])
def test_a_file_that_cannot_be_read_is_refused_and_the_setting_named(file: Path, make: Any) -> None:
    make(file)
    with pytest.raises(ConfigurationError, match="WAYBILL_CONFIG") as caught:
        load_configuration(load_settings(config=file))
    assert str(caught.value).startswith(f"{file}: expected a file that can be read")
