"""Runs a function without root's right to read everything, in whatever user the tests run as."""

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
NOBODY = 65534


def as_nobody(function: Callable[[], Result]) -> Result:
    """In a thread of its own: Linux keeps the user for file access per thread."""

    def call() -> Result:
        if os.geteuid() == 0:
            libc = ctypes.CDLL(None)
            libc.setfsgid(NOBODY)
            libc.setfsuid(NOBODY)
        return function()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()
