"""What a database lately failed at, until it is seen to work again."""

from dataclasses import dataclass


@dataclass(slots=True)
class Condition:
    """Failures as sentences; None for none. Threads share it, and each assignment is whole."""

    failure: str | None = None
    """The newest transaction that could not be done; a probe that goes through ends it."""
    damage: str | None = None
    """What was read is damaged; a check of the whole file that finds nothing ends it."""

    @property
    def problems(self) -> tuple[str, ...]:
        """All that is wrong, the damage first."""
        return tuple(message for message in (self.damage, self.failure) if message is not None)
