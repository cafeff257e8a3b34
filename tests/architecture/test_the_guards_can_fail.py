"""Each guard against a text that offends and one that does not: a guard that never fails guards nothing."""

import pytest

from tests.architecture.guards import GUARDS, Guard
from tests.architecture.guards.failures import silenced_errors, sleeps
from tests.architecture.guards.imports import dynamic_code, mocks, other_stores
from tests.architecture.guards.lint import unexplained_exceptions_to_lint
from tests.architecture.guards.naming import machine_paths, vague_modules
from tests.architecture.guards.promises import empty_tests, unknown_requirements
from tests.architecture.guards.settings import environment_reads
from tests.architecture.guards.size import long_files, long_functions
from tests.architecture.guards.times import naive_columns, naive_times
from tests.architecture.sources import Source

ANY = "assets/press_releases.py"
TABLES = "resources/ledger/tables.py"
TEST = "tests/assets/test_it.py"
HOME = "/ro" + "ot/x"  # in two parts, or this file itself would offend
IGNORE = "# type: " + "ignore"
NOQA = "# no" + "qa"

BAD: list[tuple[Guard, str, str]] = [
    (long_files, ANY, "x = 1\n" * 301),
    (long_files, "deploy/x.sql", "select 1;\n" * 301),
    (long_functions, ANY, "def f():\n" + "    x = 1\n" * 40),
    (long_functions, ANY, "class A:\n    async def f(self):\n" + "        x = 1\n" * 40),
    (vague_modules, "resources/utils.py", ""),
    (vague_modules, "resources/ledger/task_helpers.py", ""),
    (vague_modules, "resources/common/tasks.py", ""),
    (machine_paths, "docs/tour.md", f"look into {HOME}"),
    (machine_paths, "Makefile", f"cp {HOME} ."),
    *[(naive_times, ANY, text) for text in (
        "datetime.now()", "datetime.datetime.now(tz=None)", "datetime.now(None)", "datetime.utcnow()", "date.today()",
        "datetime.datetime.today()", "datetime.fromtimestamp(t)",
        "datetime.utcfromtimestamp(t)", "datetime(2026, 1, 2)",
        "at.replace(tzinfo=None)", "datetime.strptime(text, '%Y')", "date.fromtimestamp(t)",
    )],
    *[(naive_columns, TABLES, text) for text in (
        "Column(DateTime)", "Column(sa.DateTime())", "Column(DateTime(timezone=False))", "Column(TIMESTAMP())",
        "'''made_at timestamp not null'''", "'select now()::timestamp'", "'timestamp without time zone'",
        "'''create table t (\n  at timestamp,\n  x int)'''",
    )],
    (naive_columns, "resources/ledger/sql/tables.sql", "create table t (at timestamp);"),
    (environment_reads, ANY, "import os\nhome = os.environ['HOME']"),
    (environment_reads, ANY, "import os\nhome = os.getenv('HOME')"),
    (environment_reads, ANY, "from os import environ"),
    *[(dynamic_code, ANY, text) for text in (
        "eval('1')", "exec(text)", "compile(text, '', 'exec')", "__import__('x')", "import pickle",
        "from pickle import loads",
        "import yaml\nyaml.load(text)", "from marshal import loads", "import cloudpickle",
    )],
    *[(other_stores, ANY, text) for text in (
        "import sqlite3", "from redis.asyncio import Redis", "import redis", "create_engine('sqlite:///x')", "u = 'redis://h'",
    )],
    *[(mocks, TEST, text) for text in (
        "from unittest.mock import patch", "from unittest import mock", "import unittest.mock as m", "import mock",
        "monkeypatch.setattr(a, 'b', 1)", "monkeypatch.delattr(a, 'b')", "def test_a(mocker): assert mocker",
    )],
    *[(silenced_errors, ANY, text) for text in (
        "try:\n    f()\nexcept:\n    raise", "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept (KeyError, Exception):\n    ...",
        "while f():\n  try:\n    f()\n  except BaseException:\n    continue",
        "with contextlib.suppress(Exception):\n    f()",
    )],
    (sleeps, ANY, "import time\ntime.sleep(1)"),
    (sleeps, TEST, "from time import sleep"),
    (unexplained_exceptions_to_lint, ANY, f"x = 1  {IGNORE}[assignment]  because of the stubs"),
    (unexplained_exceptions_to_lint, ANY, f"x = 1  {NOQA}"),
    (unexplained_exceptions_to_lint, ANY, f"x = 1  {NOQA}: S105"),
    (empty_tests, TEST, "def test_a():\n    f()"),
    (empty_tests, TEST, "class TestA:\n    def test_a(self):\n        assert True"),
    (unknown_requirements, TEST, "def test_KX_14_holds(): assert f()"),
    (unknown_requirements, TEST, "def test_one_claim_CB_0(): assert f()"),
]  # fmt: skip

