"""Benches that run one after the other."""

import os

from benchmarks.measuring import apart


def says(name: str, value: str) -> int:
    """Set it in the environment of the process; its id."""
    os.environ[name] = value
    return os.getpid()


def test_what_one_bench_sets_in_the_environment_is_not_the_next_ones() -> None:
    assert apart(says, "WAYBILL_DATABASE_URL", "postgresql://u@h/gone") != os.getpid()
    assert "WAYBILL_DATABASE_URL" not in os.environ
