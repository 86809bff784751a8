"""How many examples a property test tries: enough where everybody waits for it, ten times as many in a night."""

import os

FACTOR = int(os.environ.get("EXAMPLES_FACTOR", "1"))


def example_count(usual: int) -> int:
    """Return how many examples to try where `usual` do by day; `make test-thorough` multiplies them."""
    return usual * FACTOR
