"""The guards: each takes one source and yields its offences, ``path:line: what is wrong``."""

from collections.abc import Callable, Iterator

from tests.architecture.guards.failures import silenced_errors, sleeps
from tests.architecture.guards.imports import dynamic_code, mocks, other_stores
from tests.architecture.guards.lint import unexplained_exceptions_to_lint
from tests.architecture.guards.naming import machine_paths, vague_modules
from tests.architecture.guards.promises import empty_tests, unknown_requirements
from tests.architecture.guards.settings import environment_reads
from tests.architecture.guards.size import long_files, long_functions
from tests.architecture.guards.times import naive_columns, naive_times
from tests.architecture.sources import Source

Guard = Callable[[Source], Iterator[str]]

GUARDS: tuple[Guard, ...] = (
    dynamic_code,
    empty_tests,
    environment_reads,
    long_files,
    long_functions,
    machine_paths,
    mocks,
    naive_columns,
    naive_times,
    other_stores,
    silenced_errors,
    sleeps,
    unexplained_exceptions_to_lint,
    unknown_requirements,
    vague_modules,
)
