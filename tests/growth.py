"""How the processor time of a function grows with its input: a ratio within one run, which no slow or busy machine changes."""

import time
from collections.abc import Callable
from typing import TypeVar

MEASURABLE_SECONDS = 0.005
"""What is quicker counts as this: such times are mostly noise."""
ATTEMPTS = 5
Input = TypeVar("Input")


def grows_at_most(factor: float, run: Callable[[Input], object], small: Input, large: Input) -> bool:
    """Return whether `run(large)` takes at most `factor` times the processor time of `run(small)`, least of 5 attempts."""
    least_small = least_large = float("inf")
    for _ in range(ATTEMPTS):
        least_small = min(least_small, _seconds(run, small))
        least_large = min(least_large, _seconds(run, large))
        if least_large <= factor * max(least_small, MEASURABLE_SECONDS):
            return True
    return False


def _seconds(run: Callable[[Input], object], argument: Input) -> float:
    began = time.process_time()
    run(argument)
    return time.process_time() - began
