"""The last failure of a database, until it is seen to work again."""

from dataclasses import dataclass


@dataclass(slots=True)
class Condition:
    """Failures as sentences, None if there are none. Shared by threads; each assignment is atomic."""

    failure: str | None = None
    """Why the last failed transaction failed; a successful probe clears it."""
    damage: str | None = None
    """Why reading failed on a damaged file; a clean check of the whole file clears it."""

    @property
    def problems(self) -> tuple[str, ...]:
        """All problems, damage first."""
        return tuple(message for message in (self.damage, self.failure) if message is not None)
