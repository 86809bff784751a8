"""The garbage collector while a command is imported: what imports make lives on, and looking through it takes time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_again() -> None:
    """Turn the collector on where it was turned off, and spare it what was made meanwhile."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def uncollected() -> Iterator[None]:
    """Import something large in it: a fifth faster."""
    gc.disable()
    try:
        yield
    finally:
        collect_again()
