"""Thread pools by purpose: acknowledging alerts never waits for reads, imports or exports.

Routes that are not async share the 40 threads that the framework has. Each kind here has a few of its own beside them.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

Result = TypeVar("Result")

ACKNOWLEDGING = CapacityLimiter(8)
"""Work before a message gets its 202: signature, key in the body, decompression."""
KEYS = CapacityLimiter(1)
"""Reloading the keys."""
SESSIONS = CapacityLimiter(4)
"""Reading the session of a request."""
SIGN_IN = CapacityLimiter(4)
"""Waiting for the identity provider."""
STREAM = CapacityLimiter(2)
"""Reading events for live clients and long polls."""
HEALTH = CapacityLimiter(2)
"""Health probes: they are answered however many readers wait."""
BOOKKEEPING = CapacityLimiter(2)
"""Work that nobody waits for: recording that a key was used or refused."""


async def run(limiter: CapacityLimiter, function: Callable[..., Result], *arguments: object) -> Result:
    """Call the function in a thread of this pool, and return its result."""
    return await to_thread.run_sync(function, *arguments, limiter=limiter)
