"""A worker that does nothing, for applications whose answers to alerts nobody looks at: grouping and answering takes
three quarters of the time that taking them in takes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class IdleWorker:
    """It is there, and remembers that it was woken."""

    alive: bool = True
    failing: bool = False
    woken: list[bool] = field(default_factory=list)

    def start(self) -> None:
        """Begin nothing."""

    def stop(self) -> None:
        """End nothing."""

    def wake(self) -> None:
        """Remember it."""
        self.woken.append(True)

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Return whether it is there already."""
        return bool(arrived())
