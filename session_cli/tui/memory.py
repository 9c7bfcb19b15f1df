"""Gives memory that is free back to the system, after something large."""

from __future__ import annotations

import gc


def give_back_memory() -> None:
    """Collects what is gone; the C library is asked to give it back, where it can be asked.

    What is left is not looked at again: else garbage waits until there is a quarter as much of it.
    """
    # loaded only here: most imports are small
    import ctypes

    gc.unfreeze()
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
