"""Gives memory that is free back to the system, after something large."""

from __future__ import annotations

import gc
from contextlib import suppress


def give_back_memory() -> None:
    """Collects what is gone; the C library is asked to give it back, where it can be asked.

    What is left is not looked at again: else garbage waits until there is a quarter as much of it.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # neither every build of Python has ctypes nor every C library the function
    with suppress(ImportError, OSError, AttributeError):
        # loaded only here: most imports are small
        from ctypes import CDLL

        CDLL(None).malloc_trim(0)
