"""How many examples a property test tries: few between two changes, enough before a merge, ten times as many in a night."""

import os

FACTOR = float(os.environ.get("EXAMPLES_FACTOR", "1"))


def example_count(usual: int) -> int:
    """Return how many examples to try where `usual` do by day; `make test-thorough` tries more, `make test-fast` fewer."""
    return max(1, round(usual * FACTOR))