GOOD: list[tuple[Guard, str, str]] = [
    (long_files, ANY, "x = 1\n" * 300),
    (long_files, "requirements.lock", "x==1\n" * 3000),
    (long_functions, ANY, "@decorated\ndef f():\n" + "    x = 1\n" * 39),
    (vague_modules, "resources/ledger/databases.py", ""),
    (vague_modules, "docs/common.md", ""),
    (machine_paths, ANY, "url = 'https://example.com/work/1'; path = '~/work/x'; other = home / 'root/x'"),
    *[(naive_times, ANY, text) for text in (
        "datetime.now(UTC)", "datetime.now(tz=UTC)", "datetime.fromtimestamp(t, UTC)",
        "datetime(2026, 1, 2, tzinfo=UTC)",
        "text.replace('a', 'b')", "datetime.strptime(text, '%Y%z')", "clock.now()", "datetime.fromisoformat(text)",
    )],
    *[(naive_columns, TABLES, text) for text in (
        "Column(DateTime(timezone=True))", "from sqlalchemy import DateTime", "'made_at timestamptz not null'",
        "'timestamp with time zone'", "'the timestamp of a run'",
    )],
    (naive_columns, ANY, "Column(DateTime)"),
    (environment_reads, "orchestration/settings.py", "import os\nos.environ"),
    (environment_reads, TEST, "import os\nos.environ"),
    (environment_reads, ANY, "environ = {}"),
    *[(dynamic_code, ANY, text) for text in ("re.compile('a')", "model.eval()", "s.exec(q)", "yaml.safe_load(t)")],
    *[(other_stores, ANY, text) for text in ("import redistribution", "x = 'no sqlite here'", "import psycopg")],
    *[(mocks, TEST, text) for text in ("monkeypatch.setenv('A', 'b')", "monkeypatch.chdir(p)", "setattr(a, 'b', 1)")],
    *[(silenced_errors, ANY, text) for text in (
        "try:\n    f()\nexcept KeyError:\n    pass", "try:\n    f()\nexcept Exception:\n    log()\n    raise",
        "with contextlib.suppress(FileNotFoundError):\n    f()",
    )],
    (sleeps, "tests/waiting.py", "import time\ntime.sleep(1)"),
    (sleeps, ANY, "import time\ntime.monotonic()"),
    (unexplained_exceptions_to_lint, ANY, f"x = 1  {NOQA}: S105  the name of a header, no secret"),
    (unexplained_exceptions_to_lint, ANY, f"x = '{IGNORE}'"),
    *[(empty_tests, TEST, f"def test_a():\n    {text}") for text in (
        "assert f()", "assert_whole(ledger)", "wait_until(f)", "with pytest.raises(ValueError): f()",
    )],
    (empty_tests, ANY, "def test_a(): f()"),
    (unknown_requirements, TEST, "def test_KX_13_and_ap_1_and_of_box_99(): assert f()"),
]  # fmt: skip


@pytest.mark.parametrize(("guard", "path", "text"), BAD)
def test_a_text_that_offends_is_found(guard: Guard, path: str, text: str) -> None:
    found = list(guard(Source(path, text)))
    assert found
    assert all(offence.startswith(f"{path}:") for offence in found)


@pytest.mark.parametrize(("guard", "path", "text"), GOOD)
def test_a_text_that_keeps_the_rule_is_left_alone(guard: Guard, path: str, text: str) -> None:
    assert list(guard(Source(path, text))) == []


def test_every_guard_is_tried_both_ways() -> None:
    assert {guard for guard, _, _ in BAD} == {guard for guard, _, _ in GOOD} == set(GUARDS)
