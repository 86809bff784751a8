"""Threads by what they are for: what acknowledges alerts never waits for those that read, import or export.

Routes that are not async share the 40 threads that the framework has. Each kind here has a few of its own beside them.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

Result = TypeVar("Result")

ACKNOWLEDGING = CapacityLimiter(8)
"""What stands between a message and its 202: its signature, the key in its body, its compression."""
KEYS = CapacityLimiter(1)
"""Reading the keys anew."""
STREAM = CapacityLimiter(2)
"""Reading what happened, for those who listen and those who wait for an answer."""
HEALTH = CapacityLimiter(2)
"""What probes ask: they are answered however many readers wait."""
BOOKKEEPING = CapacityLimiter(2)
"""What nobody waits for: that a key was used, that one was refused."""


async def run(limiter: CapacityLimiter, function: Callable[..., Result], *arguments: object) -> Result:
    """What the function returns, called in a thread of this kind."""
    return await to_thread.run_sync(function, *arguments, limiter=limiter)
